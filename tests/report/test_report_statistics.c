/* The statistics of a report against values computed by hand and from printed tables of Student's
 * t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "calibration.h"
#include "copied_errors.h"
#include "stats.h"

static void assert_near(double found, double wanted, double tolerance)
{
    if (!(fabs(found - wanted) <= tolerance)) {
        print_error("found %.9g, wanted %.9g\n", found, wanted);
        fail();
    }
}

static void test_mean_and_deviation(void **state)
{
    const double       x[] = {1.0, 2.0, NAN, 3.0, 4.0};
    const stats_sample s = stats_of(x, 5), one = stats_of(x, 1), none = stats_of(x + 2, 1);

    assert_int_equal(s.n, 4); /* a missing value is none */
    assert_near(s.mean, 2.5, 0.0);
    assert_near(s.sd, 1.2909944487, 1e-10); /* sqrt(5/3), ten digits written */
    assert_int_equal(one.n, 1);
    assert_near(one.mean, 1.0, 0.0);
    assert_true(isnan(one.sd)); /* one value has no deviation */
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.mean));
}

static void test_pooled_deviation(void **state)
{
    const stats_sample groups[] = {{3, 10.0, 1.0}, {1, 90.0, NAN}, {2, 50.0, 2.0}};

    assert_near(stats_pooled_sd(groups, 3), sqrt((2.0 * 1.0 + 1.0 * 4.0) / 3.0),
                1e-15); /* rounding */
    assert_true(isnan(stats_pooled_sd(groups + 1, 1)));
}

static void test_quantiles_of_t(void **state)
{
    const struct {
        double p, df, t; /* as printed in tables */
    } known[] = {{0.975, 1, 12.7062}, {0.975, 2, 4.3027},  {0.975, 4, 2.7764},
                 {0.975, 10, 2.2281}, {0.975, 30, 2.0423}, {0.975, 1000, 1.9623},
                 {0.8, 1, 1.3764},    {0.8, 4, 0.9410},    {0.8, 8, 0.8889},
                 {0.95, 5, 2.0150},   {0.995, 3, 5.8409}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_near(stats_t_quantile(known[i].p, known[i].df), known[i].t,
                    5.1e-5); /* their digits */
        assert_near(stats_t_quantile(1.0 - known[i].p, known[i].df), -known[i].t, 5.1e-5);
    }
    assert_true(isnan(stats_t_quantile(0.975, 0.0)));
}

/* docs/protocol.md, "What n seeds resolve": 0.77, 0.51, 0.38, 0.33 with a deviation of 0.25. With few
 * seeds: roots of scipy.stats.nct, for means of two and two, three and three, one and two. */
static void test_what_seeds_resolve(void **state)
{
    assert_near(stats_detectable(1.0, 2, 2), 5.653489, 1e-6); /* six digits are given */
    assert_near(stats_detectable(sqrt(1.5), 3, 3), 3.761060, 1e-6);
    assert_near(stats_detectable(sqrt(2.0 / 3.0), 1, 2), 16.334009, 1e-6);
    assert_near(stats_detectable(0.25, 3, 3), 0.77, 0.005); /* two digits are given */
    assert_near(stats_detectable(0.25, 5, 5), 0.51, 0.005);
    assert_near(stats_detectable(0.25, 8, 8), 0.38, 0.005);
    assert_near(stats_detectable(0.25, 10, 10), 0.33, 0.005);
    assert_near(stats_detectable(0.5, 10, 10), 2.0 * stats_detectable(0.25, 10, 10),
                1e-12);                               /* rounding */
    assert_true(isnan(stats_detectable(0.25, 1, 1))); /* one seed ranks nothing */
    assert_true(isnan(stats_detectable(0.0, 3, 3)));  /* nor do seeds that agree */
}

static void test_confidence(void **state)
{
    assert_near(stats_half_width((stats_sample){3, 0.0, 0.5}), 1.242069,
                1e-6); /* 4.302653 * 0.5 / sqrt 3 */
    assert_true(isnan(stats_half_width((stats_sample){1, 0.0, NAN})));
    assert_true(isnan(stats_half_width((stats_sample){2, 5.0, 1e-16}))); /* rounding */
}

static void test_predictions(void **state)
{
    const float z[] = {1.0F, 3.0F, 3.0F, 0.0F, 0.0F, 0.0F};
    int32_t     predicted[2];

    calibration_predict(z, 2, 3, predicted);
    assert_int_equal(predicted[0], 1); /* the lowest index among equals */
    assert_int_equal(predicted[1], 0);
}

static void test_calibration(void **state)
{
    /* Confidences 0.75 (hit), 0.75 (miss), 0.5 (hit): |1 + 0 - 1.5| + |1 - 0.5| over three rows. */
    const float   z[]      = {1.0986123F, 0.0F, 1.0986123F, 0.0F, 0.0F, 0.0F};
    const int32_t labels[] = {0, 1, 0};
    const float   sure[]   = {900.0F, 0.0F};

    assert_near(calibration_ece(z, labels, 3, 2), 100.0 / 3.0, 1e-5); /* log 3 in float32 */
    assert_near(calibration_ece(z, labels, 2, 2), 25.0, 1e-5);
    assert_near(calibration_ece(sure, labels, 1, 2), 0.0, 0.0); /* no overflow */
    assert_true(isnan(calibration_ece(z, labels, 0, 2)));
}

static void test_copied_errors(void **state)
{
    const int32_t labels[] = {0, 1, 2, 0, 1, 2}, teacher[] = {1, 2, 0, 1, 1, 2},
                  student[] = {1, 2, 1, 0, 2, 2};

    assert_near(copied_errors_share(student, teacher, labels, 6), 50.0, 0.0); /* two of four */
    assert_true(
        isnan(copied_errors_share(student, labels, labels, 6))); /* a teacher without errors */
}

static void test_copies_of_a_teacher_never_seen(void **state)
{
    const int32_t  labels[] = {0, 1, 2, 0}, wrong[] = {1, 2, 0, 0}, half[] = {1, 2, 1, 0};
    sld_ctx        ctx;
    copied_errors *c = NULL;
    size_t         trial;
    double         rate;

    sld_ctx_init(&ctx);
    assert_int_equal(copied_errors_create(&ctx, &c), SLD_OK);
    assert_true(isnan(copied_errors_control_mean(c, "teacher", "data", 4)));
    assert_int_equal(copied_errors_add_teacher(&ctx, c, "teacher", "data", labels, wrong, 4),
                     SLD_OK);
    assert_true(copied_errors_has_teacher(c, "teacher", "data", 4) &&
                !copied_errors_has_teacher(c, "teacher", "data", 3) && /* a share of the samples */
                !copied_errors_has_teacher(c, "teacher", "other", 4));
    assert_near(copied_errors_rate(c, "teacher", "data", half, 4), 200.0 / 3.0,
                1e-12); /* rounding */
    assert_int_equal(copied_errors_add_control(&ctx, c, 5, "data", labels, 4), SLD_OK);
    assert_int_equal(copied_errors_add_control(&ctx, c, 7, "data", half, 4), SLD_OK);
    assert_int_equal(copied_errors_add_control(&ctx, c, 9, "other", half, 4),
                     SLD_OK); /* another test set */
    assert_near(copied_errors_control_mean(c, "teacher", "data", 4), 100.0 / 3.0,
                1e-12); /* rounding */
    assert_true(copied_errors_control_at(c, 1, &trial, &rate));
    assert_int_equal(trial, 7);
    assert_near(rate, 200.0 / 3.0, 1e-12); /* rounding */
    assert_int_equal(copied_errors_add_teacher(&ctx, c, "second", "data", labels, half, 4), SLD_OK);
    assert_true(copied_errors_control_at(c, 1, &trial, &rate) &&
                isnan(rate)); /* which teacher would be meant? */
    assert_int_equal(copied_errors_add_teacher(&ctx, c, "teacher", "other", labels, half, 4),
                     SLD_OK);
    assert_near(copied_errors_control_mean(c, "teacher", "other", 4), 100.0,
                0.0);              /* trial 9 alone */
    copied_errors_leave_out(c, 7); /* it is a teacher */
    assert_near(copied_errors_control_mean(c, "teacher", "data", 4), 0.0, 0.0);
    assert_false(copied_errors_control_at(c, 3, &trial, &rate));
    copied_errors_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_and_deviation),
        cmocka_unit_test(test_pooled_deviation),
        cmocka_unit_test(test_quantiles_of_t),
        cmocka_unit_test(test_what_seeds_resolve),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_copied_errors),
        cmocka_unit_test(test_copies_of_a_teacher_never_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
