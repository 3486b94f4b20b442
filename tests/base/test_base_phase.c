/* The account of time: every second goes to one phase, waits also to what they interrupt, and work
 * that is done in a wait is no waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "sld/base.h"

enum { TICK_US = 2000 };
#define TICK_S 0.002

static sld_ctx ctx;

static void tick(int n)
{
    usleep((useconds_t)(n * TICK_US));
}

static double sum(const double s[SLD_PHASE_COUNT])
{
    double all = 0.0;
    for (int i = 0; i < SLD_PHASE_COUNT; i++) {
        all += s[i];
    }
    return all;
}

static void test_every_second_is_in_one_phase(void **state)
{
    (void)state;
    sld_enter(&ctx, SLD_PHASE_BATCH);
    const double start_s = sld_clock_s();
    sld_times_start(&ctx);
    const double began_s = sld_clock_s();
    tick(1);
    sld_enter(&ctx, SLD_PHASE_LAYERS);
    tick(2);
    assert_int_equal(sld_enter(&ctx, SLD_PHASE_REDUCE), SLD_PHASE_LAYERS);
    tick(3);
    sld_enter(&ctx, SLD_PHASE_LAYERS);
    const double     least_s = sld_clock_s() - began_s;
    const sld_times *t       = sld_times_now(&ctx);
    const double     max_s = sld_clock_s() - start_s, sum_s = sum(t->spent_s);
    assert_true(t->spent_s[SLD_PHASE_BATCH] >= 1 * TICK_S);
    assert_true(t->spent_s[SLD_PHASE_LAYERS] >= 2 * TICK_S);
    assert_true(t->spent_s[SLD_PHASE_REDUCE] >= 3 * TICK_S);
    assert_true(sld_times_waited(t) == t->spent_s[SLD_PHASE_REDUCE]);
    assert_true(t->waited_s[SLD_PHASE_LAYERS] == t->spent_s[SLD_PHASE_REDUCE]);
    assert_true(sum_s >= least_s - 1e-6 && sum_s <= max_s + 1e-6); /* s: rounding of the sum */
}

static void test_work_in_a_wait(void **state)
{
    (void)state;
    sld_enter(&ctx, SLD_PHASE_LAYERS);
    sld_times_start(&ctx);
    const sld_phase layers = sld_enter(&ctx, SLD_PHASE_REDUCE);
    for (int i = 0; i < 3; i++) {
        tick(1);
        const sld_phase wait = sld_enter(&ctx, SLD_PHASE_TEACHER);
        tick(2);
        sld_enter(&ctx, wait);
    }
    sld_enter(&ctx, layers);
    const sld_times *t = sld_times_now(&ctx);
    assert_true(t->spent_s[SLD_PHASE_TEACHER] >= 6 * TICK_S);
    assert_true(t->spent_s[SLD_PHASE_REDUCE] >= 3 * TICK_S);
    assert_true(t->waited_s[SLD_PHASE_LAYERS] == t->spent_s[SLD_PHASE_REDUCE]);
    assert_true(t->waited_s[SLD_PHASE_TEACHER] == 0.0);
    /* a failure leaves a wait without its end: the phase after the next is its own again */
    sld_enter(&ctx, SLD_PHASE_AGREE);
    sld_enter(&ctx, SLD_PHASE_CHECKPOINT);
    sld_enter(&ctx, SLD_PHASE_RESULTS);
    sld_times_start(&ctx);
    sld_enter(&ctx, SLD_PHASE_AGREE);
    tick(1);
    t = sld_times_now(&ctx);
    assert_true(t->waited_s[SLD_PHASE_RESULTS] == sld_times_waited(t));
}

static void test_others_see_the_phase(void **state)
{
    (void)state;
    sld_pulse pulse = {.beats = 0};
    ctx.pulse       = &pulse;
    sld_enter(&ctx, SLD_PHASE_LOSS);
    sld_beat(&ctx);
    ctx.pulse = NULL;
    assert_int_equal(pulse.beats, 2);
    assert_int_equal(pulse.phase, SLD_PHASE_LOSS);
    assert_true(pulse.since > 0);
    assert_string_equal(sld_phase_text(SLD_PHASE_LOSS), "the loss terms");
    assert_string_equal(sld_phase_text(SLD_PHASE_COUNT), "an unknown phase");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_second_is_in_one_phase),
                                       cmocka_unit_test(test_work_in_a_wait),
                                       cmocka_unit_test(test_others_see_the_phase)};
    sld_ctx_init(&ctx);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
