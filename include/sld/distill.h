/* sld/distill.h: corrections of the teacher's logits, temperature KL, terms with weights per view
 * and schedules, methods. The formulas: docs/methods.md, "Objective". Axes: N rows of this rank,
 * K classes. */
#ifndef SLD_DISTILL_H
#define SLD_DISTILL_H

#include "sld/base.h"
#include "sld/comm.h"

enum { SLD_WEAK, SLD_STRONG, SLD_VIEWS };

/* ---- the swap ---- */

/* Local. Index of the largest of z (K); on ties the lowest, as the reference's argmax on a CPU. */
size_t sld_argmax(const float *z, size_t K);

/* Local. S(z,y): where m = argmax z is not y, exchanges z[y] and z[m] (which changes nothing when
 * the two tie). out may be z. Returns whether m was not y. */
bool sld_swap(const float *z, int32_t y, size_t K, float *out);

/* ---- schedules ---- */

/* A term's weight over the epochs (numbered from 1): 0 up to `after`, then weight (reached linearly
 * in `ramp` epochs: min((epoch - after) / ramp, 1), ramp <= 1: a step), 0 beyond `until`, times
 * boost beyond boost_after. */
typedef struct sld_schedule {
    int64_t after, until, ramp, boost_after;
    double  boost;
} sld_schedule;
double       sld_schedule_factor(const sld_schedule *s, int64_t epoch);
sld_schedule sld_schedule_from(int64_t after); /* a step after that epoch, for ever; 0: always */

/* ---- the objective of one experiment ---- */

#define SLD_MAX_TEMPERATURES 16
#define SLD_MAX_TERMS        8

typedef struct sld_temperatures {
    size_t n;
    double t[SLD_MAX_TEMPERATURES];
} sld_temperatures;

/* What is done to the teacher's logits before any term sees them (docs/methods.md, "Corrections").
 * Each touches exactly the rows whose maximum is not the label, so that a placebo touches the rows
 * of its treatment; ga and mix may be told to touch every row.
 *   swap    z[y] is exchanged with the maximum
 *   ga      omega is added to z[y]
 *   raise   z[y] becomes the float next above the maximum
 *   mix     softmax becomes (1 - share) softmax + share one-hot, at temperature 1
 *   skip    the row is left out of every term that uses the teacher
 *   random  z[y] is exchanged with z[r], r uniform over the classes other than y, a function of
 *           (seed, epoch, sample, view) alone */
typedef enum {
    SLD_CORRECT_NONE,
    SLD_CORRECT_SWAP,
    SLD_CORRECT_GA,
    SLD_CORRECT_RAISE,
    SLD_CORRECT_MIX,
    SLD_CORRECT_SKIP,
    SLD_CORRECT_RANDOM
} sld_correction;

/* Local. By the name used in experiments; false when there is none of it. */
bool sld_correction_find(const char *name, sld_correction *out);

/* The form of the teacher term: src/distill/method.h says how to add one. */
typedef enum { SLD_FORM_KL, SLD_FORM_DKD, SLD_FORM_MLKD, SLD_FORM_NKD } sld_form;
bool sld_form_find(const char *name, sld_form *out); /* Local. As sld_correction_find. */

typedef struct sld_term_params {
    double           weight[SLD_VIEWS]; /* 0: the term is absent in this view; in both: absent */
    sld_temperatures temperatures;      /* summed; unused by cross-entropy */
    sld_schedule     schedule;
} sld_term_params;

typedef struct sld_objective_params {
    size_t          classes;
    size_t          batch;           /* largest global batch: wanted by mlkd */
    sld_term_params ce, kd, lss;     /* cross-entropy; teacher term; student swap */
    double          label_smoothing; /* of the cross-entropy */
    bool            lss_detach;
    sld_correction  correction; /* of the teacher's logits, before anything else */
    double          ga_omega, mix_share;
    bool            correct_every_row; /* ga, mix: not only where the teacher is wrong */
    uint64_t        seed;              /* of the random correction */
    bool            zscore;            /* lskd: logits of kd and lss are standardised per row */
    sld_form        form;              /* of kd: what follows belongs to one of them */
    double          dkd_alpha, dkd_beta, nkd_gamma;
    double          mlkd_cc, mlkd_bc; /* weight of class and batch consistency in kd's */
    bool            mlkd_as_described, mlkd_strong_consistency;
} sld_objective_params;

typedef struct sld_objective sld_objective;

/* Local. max_rows: of one rank in one view. SLD_ERR_CONFIG names the option that is out of range;
 * an objective in which every weight is 0 is refused. */
sld_status sld_objective_create(sld_ctx *ctx, const sld_objective_params *params, size_t max_rows,
                                sld_objective **out);
void       sld_objective_destroy(sld_objective *o); /* Local. Accepts NULL. */

size_t sld_objective_terms(const sld_objective *o);
/* "ce", "kd" ("lts" when its correction is the swap), "lss", "tckd", "nckd", "cc", "bc" ... */
const char *sld_objective_term_name(const sld_objective *o, size_t i);
double      sld_objective_weight(const sld_objective *o, size_t i, int view, int64_t epoch);
bool        sld_objective_needs_teacher(const sld_objective *o, int view, int64_t epoch);

/* Local. The largest message sld_objective_view() reduces: the scratch_bytes its tree needs. */
size_t sld_objective_message_bytes(const sld_objective *o);

/* What one rank brings of one view. */
typedef struct sld_rows {
    const float    *z_s, *z_t; /* (N,K) student, teacher (NULL when not needed) */
    const int32_t  *labels;    /* (N) the labels trained on */
    const int32_t  *truth;     /* (N) the true labels; NULL: those trained on */
    const uint32_t *sample;    /* (N) index in the data set: keys the random correction */
    int             view;
    int64_t         epoch; /* from 1 */
} sld_rows;

/* Sums over samples in shard order, the same on every rank. Divide by the number of samples. All
 * doubles: reduced as an array of them. A term that is inactive in this view and epoch has 0. */
typedef struct sld_view_sums {
    double loss[SLD_MAX_TERMS];    /* unweighted */
    double grad_sq[SLD_MAX_TERMS]; /* squared 2-norm of the weighted term's d total / d z_s, summed
                                      over rows of this step: the batch mean's gradient */
    double total;                  /* weighted sum of the terms */
    double hits, hits5;            /* student's top-1 and top-5 against the labels trained on */
    double hits_true;              /* its top-1 against the true ones */
    double swapped_teacher, swapped_student; /* rows whose maximum is not the label trained on */
    double rows;
} sld_view_sums;

/* Collective. Losses and d total / d z_s of one view; the total is a mean over the global batch of
 * `tree`. dz_s: (N,K) written. */
sld_status sld_objective_view(sld_ctx *ctx, sld_objective *o, sld_tree *tree, const sld_rows *rows,
                              float *dz_s, sld_view_sums *out);

/* ---- methods: named defaults of the objective ---- */

/* One small file each in src/distill. A method is a set of option defaults: what it says is what an
 * experiment gets that names it and sets nothing else. */
typedef struct sld_method {
    const char *name, *source, *help;
    const char *const (
        *defaults)[2]; /* {"kd.temperatures", "[1, 2, 3, 4, 5, 6]"}, ended by {NULL, NULL} */
} sld_method;
const sld_method *sld_method_find(const char *name); /* Local. NULL when unknown. */
size_t            sld_method_count(void);
const sld_method *sld_method_at(size_t i);

#endif
