/* The swap and the corrections, row by row. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "correction.h"
#include "sld/distill.h"

static void expect_swap(const float *z, int32_t y, const float *want, bool swapped)
{
    float out[4], in_place[4];
    assert_int_equal(sld_swap(z, y, 4, out), swapped);
    assert_memory_equal(out, want, sizeof out);

    memcpy(in_place, z, sizeof in_place);
    assert_int_equal(sld_swap(in_place, y, 4, in_place), swapped);
    assert_memory_equal(in_place, want, sizeof in_place);
}

static void test_swap_exchanges_label_and_maximum(void **state)
{
    const float z[4] = {1, -2, 5, 3};
    expect_swap(z, 2, z, false);
    expect_swap(z, 0, (const float[4]){5, -2, 1, 3}, true);
    expect_swap(z, 3, (const float[4]){1, -2, 3, 5}, true);
}

static void test_swap_on_ties(void **state)
{
    const float all[4] = {2, 2, 2, 2}, label[4] = {1, 4, 4, 0}, above[4] = {0, 7, 1, 7};
    expect_swap(all, 0, all, false);
    expect_swap(all, 3, all, true);                            /* nothing to see, but not a hit */
    expect_swap(label, 2, label, true);                        /* label ties with the maximum */
    expect_swap(above, 2, (const float[4]){0, 1, 7, 7}, true); /* lowest of the tied takes z_y */
    assert_int_equal(sld_argmax(above, 4), 1);
}

enum { K = 10, ROWS = 4000 };

static void fill_row(uint64_t i, float *z, int32_t *y)
{
    sld_rng rng = sld_rng_make(3, SLD_RNG_SYNTH, 0, i);
    for (size_t k = 0; k < K; k++) {
        z[k] = (float)sld_rng_normal(&rng);
    }
    *y = (int32_t)sld_rng_below(&rng, K);
}

/* Where the label's logit went; K when the row is untouched. Fails unless out is z with the label's
 * entry exchanged with one other. */
static size_t partner(const float *z, int32_t y, const float *out)
{
    size_t other = K, n_moved = 0;
    for (size_t k = 0; k < K; k++) {
        n_moved += out[k] != z[k];
        if (out[k] != z[k] && k != (size_t)y) other = k;
    }
    if (other == K) {
        assert_int_equal(n_moved, 0);
        return K;
    }
    assert_int_equal(n_moved, 2);
    assert_true(out[other] == z[y] && out[y] == z[other]);
    return other;
}

static void test_random_touches_the_rows_of_the_swap(void **state)
{
    size_t n_swapped = 0, n_drawn[K] = {0};
    for (uint32_t i = 0; i < ROWS; i++) {
        float   z[K], swapped[K], random[K], none[K];
        int32_t y;
        fill_row(i, z, &y);
        const sld_row_key key = {.seed = 5, .epoch = 2, .sample = i, .view = SLD_WEAK};
        sld_correct_row(SLD_CORRECT_NONE, &key, z, y, K, none);
        sld_correct_row(SLD_CORRECT_SWAP, &key, z, y, K, swapped);
        sld_correct_row(SLD_CORRECT_RANDOM, &key, z, y, K, random);

        assert_memory_equal(none, z, sizeof z);
        const size_t to = partner(z, y, random);
        assert_int_equal(partner(z, y, swapped) < K, to < K);
        if (to == K) continue;
        n_swapped++;
        n_drawn[(to + K - (size_t)y) % K]++;
    }
    assert_in_range(n_swapped, ROWS * 85 / 100, ROWS * 95 / 100); /* 9 of 10, random labels */
    assert_int_equal(n_drawn[0], 0);                              /* never the label itself */
    for (size_t k = 1; k < K; k++) {
        /* 400 expected, standard deviation 19: five of them */
        assert_in_range(n_drawn[k], ROWS / 10 - 95, ROWS / 10 + 95);
    }
}

static void test_random_depends_on_every_part_of_its_key(void **state)
{
    const sld_row_key base      = {.seed = 5, .epoch = 2, .sample = 0, .view = SLD_WEAK};
    size_t            n_same[5] = {0};
    for (uint32_t i = 0; i < ROWS; i++) {
        float   z[K], first[K], other[K];
        int32_t y;
        fill_row(i, z, &y);
        sld_row_key key[5] = {base, base, base, base, base};
        for (size_t j = 0; j < 5; j++) {
            key[j].sample = i;
        }
        key[1].seed++;
        key[2].epoch++;
        key[3].sample++;
        key[4].view = SLD_STRONG;
        sld_correct_row(SLD_CORRECT_RANDOM, &key[0], z, y, K, first);
        for (size_t j = 0; j < 5; j++) {
            sld_correct_row(SLD_CORRECT_RANDOM, &key[j], z, y, K, other);
            n_same[j] += memcmp(first, other, sizeof first) == 0;
        }
    }
    assert_int_equal(n_same[0], ROWS);
    for (size_t j = 1; j < 5; j++) {
        assert_in_range(n_same[j], ROWS * 15 / 100, ROWS * 25 / 100); /* 1/10 + 9/10 * 1/9 */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swap_exchanges_label_and_maximum),
        cmocka_unit_test(test_swap_on_ties),
        cmocka_unit_test(test_random_touches_the_rows_of_the_swap),
        cmocka_unit_test(test_random_depends_on_every_part_of_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
