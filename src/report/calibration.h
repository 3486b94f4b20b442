/* calibration.h: predictions and calibration error from logits. Pure functions.
 * Shapes: N samples, K classes; logits (N,K), labels and predictions (N). */
#ifndef SLD_REPORT_CALIBRATION_H
#define SLD_REPORT_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#define CALIBRATION_BINS 15

/* The bin of equal width that holds a confidence: each holds its upper edge. */
size_t calibration_bin(double confidence);

/* predicted: the class with the largest logit of each sample; of equal ones the lowest class. */
void calibration_predict(const float *logits, size_t N, size_t K, int32_t *predicted);

/* log sum exp(z_k), without overflow; z: (K). */
double calibration_log_sum_exp(const float *z, size_t K);

/* Expected calibration error, in percent: 15 bins of equal width over the confidence in the
 * prediction, sum of |accuracy - mean confidence| weighted by the bin's share (Guo et al., ICML
 * 2017). */
double calibration_ece(const float *logits, const int32_t *labels, size_t N, size_t K);

#endif
