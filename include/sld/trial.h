/* sld/trial.h: a trial from start or resume to its end. */
#ifndef SLD_TRIAL_H
#define SLD_TRIAL_H

#include <signal.h>

#include "sld/learn.h"

typedef enum { SLD_TRIAL_DONE, SLD_TRIAL_STOPPED, SLD_TRIAL_DIVERGED } sld_outcome;

typedef struct sld_trial_params {
    const sld_config            *config;
    const char                  *name; /* of the run folder under runs/ when run.dir is empty */
    const volatile sig_atomic_t *stop; /* not 0: save and leave within one step */
    const char *version;               /* of the program, for results.h5; NULL: its number alone */
} sld_trial_params;

/* Collective. The account of time (sld_times) begins with the first step. Trains from the start or from the last good checkpoint to the end; the files of
 * docs/files.md, "Run folder", lie there. */
sld_status sld_trial_run(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                         sld_outcome *out);

#endif
