/* sld/sweep.h: the coordinator, which runs the trials of a sweep. It starts MPI programs but calls
 * no MPI itself. See docs/sweeps.md, "Many coordinators". Everything is local. */
#ifndef SLD_SWEEP_H
#define SLD_SWEEP_H

#include "sld/grid.h"

typedef enum {
    SLD_SWEEP_DONE,
    SLD_SWEEP_FAILED,     /* some trials failed; a diverged trial is a result, not a failure */
    SLD_SWEEP_BROKEN,     /* trials cannot start here, or all fail at their start in one way */
    SLD_SWEEP_UNFINISHED, /* other coordinators work on the remaining trials */
    SLD_SWEEP_KIND,    /* the remaining trials began on another kind of machine; nobody runs them */
    SLD_SWEEP_STOPPED, /* a signal or the end of the batch job stopped it; all trials were saved */
    SLD_SWEEP_ENDED,   /* a second SIGINT ended it at once */
} sld_sweep_outcome;

typedef struct sld_sweep_run_params {
    const char        *program;  /* sld itself */
    const char *const *settings; /* "key=value" for every trial; only options of kind run */
    size_t             n_settings;
    const char *const *join_words; /* arguments for coordinators that this one starts elsewhere */
    size_t             n_join_words;
    sld_defaults_find  method;
    const char *const *(*mpirun)(bool crowded); /* sld_comm_mpirun, or a stand-in in tests */
    const char *srun_plugin;                    /* sld_comm_srun_plugin(), or a stand-in in tests */
    bool        no_wait; /* leave as soon as other coordinators run all remaining trials */
} sld_sweep_run_params;

/* Local. Runs the trials of the sweep until none is left. Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1
 * and SIGCHLD in this process and handles them itself. Call it in a process without MPI. */
sld_status sld_sweep_run(sld_ctx *ctx, sld_grid *grid, const sld_sweep_run_params *params,
                         sld_sweep_outcome *out);

/* Local. Whether trials can be given this folder as key="PATH" on their command lines: one line of
 * UTF-8. */
sld_status sld_sweep_check_dir(sld_ctx *ctx, const char *dir);

/* Local. retry makes points trainable again, skip leaves a point out, also one that runs; each the
 * beginning of one point's ID, retry also "failed", for all failed points; NULL: not asked for. Both
 * are checked before either changes the folder. *n: points that will be tried again. */
sld_status sld_sweep_take_back(sld_ctx *ctx, const sld_grid *grid, const char *retry,
                               const char *skip, size_t *n);

#endif
