/* The swap and the corrections, row by row. */
#include <math.h>
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

static bool correct(sld_correction kind, const sld_row_key *key, const float *z, int32_t y,
                    float *out)
{
    const sld_correction_params params = {.kind = kind, .omega = 2.5, .share = 0.25, .seed = 5};
    return sld_correct_row(&params, key, z, y, K, out);
}

static void test_random_touches_the_rows_of_the_swap(void **state)
{
    size_t n_swapped = 0, n_drawn[K] = {0};
    for (uint32_t i = 0; i < ROWS; i++) {
        float   z[K], swapped[K], random[K], none[K];
        int32_t y;
        fill_row(i, z, &y);
        const sld_row_key key = {.epoch = 2, .sample = i, .view = SLD_WEAK};
        correct(SLD_CORRECT_NONE, &key, z, y, none);
        correct(SLD_CORRECT_SWAP, &key, z, y, swapped);
        correct(SLD_CORRECT_RANDOM, &key, z, y, random);

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
    const sld_row_key base      = {.epoch = 2, .sample = 0, .view = SLD_WEAK};
    size_t            n_same[5] = {0};
    for (uint32_t i = 0; i < ROWS; i++) {
        float   z[K], first[K], other[K];
        int32_t y;
        fill_row(i, z, &y);
        sld_row_key           key[5]    = {base, base, base, base, base};
        sld_correction_params params[5] = {0};
        for (size_t j = 0; j < 5; j++) {
            key[j].sample = i;
            params[j]     = (sld_correction_params){.kind = SLD_CORRECT_RANDOM, .seed = 5};
        }
        params[1].seed++;
        key[2].epoch++;
        key[3].sample++;
        key[4].view = SLD_STRONG;
        sld_correct_row(&params[0], &key[0], z, y, K, first);
        for (size_t j = 0; j < 5; j++) {
            sld_correct_row(&params[j], &key[j], z, y, K, other);
            n_same[j] += memcmp(first, other, sizeof first) == 0;
        }
    }
    assert_int_equal(n_same[0], ROWS);
    for (size_t j = 1; j < 5; j++) {
        assert_in_range(n_same[j], ROWS * 15 / 100, ROWS * 25 / 100); /* 1/10 + 9/10 * 1/9 */
    }
}

static double probability(const float *z, size_t k)
{
    double sum = 0.0;
    for (size_t j = 0; j < K; j++) {
        sum += exp((double)z[j] - (double)z[k]);
    }
    return 1.0 / sum;
}

/* Row 0: wrong, the label second; row 1: right. */
static const float   two_rows[2][K] = {{0.5f, 3.0f, 2.0f, -1.0f}, {0.5f, 3.0f, 2.0f, -1.0f}};
static const int32_t two_labels[2]  = {2, 1};

static void test_each_correction_on_a_wrong_and_a_right_row(void **state)
{
    const sld_row_key key = {.epoch = 1};
    for (int kind = SLD_CORRECT_NONE; kind < SLD_CORRECTIONS; kind++) {
        float      wrong[K], right[K];
        const bool kept = correct((sld_correction)kind, &key, two_rows[0], 2, wrong);
        assert_true(correct((sld_correction)kind, &key, two_rows[1], 1, right));
        assert_memory_equal(right, two_rows[1], sizeof right);
        assert_true(kept == (kind != SLD_CORRECT_SKIP));

        switch ((sld_correction)kind) {
        case SLD_CORRECT_NONE:
        case SLD_CORRECT_SKIP:
            assert_memory_equal(wrong, two_rows[0], sizeof wrong);
            break;
        case SLD_CORRECT_SWAP:
            assert_true(wrong[2] == 3.0f && wrong[1] == 2.0f);
            break;
        case SLD_CORRECT_GA:
            assert_true(wrong[2] == 4.5f && wrong[1] == 3.0f);
            break;
        case SLD_CORRECT_RAISE:
            assert_true(wrong[2] > 3.0f && wrong[2] < 3.000001f && wrong[1] == 3.0f);
            break;
        case SLD_CORRECT_MIX:
            for (size_t k = 0; k < K; k++) {
                const double want = 0.75 * probability(two_rows[0], k) + (k == 2 ? 0.25 : 0.0);
                assert_true(fabs(probability(wrong, k) - want) < 1e-7); /* a logit is float32 */
            }
            break;
        case SLD_CORRECT_RANDOM:
            assert_true(wrong[2] != 2.0f);
            break;
        case SLD_CORRECT_TRANSLATE:
            assert_true(wrong[2] > 2.0f && wrong[2] < 2.000001f && wrong[1] == 2.0f);
            break;
        case SLD_CORRECT_REORDER: /* of two classes, the swap */
            assert_true(wrong[2] == 3.0f && wrong[1] == 2.0f);
            break;
        case SLD_CORRECTIONS:
            fail();
        }
    }
}

static void test_translate_keeps_distances_above_the_label(void **state)
{
    const sld_row_key key    = {.epoch = 1};
    const float       z[K]   = {4.0f, 1.0f, 0.5f, 3.0f}; /* label 2: three classes above it */
    const float       far[K] = {-3.0f, 2.5f, 2.0f, 1.5f};
    float             out[K];
    assert_true(correct(SLD_CORRECT_TRANSLATE, &key, z, 2, out));
    assert_true(out[0] == 0.5f && out[1] == -2.5f && out[3] == -0.5f);
    assert_true(out[2] > 0.5f && out[2] < 0.500001f);
    correct(SLD_CORRECT_TRANSLATE, &key, far, 3, out);
    assert_true(out[0] == -3.0f && out[1] == 1.5f && out[2] == 1.0f); /* below the label: left */

    /* a tie that the lower index wins: nothing stands above the label */
    const float tie[K] = {1.0f, 1.0f, 0.0f, -1.0f};
    correct(SLD_CORRECT_TRANSLATE, &key, tie, 1, out);
    assert_true(out[0] == 1.0f && out[1] > 1.0f && out[2] == 0.0f && out[3] == -1.0f);
}

static void test_reorder_keeps_values_and_order(void **state)
{
    const sld_row_key key          = {.epoch = 1};
    const float       z[K]         = {4.0f, 1.0f, 0.5f, 3.0f}; /* label 2, the last rank */
    const float       reordered[K] = {3.0f, 0.5f, 4.0f, 1.0f};
    const float tie[K] = {2.0f, 0.0f, 2.0f, 2.0f}, tie_reordered[K] = {2.0f, 0.0f, 2.0f, 2.0f};
    float       out[K];
    assert_true(correct(SLD_CORRECT_REORDER, &key, z, 2, out));
    assert_memory_equal(out, reordered, sizeof reordered);
    correct(SLD_CORRECT_REORDER, &key, tie, 3, out);
    assert_memory_equal(out, tie_reordered, sizeof tie);

    for (uint32_t i = 0; i < ROWS; i++) { /* the others' order and the set of values stay */
        float   row[K];
        int32_t y;
        double  before = 0.0, after = 0.0;
        fill_row(i, row, &y);
        correct(SLD_CORRECT_REORDER, &key, row, y, out);
        for (size_t j = 0; j < K; j++) {
            before += exp((double)row[j]);
            after += exp((double)out[j]);
            for (size_t k = 0; k < K; k++) {
                if (j == (size_t)y || k == (size_t)y || !(row[j] > row[k])) continue;
                assert_true(out[j] >= out[k]);
            }
        }
        assert_true(out[y] == row[sld_argmax(row, K)]);
        assert_true(fabs(before - after) <= 1e-12 * before); /* another order of summation */
    }
}

static void test_ga_and_mix_may_touch_every_row(void **state)
{
    const sld_row_key     key    = {.epoch = 1};
    sld_correction_params params = {
        .kind = SLD_CORRECT_GA, .omega = 1.0, .share = 0.25, .every_row = true};
    float out[K];
    sld_correct_row(&params, &key, two_rows[1], two_labels[1], K, out);
    assert_true(out[1] == 4.0f);
    params.kind = SLD_CORRECT_MIX;
    sld_correct_row(&params, &key, two_rows[1], two_labels[1], K, out);
    assert_true(fabs(probability(out, 1) - (0.25 + 0.75 * probability(two_rows[1], 1))) < 1e-7);
    params.share = 0.0;
    sld_correct_row(&params, &key, two_rows[1], two_labels[1], K, out);
    assert_memory_equal(out, two_rows[1], sizeof out);

    /* a label so far below that its probability is 0 in double */
    const float far[K] = {0.0f, 3000.0f};
    params.share       = 0.5;
    sld_correct_row(&params, &key, far, 0, K, out);
    assert_true(fabs(probability(out, 0) - 0.5) < 1e-4); /* 3000 in float32 has steps of 2e-4 */
}

static void test_names_of_corrections(void **state)
{
    sld_correction found;
    assert_true(sld_correction_find("swap", &found) && found == SLD_CORRECT_SWAP);
    assert_true(sld_correction_find("random", &found) && found == SLD_CORRECT_RANDOM);
    assert_false(sld_correction_find("swop", &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swap_exchanges_label_and_maximum),
        cmocka_unit_test(test_swap_on_ties),
        cmocka_unit_test(test_random_touches_the_rows_of_the_swap),
        cmocka_unit_test(test_random_depends_on_every_part_of_its_key),
        cmocka_unit_test(test_each_correction_on_a_wrong_and_a_right_row),
        cmocka_unit_test(test_translate_keeps_distances_above_the_label),
        cmocka_unit_test(test_reorder_keeps_values_and_order),
        cmocka_unit_test(test_ga_and_mix_may_touch_every_row),
        cmocka_unit_test(test_names_of_corrections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
