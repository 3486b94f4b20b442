/* retry.c: what a user takes back or leaves out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "sld/sweep.h"

static sld_status retry_point(ledger *l, size_t i, size_t *n)
{
    const sld_point_state mark = l->claims.entries[i].mark;
    char                  path[PATH_MAX];

    if (mark != SLD_POINT_FAILED && mark != SLD_POINT_SKIPPED) {
        return SLD_OK;
    }
    for (long long k = 1; k <= (long long)l->claims.entries[i].claim; k++) { /* its retries anew */
        snprintf(path, sizeof path, "%.4000s/%s.%lld.error", l->claims.dir,
                 sld_grid_point(l->claims.grid, i)->id, k);
        unlink(path);
    }
    ++*n;
    return sld_ledger_unmark(l, i);
}

static sld_status retry(ledger *l, const char *which, size_t *n)
{
    const bool all   = strcmp(which, "failed") == 0;
    size_t     point = 0;

    SLD_TRY(sld_ledger_scan(l));
    if (!all) {
        SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, which, &point));
        if (l->claims.entries[point].mark != SLD_POINT_FAILED &&
            l->claims.entries[point].mark != SLD_POINT_SKIPPED) {
            return SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG,
                            "%s: neither failed nor skipped, so there is "
                            "nothing to try again",
                            which);
        }
    }
    for (size_t i = 0; i < sld_grid_count(l->claims.grid); i++) {
        const int  teacher = sld_grid_point(l->claims.grid, i)->teacher;
        const bool failed  = l->claims.entries[i].mark == SLD_POINT_FAILED;
        /* a teacher's students failed with it */
        if ((all && failed) || (!all && (i == point || (failed && teacher == (int)point)))) {
            SLD_TRY(retry_point(l, i, n));
        }
    }
    return SLD_OK;
}

sld_status sld_sweep_retry(sld_ctx *ctx, const sld_grid *grid, const char *which, size_t *n)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, grid, &l);

    *n = 0;
    if (st == SLD_OK) {
        st = retry(&l, which, n);
    }
    sld_ledger_close(&l);
    return st;
}

static sld_status skip(ledger *l, const char *which)
{
    size_t point;

    SLD_TRY(sld_ledger_scan(l));
    SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, which, &point));
    const sld_point_state mark = l->claims.entries[point].mark;
    if (mark == SLD_POINT_DONE || mark == SLD_POINT_DIVERGED) {
        return SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG, "%s has a result already", which);
    }
    if (mark == SLD_POINT_FAILED) {
        SLD_TRY(sld_ledger_unmark(l, point));
    }
    return sld_ledger_mark(l, point, SLD_POINT_SKIPPED, "skipped by hand\n");
}

sld_status sld_sweep_skip(sld_ctx *ctx, const sld_grid *grid, const char *which)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, grid, &l);

    if (st == SLD_OK) {
        st = skip(&l, which);
    }
    sld_ledger_close(&l);
    return st;
}
