/* golden_losses FILE: sld_golden_losses(), as a test. Fails past a tolerance or when nothing was compared. */
#include <stdio.h>

#include "sld/tools.h"

int main(int argc, char **argv)
{
    sld_ctx    ctx;
    sld_comm  *comm   = NULL;
    sld_golden golden = {.compared = 0};
    bool       speaks = false;

    if (argc != 2) {
        fprintf(stderr, "usage: golden_losses FILE\n");
        return 2;
    }
    sld_ctx_init(&ctx);
    sld_status st = sld_comm_create(&ctx, &comm);
    if (st == SLD_OK) {
        speaks = sld_comm_rank(comm) == 0;
        st     = sld_golden_losses(&ctx, comm, argv[1], &golden);
    }
    if (st != SLD_OK) {
        fprintf(stderr, "golden_losses: %s\n", ctx.err.msg);
    }
    if (speaks) {
        printf("%zu compared, %zu failed\n", golden.compared, golden.failed);
    }
    sld_comm_destroy(comm);
    return st == SLD_OK && golden.compared > 0 && golden.failed == 0 ? 0 : 1;
}
