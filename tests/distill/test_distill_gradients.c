/* Each term's gradient against central differences of its value. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fixture.h"

enum { N = 5, K = 7 };

/* Kinks of the student swap: two classes within a step of each other at the top. */
static void refuse_ties(const batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const float *z   = b->z_s + i * b->K;
        const size_t top = sld_argmax(z, b->K);
        for (size_t k = 0; k < b->K; k++) {
            assert_true(k == top || z[top] - z[k] > 0x1p-7f);
        }
    }
}

/* The teacher is right in every other row, so that each correction finds rows of both kinds. */
static void fill(batch *b, uint64_t seed)
{
    batch_fill(b, N, K, seed);
    for (size_t i = 0; i < N; i += 2) {
        b->labels[i] = (int32_t)sld_argmax(b->z_t + i * K, K);
    }
    refuse_ties(b);
}

static void expect_gradient_in(fixture *f, const sld_objective_params *p, int view, int64_t epoch,
                               uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        batch          b;
        sld_objective *o = NULL;
        sld_view_sums  sums;
        float          dz[N * K];
        double         sq_error = 0.0, sq_norm = 0.0;

        fill(&b, seed);
        assert_int_equal(sld_objective_create(&f->ctx, p, N, &o), SLD_OK);
        evaluate_on(f, o, 4, &b, view, epoch, dz, &sums);
        for (size_t i = 0; i < N * K; i++) {
            const double want = numeric_gradient(f, o, &b, view, epoch, -1, i / K, i % K);
            sq_error += ((double)dz[i] - want) * ((double)dz[i] - want);
            sq_norm += want * want;
        }
        sld_objective_destroy(o);
        assert_true(sq_norm > 1e-6); /* a gradient of 0 would prove nothing */
        /* float32 rounding of dz is 6e-8; differences err by h^4 f5/30 + 1e-15/h, below 1e-8 */
        assert_true(sqrt(sq_error) < 3e-7 * sqrt(sq_norm));
    }
}

static void expect_gradient(fixture *f, const sld_objective_params *p, int64_t epoch)
{
    expect_gradient_in(f, p, SLD_WEAK, epoch, 3);
}

static sld_objective_params only(sld_term_params *(*which)(sld_objective_params *), double weight)
{
    sld_objective_params p      = params_empty(K);
    which(&p)->weight[SLD_WEAK] = weight;
    return p;
}
static sld_term_params *ce(sld_objective_params *p)
{
    return &p->ce;
}
static sld_term_params *kd(sld_objective_params *p)
{
    return &p->kd;
}
static sld_term_params *lss(sld_objective_params *p)
{
    return &p->lss;
}

static void test_cross_entropy(void **state)
{
    sld_objective_params p = only(ce, 1.0);
    expect_gradient(*state, &p, 1);
    p.label_smoothing = 0.1;
    expect_gradient(*state, &p, 1);
}

static void test_kl(void **state)
{
    for (int correction = SLD_CORRECT_NONE; correction < SLD_CORRECTIONS; correction++) {
        for (double tau = 1.0; tau <= 8.0; tau *= 2.0) {
            sld_objective_params p = only(kd, 0.9);
            p.kd.temperatures.t[0] = tau;
            p.correction           = (sld_correction)correction;
            expect_gradient(*state, &p, 1);
        }
    }
}

static void test_student_swap(void **state)
{
    for (double tau = 1.0; tau <= 8.0; tau *= 2.0) {
        sld_objective_params p  = only(lss, 0.9);
        p.lss.temperatures.t[0] = tau;
        expect_gradient(*state, &p, 1);
    }
}

static void test_sum_of_all(void **state)
{
    sld_objective_params p = params_sld(K);
    p.lss.temperatures     = (sld_temperatures){.n = 2, .t = {3.0, 0.75}};
    expect_gradient(*state, &p, 150);
    expect_gradient(*state, &p, 151);
}

/* Every correction, as it is and standardised, on both views. */
static void expect_everywhere(fixture *f, sld_objective_params p)
{
    p.kd.weight[SLD_WEAK] = p.kd.weight[SLD_STRONG] = 0.9;
    for (int correction = SLD_CORRECT_NONE; correction < SLD_CORRECTIONS; correction++) {
        p.correction        = (sld_correction)correction;
        p.correct_every_row = correction == SLD_CORRECT_MIX;
        for (int view = 0; view < SLD_VIEWS; view++) {
            p.zscore = false;
            expect_gradient_in(f, &p, view, 1, 1);
            p.zscore = true;
            expect_gradient_in(f, &p, view, 1, 1);
        }
    }
}

static void test_kl_everywhere(void **state)
{
    sld_objective_params p = params_empty(K);
    p.kd.temperatures      = (sld_temperatures){.n = 2, .t = {2.0, 5.0}};
    expect_everywhere(*state, p);
}

static void test_dkd(void **state)
{
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_DKD;
    p.kd.temperatures      = (sld_temperatures){.n = 2, .t = {1.0, 4.0}};
    expect_everywhere(*state, p);
    p.dkd_beta = 0.0; /* the target part alone, which the other outweighs */
    expect_everywhere(*state, p);
}

static void test_nkd(void **state)
{
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_NKD;
    p.kd.temperatures      = (sld_temperatures){.n = 2, .t = {1.0, 2.5}};
    expect_everywhere(*state, p);
}

static void test_rld(void **state)
{
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_RLD;
    p.kd.temperatures      = (sld_temperatures){.n = 2, .t = {1.0, 4.0}};
    expect_everywhere(*state, p);
    p.rld_beta = 0.0; /* the confidence part alone, which the other outweighs */
    expect_everywhere(*state, p);
}

/* tau^2 KL(softmax(r / tau) || softmax(z / tau)) of one row, r held. */
static double raised_loss(const double *r, const double *z, double tau)
{
    double sum_r = 0.0, sum_z = 0.0, loss = 0.0;
    for (size_t k = 0; k < K; k++) {
        sum_r += exp(r[k] / tau);
        sum_z += exp(z[k] / tau);
    }
    for (size_t k = 0; k < K; k++) {
        const double log_q = r[k] / tau - log(sum_r);
        loss += tau * tau * exp(log_q) * (log_q - z[k] / tau + log(sum_z));
    }
    return loss;
}

/* No gradient goes through the raised logits: the differences hold them. */
static void test_rc_holds_the_raised_logits(void **state)
{
    const double         tau = 3.0, h = 1e-4;
    sld_objective_params p = params_empty(K), plain;
    batch                b;
    float                with[N * K], without[N * K];
    sld_view_sums        sums;
    p.loss                = SLD_TEACHER_LOSS_RC;
    p.kd.temperatures     = (sld_temperatures){.n = 1, .t = {tau}};
    p.kd.weight[SLD_WEAK] = 1.0;
    p.rc_weight           = 10.0;
    plain                 = p;
    plain.rc_weight       = 0.0;
    fill(&b, 3);
    evaluate(*state, &p, 4, &b, SLD_WEAK, 1, with, &sums);
    double want_loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        double       z[K], r[K];
        const float *row = b.z_s + i * K;
        for (size_t k = 0; k < K; k++) {
            z[k] = r[k] = (double)row[k];
        }
        r[b.labels[i]] += (double)row[sld_argmax(row, K)];
        want_loss += raised_loss(r, z, tau);
        for (size_t k = 0; k < K; k++) {
            double moved[2][K];
            memcpy(moved[0], z, sizeof z);
            memcpy(moved[1], z, sizeof z);
            moved[0][k] -= h;
            moved[1][k] += h;
            const double slope =
                (raised_loss(r, moved[1], tau) - raised_loss(r, moved[0], tau)) / (2.0 * h);
            without[i * K + k] = (float)(10.0 * slope / N);
        }
    }
    assert_true(fabs(sums.loss[1] - want_loss) < 1e-12 * want_loss); /* rounding of sums of K */
    float kl[N * K];
    evaluate(*state, &plain, 4, &b, SLD_WEAK, 1, kl, &sums);
    for (size_t i = 0; i < N * K; i++) {
        /* h^2 and three roundings to float32 of numbers below 1 */
        assert_true(fabs((double)with[i] - (double)kl[i] - (double)without[i]) < 5e-7);
    }
}

static void test_lr(void **state)
{
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_LR;
    p.kd.weight[SLD_WEAK] = p.kd.weight[SLD_STRONG] = 0.9;
    for (int view = 0; view < SLD_VIEWS; view++) {
        expect_gradient_in(*state, &p, view, 1, 3);
    }
}

static void test_ctkd(void **state)
{
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_CTKD;
    p.kd.temperatures      = (sld_temperatures){0};
    expect_everywhere(*state, p);
}

/* The parameter's gradient, which the factor of the epoch turns round: 0 before, -1 from epoch 10. */
static void test_gradient_of_the_trained_temperature(void **state)
{
    fixture             *f  = *state;
    const double         at = 0.4, h = 1e-4;
    sld_objective_params p = params_empty(K);
    p.loss                 = SLD_TEACHER_LOSS_CTKD;
    p.kd.weight[SLD_WEAK]  = 0.9;
    p.lss.weight[SLD_WEAK] = 0.5; /* its temperatures stay where they are */
    for (int zscore = 0; zscore < 2; zscore++) {
        batch          b;
        sld_view_sums  sums;
        sld_objective *o = NULL;
        double         total[2];
        p.zscore = zscore == 1;
        fill(&b, 7);
        assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
        assert_true(sld_objective_trains(o));
        for (int side = 0; side < 2; side++) {
            sld_objective_set_parameter(o, side ? at + h : at - h);
            evaluate_on(f, o, 4, &b, SLD_WEAK, 10, NULL, &sums);
            total[side] = sums.total / sums.rows;
        }
        const double slope = (total[1] - total[0]) / (2.0 * h);
        sld_objective_set_parameter(o, at);
        assert_true(fabs(sld_objective_temperature(o) - (1.0 + 20.0 / (1.0 + exp(-at)))) < 1e-12);
        for (int64_t epoch = 5; epoch <= 40; epoch += 35) {
            evaluate_on(f, o, 4, &b, SLD_WEAK, epoch, NULL, &sums);
            const double factor = epoch == 5 ? -0.5 : -1.0;
            const double got    = sld_objective_parameter_gradient(o) / sums.rows;
            assert_true(fabs(slope) > 1e-4);
            /* h^2 f3/6 and 1e-15/h */
            assert_true(fabs(got - factor * slope) < 1e-7 * fabs(slope) + 1e-10);
        }
        sld_objective_destroy(o);
    }
}

static void test_mlkd(void **state)
{
    for (int i = 0; i < 4; i++) {
        sld_objective_params p    = params_empty(K);
        p.loss                    = SLD_TEACHER_LOSS_MLKD;
        p.mlkd_as_described       = i & 1;
        p.mlkd_strong_consistency = i & 2;
        p.kd.temperatures         = (sld_temperatures){.n = 4, .t = {4.0, 3.0, 1.0, 2.0}};
        expect_everywhere(*state, p);
        p.mlkd_cc = p.mlkd_bc = 50.0; /* so that the KL does not hide them */
        expect_everywhere(*state, p);
    }
}

static void test_student_swap_standardised(void **state)
{
    sld_objective_params p = only(lss, 0.9);
    p.lss.temperatures     = (sld_temperatures){.n = 2, .t = {1.0, 3.0}};
    p.zscore               = true;
    expect_gradient(*state, &p, 1);
    p.ce.weight[SLD_WEAK] = 0.5; /* which stays as it is */
    expect_gradient(*state, &p, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_entropy),
        cmocka_unit_test(test_kl),
        cmocka_unit_test(test_student_swap),
        cmocka_unit_test(test_sum_of_all),
        cmocka_unit_test(test_kl_everywhere),
        cmocka_unit_test(test_dkd),
        cmocka_unit_test(test_nkd),
        cmocka_unit_test(test_rld),
        cmocka_unit_test(test_rc_holds_the_raised_logits),
        cmocka_unit_test(test_lr),
        cmocka_unit_test(test_ctkd),
        cmocka_unit_test(test_gradient_of_the_trained_temperature),
        cmocka_unit_test(test_mlkd),
        cmocka_unit_test(test_student_swap_standardised),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
