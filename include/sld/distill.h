/* sld/distill.h: corrections of the teacher's logits, the terms of the objective with their weights
 * and schedules, and methods, which name defaults of these. The formulas: docs/methods.md,
 * "Objective". Axes: N rows of this rank, K classes. */
#ifndef SLD_DISTILL_H
#define SLD_DISTILL_H

#include "sld/base.h"
#include "sld/comm.h"

enum { SLD_WEAK, SLD_STRONG, SLD_VIEWS };

/* ---- the swap ---- */

/* Local. Index of the largest of z: (K). Of equal ones it is the lowest, as in the reference's
 * argmax on a CPU. */
size_t sld_argmax(const float *z, size_t K);

/* Local. S(z,y) of docs/methods.md, "Swap": if m = argmax z is not y, it exchanges z[y] and
 * z[m]. That changes nothing when the two are equal. z, out: (K); out may be z. Returns whether m
 * was not y. */
bool sld_swap(const float *z, int32_t y, size_t K, float *out);

/* ---- schedules ---- */

/* A factor of a term's weight over the epochs, which are numbered from 1: docs/methods.md,
 * "Schedules". */
typedef struct sld_schedule {
    int64_t after;       /* the factor is 0 up to this epoch */
    int64_t until;       /* and 0 beyond this one */
    int64_t ramp;        /* between: min((epoch - after) / ramp, 1); ramp <= 1: a step */
    int64_t boost_after; /* beyond this epoch the factor is multiplied by boost */
    double  boost;
} sld_schedule;
double       sld_schedule_factor(const sld_schedule *s, int64_t epoch); /* Local. */
sld_schedule sld_schedule_from(int64_t after); /* Local. 1 after that epoch, for ever. */

/* ---- the objective of one experiment ---- */

#define SLD_MAX_TEMPERATURES 16
#define SLD_MAX_TERMS        8

typedef struct sld_temperatures {
    size_t n;
    double t[SLD_MAX_TEMPERATURES];
} sld_temperatures;

/* What is done to the teacher's logits before any term sees them (docs/methods.md, "Corrections").
 * Every correction changes only rows whose maximum m is not the label y, so that a placebo touches
 * the rows of its treatment. Options let ga and mix touch every row.
 * X(ID, name, apply (correction.c), what it does, what is lost of the teacher's answer) */
// clang-format off
#define SLD_CORRECTION_LIST(X)                                                                                             \
    X(NONE,      "none",      leave,                "nothing", "nothing; the error stays")                                 \
    X(SWAP,      "swap",      swap,                 "z_y and z_m are exchanged", "the rank of m among the wrong classes")  \
    X(GA,        "ga",        add_omega,            "z_y + omega", "the share of the others; m may stay above y")          \
    X(RAISE,     "raise",     raise_label,          "z_y becomes the float next above z_m", "the share of the others")     \
    X(MIX,       "mix",       mix_with_one_hot,     "the softmax at temperature 1 becomes (1 - share) softmax + share one-hot", "the share of the others; m may stay above y") \
    X(SKIP,      "skip",      skip,                 "the row is left out of every term that uses the teacher", "the row") \
    X(RANDOM,    "random",    exchange_with_random, "z_y and z_r are exchanged, r drawn from the other classes by (seed, epoch, sample, view)", "the rank of r; the error stays") \
    X(TRANSLATE, "translate", translate,            "classes above y come down by z_m - z_y, then z_y becomes the float next above", "the order of the classes that stood above y against those below") \
    X(REORDER,   "reorder",   reorder,              "y takes the first rank, the classes before it move down by one rank", "the distances between the classes that stood above y")
// clang-format on
typedef enum {
#define SLD_CORRECTION_ID(ID, ...) SLD_CORRECT_##ID,
    SLD_CORRECTION_LIST(SLD_CORRECTION_ID)
#undef SLD_CORRECTION_ID
        SLD_CORRECTIONS
} sld_correction;

typedef struct sld_correction_text {
    const char *name, *formula, *lost;
} sld_correction_text;

/* Local. Finds a correction by its name in experiments. False: no correction has this name. */
bool                       sld_correction_find(const char *name, sld_correction *out);
const sld_correction_text *sld_correction_describe(sld_correction correction); /* Local. */

/* The teacher's term, `kd`, as one of these losses (docs/methods.md, "Objective"). term.h says how
 * to add one.
 * X(ID, name, add (its file), formula) */
// clang-format off
#define SLD_TEACHER_LOSS_LIST(X)                                                                                           \
    X(KL,   "kl",   sld_add_kl,   "sum over tau of tau^2 KL(q || p), q and p the softmaxes of teacher and student at tau") \
    X(DKD,  "dkd",  sld_add_dkd,  "alpha times the KL of (label, non-target) + beta times the KL of the non-target softmaxes")   \
    X(MLKD, "mlkd", sld_add_mlkd, "kl + class consistency + batch consistency")                                            \
    X(NKD,  "nkd",  sld_add_nkd,  "- q_y log p_y + gamma tau^2 times the cross-entropy of the non-target softmaxes")       \
    X(RLD,  "rld",  sld_add_rld,  "alpha times the KL of (maximum, rest) || (label, rest) + beta times the KL of the softmaxes over the classes below the label") \
    X(RC,   "rc",   sld_add_rc,   "kl + weight times the KL of the student's own logits, the label's raised by the maximum, || the student") \
    X(LR,   "lr",   sld_add_lr,   "right rows: cross-entropy + logits times the mean square of z_s - z_t; wrong rows: soft times the mean square of p - revised target") \
    X(CTKD, "ctkd", sld_add_ctkd, "kl at a temperature that is trained against the student")
// clang-format on
typedef enum {
#define SLD_TEACHER_LOSS_ID(ID, ...) SLD_TEACHER_LOSS_##ID,
    SLD_TEACHER_LOSS_LIST(SLD_TEACHER_LOSS_ID)
#undef SLD_TEACHER_LOSS_ID
        SLD_TEACHER_LOSSES
} sld_teacher_loss;

/* Local. Finds a loss by its name in experiments. False: no loss has this name. */
bool        sld_teacher_loss_find(const char *name, sld_teacher_loss *out);
const char *sld_teacher_loss_name(sld_teacher_loss loss);    /* Local. A literal. */
const char *sld_teacher_loss_formula(sld_teacher_loss loss); /* Local. A literal. */

typedef struct sld_term_params {
    double           weight[SLD_VIEWS]; /* 0: the term is absent in this view */
    sld_temperatures temperatures;      /* the term sums over them; cross-entropy has none */
    sld_schedule     schedule;
} sld_term_params;

typedef struct sld_objective_params {
    size_t           classes;
    size_t           batch;           /* the largest global batch, for mlkd */
    sld_term_params  ce, kd, lss;     /* cross-entropy; teacher term; student swap */
    double           label_smoothing; /* of the cross-entropy */
    bool             lss_detach;      /* the swapped student is a constant target */
    sld_correction   correction;      /* of the teacher's logits, before any term */
    double           ga_omega, mix_share;
    bool             correct_every_row; /* ga, mix: also where the teacher is right */
    uint64_t         seed;              /* of the random correction */
    bool             zscore;            /* lskd: logits of kd and lss are standardised per row */
    sld_teacher_loss loss;              /* of the term kd; each option below belongs to one loss */
    double           dkd_alpha, dkd_beta, nkd_gamma;
    double           mlkd_cc, mlkd_bc; /* weights of class and batch consistency within kd */
    bool             mlkd_as_described, mlkd_strong_consistency;
    double           rld_alpha, rld_beta, rld_confidence_tau; /* tau of the confidence part */
    double           rc_weight; /* of the student's own part within kd */
    double           lr_logits, lr_soft, lr_eta;
    double  ctkd_start, ctkd_range, ctkd_initial; /* tau = start + range sigmoid(parameter) */
    int64_t ctkd_ramp; /* epochs in which the parameter's gradient grows to its full size */
} sld_objective_params;

typedef struct sld_objective sld_objective;

/* Local. Allocates all that the objective needs. max_rows: the most rows of one rank in one view.
 * The caller owns *out. SLD_ERR_CONFIG names an option that is out of range, or says that every
 * weight is 0. */
sld_status sld_objective_create(sld_ctx *ctx, const sld_objective_params *params, size_t max_rows,
                                sld_objective **out);
void       sld_objective_destroy(sld_objective *o); /* Local. Accepts NULL. */

size_t sld_objective_terms(const sld_objective *o); /* Local. How many there are. */
/* Local. "ce", "kd" ("lts" when its correction is the swap), "lss", "tckd", "nckd", "cc", "bc"
 * ... */
const char *sld_objective_term_name(const sld_objective *o, size_t i);
/* Local. The weight of term i in a view and an epoch, with its schedule. Epochs count from 1. */
double sld_objective_weight(const sld_objective *o, size_t i, int view, int64_t epoch);
/* Local. Whether a term with a weight uses the teacher there. */
bool sld_objective_needs_teacher(const sld_objective *o, int view, int64_t epoch);

/* Local. Bytes of the largest message that sld_objective_view() reduces. Its tree needs
 * scratch_bytes of at least that. */
size_t sld_objective_message_bytes(const sld_objective *o);

/* What one rank contributes to one view. */
typedef struct sld_rows {
    const float    *z_s, *z_t; /* (N,K) student, teacher (NULL when not needed) */
    const int32_t  *labels;    /* (N) the labels trained on */
    const int32_t  *truth;     /* (N) the true labels; NULL: those trained on */
    const uint32_t *sample;    /* (N) index in the data set: keys the random correction */
    int             view;
    int64_t         epoch; /* from 1 */
} sld_rows;

/* Sums over the samples of the global batch, in shard order, so that every rank has the same.
 * Divided by rows they are means. All are doubles, because they are reduced as one array. A term
 * that is inactive in this view and epoch has 0. */
typedef struct sld_view_sums {
    double loss[SLD_MAX_TERMS]; /* unweighted */
    /* Squared 2-norms of the weighted term's part of d total / d z_s, total being the batch
     * mean. */
    double grad_sq[SLD_MAX_TERMS];
    double total;       /* the weighted sum of the terms */
    double hits, hits5; /* rows whose label trained on is the student's top 1, or in its top 5 */
    double hits_true;   /* rows whose true label is the student's top 1 */
    double swapped_teacher, swapped_student; /* rows whose maximum is not the label trained on */
    double rows;
} sld_view_sums;

/* Collective. Computes the losses and d total / d z_s of one view. The total is a mean over the
 * global batch of `tree`. dz_s: (N,K), written. */
sld_status sld_objective_view(sld_ctx *ctx, sld_objective *o, sld_tree *tree, const sld_rows *rows,
                              float *dz_s, sld_view_sums *out);

/* ---- the trained temperature (ctkd) ---- */

/* Local. Whether a term's temperature follows from a trained parameter. The caller keeps this
 * parameter, updates it with the student's optimiser and sets it before each step. */
bool sld_objective_trains(const sld_objective *o);
void sld_objective_set_parameter(sld_objective *o, double parameter); /* Local. */
/* Local. The temperature that follows from the parameter; 0: none is trained. */
double sld_objective_temperature(const sld_objective *o);
/* Local. d total / d parameter of the last view, with the factor that turns it against the student.
 * It is summed in shard order, so that every rank has the same. */
double sld_objective_parameter_gradient(const sld_objective *o);

/* ---- methods: named defaults of the objective ---- */

/* A row of src/distill/methods.def. A method is a set of option defaults. An experiment that names
 * it gets these wherever it sets nothing itself. */
typedef struct sld_method {
    const char *name, *source, *help;
    /* {"kd.temperatures", "[1, 2, 3, 4, 5, 6]"} and so on, ended by {NULL, NULL} */
    const char *const (*defaults)[2];
} sld_method;
const sld_method *sld_method_find(const char *name); /* Local. NULL: no method has this name. */
const char *const (*sld_method_defaults(const char *name))[2]; /* Local. NULL likewise. */
size_t            sld_method_count(void);                      /* Local. */
const sld_method *sld_method_at(size_t i);                     /* Local. */

#endif
