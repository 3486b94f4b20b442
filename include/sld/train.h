/* sld/train.h: a trial from start or resume to its end, and the tools that work on its files. */
#ifndef SLD_TRAIN_H
#define SLD_TRAIN_H

#include <signal.h>

#include "sld/learn.h"

/* ---- a trial ---- */

typedef enum { SLD_TRIAL_DONE, SLD_TRIAL_STOPPED, SLD_TRIAL_DIVERGED } sld_outcome;

/* Seconds of one attempt on this rank, by part; what is missing to their sum is start-up. */
typedef struct sld_trial_times {
    double load, step, evaluate,
        files; /* load: samples and their views; step: with its agreement */
} sld_trial_times;

typedef struct sld_trial_params {
    const sld_config            *config;
    const char                  *name;  /* of the run folder under runs/ when run.dir is empty */
    const volatile sig_atomic_t *stop;  /* not 0: save and leave within one step */
    sld_trial_times             *times; /* written when the trial ends in order; NULL: not wanted */
} sld_trial_params;

/* Collective. Trains from the start or from the last good checkpoint to the end; the files of
 * docs/files.md, "Run folder", lie there. */
sld_status sld_trial_run(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                         sld_outcome *out);

/* ---- the pictures of a trial ---- */

typedef struct sld_views_params {
    const sld_config *config;
    int64_t           epoch; /* from 1 */
    const char       *out;   /* file to write; the format is told in views.c */
} sld_views_params;
/* Collective. The views of one epoch that the experiment uses, as they are trained on. */
sld_status sld_views_export(sld_ctx *ctx, const sld_comm *comm, const sld_views_params *params);
/* Collective. Prints what the experiment's data set is to stdout. */
sld_status sld_data_describe(sld_ctx *ctx, const sld_comm *comm, const sld_config *config);

/* ---- eval and probe ---- */

/* Local. The configuration stored in a weights file; *text NULL when it has none (a converted
 * teacher). The caller frees *text with free(). */
sld_status sld_weights_config(sld_ctx *ctx, const char *path, char **text);

/* Local. SHA-256 over the tensors of a weights file, and (Collective) over a data set: what a
 * trial's identity says of them. */
sld_status sld_weights_sha256(sld_ctx *ctx, const char *path, char sha[65]);
sld_status sld_data_sha256(sld_ctx *ctx, const sld_comm *comm, const sld_config *config,
                           char sha[65]);

typedef struct sld_eval_params {
    const char       *weights;
    const sld_config *config;    /* data.*: where the pictures are */
    const char       *split;     /* test, train or val */
    const char       *logits;    /* file to write, or NULL */
    const char       *precision; /* f32 or bf16 */
    bool              any_data;  /* accept a data set other than the weights file names */
} sld_eval_params;
/* Collective. Pictures are normalised as the weights file says. */
sld_status sld_eval_run(sld_ctx *ctx, const sld_comm *comm, const sld_eval_params *params,
                        sld_metrics *out);

typedef struct sld_probe_params {
    const sld_config *config;
    const char       *batches, *out;
    int64_t           epoch;     /* of schedules and learning rate */
    bool              gradients; /* of every step, by name */
} sld_probe_params;
/* Collective. Optimiser steps on given batches: docs/files.md, "Probe". */
sld_status sld_probe_run(sld_ctx *ctx, const sld_comm *comm, const sld_probe_params *params);

#endif
