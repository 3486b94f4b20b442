/* fault.c: injects a fault at a chosen call, SLD_FAIL_AT=NAME:K@RANK, to test error paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/base.h"

bool sld_fault(sld_ctx *ctx, const char *name)
{
    const char *at = getenv("SLD_FAIL_AT");
    char        wanted[32];
    long        call = 0;
    int         rank = 0;

    if (!at || sscanf(at, "%31[^:]:%ld@%d", wanted, &call, &rank) != 3) {
        return false;
    }
    if (rank != ctx->rank || strcmp(wanted, name) != 0) {
        return false;
    }
    return ++ctx->fault_calls == call;
}
