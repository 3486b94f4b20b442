/* metrics.c: top-1, top-5 and cross-entropy of a split from its logits. */
#include <math.h>

#include "sld/train.h"

/* Place of the label among the K logits, 0 = the maximum; of equal logits the lower index comes
 * first. */
static size_t place_of_label(const float *z, size_t y, size_t K)
{
    size_t place = 0;

    for (size_t k = 0; k < K; k++) {
        place += z[k] > z[y] || (z[k] == z[y] && k < y);
    }
    return place;
}

static double cross_entropy(const float *z, size_t y, size_t K)
{
    double max = z[0], sum = 0.0;

    for (size_t k = 1; k < K; k++) {
        max = z[k] > max ? z[k] : max;
    }
    for (size_t k = 0; k < K; k++) {
        sum += exp(z[k] - max);
    }
    return max + log(sum) - z[y];
}

sld_metrics sld_metrics_of(const float *logits, const int32_t *labels, size_t n, size_t K)
{
    sld_metrics m   = {.n = (int64_t)n};
    double      sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        const float *z     = logits + i * K;
        const size_t y     = (size_t)labels[i];
        const size_t place = isnan(z[y]) ? SIZE_MAX : place_of_label(z, y, K);

        m.hits1 += place < 1;
        m.hits5 += place < 5;
        sum += cross_entropy(z, y, K);
    }
    if (n > 0) {
        m.top1 = 100.0 * (double)m.hits1 / (double)n;
        m.top5 = 100.0 * (double)m.hits5 / (double)n;
        m.loss = sum / (double)n;
    }
    return m;
}
