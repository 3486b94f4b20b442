/* compact_metrics.h: numbers of a trial that a compact pack keeps because they need the logits of all
 * classes, or more digits than half precision has. */
#ifndef SLD_REPORT_COMPACT_METRICS_H
#define SLD_REPORT_COMPACT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, unit), all at the last epoch on test. The same bins and definitions as in
 * analysis/sld_analysis/calibration.py. */
// clang-format off
#define COMPACT_METRICS(X)                                                                         \
    X(nll_logits_last, "nat") X(ece_equal_mass_last, "percent") X(brier_last, "1")                 \
    X(reliability_last, "1") X(resolution_last, "1") X(teacher_kl_last, "nat")
// clang-format on

#define COMPACT_ENUM_(name, unit) COMPACT_##name,
typedef enum { COMPACT_METRICS(COMPACT_ENUM_) COMPACT_N_METRICS } compact_metric;

extern const char *const compact_metric_name[COMPACT_N_METRICS];
extern const char *const compact_metric_unit[COMPACT_N_METRICS];

/* Test logits (n_samples, n_classes) of a trial. */
typedef struct compact_logits {
    const float   *student, *teacher; /* teacher NULL: none */
    const int32_t *labels;            /* (n_samples) */
    size_t         n_samples, n_classes;
} compact_logits;

typedef struct compact_answer {
    double confidence;
    size_t sample;
    bool   hit;
} compact_answer;

/* answers: (n_samples) scratch. All NaN where a logit is not finite. */
void compact_metrics_of(const compact_logits *l, compact_answer *answers,
                        double out[COMPACT_N_METRICS]);

#endif
