/* sweep_cost.h: estimates the cost of a sweep's trials, from trials that have ended if there are
 * any. */
#ifndef SLD_CLI_SWEEP_COST_H
#define SLD_CLI_SWEEP_COST_H

#include "cli.h"
#include "sld/grid.h"

enum { SLD_COST_LINES = 8, SLD_COST_LINE_BYTES = 480 };

typedef struct sld_sweep_cost {
    size_t points, left;        /* all trials; those that have not ended */
    size_t measured;            /* trials from which gflops was measured; 0: it is a guess */
    double gflops;              /* GFLOP/s of a core */
    double core_hours;          /* for the trials left */
    double ranks;               /* the most cores that the trials left can use together */
    double max_ranks;           /* the most that one of them can use: its parallel.shards */
    double longest_hours;       /* of the longest trial, on all ranks that it can use */
    double kept_bytes;          /* weights and results of all trials */
    double running_bytes;       /* checkpoints of a trial while it runs */
    double logits_bytes;        /* teacher logits of all epochs and views */
    double folder_logits_bytes; /* of them what the sweep's folder will hold, without a limit */
    char   made[SLD_COST_LINES]
             [SLD_COST_LINE_BYTES]; /* (n_made) different trainings, one line each */
    size_t n_made, n_more;          /* n_more: lines that did not fit */
} sld_sweep_cost;

/* Local. status: (points) the state of each point; NULL: none has begun. */
sld_status sld_sweep_cost_of(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                             sld_sweep_cost *out);

/* Local. How many cores of this machine this process may use, as a coordinator counts them. */
double sld_sweep_cores(void);

#endif
