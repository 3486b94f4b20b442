/* sld/sweep.h: the coordinator of a grid's trials: it starts MPI programs and calls no MPI itself.
 * docs/sweeps.md, "Many coordinators". Everything is local. */
#ifndef SLD_SWEEP_H
#define SLD_SWEEP_H

#include "sld/grid.h"

typedef enum {
    SLD_SWEEP_DONE,
    SLD_SWEEP_FAILED,     /* some trials; diverged ones are results */
    SLD_SWEEP_BROKEN,     /* trials cannot start here, or fail alike at their start: it stops */
    SLD_SWEEP_UNFINISHED, /* others work on the rest */
    SLD_SWEEP_KIND,    /* the rest was begun by another kind of machine, and nobody works on it */
    SLD_SWEEP_STOPPED, /* by a signal, all saved */
    SLD_SWEEP_ENDED,   /* at once, by a second SIGINT */
} sld_sweep_outcome;

typedef struct sld_sweep_run_params {
    const char        *program;  /* sld itself */
    const char *const *settings; /* "key=value" for every trial: options of kind run alone */
    size_t             n_settings;
    const char *const *join_words; /* words of another command that joins the folder as this one */
    size_t             n_join_words;
    sld_defaults_find  method;
    const char *const *(*mpirun)(bool crowded); /* as sld_comm_mpirun */
    bool no_wait; /* leave when all that is left is in others' hands */
} sld_sweep_run_params;

/* Local. Works on the sweep in its folder until nothing is left. Blocks SIGTERM, SIGINT, SIGHUP,
 * SIGUSR1 and SIGCHLD and answers them. No MPI may have been started in this process. */
sld_status sld_sweep_run(sld_ctx *ctx, sld_grid *grid, const sld_sweep_run_params *params,
                         sld_sweep_outcome *out);

/* Local. which: "failed", or the beginning of an ID that only one point has. */
sld_status sld_sweep_retry(sld_ctx *ctx, const sld_grid *grid, const char *which, size_t *n);
sld_status sld_sweep_skip(sld_ctx *ctx, const sld_grid *grid, const char *which);

#endif
