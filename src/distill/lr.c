/* lr.c: label revision as coded by its authors, docs/methods.md, "LR". Rows that the teacher gets
 * right and rows that it gets wrong have different losses, each a mean over its own rows of the
 * global batch:
 *
 *   lr_right  cross-entropy + logits x mean square of z_s - z_t
 *   lr_wrong  soft x mean square of p - t
 *
 * where p is the student's softmax at temperature 1 and t = b q + (1 - b) one-hot the revised target.
 * b = eta / (1 + q_m - q_y) is small enough for the label to come first. */
#include <math.h>

#include "objective.h"

/* p: (K), written. Returns the logarithm of the sum of exp(z - z_top). */
static double softmax(const float *z, double z_top, size_t K, double *p)
{
    double sum = 0.0;
    for (size_t k = 0; k < K; k++) {
        p[k] = exp((double)z[k] - z_top);
        sum += p[k];
    }
    for (size_t k = 0; k < K; k++) {
        p[k] /= sum;
    }
    return log(sum);
}

static double right_row(const sld_term *term, const float *z_s, const float *z_t, size_t y,
                        const sld_global_batch *batch, double *g)
{
    const size_t K      = batch->K;
    const double logits = term->params->lr_logits, z_top = (double)z_s[sld_argmax(z_s, K)];
    const double log_sum = softmax(z_s, z_top, K, term->scratch);
    double       sum_sq  = 0.0;

    for (size_t k = 0; k < K; k++) {
        const double gap = (double)z_s[k] - (double)z_t[k];
        sum_sq += gap * gap;
        g[k] = term->scratch[k] - (k == y ? 1.0 : 0.0) + 2.0 * logits * gap / (double)K;
    }
    return log_sum - ((double)z_s[y] - z_top) + logits * sum_sq / (double)K;
}

static double wrong_row(const sld_term *term, const float *z_s, const float *z_t, size_t y,
                        const sld_global_batch *batch, double *g)
{
    const size_t K = batch->K, m = sld_argmax(z_t, K);
    const double soft = term->params->lr_soft;
    double      *p = term->scratch, *q = term->scratch + K, sum_sq = 0.0, mean = 0.0;

    softmax(z_s, (double)z_s[sld_argmax(z_s, K)], K, p);
    softmax(z_t, (double)z_t[m], K, q);
    const double b = term->params->lr_eta / (1.0 + q[m] - q[y]);
    for (size_t k = 0; k < K; k++) {
        g[k] = p[k] - (b * q[k] + (k == y ? 1.0 - b : 0.0));
        sum_sq += g[k] * g[k];
        mean += p[k] * g[k];
    }
    for (size_t k = 0; k < K; k++) {
        g[k] = 2.0 * soft * p[k] * (g[k] - mean) / (double)K;
    }
    return soft * sum_sq / (double)K;
}

typedef double (*row_loss)(const sld_term *term, const float *z_s, const float *z_t, size_t y,
                           const sld_global_batch *batch, double *g);

/* Runs the rows that the teacher gets right, or those that it gets wrong. Each has the weight B
 * over their number. */
static void run(sld_term *term, const sld_global_batch *batch, bool right, row_loss of,
                double *loss, double *g)
{
    const size_t K = batch->K;
    size_t       n = 0;

    for (size_t i = 0; i < batch->B; i++) {
        n += (sld_argmax(sld_batch_teacher(batch, i), K) == sld_batch_label(batch, i)) == right;
    }
    for (size_t i = batch->begin; i < batch->end; i++) {
        const float *z_s = sld_batch_student(batch, i), *z_t = sld_batch_teacher(batch, i);
        const size_t y = sld_batch_label(batch, i), mine = i - batch->begin;
        if ((sld_argmax(z_t, K) == y) != right) continue;

        const double scale = (double)batch->B / (double)n;
        loss[mine]         = scale * of(term, z_s, z_t, y, batch, g + mine * K);
        for (size_t k = 0; k < K; k++) {
            g[mine * K + k] *= scale;
        }
    }
}

static void right_rows(sld_term *term, const sld_global_batch *batch, int view, double *loss,
                       double *g)
{
    run(term, batch, true, right_row, loss, g);
}

static void wrong_rows(sld_term *term, const sld_global_batch *batch, int view, double *loss,
                       double *g)
{
    run(term, batch, false, wrong_row, loss, g);
}

static size_t two_rows(size_t B, size_t K)
{
    return 2 * K;
}

static const sld_term_kind right_kind = {
    .uses_teacher = true, .batch = right_rows, .scratch_doubles = two_rows};
static const sld_term_kind wrong_kind = {
    .uses_teacher = true, .batch = wrong_rows, .scratch_doubles = two_rows};

sld_status sld_add_lr(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term       *term = NULL;
    sld_term_params own  = p->kd;
    own.temperatures     = (sld_temperatures){.n = 1, .t = {1.0}};
    SLD_TRY(sld_objective_add(ctx, o, &right_kind, "lr_right", &own, &term));
    return sld_objective_add(ctx, o, &wrong_kind, "lr_wrong", &own, &term);
}
