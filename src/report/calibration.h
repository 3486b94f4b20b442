/* report/calibration.h: what the logits on test say beyond top-1. Pure functions.
 * Shapes: N samples, K classes; logits (N,K), labels and predictions (N). */
#ifndef SLD_REPORT_CALIBRATION_H
#define SLD_REPORT_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

/* The class with the largest logit, the lowest index among equals. */
void calibration_predict(const float *logits, size_t N, size_t K, int32_t *predicted);

/* Expected calibration error, in percent: 15 bins of equal width over the confidence in the
 * prediction, sum of |accuracy - mean confidence| weighted by the bin's share (Guo et al., ICML
 * 2017). */
double calibration_ece(const float *logits, const int32_t *labels, size_t N, size_t K);

#endif
