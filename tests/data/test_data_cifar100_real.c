/* test_data_cifar100_real.c: the real CIFAR-100, where SLD_CIFAR100_DIR names its folder. Skipped
 * (77) where it does not. */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void counts_names_and_moments_are_the_published_ones(void **state)
{
    fixture     *f       = *state;
    sld_dataset *set     = fixture_open(f, "cifar100", getenv("SLD_CIFAR100_DIR"));
    const double mean[3] = {0.5071, 0.4865, 0.4409}, std[3] = {0.2673, 0.2564, 0.2762};
    double       sum[3] = {0}, squares[3] = {0};
    size_t       train[100] = {0}, test[100] = {0};
    const double n = 50000.0 * 1024;

    assert_int_equal(set->train.n, 50000);
    assert_int_equal(set->test.n, 10000);
    for (size_t i = 0; i < 50000; i++) {
        train[set->train.labels[i]]++;
        test[set->test.labels[i % 10000]]++;
    }
    for (int y = 0; y < 100; y++) {
        assert_int_equal(train[y], 500);
        assert_int_equal(test[y], 5 * 100); /* counted five times */
    }
    for (size_t p = 0; p < 50000 * 1024; p++) {
        for (int c = 0; c < 3; c++) {
            const double v = set->train.pixels[3 * p + (size_t)c] / 255.0;
            sum[c] += v;
            squares[c] += v * v;
        }
    }
    for (int c = 0; c < 3; c++) {
        assert_float_equal(sum[c] / n, mean[c], 5e-5); /* published to four digits */
        assert_float_equal(sqrt(squares[c] / n - sum[c] / n * sum[c] / n), std[c], 6e-5);
    }
    assert_string_equal(set->class_names[0], "apple");
    assert_string_equal(set->class_names[99], "worm");
    assert_string_equal(set->coarse_names[0], "aquatic_mammals");
    sld_dataset_close(set);
}

/* Five classes to a superclass: fine and coarse label bytes are not mixed up. */
static void each_superclass_has_five_classes(void **state)
{
    fixture     *f   = *state;
    sld_dataset *set = fixture_open(f, "cifar100", getenv("SLD_CIFAR100_DIR"));
    int          of[100], classes[20] = {0};

    memset(of, -1, sizeof of);
    for (size_t i = 0; i < set->train.n; i++) {
        const int y = set->train.labels[i], s = set->train.coarse[i];
        assert_true(of[y] == -1 || of[y] == s);
        classes[s] += of[y] == -1;
        of[y] = s;
    }
    for (int s = 0; s < 20; s++) {
        assert_int_equal(classes[s], 5);
    }
    sld_dataset_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_names_and_moments_are_the_published_ones),
        cmocka_unit_test(each_superclass_has_five_classes),
    };
    if (!getenv("SLD_CIFAR100_DIR")) {
        printf("SKIP: set SLD_CIFAR100_DIR to the folder of the data set\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
