/* make_index DIR: publishes DIR/sweep.h5, for tests that made the folder by hand. */
#include <stdio.h>

#include "sld/report.h"

int main(int argc, char **argv)
{
    sld_ctx    ctx;
    sld_sweep *sweep = NULL;

    sld_ctx_init(&ctx);
    sld_status st = argc == 2 ? sld_sweep_open(&ctx, argv[1], &sweep)
                              : SLD_FAIL(&ctx, SLD_ERR_ARG, "usage: make_index DIR");
    if (st == SLD_OK) {
        st = sld_sweep_index(&ctx, sweep);
    }
    sld_sweep_close(sweep);
    if (st != SLD_OK) {
        fprintf(stderr, "make_index: %s\n", ctx.err.msg);
    }
    return st == SLD_OK ? 0 : 1;
}
