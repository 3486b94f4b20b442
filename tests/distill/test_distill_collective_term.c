/* The hook for terms over the whole global batch, with the simplest such term: half the squared
 * norm of the batch's mean student logits. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fixture.h"
#include "objective.h"

enum { N = 9, K = 5 };

/* mean = sum over the batch of z_s / B; value = |mean|^2 / 2 = mean over rows of (mean . z_s) / 2.
 */
static sld_status mean_view(sld_ctx *ctx, sld_term *term, sld_tree *tree, const sld_rows *rows,
                            double *loss, double *g)
{
    const sld_range mine = sld_tree_mine(tree);
    double         *mean = term->scratch; /* slot 0 of (slots,K) */

    memset(mean, 0, K * sizeof *mean);
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        const sld_range shard = sld_tree_shard(tree, s);
        if (shard.begin == shard.end) continue;
        double *sum = term->scratch + (size_t)sld_tree_slot(tree, s) * K;
        memset(sum, 0, K * sizeof *sum);
        for (size_t i = shard.begin - mine.begin; i < shard.end - mine.begin; i++) {
            for (size_t k = 0; k < K; k++) {
                sum[k] += (double)rows->z_s[i * K + k] / (double)sld_tree_rows(tree);
            }
        }
        for (int merges = sld_tree_merges(tree, s); merges > 0; merges--, sum -= K) {
            sld_op_combine(SLD_SUM_F64, sum - K, sum, K);
        }
    }
    SLD_TRY(sld_tree_reduce(ctx, tree, SLD_SUM_F64, mean, K * sizeof *mean, K));

    for (size_t i = 0; i < mine.end - mine.begin; i++) {
        for (size_t k = 0; k < K; k++) {
            loss[i] += mean[k] * (double)rows->z_s[i * K + k] / 2.0;
            g[i * K + k] = mean[k];
        }
    }
    return SLD_OK;
}
static size_t mean_scratch(size_t n_rows, size_t n_classes)
{
    return SLD_MAX_SLOTS * n_classes;
}
static size_t mean_message(size_t n_classes)
{
    return n_classes;
}
static const sld_term_kind mean_kind = {
    .view = mean_view, .scratch_doubles = mean_scratch, .message_doubles = mean_message};

static void test_value_and_gradient(void **state)
{
    fixture             *f    = *state;
    sld_objective       *o    = NULL;
    sld_term            *term = NULL;
    sld_view_sums        sums;
    batch                b;
    float                dz[N * K];
    double               value = 0.0;
    sld_objective_params p     = params_empty(K);
    sld_term_params      own   = p.ce;

    p.ce.weight[SLD_WEAK] = 0.5;
    own.weight[SLD_WEAK]  = 2.0;
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_objective_add(&f->ctx, o, &mean_kind, "mean", &own, &term), SLD_OK);
    batch_fill(&b, N, K, 1);
    evaluate_on(f, o, 8, &b, SLD_WEAK, 1, dz, &sums);

    for (size_t k = 0; k < K; k++) {
        double mean = 0.0;
        for (size_t i = 0; i < N; i++) {
            mean += (double)b.z_s[i * K + k] / N;
        }
        value += mean * mean / 2.0;
    }
    assert_true(fabs(sums.loss[1] / N - value) < 1e-13); /* rounding in double */
    for (size_t i = 0; i < N * K; i++) {
        const double want = numeric_gradient(f, o, &b, SLD_WEAK, 1, -1, i / K, i % K);
        assert_true(fabs((double)dz[i] - want) < 1e-7); /* float32 of values below 0.5 */
    }
    sld_objective_destroy(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_value_and_gradient)};
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
