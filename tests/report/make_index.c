/* make_index DIR: publishes DIR/sweep.h5, for tests that made the folder by hand. */
#include <stdio.h>

#include "sld/report.h"

int main(int argc, char **argv)
{
    sld_ctx   ctx;
    sld_grid *grid = NULL;

    sld_ctx_init(&ctx);
    sld_status st = argc == 2 ? sld_grid_open(&ctx, argv[1], &grid)
                              : SLD_FAIL(&ctx, SLD_ERR_ARG, "usage: make_index DIR");
    if (st == SLD_OK) {
        st = sld_report_index(&ctx, grid);
    }
    sld_grid_close(grid);
    if (st != SLD_OK) {
        fprintf(stderr, "make_index: %s\n", ctx.err.msg);
    }
    return st == SLD_OK ? 0 : 1;
}
