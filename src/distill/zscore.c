/* zscore.c: logit standardisation (docs/methods.md, "Standardised logits"):
 * u = (z - mean) / d with d = 1e-7 + std, std over the classes of a row with K - 1. The gradient
 * goes through both. */
#include "row.h"

#include <math.h>

#define EPSILON 1e-7

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

    side->top       = raw->top; /* the order of classes is kept, their distances are not */
    side->deviation = sqrt(sum_sq / (double)(K - 1));
    side->divisor   = EPSILON + side->deviation;
    side->u_top     = (raw->z[raw->top] - mean) / side->divisor;
    for (size_t k = 0; k < K; k++) {
        side->z[k] = raw->z[k] / side->divisor; /* u less its maximum */
    }
}

/* dL/dz_j = (g_j - mean g) / d - (sum g u) u_j / ((K - 1) std); where all logits tie, u is 0 and
 * the second part with it, as PyTorch has it. */
void sld_row_side_pull_back(const sld_row_side *side, size_t K, double *g)
{
    double mean = 0.0, along = 0.0;
    for (size_t k = 0; k < K; k++) {
        mean += g[k];
        along += g[k] * (side->z[k] + side->u_top);
    }
    mean /= (double)K;
    const double share = side->deviation > 0.0 ? along / ((double)(K - 1) * side->deviation) : 0.0;
    for (size_t k = 0; k < K; k++) {
        g[k] = (g[k] - mean) / side->divisor - share * (side->z[k] + side->u_top);
    }
}
