/* row.h: one sample's logits as the terms see them, with the softmaxes that several terms share. */
#ifndef SLD_DISTILL_ROW_H
#define SLD_DISTILL_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* softmax(z / tau). log p_k = z_k / tau - log_sum, which is exact even if p_k has underflowed. */
typedef struct sld_softmax {
    double *p; /* (K) */
    double  log_sum;
} sld_softmax;

/* Logits of one network. */
typedef struct sld_row_side {
    double      *z;     /* (K) less their maximum: softmax does not change, exp cannot overflow */
    double       z_top; /* that maximum: z[k] + z_top is the logit */
    size_t       top;   /* argmax, lowest index on ties */
    sld_softmax *soft;  /* one for each temperature of the objective; those not needed are stale */
    double       divisor, deviation; /* of standardised logits */
} sld_row_side;

typedef struct sld_row {
    size_t       K, label;
    int          view;
    double       weight; /* of the row in masked terms: mlkd's choice of samples; else stale */
    sld_row_side s, t;   /* student; teacher, corrected, and stale if no active term uses it */
} sld_row;

/* Local. Fills side from z: (K), but for the softmaxes. */
void sld_row_side_load(sld_row_side *side, const float *z, size_t K);
/* Local. Computes softmax i for each i < n_taus with wanted[i]. */
void sld_row_side_softmax(sld_row_side *side, size_t K, const double *tau, const bool *wanted,
                          size_t n_taus);

/* ---- standardised logits: docs/methods.md, "Standardised logits" ---- */

/* Local. Fills side with (z - mean) / (1e-7 + std) of raw, std with K - 1, but for the
 * softmaxes. */
void sld_row_side_standardise(sld_row_side *side, const sld_row_side *raw, size_t K);
/* Local. g: (K) gradient with respect to the standardised logits on entry, to the raw on return. */
void sld_row_side_pull_back(const sld_row_side *side, size_t K, double *g);

/* ---- the softmax over the non-target classes: all but the label, of dkd and nkd ---- */

/* Of one side of a row at one temperature. log_sum is the logarithm of the sum, over the non-target
 * classes, of exp((z_k - top) / tau), where top is the largest of their logits. p_k = exp((z_k -
 * top) / tau - log_sum). It is computed from logits, because a softmax may underflow beside the
 * label's. */
typedef struct sld_non_target {
    double top, log_sum;
} sld_non_target;

sld_non_target sld_non_target_of(const sld_row_side *side, size_t label, size_t K,
                                 double tau); /* Local. */

/* Local. log p_k of a non-target class k. */
static inline double sld_non_target_log(const sld_non_target *r, double z, double tau)
{
    return (z - r->top) / tau - r->log_sum;
}
/* Local. log(1 - p_label) of softmax(z / tau), where z has its maximum subtracted. */
static inline double sld_non_target_share(const sld_non_target *r, const sld_softmax *all,
                                          double tau)
{
    return r->top / tau + r->log_sum - all->log_sum;
}

#endif
