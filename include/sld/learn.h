/* sld/learn.h: one optimiser step on a batch, the evaluation of a split, models in and out of
 * files, and the parameters of all these as an experiment's options give them.
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
    double momentum, weight_decay; /* decay: L2, added to the gradient; no dampening, no Nesterov */
} sld_sgd_params;

typedef struct sld_learner_params {
    sld_model *student; /* borrowed; its trained values are updated */
    sld_model *teacher; /* borrowed; NULL: none. Its values are released, because the kernels keep a
                           copy in their own layout */
    sld_precision        student_precision, teacher_precision;
    sld_objective_params objective;
    sld_sgd_params       sgd;
    int                  n_shards;
    size_t               batch_rows[2]; /* sizes of global batches: full, tail (0: none) */
} sld_learner_params;

/* What one step works on: this rank's rows of the global batch. */
typedef struct sld_step_input {
    size_t          tree;            /* 0: the full batch, 1: the tail */
    const float    *view[SLD_VIEWS]; /* (N,H,W,C) normalised; NULL: this view takes no part */
    const int32_t  *labels;          /* (N) the labels trained on */
    const int32_t  *truth;           /* (N) the true labels; NULL: those trained on */
    const uint32_t *sample;          /* (N) index in the data set */
    /* (N,K) the teacher's logits of these rows if they are known; NULL: the step computes them */
    const float *teacher_logits[SLD_VIEWS];
    int64_t      epoch; /* from 1, for the schedules */
    double       lr;
    /* The views of the next call, in the same epoch; they do not change until then. If that call
     * will bring the teacher's logits, this one does too. NULL: not known. */
    size_t       next_tree;
    const float *next_view[SLD_VIEWS];
} sld_step_input;

typedef struct sld_step_output {
    sld_view_sums sums[SLD_VIEWS]; /* zero for a view that took no part */
    bool          finite;          /* false: something was not finite, and there was no update */
    const char   *what; /* what it was, for messages: "the loss is"; NULL: all is finite */
} sld_step_output;

typedef struct sld_learner sld_learner;

/* Collective. Makes the networks' buffers, trees and primitives. The caller owns *out.
 * SLD_ERR_CONFIG if the parameters do not fit each other. */
sld_status sld_learner_create(sld_ctx *ctx, const sld_comm *comm, const sld_learner_params *params,
                              sld_learner **out);
void       sld_learner_destroy(sld_learner *learner); /* Local. Accepts NULL. */

/* Local. This rank's rows of a global batch. */
sld_range sld_learner_rows(const sld_learner *learner, size_t tree);
/* Collective. rows: (global batch, row_bytes). Each rank has filled its own rows; afterwards all
 * are complete on every rank. */
sld_status sld_learner_gather(sld_ctx *ctx, sld_learner *learner, size_t tree, void *rows,
                              size_t row_bytes);
/* Local. The most rows that this rank has in any batch; 1 if it has none, so that buffers exist. */
size_t sld_learner_max_rows(const sld_learner *learner);

/* Collective. Does one step: for each view the forward of student and teacher, the terms and the
 * backward; then the update. While a rank waits for its peers, it advances the teacher's forward of
 * this step or of next_view.
 * A step fails only if MPI or a library does. Such a status is not agreed across ranks, so the
 * caller must end the program (docs/design.md, "A step cannot fail"). */
sld_status sld_learner_step(sld_ctx *ctx, sld_learner *learner, const sld_step_input *in,
                            sld_step_output *out);
/* Local. The teacher's forward that a step uses; NULL: no teacher. Borrowed. */
sld_infer *sld_learner_teacher(const sld_learner *learner);
/* Local. Call it after the student's values have been set from outside. */
sld_status sld_learner_refresh(sld_ctx *ctx, sld_learner *learner);

/* Local. SGD's momentum, (trained_count) in the model's order. */
float *sld_learner_momentum(sld_learner *learner);
/* Local. (2) the parameter of the trained temperature and its momentum, which the optimiser treats
 * like the student's values. Call sld_learner_refresh() after they have been set from outside.
 * NULL: the objective trains no temperature. */
float *sld_learner_parameter(sld_learner *learner);
/* Local. (trained_count) the gradient of the last step, without weight decay. */
const float *sld_learner_gradient(const sld_learner *learner);
/* Local. What of the student and its optimiser is not finite: "the weights are"; NULL: nothing. It
 * is the same on every rank, because the values are. */
const char *sld_learner_not_finite(const sld_learner *learner);
bool        sld_all_finite(const float *values, size_t n); /* Local. finite.c. */
/* Local. (N,K) of the last step; NULL: the view took no part, or the step did not use the
 * teacher. */
const float         *sld_learner_student_logits(const sld_learner *learner, int view);
const float         *sld_learner_teacher_logits(const sld_learner *learner, int view);
const sld_objective *sld_learner_objective(const sld_learner *learner); /* Local. Borrowed. */
/* Local. What the bits depend on besides the experiment: libraries, instruction set, kernels. */
void sld_learner_fingerprint(const sld_learner *learner, char *text, size_t n);

/* ---- evaluation of a whole split ---- */

typedef struct sld_metrics {
    double  top1, top5, loss; /* percent, percent, mean cross-entropy */
    int64_t n, hits1, hits5;
} sld_metrics;

/* Local. -log softmax(z)[y], z: (K). */
double sld_cross_entropy(const float *z, size_t y, size_t K);
/* Local. logits: (n,K), labels: (n). Of equal logits the lower index comes first, as in argmax. */
sld_metrics sld_metrics_of(const float *logits, const int32_t *labels, size_t n, size_t K);

#define SLD_EVAL_CHUNK 64 /* images normalised at a time: a multiple of SLD_EVAL_BLOCK */

typedef struct sld_eval_set { /* what is evaluated; all borrowed */
    const sld_dataset *set;
    const sld_images  *images; /* of set */
    const uint32_t    *index;  /* (n) among images; NULL: all of them */
    size_t             n;
    float             *chunk; /* (SLD_EVAL_CHUNK,H,W,C), written to */
} sld_eval_set;

/* Collective. Evaluates the samples of in, each rank its share. logits: (n,K), written, complete on
 * every rank. */
sld_status sld_evaluate(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                        const sld_eval_set *in, float *logits);

/* Collective. The same for features: (n,sld_infer_feature_count()). */
sld_status sld_evaluate_features(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                                 const sld_eval_set *in, float *features);

/* ---- parameters from options ---- */

/* Collective. sld_dataset_open() of the options' set. */
sld_status sld_open_data(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt,
                         sld_dataset **out);
/* Local, all of these. Texts in the parameters are borrowed from opt. */
sld_data_params    sld_data_params_of(const sld_options *opt);
sld_subset_params  sld_subset_of(const sld_options *opt);
sld_augment_params sld_augment_of(const sld_options *opt);
void sld_objective_of(const sld_options *opt, size_t classes, sld_objective_params *out);
void sld_views_of(const sld_objective_params *objective, bool views[SLD_VIEWS]);
extern const char *const sld_view_name[SLD_VIEWS]; /* "weak", "strong": in names of files' parts */
/* Local. base * decay^s, where s stages end before this epoch: a stage drops the rate after its
 * epoch. */
double sld_learning_rate(const sld_options *opt, int64_t epoch);

/* ---- models in and out of HDF5 documents ---- */

/* Local. Lists names and values of the model's tensors. values: a buffer of all tensors one after
 * another; NULL: the model's own values. trained_only: leaves running statistics out. *out: (n), in
 * the arena. */
sld_status sld_model_named(sld_ctx *ctx, sld_arena *arena, const sld_model *model, float *values,
                           bool trained_only, sld_named **out, size_t *n);
/* Local. The floats of all tensors, running statistics too. */
size_t sld_model_floats(const sld_model *model);
/* Local. Copies all tensors out of the model, or into it. values: (sld_model_floats()). */
void sld_model_copy_out(const sld_model *model, float *values);
void sld_model_copy_in(sld_model *model, const float *values);

enum { SLD_NAME_BYTES = 96 }; /* of the name of an input */

typedef struct sld_model_file {
    sld_model       *model; /* owned by the caller */
    sld_weights_info info;
    char             sha[65];                 /* SHA-256 of the tensors */
    char             content[65];             /* SHA-256 of all that the use of it depends on */
    char             made_by[SLD_NAME_BYTES]; /* "trial ID/last.h5"; "": not known */
    const char      *config_text;             /* the configuration stored in it; NULL: none */
} sld_model_file;
/* Local. Reads a weights file and makes its network for images (height,width). Texts lie in the
 * arena. SLD_ERR_DATA or SLD_ERR_IO for a file that is damaged or holds no weights, SLD_ERR_CONFIG
 * for images of another size. */
sld_status sld_model_load(sld_ctx *ctx, sld_arena *arena, const char *path, int height, int width,
                          sld_model_file *out);

/* What a weights file tells of the samples that its run trained on. */
typedef struct sld_trained_on {
    bool   told;     /* false: nothing, or the run had another data set */
    bool   held_out; /* the run held out validation samples */
    size_t n;        /* of the samples asked for */
} sld_trained_on;
/* Local. index: (n) samples of the set's train, ascending. path names the file in messages. */
sld_status sld_weights_trained_on(sld_ctx *ctx, const char *path, const sld_model_file *file,
                                  const sld_dataset *set, const uint32_t *index, size_t n,
                                  sld_trained_on *out);

/* Local. Whether a network's constants of normalisation are those of the images. mean, std:
 * (channels). own_input.c. */
bool sld_normalises_alike(const sld_weights_info *info, const float *mean, const float *std,
                          size_t channels);
/* Local. If a network was trained with other constants of normalisation than the set has, its
 * forward sees the set's images with its own constants from now on. forward NULL: does nothing. */
sld_status sld_weights_own_input(sld_ctx *ctx, const sld_weights_info *info, const sld_dataset *set,
                                 sld_infer *forward);
/* Local. Writes what logits follow from besides the images: the SHA-256 of the weights, or one that
 * includes the constants of normalisation if these are not the set's. */
void sld_weights_seen_as(const char *sha, const sld_weights_info *info, const sld_dataset *set,
                         char out[65]);

/* Local. Checks that the option key names a file that may be read. SLD_ERR_CONFIG. */
sld_status sld_weights_check_path(sld_ctx *ctx, const sld_config *config, const char *key,
                                  const char *path);

typedef struct sld_data_origin { /* a data set, as weights that were trained on it name it */
    char hash[65], name[64];
} sld_data_origin;
void sld_data_origin_of(const sld_dataset *set, sld_data_origin *out); /* Local. */
/* Local, on rank 0. Warns of weights that were trained on another data set, and of those whose run had not
 * ended. key: the option that names the file; data: NULL: not known. ended: nothing is said of the
 * run. */
void sld_weights_warn(sld_ctx *ctx, const char *key, const char *path, const sld_data_origin *data,
                      bool ended);

/* What weights are to be used for. */
typedef struct sld_weights_use {
    const char  *of;                /* for messages, who has these: "the data set cifar100" */
    size_t       classes, channels; /* 0: any number */
    const float *mean, *std;        /* (channels) of the images; NULL: any */
    const char  *network;           /* NULL or "": any */
    const char  *network_key;       /* the option that names the network */
} sld_weights_use;
/* Local. Checks that weights fit their use. SLD_ERR_CONFIG says what does not. */
sld_status sld_weights_fit(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                           const sld_weights_use *use);

/* ---- names of inputs, for an experiment's identity (docs/determinism.md, "Identity") ----
 * An input is named by its content: a data set by images, labels and normalisation, weights by
 * tensors, network and normalisation. Weights that a trial made are named by the trial, because its
 * ID says all that they follow from; so they have a name before they exist. version 1 gives the
 * names of sld 0.1, for folders of that time: images and labels alone, tensors alone. */

/* Local, all of these. */
void sld_data_name(const sld_options *opt, const sld_dataset *set, int version,
                   char name[SLD_NAME_BYTES]);
/* A weights file knows one side of its network's input, so images must be square. */
sld_status sld_data_check_square(sld_ctx *ctx, const sld_options *opt, const sld_dataset *set);
void sld_weights_content(const sld_weights_info *info, const char *tensors_sha, char content[65]);
sld_status  sld_weights_maker(sld_ctx *ctx, sld_doc *doc, const char *content,
                              char made_by[SLD_NAME_BYTES]);
const char *sld_weights_name(const sld_model_file *file, int version);
/* Local. The name of a file's weights. */
sld_status sld_weights_name_of(sld_ctx *ctx, const char *path, int version,
                               char name[SLD_NAME_BYTES]);
/* Collective. The name of the data set that the options choose, and what weights would say of it. */
sld_status sld_data_name_of(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt, int version,
                            char name[SLD_NAME_BYTES], sld_data_origin *origin);

#endif
