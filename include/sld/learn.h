/* sld/learn.h: one optimiser step on a batch, evaluation of a split, models in and out of files, and
 * what of these follows from an experiment's options.
 * Axes: N samples of this rank, H, W pixels, C channels, K classes. */
#ifndef SLD_LEARN_H
#define SLD_LEARN_H

#include "sld/base.h"
#include "sld/comm.h"
#include "sld/config.h"
#include "sld/data.h"
#include "sld/distill.h"
#include "sld/nn.h"
#include "sld/store.h"

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
    bool          finite;          /* false: then no update was made, and `what` is not finite */
    const char   *what;            /* "the loss is", for messages; NULL: all is finite */
} sld_step_output;

typedef struct sld_learner sld_learner;

/* Collective. Makes networks' buffers, trees and primitives. */
sld_status sld_learner_create(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                              sld_learner **out);
void       sld_learner_destroy(sld_learner *learner); /* Local. Accepts NULL. */

/* Local. This rank's rows of a global batch. */
sld_range sld_learner_rows(const sld_learner *learner, size_t tree);
/* Collective. rows: (global batch, row_bytes), this rank has filled its own; afterwards complete. */
sld_status sld_learner_gather(sld_ctx *ctx, sld_learner *learner, size_t tree, void *rows,
                              size_t row_bytes);
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

float *sld_learner_momentum(sld_learner *learner); /* (trained_count), in the model's order */
/* (2) the parameter of the trained temperature and its momentum: a value trained like the student's;
 * sld_learner_refresh() after they were set from outside. NULL: the objective trains none. */
float       *sld_learner_parameter(sld_learner *learner);
const float *sld_learner_gradient(const sld_learner *learner); /* of the last step, without decay */
/* Local. What of the student and its optimiser is not finite: "the weights are"; NULL: nothing. The
 * same on every rank, as the values are. */
const char *sld_learner_not_finite(const sld_learner *learner);
bool        sld_all_finite(const float *values, size_t n); /* Local. finite.c. */
/* (N,K) of the last step; NULL for a view that took no part or a teacher that was not asked. */
const float         *sld_learner_student_logits(const sld_learner *learner, int view);
const float         *sld_learner_teacher_logits(const sld_learner *learner, int view);
const sld_objective *sld_learner_objective(const sld_learner *learner);
/* Local. What the bits depend on besides the experiment: libraries, instruction set, kernels. */
void sld_learner_fingerprint(const sld_learner *learner, char *text, size_t n);

/* ---- evaluation of a whole split ---- */

typedef struct sld_metrics {
    double  top1, top5, loss; /* percent, percent, mean cross-entropy */
    int64_t n, hits1, hits5;
} sld_metrics;

/* Local. -log of the softmax of z (K) at y. */
double sld_cross_entropy(const float *z, size_t y, size_t K);
/* Local. logits: (n,K); a tie for the maximum counts for the lowest index, as argmax does. */
sld_metrics sld_metrics_of(const float *logits, const int32_t *labels, size_t n, size_t K);

#define SLD_EVAL_CHUNK 64 /* images normalised at a time: a multiple of SLD_EVAL_BLOCK */

typedef struct sld_eval_set { /* what is evaluated; all borrowed */
    const sld_dataset *set;
    const sld_images  *images; /* of set */
    const uint32_t    *index;  /* (n) among images; NULL: all of them */
    size_t             n;
    float             *chunk; /* (SLD_EVAL_CHUNK,H,W,C), written to */
} sld_eval_set;

/* Collective. logits: (n,K), complete on every rank. */
sld_status sld_evaluate(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                        const sld_eval_set *in, float *logits);

/* Collective. The features behind the same logits: (n,F), F of sld_infer_feature_count(). */
sld_status sld_evaluate_features(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                                 const sld_eval_set *in, float *features);

/* ---- what is made from options ---- */

/* Collective. */
sld_status sld_open_data(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt,
                         sld_dataset **out);
/* Local. */
sld_data_params    sld_data_params_of(const sld_options *opt);
sld_subset_params  sld_subset_of(const sld_options *opt);
sld_augment_params sld_augment_of(const sld_options *opt);
void sld_objective_of(const sld_options *opt, size_t classes, sld_objective_params *out);
void sld_views_of(const sld_objective_params *objective, bool views[SLD_VIEWS]);
extern const char *const sld_view_name[SLD_VIEWS]; /* "weak", "strong": in names of files' parts */
/* Local. base * decay^(stages below epoch): a stage drops the rate after its epoch. */
double sld_learning_rate(const sld_options *opt, int64_t epoch);

/* ---- models in and out of HDF5 documents ---- */

/* Local. Names and values of the model's tensors, or of another buffer laid out like them: values
 * (all tensors one after another) or NULL for the model's own; trained_only: without running
 * statistics. *out lies in the arena. */
sld_status sld_model_named(sld_ctx *ctx, sld_arena *arena, const sld_model *model, float *values,
                           bool trained_only, sld_named **out, size_t *n);
size_t     sld_model_floats(const sld_model *model); /* all tensors, running statistics too */
void       sld_model_copy_out(const sld_model *model, float *values); /* values: (floats) */
void       sld_model_copy_in(sld_model *model, const float *values);

enum { SLD_NAME_BYTES = 96 }; /* of what names an input */

/* Local. Opens a weights file and makes its network for images (height,width). sha: of the tensors.
 * The config stored in it goes to *config_text (in the arena) or NULL when it has none. */
typedef struct sld_model_file {
    sld_model       *model; /* owned by the caller */
    sld_weights_info info;
    char             sha[65];                 /* of the tensors */
    char             content[65];             /* of all that its use depends on */
    char             made_by[SLD_NAME_BYTES]; /* "trial ID/last.h5"; "": not known */
    const char      *config_text;
} sld_model_file;
sld_status sld_model_load(sld_ctx *ctx, sld_arena *arena, const char *path, int height, int width,
                          sld_model_file *out);

/* own_input.c. Local. Are a network's constants of normalisation those of the images? */
bool sld_normalises_alike(const sld_weights_info *info, const float *mean, const float *std,
                          size_t channels);
/* Local. Makes a network's forward see the set's images normalised as it was trained, where its
 * constants are others. forward NULL: none. */
sld_status sld_weights_own_input(sld_ctx *ctx, const sld_weights_info *info, const sld_dataset *set,
                                 sld_infer *forward);
/* Local. What logits follow from beside images: the SHA-256 of weights, and where constants are not the
 * set's, these too. */
void sld_weights_seen_as(const char *sha, const sld_weights_info *info, const sld_dataset *set,
                         char out[65]);

/* What weights are to be used for. */
typedef struct sld_weights_use {
    const char  *of;                /* "the data set cifar100": whose these are, for messages */
    size_t       classes, channels; /* 0: any number */
    const float *mean, *std;        /* (channels) of the images; NULL: not compared */
    const char  *network;           /* NULL or "": any */
    const char  *network_key;       /* the option that names it */
} sld_weights_use;
/* Local. SLD_ERR_CONFIG says what does not fit. */
sld_status sld_weights_fit(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                           const sld_weights_use *use);

/* ---- what is read, named for an experiment's identity ----
 * By content: of a data set its images, labels and normalisation; of weights the tensors, the
 * network and its normalisation. Weights that a trial made are named by the trial, whose ID says all
 * that they follow from, so that they have a name before they exist. version 1: as sld 0.1 named
 * them, for folders of that time: images and labels alone, tensors alone. */

/* Local. */
void sld_data_name(const sld_options *opt, const sld_dataset *set, int version,
                   char name[SLD_NAME_BYTES]);
/* A weights file knows one side of its network's input, so images must be square. */
sld_status sld_data_check_square(sld_ctx *ctx, const sld_options *opt, const sld_dataset *set);
void sld_weights_content(const sld_weights_info *info, const char *tensors_sha, char content[65]);
sld_status  sld_weights_maker(sld_ctx *ctx, sld_doc *doc, const char *content,
                              char made_by[SLD_NAME_BYTES]);
const char *sld_weights_name(const sld_model_file *file, int version);
/* Local. Of a file. */
sld_status sld_weights_name_of(sld_ctx *ctx, const char *path, int version,
                               char name[SLD_NAME_BYTES]);
/* Collective. Of what the options name. */
sld_status sld_data_name_of(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt, int version,
                            char name[SLD_NAME_BYTES]);

#endif
