/* objective.h: the inside of sld_objective, for the files that make it and evaluate it. */
#ifndef SLD_DISTILL_OBJECTIVE_H
#define SLD_DISTILL_OBJECTIVE_H

#include "correction.h"
#include "row.h"
#include "term.h"

#define SLD_MAX_TAUS (SLD_MAX_TERMS * SLD_MAX_TEMPERATURES)

/* The sums over shards and ranks, reduced as an array of doubles. */
typedef struct sld_slot_sums {
    sld_view_sums view;
    double        parameter_gradient;
} sld_slot_sums;

struct sld_objective {
    sld_arena *arena; /* holds all memory of the objective, this struct too */

    size_t                K, max_rows, max_batch;
    sld_objective_params  params;
    sld_correction_params correction;

    size_t   n_terms;
    sld_term term[SLD_MAX_TERMS];

    size_t n_taus; /* the distinct temperatures of all terms */
    double tau[SLD_MAX_TAUS];

    sld_term *trained;                       /* the term whose temperature is trained; NULL: none */
    double    parameter, parameter_gradient; /* its parameter, and the gradient of the last view */

    sld_row          row, zrow; /* as the networks give it; standardised if a term needs it */
    double          *g;         /* (K) one term's gradient of one row */
    double          *dz;        /* (K) the weighted sum of them */
    float           *z_t;       /* (max_rows,K) the teacher's logits, corrected */
    bool            *keep;      /* (max_rows) false: the correction skips the row */
    sld_global_batch batch;     /* rows NULL: no term needs the global batch */
    sld_slot_sums   *slots;     /* partial sums of this rank's shards */
};

/* Local. Adds a term. Its rows get a softmax at each temperature of params, which have been
 * checked. A term whose weight is 0 in both views is left out, and *out is NULL. Tests use this
 * function to try a term that has no option yet. */
sld_status sld_objective_add(sld_ctx *ctx, sld_objective *o, const sld_term_kind *kind,
                             const char *name, const sld_term_params *params, sld_term **out);

/* Local. The same for a term with a trained temperature, of which an objective has at most one. */
sld_status sld_objective_add_trained(sld_ctx *ctx, sld_objective *o, const sld_term_kind *kind,
                                     const char *name, const sld_term_params *params);

/* ---- ctkd.c: the temperature that a parameter stands for, and d temperature / d parameter times
 * the factor of the epoch ---- */
double sld_ctkd_temperature(const sld_objective_params *params, double parameter);
double sld_ctkd_chain(const sld_objective_params *params, double parameter, int64_t epoch);

/* Local. Adds the terms of params->loss, made from params->kd and from the loss's own
 * parameters. */
sld_status sld_teacher_loss_add(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);

/* The functions of the table, of one file each. */
#define SLD_LOSS_ADD(ID, name, add, formula)                                                       \
    sld_status add(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
SLD_TEACHER_LOSS_LIST(SLD_LOSS_ADD)
#undef SLD_LOSS_ADD

/* Local. Allocates memory for the global batch, once. Terms over it need it, and masked ones. */
sld_status sld_objective_gathers(sld_ctx *ctx, sld_objective *o);

#endif
