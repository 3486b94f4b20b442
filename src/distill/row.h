/* row.h: one sample's logits as the terms see them, with the softmaxes that several terms share. */
#ifndef SLD_DISTILL_ROW_H
#define SLD_DISTILL_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* softmax(z / tau). log p_k = z_k / tau - log_sum, which is exact where p_k has underflowed. */
typedef struct sld_softmax {
    double *p; /* (K) */
    double  log_sum;
} sld_softmax;

/* Logits of one network. */
typedef struct sld_row_side {
    double      *z;    /* (K) less their maximum: softmax does not change, exp cannot overflow */
    size_t       top;  /* argmax, lowest index on ties */
    sld_softmax *soft; /* one for each temperature of the objective; those not wanted are stale */
    double       u_top, divisor, deviation; /* of standardised logits: zscore.c */
} sld_row_side;

typedef struct sld_row {
    size_t       K, label;
    int          view;
    double       weight; /* of terms that are masked: mlkd's choice of samples; else stale */
    sld_row_side s, t;   /* student; teacher, corrected: stale when no active term uses it */
} sld_row;

/* Local. Fills side from z (K), without softmaxes. */
void sld_row_side_load(sld_row_side *side, const float *z, size_t K);
/* Local. Softmax i for each i < n_taus with wanted[i]. */
void sld_row_side_soften(sld_row_side *side, size_t K, const double *tau, const bool *wanted,
                         size_t n_taus);

/* ---- zscore.c: docs/methods.md, "Standardised logits" ---- */

/* Local. Fills side with (z - mean) / (1e-7 + std) of raw, std with K - 1, without softmaxes. */
void sld_row_side_standardise(sld_row_side *side, const sld_row_side *raw, size_t K);
/* Local. g: (K) gradient with respect to the standardised logits on entry, to the raw on return. */
void sld_row_side_pull_back(const sld_row_side *side, size_t K, double *g);

#endif
