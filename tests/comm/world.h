/* tests/comm/world.h: a test program's MPI world, and a verdict that is the worst of all ranks. */
#ifndef TESTS_COMM_WORLD_H
#define TESTS_COMM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sld/comm.h"

static sld_ctx   ctx;
static sld_comm *comm;

static inline int world_begin(void)
{
    sld_ctx_init(&ctx);
    if (sld_comm_create(&ctx, &comm) != SLD_OK) {
        fprintf(stderr, "%s\n", ctx.err.msg);
        return 1;
    }
    return 0;
}

/* failed: of this rank. What main() returns: non-zero on every rank when any rank failed. */
static inline int world_end(int failed)
{
    const sld_status st = sld_agree_request(&ctx, comm, SLD_OK, &failed);
    sld_comm_destroy(comm);
    return st == SLD_OK && failed == 0 ? 0 : 1;
}

#endif
