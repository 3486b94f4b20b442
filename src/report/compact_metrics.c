/* compact_metrics.c: calibration, Brier score and divergence from the teacher, from all logits. */
#include "compact_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"

#define COMPACT_NAME_(name, unit) #name,
#define COMPACT_UNIT_(name, unit) unit,
const char *const compact_metric_name[COMPACT_N_METRICS] = {COMPACT_METRICS(COMPACT_NAME_)};
const char *const compact_metric_unit[COMPACT_N_METRICS] = {COMPACT_METRICS(COMPACT_UNIT_)};

static double nll(const compact_logits *l)
{
    double all = 0.0;

    for (size_t i = 0; i < l->n_samples; i++) {
        const float *z = l->student + i * l->n_classes;
        all += calibration_log_sum_exp(z, l->n_classes) - z[l->labels[i]];
    }
    return all / (double)l->n_samples;
}

/* The squared distance from the probabilities to the one-hot label, mean over samples. */
static double brier(const compact_logits *l)
{
    double all = 0.0;

    for (size_t i = 0; i < l->n_samples; i++) {
        const float *z   = l->student + i * l->n_classes;
        const double sum = calibration_log_sum_exp(z, l->n_classes);
        for (size_t k = 0; k < l->n_classes; k++) {
            const double p = exp(z[k] - sum) - (k == (size_t)l->labels[i] ? 1.0 : 0.0);
            all += p * p;
        }
    }
    return all / (double)l->n_samples;
}

/* KL(teacher || student) at temperature 1, mean over samples. */
static double kl(const compact_logits *l)
{
    const size_t K   = l->n_classes;
    double       all = 0.0;

    for (size_t i = 0; i < l->n_samples; i++) {
        const float *z = l->student + i * K, *v = l->teacher + i * K;
        const double sum_z = calibration_log_sum_exp(z, K), sum_v = calibration_log_sum_exp(v, K);
        for (size_t k = 0; k < K; k++) {
            const double log_v = v[k] - sum_v;
            all += exp(log_v) * (log_v - (z[k] - sum_z));
        }
    }
    return all / (double)l->n_samples;
}

/* By confidence; equal ones in the order of the samples. */
static int by_confidence(const void *left, const void *right)
{
    const compact_answer *a = left, *b = right;

    if (a->confidence != b->confidence) {
        return a->confidence < b->confidence ? -1 : 1;
    }
    return a->sample < b->sample ? -1 : 1;
}

/* False: a confidence is not finite. */
static bool take_answers(const compact_logits *l, compact_answer *answers)
{
    const size_t K = l->n_classes;

    for (size_t i = 0; i < l->n_samples; i++) {
        const float *z = l->student + i * K;
        int32_t class;
        calibration_predict(z, 1, K, &class);
        answers[i] = (compact_answer){.confidence = exp(z[class] - calibration_log_sum_exp(z, K)),
                                      .sample     = i,
                                      .hit        = class == l->labels[i]};
        if (!isfinite(answers[i].confidence)) {
            return false;
        }
    }
    qsort(answers, l->n_samples, sizeof *answers, by_confidence);
    return true;
}

/* Expected calibration error over bins of equally many samples, percent. answers: sorted. */
static double ece_equal_mass(const compact_answer *answers, size_t n)
{
    double gap[CALIBRATION_BINS] = {0}, sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        gap[i * CALIBRATION_BINS / n] += (answers[i].hit ? 1.0 : 0.0) - answers[i].confidence;
    }
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        sum += fabs(gap[b]);
    }
    return 100.0 * sum / (double)n;
}

/* Murphy's parts of the Brier score of being right, over bins of equal width. */
static void brier_parts(const compact_answer *answers, size_t n, double *reliability,
                        double *resolution)
{
    double confidence[CALIBRATION_BINS] = {0}, hits[CALIBRATION_BINS] = {0};
    double count[CALIBRATION_BINS] = {0}, base = 0.0;

    for (size_t i = 0; i < n; i++) {
        const size_t b = calibration_bin(answers[i].confidence);
        confidence[b] += answers[i].confidence;
        hits[b] += answers[i].hit;
        count[b] += 1.0;
        base += answers[i].hit;
    }
    base /= (double)n;
    *reliability = *resolution = 0.0;
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        if (count[b] > 0.0) {
            const double share = count[b] / (double)n, hit = hits[b] / count[b];
            *reliability += share * pow(confidence[b] / count[b] - hit, 2.0);
            *resolution += share * pow(hit - base, 2.0);
        }
    }
}

void compact_metrics_of(const compact_logits *l, compact_answer *answers,
                        double out[COMPACT_N_METRICS])
{
    if (!take_answers(l, answers)) {
        for (size_t m = 0; m < COMPACT_N_METRICS; m++) {
            out[m] = NAN;
        }
        return;
    }
    out[COMPACT_nll_logits_last]     = nll(l);
    out[COMPACT_ece_equal_mass_last] = ece_equal_mass(answers, l->n_samples);
    out[COMPACT_brier_last]          = brier(l);
    brier_parts(answers, l->n_samples, &out[COMPACT_reliability_last],
                &out[COMPACT_resolution_last]);
    out[COMPACT_teacher_kl_last] = l->teacher ? kl(l) : NAN;
}
