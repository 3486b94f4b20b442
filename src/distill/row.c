/* row.c: turns logits into softmaxes, in double. The swap's terms multiply differences of
 * probabilities, and large logits leave differences that float32 would lose. */
#include "row.h"

#include <math.h>

#include "sld/distill.h"

#define EPSILON 1e-7 /* of the standardisation: its authors' constant */

size_t sld_argmax(const float *z, size_t K)
{
    size_t top = 0;
    for (size_t k = 1; k < K; k++) {
        if (z[k] > z[top]) top = k;
    }
    return top;
}

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
    side->top   = sld_argmax(z, K);
    side->z_top = (double)z[side->top];
    for (size_t k = 0; k < K; k++) {
        side->z[k] = (double)z[k] - side->z_top;
    }
}

void sld_row_side_softmax(sld_row_side *side, size_t K, const double *tau, const bool *wanted,
                          size_t n_taus)
{
    for (size_t i = 0; i < n_taus; i++) {
        if (wanted[i]) softmax(side->z, tau[i], K, &side->soft[i]);
    }
}

/* u = (z - mean) / d with d = 1e-7 + std, std over the classes of a row with K - 1. */
void sld_row_side_standardise(sld_row_side *side, const sld_row_side *raw, size_t K)
{
    double mean = 0.0, sum_sq = 0.0;
    for (size_t k = 0; k < K; k++) {
        mean += raw->z[k];
    }
    mean /= (double)K;
    for (size_t k = 0; k < K; k++) {
        sum_sq += (raw->z[k] - mean) * (raw->z[k] - mean);
    }

    side->top       = raw->top; /* standardising keeps the order of the classes */
    side->deviation = sqrt(sum_sq / (double)(K - 1));
    side->divisor   = EPSILON + side->deviation;
    side->z_top     = (raw->z[raw->top] - mean) / side->divisor;
    for (size_t k = 0; k < K; k++) {
        side->z[k] = raw->z[k] / side->divisor; /* u less its maximum */
    }
}

/* The gradient goes through mean and deviation: dL/dz_j = (g_j - mean g) / d
 * - (sum g u) u_j / ((K - 1) std). If all logits are equal, u is 0, and with it the second part, as
 * in PyTorch. */
void sld_row_side_pull_back(const sld_row_side *side, size_t K, double *g)
{
    double mean = 0.0, along = 0.0;
    for (size_t k = 0; k < K; k++) {
        mean += g[k];
        along += g[k] * (side->z[k] + side->z_top);
    }
    mean /= (double)K;
    const double share = side->deviation > 0.0 ? along / ((double)(K - 1) * side->deviation) : 0.0;
    for (size_t k = 0; k < K; k++) {
        g[k] = (g[k] - mean) / side->divisor - share * (side->z[k] + side->z_top);
    }
}

sld_non_target sld_non_target_of(const sld_row_side *side, size_t label, size_t K, double tau)
{
    sld_non_target r = {.top = -INFINITY};
    for (size_t k = 0; k < K; k++) {
        if (k != label && side->z[k] > r.top) r.top = side->z[k];
    }
    for (size_t k = 0; k < K; k++) {
        if (k != label) r.log_sum += exp((side->z[k] - r.top) / tau);
    }
    r.log_sum = log(r.log_sum);
    return r;
}
