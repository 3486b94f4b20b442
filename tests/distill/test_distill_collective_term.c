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
static void mean_view(sld_term *term, const sld_global_batch *all, int view, double *loss,
                      double *g)
{
    double *mean = term->scratch; /* (K) */

    memset(mean, 0, K * sizeof *mean);
    for (size_t i = 0; i < all->B; i++) {
        for (size_t k = 0; k < K; k++) {
            mean[k] += (double)sld_batch_student(all, i)[k] / (double)all->B;
        }
    }
    for (size_t i = all->begin; i < all->end; i++) {
        for (size_t k = 0; k < K; k++) {
            const double z = (double)sld_batch_student(all, i)[k];
            loss[i - all->begin] += mean[k] * z / 2.0;
            g[(i - all->begin) * K + k] = mean[k];
        }
    }
}
static size_t mean_scratch(size_t n_rows, size_t n_classes)
{
    return n_classes;
}
static const sld_term_kind mean_kind = {.batch = mean_view, .scratch_doubles = mean_scratch};

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
