/* Philox4x32-10 against its authors' known answers, and what the streams promise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sld/base.h"

static void test_known_answers(void **state)
{
    /* Random123, kat_vectors, philox4x32 10 */
    static const uint32_t cases[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        sld_philox4x32(cases[i] + 4, cases[i], out);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
}

static void test_streams_differ_in_every_key(void **state)
{
    const sld_rng all[] = {
        sld_rng_make(1, SLD_RNG_WEAK, 1, 1),
        sld_rng_make(2, SLD_RNG_WEAK, 1, 1),
        sld_rng_make(1, SLD_RNG_STRONG, 1, 1),
        sld_rng_make(1, SLD_RNG_WEAK, 2, 1),
        sld_rng_make(1, SLD_RNG_WEAK, 1, 2),
        sld_rng_make(1, SLD_RNG_WEAK, 1, 1 + ((uint64_t)1 << 32)),
        sld_rng_make(1 + ((uint64_t)1 << 32), SLD_RNG_WEAK, 1, 1),
    };
    const size_t n = sizeof all / sizeof *all;
    uint32_t     first[sizeof all / sizeof *all];

    for (size_t i = 0; i < n; i++) {
        sld_rng rng = all[i], copy = all[i];
        first[i] = sld_rng_u32(&rng);
        assert_int_equal(first[i], sld_rng_u32(&copy));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(first[i], first[j]);
        }
    }
}

static void test_uniform_and_normal(void **state)
{
    sld_rng   rng     = sld_rng_make(7, SLD_RNG_INIT, 0, 0);
    const int n       = 200000;
    int       hits[6] = {0};
    double    sum = 0, normal = 0, square = 0;

    for (int i = 0; i < n; i++) {
        const double u = sld_rng_f64(&rng);
        const double z = sld_rng_normal(&rng);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
        normal += z;
        square += z * z;
        hits[sld_rng_below(&rng, 6)]++;
    }
    /* five standard deviations of the mean of n draws */
    assert_true(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(normal / n) < 5 / sqrt(n));
    assert_true(fabs(square / n - 1.0) < 5 * sqrt(2.0 / n));
    for (int i = 0; i < 6; i++) {
        assert_true(fabs(hits[i] - n / 6.0) < 5 * sqrt(n * 5.0 / 36));
    }
    assert_int_equal(sld_rng_below(&rng, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_streams_differ_in_every_key),
        cmocka_unit_test(test_uniform_and_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
