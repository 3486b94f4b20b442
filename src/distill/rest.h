/* rest.h: the softmax over the classes other than the label, of dkd and nkd. */
#ifndef SLD_DISTILL_REST_H
#define SLD_DISTILL_REST_H

#include "row.h"

/* Of one side of a row at one temperature: logarithm of the sum over the classes other than the
 * label of exp((z_k - top) / tau), top the largest of them; p_k = exp((z_k - top) / tau - log_sum).
 * Computed from logits, not from a softmax that may have underflowed beside the label's. */
typedef struct sld_rest {
    double top, log_sum;
} sld_rest;

sld_rest sld_rest_of(const sld_row_side *side, size_t label, size_t K, double tau); /* Local. */

/* Local. log p_k of a class k other than the label. */
static inline double sld_rest_log(const sld_rest *r, double z, double tau)
{
    return (z - r->top) / tau - r->log_sum;
}
/* Local. log of the share 1 - p_label of softmax(z / tau), whose z are less their maximum. */
static inline double sld_rest_share(const sld_rest *r, const sld_softmax *whole, double tau)
{
    return r->top / tau + r->log_sum - whole->log_sum;
}

#endif
