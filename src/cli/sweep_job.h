/* sweep_job.h: writes the script of a batch job that runs a sweep. */
#ifndef SLD_CLI_SWEEP_JOB_H
#define SLD_CLI_SWEEP_JOB_H

#include "cli.h"
#include "sld/grid.h"

typedef struct sld_job {
    const char        *scheduler;             /* slurm, pbs, flux */
    const char        *hours, *nodes, *cores; /* as on the command line; NULL: chosen by cost */
    const char        *sweep;                 /* spec or folder, as on the command line */
    const char *const *words;                 /* (n_words) further arguments of `sld sweep` */
    size_t             n_words;
} sld_job;

/* Local. Prints the scheduler's script of jobs/ to stdout, with its values filled in. Notes on what
 * does not fit go into the script and the log. status: (points); NULL: none has begun. */
sld_status sld_sweep_job(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                         const sld_job *job);

#endif
