/* sld/trial.h: a trial from start or resume to its end. */
#ifndef SLD_TRIAL_H
#define SLD_TRIAL_H

#include <signal.h>

#include "sld/learn.h"

/* How a trial ended without an error. */
typedef enum { SLD_TRIAL_DONE, SLD_TRIAL_STOPPED, SLD_TRIAL_DIVERGED } sld_outcome;

typedef struct sld_trial_params {
    const sld_config            *config;
    const char                  *name; /* of the run folder under runs/ when run.dir is empty */
    const volatile sig_atomic_t *stop; /* becomes not 0: save and stop within one step */
    const char *version;               /* of the program, for results.h5; NULL: its number alone */
} sld_trial_params;

/* Collective. Trains from the start, or from the last good checkpoint, to the end, and writes the
 * files of docs/files.md, "Run folder". The account of time (sld_times) begins with the first
 * step. *out counts only with SLD_OK. SLD_ERR_CONFIG: something of the experiment; SLD_ERR_FENCED:
 * another run has the folder; SLD_ERR_DATA, SLD_ERR_KIND: a file; SLD_ERR_IO, SLD_ERR_NOMEM. After an
 * error that not all ranks agreed on, MPI must be taken down. */
sld_status sld_trial_run(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                         sld_outcome *out);

#endif
