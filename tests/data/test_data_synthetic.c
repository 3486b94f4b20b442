/* test_data_synthetic.c: the embedded set: the same bytes everywhere, balanced, made from a latent
 * plane with the overlap that it claims; and the integer mathematics below it. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth_scene.h"

#define TURN 6.283185307179586

static sld_dataset *open_synth(fixture *f, const sld_synth_params *synth)
{
    const sld_data_params params = {.format = "synthetic", .synth = *synth};
    sld_dataset          *set    = NULL;

    if (sld_dataset_open(&f->ctx, f->comm, &params, &set) != SLD_OK) {
        fail_msg("%s", f->ctx.err.msg);
    }
    return set;
}

/* The published sums. Another compiler, machine or optimisation must give the same; a change of the
 * generator makes another data set and needs new sums, with a word why. */
static void the_bytes_are_the_published_ones(void **state)
{
    fixture *f = *state;
    const struct {
        uint64_t    seed;
        size_t      n_train, n_test;
        const char *hash;
    } published[] = {
        {1, 4000, 2000, "3cd5596c56cc286b22c684f10889b0a004d9d35737b74692a13159d15c1fda8a"},
        {2, 4000, 2000, "895220d7c2f81f9cbb770f08accbcc21d81c7ed5fe869848edf96c45290791c6"},
        {4294967295u, 50, 7, "61e8a8fdf87918c50b2bb3601a31f66c923356195dc280d31dd101889027e649"},
    };

    for (size_t k = 0; k < sizeof published / sizeof *published; k++) {
        sld_synth_params synth = sld_synth_default();

        synth.seed         = published[k].seed;
        synth.n_train      = published[k].n_train;
        synth.n_test       = published[k].n_test;
        const double start = sld_clock_s();
        sld_dataset *set   = open_synth(f, &synth);
        print_message("seed %llu: %.3f s\n", (unsigned long long)synth.seed, sld_clock_s() - start);
        assert_string_equal(set->hash, published[k].hash);
        sld_dataset_close(set);
    }
}

static void classes_are_balanced_and_named(void **state)
{
    fixture     *f          = *state;
    sld_dataset *set        = fixture_open(f, "synthetic", NULL);
    size_t       counts[20] = {0};

    assert_int_equal(set->K, 20);
    assert_int_equal(set->n_coarse, 5);
    assert_int_equal(set->train.n, 4000);
    assert_int_equal(set->test.n, 2000);
    for (size_t i = 0; i < 4000; i++) {
        counts[set->train.labels[i]]++;
        assert_int_equal(set->train.coarse[i], set->train.labels[i] / 4);
    }
    for (int y = 0; y < 20; y++) {
        assert_int_equal(counts[y], 200);
    }
    assert_string_equal(set->class_names[0], "disc wide near");
    assert_string_equal(set->class_names[19], "7-petal fine far");
    assert_string_equal(set->coarse_names[4], "7-petal");
    sld_dataset_close(set);
}

/* A larger set begins with the smaller one, and test images are not train's. */
static void sizes_do_not_change_the_images(void **state)
{
    fixture         *f     = *state;
    sld_synth_params small = sld_synth_default(), large = small;

    small.n_train  = 30;
    small.n_test   = 20;
    large.n_train  = 60;
    large.n_test   = 40;
    sld_dataset *a = open_synth(f, &small), *b = open_synth(f, &large);
    assert_memory_equal(a->train.pixels, b->train.pixels, 30 * 3072);
    assert_memory_equal(a->test.pixels, b->test.pixels, 20 * 3072);
    assert_memory_not_equal(a->train.pixels, a->test.pixels, 3072);
    sld_dataset_close(a);
    sld_dataset_close(b);
}

static void each_option_changes_the_set(void **state)
{
    fixture         *f = *state;
    sld_synth_params synth[7];
    char             hash[7][65];

    for (int k = 0; k < 7; k++) {
        synth[k]         = sld_synth_default();
        synth[k].n_train = synth[k].n_test = 40;
    }
    synth[1].superclasses = 4;
    synth[2].subclasses   = 3;
    synth[3].separation   = 3.3;
    synth[4].noise        = 12.5;
    synth[5].distractors  = 1.0;
    synth[6].seed         = 2;
    for (int k = 0; k < 7; k++) {
        sld_dataset *set = open_synth(f, &synth[k]);
        memcpy(hash[k], set->hash, sizeof hash[k]);
        sld_dataset_close(set);
        for (int other = 0; other < k; other++) {
            assert_string_not_equal(hash[k], hash[other]);
        }
    }
}

/* Sibling confusion of the best possible observer: 1 - (1 - Phi(-D/2))^2, and never another
 * superclass. */
static void the_latent_plane_overlaps_as_published(void **state)
{
    enum { N = 40000 };
    const sld_synth_params params = sld_synth_default();
    fixed_wave             wave;
    double                 mean[2] = {0}, square[2] = {0};
    size_t                 wrong = 0;

    sld_fixed_wave_make(&wave);
    for (uint64_t i = 0; i < N; i++) {
        synth_scene scene;
        int         corner[2];

        sld_synth_draw(&params, &wave, 0, i, &scene);
        sld_synth_corner(4, scene.label % 4, corner);
        for (int k = 0; k < 2; k++) {
            const double z = scene.u[k] / 65536.0 - 1.6 * corner[k];
            mean[k] += z / N;
            square[k] += z * z / N;
        }
        wrong += scene.u[0] * corner[0] < 0 || scene.u[1] * corner[1] < 0;
    }
    for (int k = 0; k < 2; k++) {
        assert_float_equal(mean[k], 0.0, 0.02);   /* four deviations of a mean of 40000 */
        assert_float_equal(square[k], 1.0, 0.03); /* the same for a mean square */
    }
    /* 1 - (1 - Phi(-D/2))^2 at D = 3.0; four deviations of a count of 40000 */
    assert_float_equal((double)wrong / N, 0.1292, 0.0067);
}

static double deviation_from(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;

    for (int i = 0; i < 3072; i++) {
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    }
    return sqrt(sum / 3072);
}

static void noise_has_the_deviation_asked_for(void **state)
{
    sld_synth_params params = sld_synth_default();
    fixed_wave       wave;
    synth_scene      scene;
    uint8_t          clean[3072], noisy[3072];

    sld_fixed_wave_make(&wave);
    sld_synth_draw(&params, &wave, 0, 5, &scene);
    params.noise = 0.0;
    sld_synth_paint(&params, &wave, &scene, 0, 5, clean);
    params.noise = 12.0;
    sld_synth_paint(&params, &wave, &scene, 0, 5, noisy);
    assert_float_equal(deviation_from(clean, noisy), 12.0, 0.7); /* four deviations, 3072 values */
}

static void fixed_point_agrees_with_libm(void **state)
{
    fixed_wave wave;
    uint32_t   angle[64];
    int32_t    radius[64];

    sld_fixed_wave_make(&wave);
    for (int i = 0; i < WAVE_N; i++) {
        assert_float_equal(wave.cosine[i] / (double)WAVE_ONE, cos(TURN * i / WAVE_N),
                           2e-4); /* 14 rotations leave 2^-13, rounding 2^-15 */
    }
    for (int y = -40; y <= 40; y += 5) {
        sld_fixed_polar(-32 * FIXED_ONE + 99, y * FIXED_ONE + 7, 64, angle, radius);
        for (int i = 0; i < 64; i++) {
            const double px = i - 32 + 99 / 65536.0, py = y + 7 / 65536.0;
            double       off = angle[i] / 4294967296.0 - atan2(py, px) / TURN;

            off -= rint(off);
            if (hypot(px, py) > 0.5) { /* the angle of a point near zero has no meaning */
                assert_float_equal(off, 0.0,
                                   1.0 / (1 << 15)); /* the last rotation: 2^-15.6 turns */
            }
            assert_float_equal(radius[i] / 65536.0, hypot(px, py), 1.0 / 128); /* kept to 2^-8 */
        }
    }
    for (int32_t x = -300000; x < 300000; x += 997) {
        const double exact = exp2(x / 65536.0) * 65536.0;
        assert_float_equal(sld_fixed_exp2(x), exact, 1.5 + exact * 1e-5); /* truncated to Q16 */
    }
}

static void impossible_requests_are_refused(void **state)
{
    fixture         *f          = *state;
    sld_data_params  params     = {.format = "synthetic", .synth = sld_synth_default()};
    sld_synth_params good       = params.synth;
    sld_dataset     *set        = NULL;
    sld_synth_params bad[5]     = {good, good, good, good, good};
    const char      *words[][2] = {{"superclasses: expected", "got 6"},
                                   {"subclasses: expected", "got 0"},
                                   {"train images: expected", "got 0"},
                                   {"noise: expected", "got nan"},
                                   {"distractors: expected", "got 1.5"}};

    bad[0].superclasses = 6;
    bad[1].subclasses   = 0;
    bad[2].n_train      = 0;
    bad[3].noise        = nan("");
    bad[4].distractors  = 1.5;
    for (int k = 0; k < 5; k++) {
        params.synth = bad[k];
        assert_int_equal(sld_dataset_open(&f->ctx, f->comm, &params, &set), SLD_ERR_ARG);
        assert_non_null(strstr(f->ctx.err.msg, words[k][0]));
        assert_non_null(strstr(f->ctx.err.msg, words[k][1]));
        sld_err_clear(&f->ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_the_published_ones),
        cmocka_unit_test(classes_are_balanced_and_named),
        cmocka_unit_test(sizes_do_not_change_the_images),
        cmocka_unit_test(each_option_changes_the_set),
        cmocka_unit_test(the_latent_plane_overlaps_as_published),
        cmocka_unit_test(noise_has_the_deviation_asked_for),
        cmocka_unit_test(fixed_point_agrees_with_libm),
        cmocka_unit_test(impossible_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
