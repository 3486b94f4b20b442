/* sld/train.h: one optimiser step on a batch, and a trial from start or resume to its end.
 * Axes: N samples of this rank, H, W pixels, C channels, K classes. */
#ifndef SLD_TRAIN_H
#define SLD_TRAIN_H

#include <signal.h>

#include "sld/base.h"
#include "sld/comm.h"
#include "sld/config.h"
#include "sld/distill.h"
#include "sld/nn.h"

/* ---- the learner: student, teacher, objective, SGD ---- */

typedef struct sld_sgd_params {
    double momentum, weight_decay; /* L2 added to the gradient; no dampening, not Nesterov */
} sld_sgd_params;

typedef struct sld_learner_params {
    sld_model           *student; /* borrowed; its trained values are updated */
    sld_model           *teacher; /* borrowed; NULL: none. Its values are released: the kernels have
                           them in their own layout, and one copy is enough */
    sld_precision        student_precision, teacher_precision;
    sld_objective_params objective;
    sld_sgd_params       sgd;
    int                  n_shards;
    size_t               batch_rows[2]; /* global batch sizes that occur: full, tail (0: none) */
} sld_learner_params;

/* What one step works on: this rank's rows of the global batch. */
typedef struct sld_step_input {
    size_t          tree;            /* 0 full batch, 1 tail */
    const float    *view[SLD_VIEWS]; /* (N,H,W,C) normalised; NULL: this view takes no part */
    const int32_t  *labels;          /* (N) trained on */
    const int32_t  *truth;           /* (N) the true ones; NULL: those trained on */
    const uint32_t *sample;          /* (N) index in the data set */
    /* (N,K) the teacher's logits of these rows, where they are known; NULL: its forward */
    const float *teacher_logits[SLD_VIEWS];
    int64_t      epoch; /* from 1: schedules */
    double       lr;
    /* The batch that the next call brings, in the same epoch and unchanged until then; its logits
     * are handed in where those above are. NULL: not known. */
    size_t       next_tree;
    const float *next_view[SLD_VIEWS];
} sld_step_input;

typedef struct sld_step_output {
    sld_view_sums sums[SLD_VIEWS]; /* zero for a view that took no part */
    bool          finite;          /* false: the loss is not; then no update was made */
} sld_step_output;

/* Seconds of this rank since the learner was made, by part. teacher, wait: wherever they occur;
 * they are in none of the others. wait: for reductions, and moving them, but not what of the
 * teacher's forward is done in the meantime. sgd: with the weights' way to the kernels. */
typedef struct sld_step_times {
    double teacher, forward, backward, objective, wait, sgd;
} sld_step_times;

typedef struct sld_learner sld_learner;

/* Collective. Makes networks' buffers, trees and primitives. */
sld_status sld_learner_create(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                              sld_learner **out);
void       sld_learner_destroy(sld_learner *learner); /* Local. Accepts NULL. */

/* Local. This rank's rows of a global batch. */
sld_range sld_learner_rows(const sld_learner *learner, size_t tree);
/* Local. The most of them in any batch, at least 1: room for one that has none costs nothing. */
size_t sld_learner_max_rows(const sld_learner *learner);

/* Collective. One step: per view student, teacher, terms, backward; then the update. A rank that
 * waits for others takes its teacher's forwards, of this step's views or of next_view, further
 * meanwhile.
 * Nothing in a step fails short of the machine: a status other than SLD_OK is not agreed and ends
 * the program. */
sld_status sld_learner_step(sld_ctx *ctx, sld_learner *learner, const sld_step_input *in,
                            sld_step_output *out);
/* Local. The teacher's forward, the one that a step takes; NULL: no teacher. Borrowed. */
sld_infer *sld_learner_teacher(const sld_learner *learner);
/* Local. After the student's values were set from outside. */
sld_status sld_learner_refresh(sld_ctx *ctx, sld_learner *learner);

float       *sld_learner_momentum(sld_learner *learner); /* (trained_count), in the model's order */
const float *sld_learner_gradient(const sld_learner *learner); /* of the last step, without decay */
/* (N,K) of the last step; NULL for a view that took no part or a teacher that was not asked. */
const float         *sld_learner_student_logits(const sld_learner *learner, int view);
const float         *sld_learner_teacher_logits(const sld_learner *learner, int view);
const sld_objective *sld_learner_objective(const sld_learner *learner);
sld_step_times       sld_learner_times(const sld_learner *learner);
/* Local. Finer, of the student alone: inside forward, backward, wait and sgd of the above. */
sld_backprop_seconds sld_learner_parts(const sld_learner *learner);
/* Local. What the bits depend on besides the experiment: libraries, instruction set, kernels. */
void sld_learner_fingerprint(const sld_learner *learner, char *text, size_t n);

/* ---- evaluation of a whole split ---- */

typedef struct sld_metrics {
    double  top1, top5, loss; /* percent, percent, mean cross-entropy */
    int64_t n, hits1, hits5;
} sld_metrics;

/* Local. logits: (n,K); a tie for the maximum counts for the lowest index, as argmax does. */
sld_metrics sld_metrics_of(const float *logits, const int32_t *labels, size_t n, size_t K);

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
 * DESIGN.md section 5 lie in the run folder. */
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
/* Collective. Optimiser steps on given batches, DESIGN.md section 9; the format is told in probe.c.
 */
sld_status sld_probe_run(sld_ctx *ctx, const sld_comm *comm, const sld_probe_params *params);

#endif
