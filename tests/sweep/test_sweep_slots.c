/* The cores of a machine shared out: one each while trials are plenty, more for those that are left. */
#include "fixture.h"

static slots four(void)
{
    return (slots){.cpu = {0, 2, 4, 6}, .n_cores = 4, .n_free = 4, .max_trials = 4};
}

static void test_ranks_of_the_next_trial(void **state)
{
    const sld_launch chosen = {0};
    slots            s      = four();

    assert_int_equal(sld_slots_ranks(&s, &chosen, 9, 8), 1);
    assert_int_equal(sld_slots_ranks(&s, &chosen, 4, 8), 1);
    assert_int_equal(sld_slots_ranks(&s, &chosen, 3, 8), 1);
    assert_int_equal(sld_slots_ranks(&s, &chosen, 2, 8), 2);
    assert_int_equal(sld_slots_ranks(&s, &chosen, 1, 8), 4);
    assert_int_equal(sld_slots_ranks(&s, &chosen, 1, 3), 3); /* it can use no more */
    s.n_free = 0;
    assert_int_equal(sld_slots_ranks(&s, &chosen, 1, 8), 0);
    s         = four();
    s.running = 4;
    assert_int_equal(sld_slots_ranks(&s, &chosen, 1, 8), 0); /* as many as there may be */
}

static void test_ranks_and_slots_that_were_set(void **state)
{
    slots s = four();

    assert_int_equal(sld_slots_ranks(&s, &(sld_launch){.ranks = 3}, 1, 2), 3);
    s.n_free = 0;
    assert_int_equal(sld_slots_ranks(&s, &(sld_launch){.ranks = 3}, 1, 8), 3);
    assert_int_equal(sld_slots_ranks(&s, &(sld_launch){.slots = 4}, 1, 8), 1); /* they share */
    s.running = 4;
    assert_int_equal(sld_slots_ranks(&s, &(sld_launch){.ranks = 3}, 1, 8), 0);
}

static void test_cores_are_taken_and_given_back(void **state)
{
    slots s = four();
    int   a[SLD_CPUS_MAX], b[SLD_CPUS_MAX];
    char  text[64];

    assert_int_equal(sld_slots_take(&s, 1, a, text, sizeof text), 1);
    assert_string_equal(text, "0");
    assert_int_equal(sld_slots_take(&s, 2, b, text, sizeof text), 2);
    assert_string_equal(text, "2,4");
    assert_int_equal(s.n_free, 1);
    assert_int_equal(s.running, 2);
    sld_slots_give(&s, a, 1);
    assert_int_equal(sld_slots_take(&s, 2, a, text, sizeof text), 2);
    assert_string_equal(text, "0,6"); /* the gap is used again */
    assert_int_equal(sld_slots_take(&s, 1, b, text, sizeof text), 0);
    assert_string_equal(text, "none"); /* the kernel has to share */
    assert_int_equal(s.running, 3);
    assert_int_equal(s.n_free, 0);
}

static void test_trials_at_a_time(void **state)
{
    slots s;

    sld_slots_find(&(sld_launch){0}, &s);
    assert_true(s.n_cores >= 1);
    assert_int_equal(s.n_free, s.n_cores);
    assert_int_equal(s.max_trials, s.n_cores);
    sld_slots_find(&(sld_launch){.slots = 3, .ranks = 2}, &s);
    assert_int_equal(s.max_trials, 3);
    sld_slots_find(&(sld_launch){.ranks = 4096}, &s);
    assert_int_equal(s.max_trials, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_of_the_next_trial),
        cmocka_unit_test(test_ranks_and_slots_that_were_set),
        cmocka_unit_test(test_cores_are_taken_and_given_back),
        cmocka_unit_test(test_trials_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
