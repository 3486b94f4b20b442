/* calibration.c: predictions and calibration error from logits. */
#include "calibration.h"

#include <math.h>

static size_t largest(const float *z, size_t K)
{
    size_t best = 0;

    for (size_t k = 1; k < K; k++) {
        best = z[k] > z[best] ? k : best;
    }
    return best;
}

double calibration_log_sum_exp(const float *z, size_t K)
{
    const double max = z[largest(z, K)];
    double       sum = 0.0;

    for (size_t k = 0; k < K; k++) {
        sum += exp(z[k] - max);
    }
    return max + log(sum);
}

void calibration_predict(const float *logits, size_t N, size_t K, int32_t *predicted)
{
    for (size_t i = 0; i < N; i++) {
        predicted[i] = (int32_t)largest(logits + i * K, K);
    }
}

size_t calibration_bin(double confidence)
{
    const double last = CALIBRATION_BINS - 1.0;

    return (size_t)fmin(fmax(ceil(confidence * CALIBRATION_BINS) - 1.0, 0.0), last);
}

double calibration_ece(const float *logits, const int32_t *labels, size_t N, size_t K)
{
    double gap[CALIBRATION_BINS] = {0}; /* per bin: sum over its samples of (hit - confidence) */
    double sum                   = 0.0;

    for (size_t i = 0; i < N; i++) {
        const float *z          = logits + i * K;
        const size_t class      = largest(z, K);
        const double confidence = exp(z[class] - calibration_log_sum_exp(z, K));
        gap[calibration_bin(confidence)] += (class == (size_t)labels[i] ? 1.0 : 0.0) - confidence;
    }
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        sum += fabs(gap[b]);
    }
    return N > 0 ? 100.0 * sum / (double)N : NAN;
}
