/* extend.c: reads the grid again when points are added to the sweep while the coordinator runs. */
#include <stdio.h>
#include <string.h>

#include "coordinator.h"

static void stamp_of(const coordinator *c, char stamp[SLD_STAMP_BYTES])
{
    char path[PATH_MAX];

    sld_sweep_path(c->dir, "points", path);
    sld_file_stamp(path, stamp);
}

/* Whether the grid contains all points that run here. */
static bool has_all(const coordinator *c, const sld_grid *grid)
{
    bool all = true;

    for (int i = 0; i < c->slots.max_trials; i++) {
        const attempt *a = &c->attempts[i];
        all &= !a->active || sld_grid_find(grid, sld_grid_point(c->grid, a->point)->id) >= 0;
    }
    return all;
}

/* Whether both have the same points. The file was read before the coordinator was there to take its
 * stamp, so the first look compares points. */
static bool is_same(const sld_grid *a, const sld_grid *b)
{
    bool same = sld_grid_count(a) == sld_grid_count(b);

    for (size_t i = 0; same && i < sld_grid_count(a); i++) {
        same = strcmp(sld_grid_point(a, i)->id, sld_grid_point(b, i)->id) == 0;
    }
    return same;
}

static sld_status take(coordinator *c, sld_grid *grid)
{
    SLD_TRY(sld_grid_claims_regrid(&c->ledger.claims, grid));
    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt *a = &c->attempts[i];
        if (a->active) {
            a->point = (size_t)sld_grid_find(grid, sld_grid_point(c->grid, a->point)->id);
        }
    }
    sld_log(c->ctx, SLD_LOG_INFO, "the sweep's points have changed: now %zu, before %zu",
            sld_grid_count(grid), sld_grid_count(c->grid));
    sld_grid_close(c->own);
    c->own  = grid;
    c->grid = grid;
    return SLD_OK;
}

/* Once per change of the file. */
static void tell_refused(coordinator *c, const char *stamp)
{
    if (strcmp(stamp, c->refused) != 0) {
        sld_log(c->ctx, SLD_LOG_WARN, "%s; the sweep goes on with the points that it has",
                c->ctx->err.msg);
        snprintf(c->refused, sizeof c->refused, "%.*s", SLD_STAMP_BYTES - 1, stamp);
    }
}

sld_status sld_sweep_extend(coordinator *c)
{
    char      stamp[SLD_STAMP_BYTES];
    sld_grid *grid = NULL;

    stamp_of(c, stamp);
    if (!*stamp || strcmp(stamp, c->points) == 0) {
        return SLD_OK;
    }
    if (sld_grid_open(c->ctx, c->dir, &grid) != SLD_OK ||
        sld_grid_complete(c->ctx, grid, c->params->method) != SLD_OK) {
        sld_grid_close(grid);
        tell_refused(c, stamp);
        sld_err_clear(c->ctx);
        return SLD_OK; /* it is tried again at the next beat */
    }
    if (!*c->points && is_same(c->grid, grid)) {
        snprintf(c->points, sizeof c->points, "%s", stamp);
        sld_grid_close(grid);
        return SLD_OK;
    }
    if (!has_all(c, grid)) { /* try again at the next beat, until those points have ended */
        sld_grid_close(grid);
        return SLD_OK;
    }
    snprintf(c->points, sizeof c->points, "%s", stamp);
    const sld_status st = take(c, grid);
    if (st != SLD_OK) {
        sld_grid_close(grid);
        return st;
    }
    return sld_ledger_scan(&c->ledger);
}
