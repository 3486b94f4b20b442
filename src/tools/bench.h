/* bench.h: the two halves of a benchmark. */
#ifndef SLD_TOOLS_BENCH_INTERNAL_H
#define SLD_TOOLS_BENCH_INTERNAL_H

#include "sld/tools_bench.h"

enum {
    SLD_BENCH_EPOCH_TRAIN   = 50000,
    SLD_BENCH_EPOCH_TEST    = 10000,
    SLD_BENCH_EPOCH_CLASSES = 100
}; /* as CIFAR-100's */

/* bench_epoch.c. Collective. A trial of n_train samples, its times scaled to an epoch; this rank's
 * epoch_* figures are written. */
sld_status sld_bench_epoch(sld_ctx *ctx, const sld_comm *comm, const sld_bench_params *params,
                           size_t n_train, sld_bench_result *out);

#endif
