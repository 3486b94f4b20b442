/* MLKD's values against their definition written out with whole matrices: what the golden files do
 * not hold, "as described", consistency on the strong view, skipped rows. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fixture.h"

enum { N = 10, K = 7 };

static const double tau[5] = {4.0, 3.0, 5.0, 2.0, 6.0};

typedef struct matrices {
    double P[N][K], Q[N][K];
} matrices;

static void softmax_of_batch(const float *z, double t, double *p)
{
    double sum = 0.0;
    for (size_t k = 0; k < K; k++) {
        sum += p[k] = exp((double)z[k] / t);
    }
    for (size_t k = 0; k < K; k++) {
        p[k] /= sum;
    }
}

/* keep NULL: every row. */
static matrices soften_all(const batch *b, double t, const bool *keep)
{
    matrices m;
    for (size_t i = 0; i < N; i++) {
        softmax_of_batch(b->z_s + i * K, t, m.P[i]);
        softmax_of_batch(b->z_t + i * K, t, m.Q[i]);
        for (size_t k = 0; k < K && keep && !keep[i]; k++) {
            m.P[i][k] = m.Q[i][k] = 0.0;
        }
    }
    return m;
}

static double kl(const matrices *m, double t, const double *weight)
{
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < K; k++) {
            if (m->Q[i][k] > 0.0) {
                sum += weight[i] * t * t * m->Q[i][k] * log(m->Q[i][k] / m->P[i][k]);
            }
        }
    }
    return sum / N;
}

static double batch_consistency(const matrices *m, const double *weight)
{
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            double gap = 0.0;
            for (size_t k = 0; k < K; k++) {
                gap += m->P[i][k] * m->P[j][k] - m->Q[i][k] * m->Q[j][k];
            }
            sum += weight[i] * gap * gap;
        }
    }
    return sum / N;
}

static double class_consistency(const matrices *m, const double *weight)
{
    double sum = 0.0;
    for (size_t k = 0; k < K; k++) {
        for (size_t l = 0; l < K; l++) {
            double gap = 0.0;
            for (size_t i = 0; i < N; i++) {
                gap += m->P[i][k] * m->P[i][l] - m->Q[i][k] * m->Q[i][l];
            }
            sum += weight[k] * gap * gap;
        }
    }
    return sum / K;
}

/* 1 where value is at most the median. */
static void mask(const double *value, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        size_t below = 0;
        for (size_t j = 0; j < n; j++) {
            below += value[j] < value[i];
        }
        out[i] = below <= (n - 1) / 2;
    }
}

typedef struct weights {
    double sample[N], class[K], one[N];
} weights;

/* The masks of these rows, or (as coded) their means. */
static weights weights_of(const batch *b, bool as_described)
{
    weights        w    = {.one = {0}};
    const double   half = 0.5, more_than_half = 4.0 / 7.0; /* of N = 10, of K = 7 */
    double         surest[N] = {0.0}, of_class[K] = {0.0};
    const matrices m = soften_all(b, 1.0, NULL);
    for (size_t i = 0; i < N; i++) {
        w.one[i] = 1.0;
        for (size_t k = 0; k < K; k++) {
            surest[i] = fmax(surest[i], m.Q[i][k]);
            of_class[k] += m.Q[i][k];
        }
    }
    mask(surest, N, w.sample);
    mask(of_class, K, w.class);
    for (size_t i = 0; i < N && !as_described; i++) {
        w.sample[i] = half;
    }
    for (size_t k = 0; k < K && !as_described; k++) {
        w.class[k] = more_than_half;
    }
    return w;
}

typedef struct wanted {
    double kd, kd_lent, cc, cc_lent, bc;
} wanted;

static wanted work_out(const batch *b, const sld_objective_params *p, int view, const bool *keep)
{
    const weights w    = weights_of(b, p->mlkd_as_described);
    const bool    weak = view == SLD_WEAK, coded = !p->mlkd_as_described;
    wanted        result = {0};
    for (size_t j = 0; j < 5; j++) {
        const double   T    = p->kd.temperatures.t[j];
        const matrices m    = soften_all(b, T, keep);
        const bool     lent = coded && j >= 3; /* by place, whatever the temperature */
        result.bc += batch_consistency(&m, weak || coded ? w.sample : w.one);
        if (weak || !lent) {
            result.kd += kl(&m, T, weak ? w.sample : w.one);
            result.cc += class_consistency(&m, weak ? w.class : w.one);
        }
        if (weak && lent) {
            result.kd_lent += kl(&m, T, w.one);
            result.cc_lent += class_consistency(&m, w.one);
        }
    }
    return result;
}

static double value_of(const sld_objective *o, const sld_view_sums *sums, const char *term)
{
    for (size_t i = 0; i < sld_objective_terms(o); i++) {
        if (strcmp(sld_objective_term_name(o, i), term) == 0) return sums->loss[i] / sums->rows;
    }
    return 0.0;
}

static void expect(double found, double want)
{
    assert_true(fabs(found - want) <= 1e-10 * want); /* differences of sums in double */
}

static void compare(fixture *f, const sld_objective_params *p, const batch *b, const bool *keep)
{
    sld_objective *o = NULL;
    assert_int_equal(sld_objective_create(&f->ctx, p, N, &o), SLD_OK);
    for (int view = 0; view < SLD_VIEWS; view++) {
        sld_view_sums sums;
        const wanted  want   = work_out(b, p, view, keep);
        const bool    strong = view == SLD_WEAK || p->mlkd_strong_consistency;
        evaluate_on(f, o, 8, b, view, 1, NULL, &sums);
        assert_true(want.kd > 0.0 && want.cc > 0.0 && want.bc > 0.0);
        expect(value_of(o, &sums, "kd"), want.kd);
        expect(value_of(o, &sums, "kd_lent"), want.kd_lent);
        expect(value_of(o, &sums, "cc"), strong ? want.cc : 0.0);
        expect(value_of(o, &sums, "cc_lent"), p->mlkd_strong_consistency ? want.cc_lent : 0.0);
        expect(value_of(o, &sums, "bc"), strong ? want.bc : 0.0);
    }
    sld_objective_destroy(o);
}

static sld_objective_params params_mlkd(int variant)
{
    sld_objective_params p    = params_empty(K);
    p.loss                    = SLD_TEACHER_LOSS_MLKD;
    p.mlkd_as_described       = variant & 1;
    p.mlkd_strong_consistency = variant & 2;
    p.kd.temperatures         = (sld_temperatures){.n = 5};
    memcpy(p.kd.temperatures.t, tau, sizeof tau);
    p.kd.weight[SLD_WEAK] = p.kd.weight[SLD_STRONG] = 0.9;
    return p;
}

static void test_every_variant_is_its_definition(void **state)
{
    batch b;
    batch_fill(&b, N, K, 4);
    for (int variant = 0; variant < 4; variant++) {
        const sld_objective_params p = params_mlkd(variant);
        compare(*state, &p, &b, NULL);
    }
}

static void test_skipped_rows_are_left_out(void **state)
{
    batch b;
    bool  keep[N];
    batch_fill(&b, N, K, 5);
    for (size_t i = 0; i < N; i++) {
        const int32_t top = (int32_t)sld_argmax(b.z_t + i * K, K);
        keep[i]           = i % 3 != 0;
        b.labels[i]       = keep[i] ? top : (top + 1) % K;
    }
    for (int variant = 0; variant < 4; variant++) {
        sld_objective_params p = params_mlkd(variant);
        p.correction           = SLD_CORRECT_SKIP;
        compare(*state, &p, &b, keep);
    }
}

static double total_of_views(fixture *f, const sld_objective_params *p)
{
    batch  b[SLD_VIEWS];
    double total = 0.0;
    for (int view = 0; view < SLD_VIEWS; view++) {
        sld_view_sums sums;
        batch_fill(&b[view], N, K, 7 + (uint64_t)view);
        evaluate(f, p, 8, &b[view], view, 1, NULL, &sums);
        total += sums.total;
    }
    return total;
}

/* The fourth and fifth temperature are lent, whatever they are; described, the order says nothing. */
static void test_the_place_of_a_temperature_counts(void **state)
{
    batch b;
    batch_fill(&b, N, K, 4);
    for (int variant = 0; variant < 4; variant++) {
        const sld_objective_params own       = params_mlkd(variant);
        sld_objective_params       up        = own;
        const double               sorted[5] = {2.0, 3.0, 4.0, 5.0, 6.0};
        memcpy(up.kd.temperatures.t, sorted, sizeof sorted);
        compare(*state, &up, &b, NULL);
        const double a = total_of_views(*state, &own), c = total_of_views(*state, &up);
        if (own.mlkd_as_described) {
            expect(c, a);
        } else {
            assert_true(fabs(c - a) >
                        1e-6 * a); /* far above what the order of sums in double does */
        }
    }
}

/* A strong view alone has no weak logits to borrow: every temperature is its own. */
static void test_the_strong_view_alone(void **state)
{
    batch                b;
    sld_view_sums        sums;
    fixture             *f    = *state;
    sld_objective       *o    = NULL;
    sld_objective_params p    = params_mlkd(0);
    double               want = 0.0;
    p.kd.weight[SLD_WEAK]     = 0.0;
    batch_fill(&b, N, K, 6);
    for (size_t j = 0; j < 5; j++) {
        const matrices m = soften_all(&b, tau[j], NULL);
        want += kl(&m, tau[j], weights_of(&b, false).one);
    }
    assert_int_equal(sld_objective_create(&f->ctx, &p, N, &o), SLD_OK);
    assert_int_equal(sld_objective_terms(o), 1);
    assert_false(sld_objective_needs_teacher(o, SLD_WEAK, 1));
    evaluate_on(f, o, 8, &b, SLD_STRONG, 1, NULL, &sums);
    expect(value_of(o, &sums, "kd"), want);
    sld_objective_destroy(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_variant_is_its_definition),
        cmocka_unit_test(test_skipped_rows_are_left_out),
        cmocka_unit_test(test_the_place_of_a_temperature_counts),
        cmocka_unit_test(test_the_strong_view_alone),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
