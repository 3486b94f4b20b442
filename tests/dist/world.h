/* tests/dist/world.h: a test program's MPI world, and a verdict that is the worst of all ranks. */
#ifndef TESTS_DIST_WORLD_H
#define TESTS_DIST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sld/dist.h"

static sld_ctx   ctx;
static sld_dist *dist;

static inline int world_begin(void)
{
    sld_ctx_init(&ctx);
    if (sld_dist_create(&ctx, &dist) != SLD_OK) {
        fprintf(stderr, "%s\n", ctx.err.msg);
        return 1;
    }
    return 0;
}

/* failed: of this rank. What main() returns: non-zero on every rank when any rank failed. */
static inline int world_end(int failed)
{
    const sld_status st = sld_agree_request(&ctx, dist, SLD_OK, &failed);
    sld_dist_destroy(dist);
    return st == SLD_OK && failed == 0 ? 0 : 1;
}

#endif
