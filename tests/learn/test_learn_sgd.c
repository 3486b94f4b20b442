/* The update, the learning rate and the metrics of a split: train's small formulas. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sgd.h"
#include "sld/config.h"
#include "sld/learn.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- what is a number ---- */

static void test_all_finite(void **state)
{
    static const float good[] = {0.0f,     -0.0f,   1.0f,         FLT_MAX,
                                 -FLT_MAX, FLT_MIN, FLT_TRUE_MIN, -1e-45f};
    static const float bad[]  = {NAN, -NAN, INFINITY, -INFINITY};
    float              values[COUNT(good)];

    (void)state;
    assert_true(sld_all_finite(good, COUNT(good)));
    assert_true(sld_all_finite(bad, 0));
    for (size_t b = 0; b < COUNT(bad); b++) {
        for (size_t i = 0; i < COUNT(good); i++) {
            memcpy(values, good, sizeof values);
            values[i] = bad[b];
            assert_false(sld_all_finite(values, COUNT(values)));
            assert_true(sld_all_finite(values, i)); /* no further than asked for */
        }
    }
}

/* ---- the update ---- */

enum { N = 1003, STEPS = 6 }; /* N: odd, so that a vectorised loop has a tail */

/* The formula of PyTorch's SGD in double, from the values that were there before the step. bound:
 * what rounding to float32 can do to each of its terms, as every operation rounds once. */
typedef struct formula {
    double w, v, bound_w, bound_v;
} formula;

static formula next(const sld_sgd_params *p, double lr, double grad, double w, double v)
{
    const double g = grad + p->weight_decay * w;
    const double u = FLT_EPSILON / 2, size_g = fabs(grad) + fabs(p->weight_decay * w);
    formula      out = {.v = p->momentum * v + g};

    out.w       = w - lr * out.v;
    out.bound_v = 4 * u * (fabs(p->momentum * v) + size_g); /* four roundings on the longest way */
    out.bound_w = lr * out.bound_v + 3 * u * (fabs(w) + lr * fabs(out.v)); /* rate, product, sum */
    return out;
}

/* Several steps with fresh gradients and a rate that drops; every element after every step. */
static void hold_update(sld_sgd_params params)
{
    static float w[N], v[N], before_w[N], before_v[N], grad[N];
    double       moved = 0.0;

    for (size_t i = 0; i < N; i++) {
        sld_rng rng = sld_rng_make(1, SLD_RNG_SYNTH, 0, i);
        w[i]        = (float)sld_rng_normal(&rng);
        v[i]        = 0.0f;
    }
    for (uint32_t step = 1; step <= STEPS; step++) {
        const double lr = step <= STEPS / 2 ? 0.025 : 0.0025;
        for (size_t i = 0; i < N; i++) {
            sld_rng rng = sld_rng_make(1, SLD_RNG_SYNTH, step, i);
            grad[i]     = (float)sld_rng_normal(&rng);
        }
        memcpy(before_w, w, sizeof w);
        memcpy(before_v, v, sizeof v);
        sld_sgd_update(&params, lr, grad, N, w, v);
        for (size_t i = 0; i < N; i++) {
            const formula f = next(&params, lr, grad[i], before_w[i], before_v[i]);
            if (!(fabs(v[i] - f.v) <= f.bound_v) || !(fabs(w[i] - f.w) <= f.bound_w)) {
                fail_msg("step %u, element %zu: w %.9g, wanted %.9g; v %.9g, wanted %.9g",
                         (unsigned)step, i, w[i], f.w, v[i], f.v);
            }
            moved += fabs(w[i] - before_w[i]);
        }
    }
    assert_true(moved / N > 0.01); /* the comparison is not one of standing still */
}

static void test_update_follows_the_formula(void **state)
{
    (void)state;
    hold_update((sld_sgd_params){.momentum = 0.9, .weight_decay = 5e-4}); /* the recipe */
    hold_update((sld_sgd_params){.momentum = 0.9, .weight_decay = 0.1});  /* decay not in noise */
    hold_update((sld_sgd_params){.momentum = 0.0, .weight_decay = 5e-4});
    hold_update((sld_sgd_params){.momentum = 0.0, .weight_decay = 0.0});
}

/* Three steps by hand in numbers that float32 holds exactly: no dampening, not Nesterov, decay in
 * the momentum, the rate outside of it. */
static void test_update_by_hand(void **state)
{
    (void)state;
    const sld_sgd_params params = {.momentum = 0.5, .weight_decay = 0.25};
    const float          grad   = 1.0f;
    float                w = 4.0f, v = 0.0f;

    sld_sgd_update(&params, 1.0, &grad, 1, &w, &v); /* g = 1 + 4/4 = 2, v = 2 */
    assert_true(v == 2.0f && w == 2.0f);
    sld_sgd_update(&params, 1.0, &grad, 1, &w, &v); /* g = 1.5, v = 2.5 */
    assert_true(v == 2.5f && w == -0.5f);
    sld_sgd_update(&params, 0.5, &grad, 1, &w, &v); /* g = 0.875, v = 2.125 */
    assert_true(v == 2.125f && w == -1.5625f);
    sld_sgd_update(&params, 0.5, &grad, 0, &w, &v);
    assert_true(v == 2.125f && w == -1.5625f);
}

/* ---- the learning rate ---- */

static double rate_of_run(int64_t epochs, int64_t epoch)
{
    const sld_options options = {
        .train = {.epochs = epochs, .lr_stages = {.n = 3, .v = {0.625, 0.75, 0.875}}}};
    int64_t      stages[SLD_LIST_MAX];
    const size_t n = sld_config_lr_stages(&options, stages);

    assert_int_equal(n, 3);
    return sld_lr_at(0.025, 0.1, stages, n, epoch);
}

/* docs/recipes.md, "CIFAR-100": 0.025 times 0.1 per stage left behind; drops in epochs 151, 181,
 * 211 of 240, and at the same shares of shorter runs. */
static void test_rate_drops_after_its_stages(void **state)
{
    (void)state;
    static const struct {
        int64_t epochs, drops[3]; /* first epoch at each lower rate */
    } runs[] = {{240, {151, 181, 211}}, {8, {6, 7, 8}}, {32, {21, 25, 29}}, {64, {41, 49, 57}}};
    static const double rates[] = {2.5e-2, 2.5e-3, 2.5e-4, 2.5e-5};

    for (size_t i = 0; i < COUNT(runs); i++) {
        for (int64_t epoch = 1; epoch <= runs[i].epochs; epoch++) {
            int drops = 0;
            for (int k = 0; k < 3; k++) {
                drops += epoch >= runs[i].drops[k];
            }
            const double rate = rate_of_run(runs[i].epochs, epoch);
            if (!(fabs(rate - rates[drops]) <= 1e-15 * rates[drops])) { /* pow(), one product */
                fail_msg("epoch %d of %d: rate %.17g, wanted %.17g", (int)epoch,
                         (int)runs[i].epochs, rate, rates[drops]);
            }
        }
    }
}

static void test_rate_of_whole_epochs(void **state)
{
    (void)state;
    const int64_t reference[] = {150, 180, 210}, together[] = {2, 2};

    assert_true(sld_lr_at(0.025, 0.1, reference, 3, 150) == 0.025);
    assert_true(sld_lr_at(0.025, 0.5, reference, 3, 151) == 0.0125);
    assert_true(sld_lr_at(0.025, 0.5, reference, 3, 240) == 0.003125);
    assert_true(sld_lr_at(0.025, 0.1, reference, 0, 240) == 0.025);
    assert_true(sld_lr_at(1.0, 0.5, together, 2, 3) == 0.25); /* both stages at once */
}

/* ---- metrics ---- */

static void test_metrics_count_places(void **state)
{
    (void)state;
    static const float logits[] = {
        9, 8, 7, 6, 5, 4, 3, /* label 0: first */
        9, 8, 7, 6, 5, 4, 3, /* label 4: fifth */
        9, 8, 7, 6, 5, 4, 3, /* label 5: sixth */
        3, 4, 5, 6, 7, 8, 9, /* label 6: first */
        3, 4, 5, 6, 7, 8, 9, /* label 0: last */
    };
    static const int32_t labels[] = {0, 4, 5, 6, 0};
    const sld_metrics    m        = sld_metrics_of(logits, labels, 5, 7);

    assert_int_equal(m.n, 5);
    assert_int_equal(m.hits1, 2);
    assert_int_equal(m.hits5, 3);
    assert_true(m.top1 == 40.0 && m.top5 == 60.0);
}

/* Of equal logits the lower index comes first, as argmax on a CPU has it. */
static void test_metrics_of_ties(void **state)
{
    (void)state;
    static const float   level[7] = {1, 1, 1, 1, 1, 1, 1}, pair[3] = {0, 2, 2};
    static const int64_t hits5[7] = {1, 1, 1, 1, 1, 0, 0};

    for (int32_t y = 0; y < 7; y++) {
        const sld_metrics m = sld_metrics_of(level, &y, 1, 7);
        assert_int_equal(m.hits1, y == 0);
        assert_int_equal(m.hits5, hits5[y]);
    }
    for (int32_t y = 0; y < 3; y++) {
        assert_int_equal(sld_metrics_of(pair, &y, 1, 3).hits1, y == 1);
    }
}

/* With fewer than five classes, or exactly five, every label is among the first five. */
static void test_metrics_of_few_classes(void **state)
{
    (void)state;
    static const float logits[] = {5, 4, 3, 2, 1};

    for (size_t K = 1; K <= 5; K++) {
        const int32_t     last = (int32_t)K - 1;
        const sld_metrics m    = sld_metrics_of(logits, &last, 1, K);
        assert_int_equal(m.hits1, K == 1);
        assert_int_equal(m.hits5, 1);
        assert_true(m.top5 == 100.0);
    }
}

/* Mean cross-entropy: log K where all are equal; the difference of the logits where one is far
 * above the others, too far for exp() without the maximum taken out. */
static void test_metrics_loss(void **state)
{
    (void)state;
    static const float   logits[] = {0, 0, 0, 0, 1000, 0, -1000, 0};
    static const int32_t labels[] = {3, 2};
    const sld_metrics    m        = sld_metrics_of(logits, labels, 2, 4);

    assert_true(fabs(m.loss - (log(4.0) + 2000.0) / 2) <= 1e-12 * m.loss); /* doubles throughout */
    assert_int_equal(m.hits1, 0);
    const sld_metrics none = sld_metrics_of(logits, labels, 0, 4);
    assert_true(none.n == 0 && none.top1 == 0.0 && none.top5 == 0.0 && none.loss == 0.0);
}

/* A sample whose label's logit is no number is no hit, and the loss says so. */
static void test_metrics_of_nan(void **state)
{
    (void)state;
    const float       logits[] = {1, NAN, 0, 0, 0, 0, 0};
    const int32_t     label    = 1;
    const sld_metrics m        = sld_metrics_of(logits, &label, 1, 7);

    assert_int_equal(m.hits1, 0);
    assert_int_equal(m.hits5, 0);
    assert_true(isnan(m.loss));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_finite),
        cmocka_unit_test(test_update_follows_the_formula),
        cmocka_unit_test(test_update_by_hand),
        cmocka_unit_test(test_rate_drops_after_its_stages),
        cmocka_unit_test(test_rate_of_whole_epochs),
        cmocka_unit_test(test_metrics_count_places),
        cmocka_unit_test(test_metrics_of_ties),
        cmocka_unit_test(test_metrics_of_few_classes),
        cmocka_unit_test(test_metrics_loss),
        cmocka_unit_test(test_metrics_of_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
