/* sld/tools.h: what works on a trial's files and images beside the trial: evaluation, probe,
 * exported views. */
#ifndef SLD_TOOLS_H
#define SLD_TOOLS_H

#include "sld/learn.h"

/* ---- the images of a trial ---- */

typedef struct sld_views_params {
    const sld_config *config;
    int64_t           epoch;   /* from 1 */
    const char       *out;     /* file to write; docs/files.md, "Exported views" */
    bool              replace; /* a file that stands there; else it is an error */
} sld_views_params;
/* Collective. The views of one epoch that the experiment uses, as they are trained on. */
sld_status sld_views_export(sld_ctx *ctx, const sld_comm *comm, const sld_views_params *params);
/* Collective. Prints what the experiment's data set is to stdout. */
sld_status sld_data_describe(sld_ctx *ctx, const sld_comm *comm, const sld_config *config);

/* ---- eval and probe ---- */

/* Local. The configuration stored in a weights file; *text NULL when it has none (a converted
 * teacher). The caller frees *text with free(). */
sld_status sld_weights_config(sld_ctx *ctx, const char *path, char **text);

typedef struct sld_eval_params {
    const char       *weights;
    const sld_config *config;    /* data.*: where the images are */
    const char       *split;     /* test, train or val */
    const char       *logits;    /* file to write, or NULL */
    bool              replace;   /* a file that stands there; else it is an error */
    bool              features;  /* write the last layer's input beside the logits */
    const char       *precision; /* f32 or bf16 */
    bool              any_data;  /* accept a data set other than the weights file names */
} sld_eval_params;
/* Collective. Images are normalised as the weights file says. */
sld_status sld_eval_run(sld_ctx *ctx, const sld_comm *comm, const sld_eval_params *params,
                        sld_metrics *out);

typedef struct sld_probe_params {
    const sld_config *config;
    const char       *batches, *out;
    const char       *isa;       /* what convolutions use, to be recorded */
    bool              replace;   /* a file that stands at out; else it is an error */
    int64_t           epoch;     /* of schedules and learning rate */
    bool              gradients; /* of every step, by name */
} sld_probe_params;
/* Collective. Optimiser steps on given batches: docs/files.md, "Probe". *finite false: a step was not,
 * and nothing is written. */
sld_status sld_probe_run(sld_ctx *ctx, const sld_comm *comm, const sld_probe_params *params,
                         bool *finite);

/* ---- what others have computed ---- */

typedef struct sld_golden {
    size_t compared, failed; /* values, and those past their tolerance */
    double worst_loss, worst_gradient;
} sld_golden;
/* Collective. Holds swaps, losses and gradients against a golden file of losses, and prints the
 * worst error of each case and what fails. The same on every rank. */
sld_status sld_golden_losses(sld_ctx *ctx, const sld_comm *comm, const char *path, sld_golden *out);

#endif
