/* row.c: logits to softmaxes, in double: the swap's terms multiply differences of probabilities,
 * and large logits leave differences that float32 would lose. */
#include "row.h"

#include <math.h>

#include "sld/distill.h"

static void softmax(const double *z, double tau, size_t K, sld_softmax *out)
{
    double *p = out->p, sum = 0.0;
    for (size_t k = 0; k < K; k++) {
        p[k] = exp(z[k] / tau);
        sum += p[k];
    }
    const double scale = 1.0 / sum;
    for (size_t k = 0; k < K; k++) {
        p[k] *= scale;
    }
    out->log_sum = log(sum);
}

void sld_row_side_load(sld_row_side *side, const float *z, size_t K)
{
    side->top          = sld_argmax(z, K);
    const double z_top = (double)z[side->top];
    for (size_t k = 0; k < K; k++) {
        side->z[k] = (double)z[k] - z_top;
    }
}

void sld_row_side_soften(sld_row_side *side, size_t K, const double *tau, const bool *wanted,
                         size_t n_taus)
{
    for (size_t i = 0; i < n_taus; i++) {
        if (wanted[i]) softmax(side->z, tau[i], K, &side->soft[i]);
    }
}
