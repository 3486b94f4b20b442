/* sweep_change.c: tells in the log what a sweep is, and what of its folder this command has
 * changed. */
#include <stdlib.h>

#include "sld/grid_folder.h"
#include "sweep_plan.h"

enum { SAME_SHOWN = 10 };

static void say_points(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const size_t dropped = sld_grid_dropped(grid), same = sld_grid_count_same(grid);

    for (size_t i = 0; i < same && i < SAME_SHOWN; i++) {
        const sld_point *p = sld_grid_same(grid, i);
        sld_log(ctx, SLD_LOG_INFO, "%s seed %lld: the same trial as %s (%s)", p->arm,
                (long long)p->seed, sld_grid_point(grid, (size_t)sld_grid_find(grid, p->id))->arm,
                p->id);
    }
    if (dropped > 0) {
        sld_log(ctx, SLD_LOG_INFO,
                "%zu point%s of the grid compute%s what another does already: one trial each",
                dropped, sld_text_plural(dropped), dropped == 1 ? "s" : "");
    }
    sld_log(ctx, SLD_LOG_INFO, "sweep %s in %s: %zu point%s%s", sld_grid_name(grid),
            sld_grid_dir(grid), sld_grid_count(grid), sld_text_plural(sld_grid_count(grid)),
            change->known == 0   ? ""
            : change->added == 0 ? ", resumed"
                                 : ", extended");
}

const char *sld_sweep_changed_parts(const sld_grid_change *change)
{
    return change->claims && change->report ? "claims and report"
           : change->claims                 ? "claims"
           : change->report                 ? "report"
                                            : NULL;
}

/* Claims that come after results are no predictions. */
static sld_status warn_of_claims(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    sld_point_status *status = NULL;
    sld_grid_totals   totals;

    SLD_TRY(sld_sweep_known(ctx, grid, change, &status));
    if (!status) {
        return SLD_OK;
    }
    sld_grid_count_states(status, sld_grid_count(grid), &totals);
    free(status);
    const size_t ended = totals.count[SLD_POINT_DONE] + totals.count[SLD_POINT_DIVERGED];
    if (ended > 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: claims were %s after %zu of %zu trial%s had ended; reports say so beside their "
            "tests; name claims before the first trial",
            sld_grid_dir(grid), change->unclaimed ? "taken out" : "named", ended, totals.n,
            sld_text_plural(totals.n));
    }
    return SLD_OK;
}

sld_status sld_sweep_say_change(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const char *parts = sld_sweep_changed_parts(change);

    say_points(ctx, grid, change);
    if (parts) {
        sld_log(ctx, SLD_LOG_INFO, "%s/sweep.yaml: replaced by the given spec, which has other %s",
                sld_grid_dir(grid), parts);
    }
    return change->claims ? warn_of_claims(ctx, grid, change) : SLD_OK;
}
