/* sweep_job.h: a sweep as a batch job. */
#ifndef SLD_CLI_SWEEP_JOB_H
#define SLD_CLI_SWEEP_JOB_H

#include "cli.h"
#include "sld/grid.h"

typedef struct sld_job {
    const char        *scheduler;             /* slurm, pbs, flux */
    const char        *hours, *nodes, *cores; /* as on the command line; NULL: from the cost */
    const char        *sweep;                 /* spec or folder, as on the command line */
    const char *const *words;                 /* (n_words) what else `sld sweep` is to be told */
    size_t             n_words;
} sld_job;

/* Local. To stdout: the script of jobs/ for that scheduler, filled in; what does not fit is said, in
 * it and by the log. status: of each point, NULL: none has begun. */
sld_status sld_sweep_job(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                         const sld_job *job);

#endif
