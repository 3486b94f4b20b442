/* What an objective computes besides gradients: values, absent and inactive terms, counts,
 * refusals. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fixture.h"

enum { N = 9, K = 7 };

static void test_names_weights_and_need_of_a_teacher(void **state)
{
    fixture             *f  = *state;
    sld_objective       *o  = NULL;
    sld_objective_params p  = params_sld(K);
    p.kd.weight[SLD_STRONG] = 0.0;
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_objective_terms(o), 3);
    assert_string_equal(sld_objective_term_name(o, 0), "ce");
    assert_string_equal(sld_objective_term_name(o, 1), "lts");
    assert_string_equal(sld_objective_term_name(o, 2), "lss");
    assert_true(sld_objective_weight(o, 1, SLD_WEAK, 1) == 0.9);
    assert_true(sld_objective_weight(o, 1, SLD_STRONG, 1) == 0.0);
    assert_true(sld_objective_weight(o, 2, SLD_STRONG, 150) == 0.0);
    assert_true(sld_objective_weight(o, 2, SLD_STRONG, 151) == 0.9);
    assert_true(sld_objective_needs_teacher(o, SLD_WEAK, 1));
    assert_false(sld_objective_needs_teacher(o, SLD_STRONG, 200));
    sld_objective_destroy(o);

    p.correction          = SLD_CORRECT_RANDOM;
    p.ce.weight[SLD_WEAK] = p.ce.weight[SLD_STRONG] = 0.0;
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_objective_terms(o), 2);
    assert_string_equal(sld_objective_term_name(o, 0), "kd");
    sld_objective_destroy(o);
}

static void test_weight_zero_is_plain_cross_entropy(void **state)
{
    batch                b;
    float                dz_plain[N * K], dz_zero[N * K];
    sld_view_sums        plain, zero;
    sld_objective_params p = params_empty(K);
    p.ce.weight[SLD_WEAK]  = 0.7;
    batch_fill(&b, N, K, 1);
    evaluate(*state, &p, 4, &b, SLD_WEAK, 1, dz_plain, &plain);

    /* Teacher and student swap are there, but not in this view, or not yet. */
    p.kd.weight[SLD_STRONG] = 0.9;
    p.lss.weight[SLD_WEAK]  = 0.9;
    p.lss.schedule          = sld_schedule_from(150);
    p.correction            = SLD_CORRECT_SWAP;
    for (int form = SLD_TEACHER_LOSS_KL; form <= SLD_TEACHER_LOSS_NKD; form++) {
        p.loss   = (sld_teacher_loss)form;
        p.zscore = form % 2 == 1;
        evaluate(*state, &p, 4, &b, SLD_WEAK, 150, dz_zero, &zero);
        assert_memory_equal(dz_zero, dz_plain, sizeof dz_zero);
        assert_memory_equal(&zero, &plain, sizeof zero);
    }
}

/* alpha = beta: docs/methods.md, "DKD"; DKD's paper, equation 7: KL = TCKD + (1 - q_label) NCKD. */
static void test_dkd_parts_make_up_the_kl(void **state)
{
    batch                b;
    sld_view_sums        parts, kl;
    sld_objective_params p = params_empty(K);
    p.kd.weight[SLD_WEAK]  = 1.0;
    batch_fill(&b, 1, K, 9);
    double sum = 0.0, q = exp((double)b.z_t[b.labels[0]] / 4.0);
    for (size_t k = 0; k < K; k++) {
        sum += exp((double)b.z_t[k] / 4.0);
    }
    evaluate(*state, &p, 1, &b, SLD_WEAK, 1, NULL, &kl);
    p.loss = SLD_TEACHER_LOSS_DKD;
    evaluate(*state, &p, 1, &b, SLD_WEAK, 1, NULL, &parts);
    const double want = parts.loss[0] + (1.0 - q / sum) * parts.loss[1];
    assert_true(fabs(kl.loss[0] - want) < 1e-12 * want); /* rounding in double */
}

static void test_standardised_logits_forget_shift_and_scale(void **state)
{
    batch                b, moved;
    sld_view_sums        plain, other;
    sld_objective_params p = params_sld(K);
    p.zscore               = true;
    p.ce.weight[SLD_WEAK]  = 0.0;
    batch_fill(&b, N, K, 8);
    moved = b;
    for (size_t i = 0; i < N * K; i++) {
        moved.z_s[i] = 4.0f * b.z_s[i] + 8.0f; /* exact: logits lie on a grid */
        moved.z_t[i] = 0.5f * b.z_t[i] - 2.0f;
    }
    evaluate(*state, &p, 4, &b, SLD_WEAK, 151, NULL, &plain);
    evaluate(*state, &p, 4, &moved, SLD_WEAK, 151, NULL, &other);
    assert_true(plain.total > 0.0);
    assert_true(fabs(plain.total - other.total) < 1e-6 * plain.total); /* the 1e-7 beside std */
    p.zscore = false;
    evaluate(*state, &p, 4, &moved, SLD_WEAK, 151, NULL, &other);
    assert_true(fabs(plain.total - other.total) > 0.1 * plain.total);
}

/* A skipped row leaves the teacher's terms, not the cross-entropy, and the divisor is the batch. */
static void test_skipped_rows_carry_no_teacher(void **state)
{
    batch                b;
    float                dz[N * K];
    sld_view_sums        sums, all;
    sld_objective_params p = params_empty(K);
    p.kd.weight[SLD_WEAK]  = 1.0;
    batch_fill(&b, N, K, 12);
    b.labels[0] = (int32_t)sld_argmax(b.z_t, K);
    for (size_t i = 1; i < N; i++) {
        b.labels[i] = ((int32_t)sld_argmax(b.z_t + i * K, K) + 1) % K;
    }
    evaluate(*state, &p, 4, &b, SLD_WEAK, 1, NULL, &all);
    for (int form = SLD_TEACHER_LOSS_KL; form <= SLD_TEACHER_LOSS_NKD; form++) {
        p.loss       = (sld_teacher_loss)form;
        p.correction = SLD_CORRECT_SKIP;
        evaluate(*state, &p, 4, &b, SLD_WEAK, 1, dz, &sums);
        assert_true(sums.loss[0] > 0.0 && sums.swapped_teacher == N - 1);
        for (size_t i = 0; i < N * K; i++) {
            assert_true((dz[i] != 0.0f) == (i < K));
        }
        if (form == SLD_TEACHER_LOSS_KL) assert_true(sums.loss[0] < all.loss[0] && sums.rows == N);
    }
}

static void test_hits_against_true_labels(void **state)
{
    fixture             *f = *state;
    batch                b;
    float                dz[N * K];
    int32_t              truth[N];
    sld_tree            *tree = NULL;
    sld_objective       *o    = NULL;
    sld_view_sums        sums;
    sld_objective_params p = params_empty(K);
    p.ce.weight[SLD_WEAK]  = 1.0;
    batch_fill(&b, N, K, 13);
    for (size_t i = 0; i < N; i++) {
        truth[i]    = (int32_t)sld_argmax(b.z_s + i * K, K);
        b.labels[i] = i == 0 ? truth[i] : (truth[i] + 1) % K;
    }
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_tree_create(&f->ctx, f->comm, 1, N, 4096, &tree), SLD_OK);
    const sld_rows rows = {
        .z_s = b.z_s, .labels = b.labels, .truth = truth, .sample = b.sample, .epoch = 1};
    assert_int_equal(sld_objective_view(&f->ctx, o, tree, &rows, dz, &sums), SLD_OK);
    assert_true(sums.hits == 1.0 && sums.hits_true == N && sums.swapped_student == N - 1);
    sld_tree_destroy(tree);
    sld_objective_destroy(o);
}

static void test_student_swap_is_the_kl_against_the_swapped_student(void **state)
{
    batch                  b;
    float                  dz_lss[N * K], dz_kd[N * K], dz_through[N * K];
    sld_view_sums          lss, kd, through;
    sld_objective_params   p = params_empty(K), q = params_empty(K);
    const sld_temperatures taus = {.n = 3, .t = {1.0, 2.5, 6.0}};
    batch_fill(&b, N, K, 2);
    for (size_t i = 0; i < N; i++) {
        sld_swap(b.z_s + i * K, b.labels[i], K, b.z_t + i * K);
    }
    p.lss.temperatures = q.kd.temperatures = taus;
    p.lss.weight[SLD_WEAK] = q.kd.weight[SLD_WEAK] = 1.0;
    evaluate(*state, &q, 4, &b, SLD_WEAK, 1, dz_kd, &kd);
    evaluate(*state, &p, 4, &b, SLD_WEAK, 1, dz_through, &through);
    p.lss_detach = true;
    evaluate(*state, &p, 4, &b, SLD_WEAK, 1, dz_lss, &lss);

    /* Both round in double, gradients once more to float32. */
    assert_true(lss.swapped_student > 0 && lss.loss[0] > 0);
    assert_true(fabs(lss.loss[0] - kd.loss[0]) < 1e-12 * kd.loss[0]);
    assert_true(lss.loss[0] == through.loss[0]);
    for (size_t i = 0; i < N * K; i++) {
        assert_true(fabsf(dz_lss[i] - dz_kd[i]) <= 2e-7f * fabsf(dz_kd[i]) + 1e-12f);
    }
    /* docs/methods.md, "Student swap": undetached about twice as large; the classes not swapped move too. */
    assert_true(through.grad_sq[0] > 2.0 * lss.grad_sq[0]);
}

static void test_ties_carry_no_student_swap(void **state)
{
    batch                b;
    float                dz[N * K];
    sld_view_sums        sums;
    sld_objective_params p = params_empty(K);
    p.lss.weight[SLD_WEAK] = 1.0;
    batch_fill(&b, 2, K, 3);
    for (size_t k = 0; k < K; k++) {
        b.z_s[k]     = 1.5f;                        /* row 0: all tie */
        b.z_s[K + k] = k == 2 || k == 4 ? 3.0f : 0; /* row 1: the label ties with the maximum */
    }
    b.labels[0] = 5;
    b.labels[1] = 4;
    evaluate(*state, &p, 1, &b, SLD_WEAK, 1, dz, &sums);
    assert_true(sums.loss[0] == 0.0 && sums.hits == 0.0 && sums.swapped_student == 2.0);
    for (size_t i = 0; i < 2 * K; i++) {
        assert_true(dz[i] == 0.0f);
    }
}

static void test_counts_and_total(void **state)
{
    batch                b;
    float                dz[N * K];
    sld_view_sums        sums;
    sld_objective_params p    = params_sld(K);
    double               hits = 0, wrong = 0, sq = 0;
    batch_fill(&b, N, K, 4);
    for (size_t i = 0; i < N; i++) {
        hits += sld_argmax(b.z_s + i * K, K) == (size_t)b.labels[i];
        wrong += sld_argmax(b.z_t + i * K, K) != (size_t)b.labels[i];
    }
    evaluate(*state, &p, 4, &b, SLD_STRONG, 151, dz, &sums);
    assert_true(sums.rows == N && sums.hits == hits && sums.swapped_teacher == wrong);
    assert_true(sums.swapped_student == N - hits);
    const double total = 0.1 * sums.loss[0] + 0.9 * sums.loss[1] + 0.9 * sums.loss[2];
    assert_true(fabs(sums.total - total) < 1e-13 * total); /* the order of addition */

    p                       = params_empty(K);
    p.ce.weight[SLD_STRONG] = 0.3;
    evaluate(*state, &p, 4, &b, SLD_STRONG, 1, dz, &sums);
    for (size_t i = 0; i < N * K; i++) {
        sq += (double)dz[i] * (double)dz[i];
    }
    assert_true(fabs(sums.grad_sq[0] - sq) < 1e-6 * sq); /* dz is rounded to float32 */
}

static void test_large_logits_stay_finite(void **state)
{
    batch                b;
    float                dz[N * K];
    sld_view_sums        sums;
    sld_objective_params p = params_sld(K);
    batch_fill(&b, N, K, 5);
    for (size_t i = 0; i < N * K; i++) {
        b.z_s[i] *= 2000.0f;
        b.z_t[i] *= -3000.0f;
    }
    evaluate(*state, &p, 4, &b, SLD_WEAK, 151, dz, &sums);
    assert_true(isfinite(sums.total) && sums.total > 0);
    for (size_t i = 0; i < N * K; i++) {
        assert_true(isfinite(dz[i]));
    }
    b.z_s[3] = NAN; /* a diverged student must be seen, not hidden */
    evaluate(*state, &p, 4, &b, SLD_WEAK, 151, dz, &sums);
    assert_true(isnan(sums.total));
}

static void expect_refused(fixture *f, const sld_objective_params *p, const char *word)
{
    sld_objective *o = NULL;
    assert_int_equal(sld_objective_create(&f->ctx, p, N, &o), SLD_ERR_CONFIG);
    assert_null(o);
    assert_non_null(strstr(f->ctx.err.msg, word));
    sld_err_clear(&f->ctx);
}

static void test_refusals_name_the_option(void **state)
{
    sld_objective_params p = params_empty(K);
    expect_refused(*state, &p, "a weight above 0");
    p                      = params_sld(K);
    p.kd.temperatures.t[2] = 0.0;
    expect_refused(*state, &p, "kd.temperatures");
    p                    = params_sld(K);
    p.lss.temperatures.n = 0;
    expect_refused(*state, &p, "lss.temperatures");
    p                       = params_sld(K);
    p.ce.weight[SLD_STRONG] = -1.0;
    expect_refused(*state, &p, "ce.strong");
    p                 = params_sld(K);
    p.label_smoothing = 1.0;
    expect_refused(*state, &p, "ce.label_smoothing");
    p = params_sld(1);
    expect_refused(*state, &p, "classes");
}

static void test_rows_out_of_range_are_named(void **state)
{
    fixture             *f = *state;
    batch                b;
    float                dz[N * K];
    sld_objective       *o    = NULL;
    sld_tree            *tree = NULL;
    sld_view_sums        sums;
    sld_objective_params p = params_sld(K);
    batch_fill(&b, N, K, 6);
    sld_rows rows = {.z_s = b.z_s, .labels = b.labels, .sample = b.sample, .epoch = 1};
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_tree_create(&f->ctx, f->comm, 1, N, 4096, &tree), SLD_OK);

    assert_int_equal(sld_objective_view(&f->ctx, o, tree, &rows, dz, &sums), SLD_ERR_ARG);
    assert_non_null(strstr(f->ctx.err.msg, "expected the teacher's logits"));
    sld_err_clear(&f->ctx);

    rows.z_t    = b.z_t;
    b.labels[4] = K;
    assert_int_equal(sld_objective_view(&f->ctx, o, tree, &rows, dz, &sums), SLD_ERR_ARG);
    assert_non_null(strstr(f->ctx.err.msg, "sample 1028: expected a label of 0 to 6, got 7"));
    sld_err_clear(&f->ctx);
    sld_tree_destroy(tree);
    sld_objective_destroy(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_weights_and_need_of_a_teacher),
        cmocka_unit_test(test_weight_zero_is_plain_cross_entropy),
        cmocka_unit_test(test_dkd_parts_make_up_the_kl),
        cmocka_unit_test(test_standardised_logits_forget_shift_and_scale),
        cmocka_unit_test(test_skipped_rows_carry_no_teacher),
        cmocka_unit_test(test_hits_against_true_labels),
        cmocka_unit_test(test_student_swap_is_the_kl_against_the_swapped_student),
        cmocka_unit_test(test_ties_carry_no_student_swap),
        cmocka_unit_test(test_counts_and_total),
        cmocka_unit_test(test_large_logits_stay_finite),
        cmocka_unit_test(test_refusals_name_the_option),
        cmocka_unit_test(test_rows_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
