/* stable.c: one name over all arms for curves of the teacher term. */
#include <stdio.h>
#include <string.h>

#include "report.h"

bool report_stable_name(const char *column, char name[96])
{
    static const char *const kinds[] = {"loss_", "grad_norm_"};
    static const char *const terms[] = {"kd_", "lts_"};
    static const char *const views[] = {"weak", "strong"};

    for (int i = 0; i < 8; i++) {
        char own[96];
        snprintf(own, sizeof own, "%s%s%s", kinds[i & 1], terms[i >> 1 & 1], views[i >> 2]);
        if (strcmp(column, own) == 0) {
            snprintf(name, 96, "%steacher_%s", kinds[i & 1], views[i >> 2]);
            return true;
        }
    }
    return false;
}
