/* sweep_cost.h: what the trials of a sweep cost, measured where some have ended, else estimated. */
#ifndef SLD_CLI_SWEEP_COST_H
#define SLD_CLI_SWEEP_COST_H

#include "cli.h"
#include "sld/grid.h"

enum { SLD_COST_LINES = 8 };

typedef struct sld_sweep_cost {
    size_t points, left;              /* all trials, and those without an end yet */
    size_t measured;                  /* trials that gflops comes from; 0: it is a guess */
    double gflops;                    /* GFLOP/s of a core */
    double core_hours;                /* of those left */
    double ranks;                     /* most cores that those left can use together */
    double max_ranks;                 /* that one of those left can use: its parallel.shards */
    double longest_hours;             /* of one trial on all the ranks that it may use */
    double kept_bytes;                /* weights, results of all */
    double running_bytes;             /* checkpoints of a trial while it runs */
    double logits_bytes;              /* the teachers', of all their epochs and views */
    char   made[SLD_COST_LINES][200]; /* what is trained, on what: each once */
    size_t n_made, n_more;
} sld_sweep_cost;

/* Local. status: of each point, NULL: none has begun. */
sld_status sld_sweep_cost_of(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                             sld_sweep_cost *out);

/* Local. The cores of this machine that this process may use. */
double sld_sweep_cores(void);

#endif
