/* test_data_labels.c: label noise: its rate, nesting, which labels it draws, what it refuses. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

enum { N = 20000, K = 12, COARSE = 4 };

static int32_t labels[N], coarse[N];

static const sld_dataset SET = {.train    = {.labels = labels, .coarse = coarse, .n = N},
                                .K        = K,
                                .n_coarse = COARSE,
                                .name     = "made"};

/* Classes 0..10 in superclasses by remainder; class 11 is alone in its own. */
static int make_labels(void **state)
{
    for (int i = 0; i < N; i++) {
        labels[i] = i * 7 % K;
        coarse[i] = labels[i] == K - 1 ? COARSE - 1 : labels[i] % (COARSE - 1);
    }
    return fixture_begin(state);
}

static int32_t *noisy(fixture *f, double rate, bool siblings, uint64_t seed)
{
    const sld_label_params params = {.rate = rate, .siblings = siblings, .seed = seed};
    int32_t               *out    = NULL;

    assert_int_equal(sld_labels_create(&f->ctx, &SET, &params, &out), SLD_OK);
    return out;
}

static void uniform_noise_reaches_every_other_class_alike(void **state)
{
    int32_t *out   = noisy(*state, 0.4, false, 1);
    size_t   moved = 0, by_step[K] = {0};

    for (size_t i = 0; i < N; i++) {
        moved += out[i] != labels[i];
        by_step[(out[i] - labels[i] + K) % K]++;
    }
    assert_in_range(moved, 7654, 8346); /* 8000 expected, standard deviation 69: five of them */
    for (int k = 1; k < K; k++) {
        assert_in_range(by_step[k], 727 - 132, 727 + 132); /* 8000/11, standard deviation 26 */
    }
    free(out);
}

static void siblings_stay_in_their_superclass(void **state)
{
    int32_t *out = noisy(*state, 1.0, true, 1);

    for (size_t i = 0; i < N; i++) {
        const bool alone = labels[i] == K - 1;
        assert_true((out[i] == labels[i]) == alone);
        assert_true(alone || out[i] % (COARSE - 1) == labels[i] % (COARSE - 1));
        assert_true(alone || out[i] != K - 1);
    }
    free(out);
}

static void smaller_rates_lie_inside_larger_ones(void **state)
{
    int32_t *small = noisy(*state, 0.1, false, 3), *large = noisy(*state, 0.2, false, 3);
    size_t   only = 0;

    for (size_t i = 0; i < N; i++) {
        assert_true(small[i] == labels[i] || small[i] == large[i]);
        only += small[i] != large[i];
    }
    assert_true(only > 0);
    free(small);
    free(large);
}

static void the_seed_decides_and_rate_0_changes_nothing(void **state)
{
    int32_t *none = noisy(*state, 0.0, true, 1);
    int32_t *a = noisy(*state, 0.3, true, 1), *b = noisy(*state, 0.3, true, 1),
            *c = noisy(*state, 0.3, true, 2);

    assert_memory_equal(none, labels, sizeof labels);
    assert_memory_equal(a, b, sizeof labels);
    assert_memory_not_equal(a, c, sizeof labels);
    free(none);
    free(a);
    free(b);
    free(c);
}

static void siblings_want_one_coarse_label_a_class(void **state)
{
    fixture               *f      = *state;
    const sld_label_params params = {.rate = 0.1, .siblings = true, .seed = 1};
    sld_dataset            plain  = SET;
    int32_t               *out    = NULL;

    plain.train.coarse = NULL;
    assert_int_equal(sld_labels_create(&f->ctx, &plain, &params, &out), SLD_ERR_CONFIG);
    assert_null(out);
    assert_non_null(strstr(f->ctx.err.msg, "data.label_noise_kind: siblings"));
    assert_non_null(strstr(f->ctx.err.msg, "got none in made"));
    sld_err_clear(&f->ctx);

    coarse[12] = 1; /* of class 0, else 0 */
    assert_int_equal(sld_labels_create(&f->ctx, &SET, &params, &out), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg, "class 0 of made with 0 and 1"));
    sld_err_clear(&f->ctx);
    coarse[12] = 0;

    int32_t     test_label = 4, test_coarse = 2; /* of train: 4 % 3 */
    sld_dataset other = SET;
    other.test        = (sld_images){.labels = &test_label, .coarse = &test_coarse, .n = 1};
    assert_int_equal(sld_labels_create(&f->ctx, &other, &params, &out), SLD_ERR_CONFIG);
    assert_non_null(strstr(f->ctx.err.msg, "class 4 of made with 1 in train and 2 in test"));
    sld_err_clear(&f->ctx);
    test_coarse = 1;
    assert_int_equal(sld_labels_create(&f->ctx, &other, &params, &out), SLD_OK);
    free(out);
}

static void siblings_want_a_class_that_has_some(void **state)
{
    fixture               *f      = *state;
    const sld_label_params params = {.rate = 0.1, .siblings = true, .seed = 1};
    sld_dataset            alone  = SET;
    int32_t               *out    = NULL;

    alone.train.coarse = labels;
    assert_int_equal(sld_labels_create(&f->ctx, &alone, &params, &out), SLD_ERR_CONFIG);
    assert_null(out);
    assert_non_null(strstr(f->ctx.err.msg, "got one class for each in made"));
    sld_err_clear(&f->ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_noise_reaches_every_other_class_alike),
        cmocka_unit_test(siblings_stay_in_their_superclass),
        cmocka_unit_test(smaller_rates_lie_inside_larger_ones),
        cmocka_unit_test(the_seed_decides_and_rate_0_changes_nothing),
        cmocka_unit_test(siblings_want_one_coarse_label_a_class),
        cmocka_unit_test(siblings_want_a_class_that_has_some),
    };
    return cmocka_run_group_tests(tests, make_labels, fixture_end);
}
