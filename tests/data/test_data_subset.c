/* test_data_subset.c: fractions of train and the validation split: counts per class, nesting. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

enum { N = 1237, K = 7 };

static int32_t labels[N];

static const sld_dataset SET = {.train = {.labels = labels, .n = N}, .K = K};

/* Class sizes that are no round numbers; class 6 has one sample. */
static int make_labels(void **state)
{
    for (int i = 0; i < N; i++) {
        const int y = (i * i + i / 3) % 11 % (K - 1);
        labels[i]   = i == 100 ? K - 1 : y;
    }
    return fixture_begin(state);
}

static sld_subset *split(fixture *f, double train, double val, uint64_t seed)
{
    const sld_subset_params params = {train, val, seed, 0};
    sld_subset             *subset = NULL;

    assert_int_equal(sld_subset_create(&f->ctx, &SET, &params, &subset), SLD_OK);
    return subset;
}

static void count(const uint32_t *index, size_t n, size_t counts[K])
{
    memset(counts, 0, K * sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        assert_true(index[i] < N);
        assert_true(i == 0 || index[i] > index[i - 1]); /* ascending, so no sample twice */
        counts[labels[index[i]]]++;
    }
}

static bool holds(const uint32_t *index, size_t n, uint32_t sample)
{
    for (size_t i = 0; i < n; i++) {
        if (index[i] == sample) {
            return true;
        }
    }
    return false;
}

static void all_of_train_is_the_default(void **state)
{
    sld_subset *all = split(*state, 1.0, 0.0, 1);

    assert_int_equal(all->n_train, N);
    assert_int_equal(all->n_val, 0);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(all->train[i], i);
    }
    sld_subset_destroy(all);
    sld_subset_destroy(NULL);
}

static void fractions_hold_in_each_class(void **state)
{
    const double fractions[] = {0.001, 0.1, 0.37, 0.5, 0.999};
    size_t       total[K], train[K], val[K];
    sld_subset  *all = split(*state, 1.0, 0.0, 1);

    count(all->train, all->n_train, total);
    assert_int_equal(total[K - 1], 1);
    for (int k = 0; k < 5; k++) {
        for (int v = 0; v < 2; v++) {
            const double held   = v ? 0.25 : 0.0;
            sld_subset  *subset = split(*state, fractions[k], held, 1);

            count(subset->train, subset->n_train, train);
            count(subset->val, subset->n_val, val);
            for (int y = 0; y < K; y++) {
                size_t kept = (size_t)(fractions[k] * (double)total[y] + 0.5);
                kept        = kept ? kept : 1;
                size_t out  = (size_t)(held * (double)kept + 0.5);
                out         = out < kept ? out : kept - 1;
                assert_int_equal(val[y], out);
                assert_int_equal(train[y], kept - out);
            }
            for (size_t i = 0; i < subset->n_val; i++) {
                assert_false(holds(subset->train, subset->n_train, subset->val[i]));
            }
            sld_subset_destroy(subset);
        }
    }
    sld_subset_destroy(all);
}

static void smaller_fractions_lie_inside_larger_ones(void **state)
{
    const double fractions[] = {0.05, 0.1, 0.2, 0.6, 1.0};
    sld_subset  *inner       = split(*state, fractions[0], 0.0, 3);

    for (int k = 1; k < 5; k++) {
        sld_subset *outer = split(*state, fractions[k], 0.0, 3);

        assert_true(inner->n_train < outer->n_train);
        for (size_t i = 0; i < inner->n_train; i++) {
            assert_true(holds(outer->train, outer->n_train, inner->train[i]));
        }
        sld_subset_destroy(inner);
        inner = outer;
    }
    sld_subset_destroy(inner);
}

static void larger_validation_splits_hold_the_smaller_ones(void **state)
{
    sld_subset *small = split(*state, 0.5, 0.1, 3), *large = split(*state, 0.5, 0.3, 3);

    assert_true(small->n_val > 0 && small->n_val < large->n_val);
    for (size_t i = 0; i < small->n_val; i++) {
        assert_true(holds(large->val, large->n_val, small->val[i]));
    }
    sld_subset_destroy(small);
    sld_subset_destroy(large);
}

static void the_seed_alone_decides(void **state)
{
    sld_subset *a = split(*state, 0.3, 0.2, 5), *b = split(*state, 0.3, 0.2, 5);
    sld_subset *c = split(*state, 0.3, 0.2, 6);

    assert_int_equal(a->n_train, c->n_train);
    assert_memory_equal(a->train, b->train, a->n_train * sizeof *a->train);
    assert_memory_equal(a->val, b->val, a->n_val * sizeof *a->val);
    assert_memory_not_equal(a->train, c->train, a->n_train * sizeof *a->train);
    sld_subset_destroy(a);
    sld_subset_destroy(b);
    sld_subset_destroy(c);
}

static void impossible_fractions_are_refused(void **state)
{
    fixture     *f         = *state;
    const double bad[4][2] = {{0.0, 0.0}, {1.1, 0.0}, {1.0, 1.0}, {1.0, -0.1}};

    for (int k = 0; k < 4; k++) {
        const sld_subset_params params = {bad[k][0], bad[k][1], 1, 0};
        sld_subset             *subset = NULL;

        assert_int_equal(sld_subset_create(&f->ctx, &SET, &params, &subset), SLD_ERR_ARG);
        assert_null(subset);
        assert_non_null(strstr(f->ctx.err.msg, k < 2 ? "train_fraction" : "val_fraction"));
        sld_err_clear(&f->ctx);
    }
}

static sld_subset *split_count(fixture *f, size_t per_class, double val)
{
    const sld_subset_params params = {1.0, val, 3, per_class};
    sld_subset             *subset = NULL;

    assert_int_equal(sld_subset_create(&f->ctx, &SET, &params, &subset), SLD_OK);
    return subset;
}

static void counts_hold_in_each_class_and_lie_inside_each_other(void **state)
{
    size_t      train[K], val[K];
    sld_subset *one = split_count(*state, 1, 0.0);

    assert_int_equal(one->n_train, K);
    labels[100]     = 0; /* the class of one sample is gone */
    sld_subset *ten = split_count(*state, 10, 0.0), *held = split_count(*state, 10, 0.3);
    sld_subset *share = split(*state, 0.5, 0.0, 3);
    count(ten->train, ten->n_train, train);
    for (int y = 0; y < K - 1; y++) {
        assert_int_equal(train[y], 10);
    }
    for (size_t i = 0; i < ten->n_train; i++) { /* the queue is that of the fractions */
        assert_true(holds(share->train, share->n_train, ten->train[i]));
    }
    count(held->train, held->n_train, train);
    count(held->val, held->n_val, val);
    for (int y = 0; y < K - 1; y++) {
        assert_int_equal(train[y], 7);
        assert_int_equal(val[y], 3);
    }
    labels[100] = K - 1;
    sld_subset_destroy(one);
    sld_subset_destroy(ten);
    sld_subset_destroy(held);
    sld_subset_destroy(share);
}

static void more_than_a_class_has_is_refused(void **state)
{
    fixture                *f      = *state;
    const sld_subset_params params = {1.0, 0.0, 3, 2};
    sld_subset             *subset = NULL;

    assert_int_equal(sld_subset_create(&f->ctx, &SET, &params, &subset), SLD_ERR_CONFIG);
    assert_null(subset);
    assert_non_null(strstr(f->ctx.err.msg, "data.per_class: expected"));
    assert_non_null(strstr(f->ctx.err.msg, "got 2 where class 6 of "));
    sld_err_clear(&f->ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_train_is_the_default),
        cmocka_unit_test(fractions_hold_in_each_class),
        cmocka_unit_test(smaller_fractions_lie_inside_larger_ones),
        cmocka_unit_test(larger_validation_splits_hold_the_smaller_ones),
        cmocka_unit_test(the_seed_alone_decides),
        cmocka_unit_test(impossible_fractions_are_refused),
        cmocka_unit_test(counts_hold_in_each_class_and_lie_inside_each_other),
        cmocka_unit_test(more_than_a_class_has_is_refused),
    };
    return cmocka_run_group_tests(tests, make_labels, fixture_end);
}
