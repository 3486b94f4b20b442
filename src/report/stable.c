/* stable.c: one common name for the curves of the teacher term, whatever each method calls it. */
#include <stdio.h>
#include <string.h>

#include "report.h"

bool report_stable_name(const char *column, char name[96])
{
    static const char *const kinds[] = {"loss_", "grad_norm_"};
    static const char *const terms[] = {"kd_", "lts_", "nkd_"};
    static const char *const views[] = {"weak", "strong"};
    char                     own[96];

    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 4; i++) {
            snprintf(own, sizeof own, "%s%s%s", kinds[i & 1], terms[t], views[i >> 1]);
            if (strcmp(column, own) == 0) {
                snprintf(name, 96, "%steacher_%s", kinds[i & 1], views[i >> 1]);
                return true;
            }
        }
    }
    return false;
}
