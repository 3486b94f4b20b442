/* sweep_index.c: writes sweep.h5 and report.html. */
#include "sweep_index.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sld/report.h"

sld_status sld_sweep_write_index(sld_ctx *ctx, const sld_grid *grid, sld_sweep_outcome outcome)
{
    sld_grid  *now = NULL; /* read again, because points may have been added */
    sld_status st  = SLD_OK;

    if (outcome != SLD_SWEEP_ENDED) {
        st = sld_grid_open(ctx, sld_grid_dir(grid), &now);
        st = st == SLD_OK ? sld_report_index(ctx, now) : st;
        st = st == SLD_OK ? sld_report_keep_page(ctx, now) : st;
        sld_grid_close(now);
    }
    if (st != SLD_OK && outcome == SLD_SWEEP_STOPPED) {
        sld_log(ctx, SLD_LOG_WARN, "%s", ctx->err.msg);
        sld_err_clear(ctx);
        return SLD_OK;
    }
    return st;
}

sld_status sld_sweep_renew_index(sld_ctx *ctx, const sld_grid *grid)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/sweep.h5", sld_grid_dir(grid));
    return access(path, F_OK) == 0 ? sld_sweep_write_index(ctx, grid, SLD_SWEEP_STOPPED) : SLD_OK;
}
