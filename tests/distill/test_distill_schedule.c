/* When a term is active: words to epochs, epochs to factors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sld/distill.h"

static double factor(sld_schedule s, int64_t epoch)
{
    return sld_schedule_factor(&s, epoch);
}

static void test_step(void **state)
{
    const sld_schedule s = sld_schedule_from(150);
    assert_true(factor(s, 1) == 0.0 && factor(s, 150) == 0.0);
    assert_true(factor(s, 151) == 1.0 && factor(s, 100000) == 1.0);
    assert_true(factor(sld_schedule_from(0), 1) == 1.0);
}

static void test_until(void **state)
{
    sld_schedule s       = sld_schedule_from(3);
    s.until              = 5;
    const double want[8] = {0, 0, 0, 1, 1, 0, 0, 0};
    for (int64_t epoch = 1; epoch <= 8; epoch++) {
        assert_true(factor(s, epoch) == want[epoch - 1]);
    }
    s.until = 3; /* an empty interval */
    for (int64_t epoch = 1; epoch <= 8; epoch++) {
        assert_true(factor(s, epoch) == 0.0);
    }
}

static void test_ramp(void **state)
{
    sld_schedule s       = sld_schedule_from(2);
    s.ramp               = 4;
    const double want[8] = {0, 0, 0.25, 0.5, 0.75, 1, 1, 1};
    for (int64_t epoch = 1; epoch <= 8; epoch++) {
        assert_true(factor(s, epoch) == want[epoch - 1]);
    }
    s.ramp = 1; /* the same as a step */
    assert_true(factor(s, 2) == 0.0 && factor(s, 3) == 1.0);
    s      = sld_schedule_from(0);
    s.ramp = 20; /* DKD's warm-up: min(epoch / 20, 1) */
    assert_true(factor(s, 1) == 0.05 && factor(s, 20) == 1.0 && factor(s, 21) == 1.0);
}

static void test_boost(void **state)
{
    sld_schedule s       = sld_schedule_from(1);
    s.boost              = 5.0;
    s.boost_after        = 3;
    s.ramp               = 4;
    s.until              = 5;
    const double want[6] = {0, 0.25, 0.5, 0.75 * 5, 5, 0};
    for (int64_t epoch = 1; epoch <= 6; epoch++) {
        assert_true(factor(s, epoch) == want[epoch - 1]);
    }
}

static void test_never(void **state)
{
    const int64_t never = INT64_MAX;
    sld_schedule  s     = sld_schedule_from(never);
    for (int64_t epoch = 1; epoch <= 32; epoch++) {
        assert_true(factor(s, epoch) == 0.0);
    }
    s       = sld_schedule_from(0);
    s.until = never;
    assert_true(factor(s, 1) == 1.0 && factor(s, 32) == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step),  cmocka_unit_test(test_until), cmocka_unit_test(test_ramp),
        cmocka_unit_test(test_boost), cmocka_unit_test(test_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
