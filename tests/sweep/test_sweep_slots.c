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

/* A coordinator's cores, with locks in a file of the test's own. */
static slots shared_four(void)
{
    slots   s = four();
    sld_ctx ctx;

    sld_ctx_init(&ctx);
    s.locks = sld_core_locks_open(&ctx);
    assert_non_null(s.locks);
    return s;
}

static void close_slots(slots *s)
{
    sld_core_locks_close(s->locks);
    s->locks = NULL;
}

static void test_a_core_is_one_coordinators(void **state)
{
    const sld_launch chosen = {0}, pairs = {.ranks = 2}, told = {.slots = 4}, many = {.ranks = 5};
    slots            a = shared_four(), b = shared_four(), c = shared_four();
    int              x[SLD_CPUS_MAX], y[SLD_CPUS_MAX], z[SLD_CPUS_MAX];
    char             text[64];

    assert_int_equal(sld_slots_take(&a, 2, x, text, sizeof text), 2);
    assert_string_equal(text, "0,2");
    assert_int_equal(sld_slots_take(&b, 3, y, text, sizeof text), -1); /* it has not looked */
    assert_int_equal(b.running, 0);
    sld_slots_look(&b);
    assert_int_equal(sld_slots_ranks(&b, &chosen, 1, 8), 2);
    assert_int_equal(sld_slots_take(&b, 2, y, text, sizeof text), 2);
    assert_string_equal(text, "4,6");

    sld_slots_look(&c);
    assert_int_equal(c.n_free, 0);
    assert_int_equal(sld_slots_ranks(&c, &chosen, 1, 8), 0);
    assert_int_equal(sld_slots_ranks(&c, &pairs, 1, 8), 0);
    assert_int_equal(sld_slots_ranks(&c, &told, 1, 8), 1); /* on whatever cores */
    assert_int_equal(sld_slots_ranks(&c, &many, 1, 8), 5);
    close_slots(&a); /* as it is when its process dies */
    sld_slots_look(&c);
    assert_int_equal(sld_slots_ranks(&c, &pairs, 1, 8), 2);
    assert_int_equal(sld_slots_take(&c, 2, z, text, sizeof text), 2);
    assert_string_equal(text, "0,2");
    sld_slots_give(&c, z, 2);
    sld_slots_look(&b);
    assert_int_equal(b.n_free, 2);
    close_slots(&b);
    close_slots(&c);
}

/* Whoever has none waits, and the core that is given back next is its own, though others are busy. */
static void test_who_waits_comes_next(void **state)
{
    const sld_launch pairs = {.ranks = 2}, chosen = {0};
    slots            a = shared_four(), b = shared_four(), c = shared_four();
    int              x[SLD_CPUS_MAX], one[SLD_CPUS_MAX], y[SLD_CPUS_MAX];
    char             text[64], holders[64], wanted[64];

    for (int i = 0; i < 4; i++) {
        assert_int_equal(sld_slots_take(&a, 1, &x[i], text, sizeof text), 1);
    }
    sld_slots_look(&b);
    sld_slots_wait(&b, &pairs, holders, sizeof holders);
    snprintf(wanted, sizeof wanted, "process %ld", (long)getpid());
    assert_string_equal(holders, wanted);
    sld_slots_give(&a, &x[0], 1);
    sld_slots_look(&a);
    assert_int_equal(a.n_free, 0); /* it is kept for b, who needs one more */
    sld_slots_look(&b);
    assert_int_equal(sld_slots_ranks(&b, &pairs, 1, 8), 0);
    sld_slots_look(&c);
    sld_slots_wait(&c, &chosen, holders, sizeof holders);
    sld_slots_give(&a, &x[2], 1); /* for c */
    sld_slots_look(&c);
    assert_int_equal(sld_slots_take(&c, 1, one, text, sizeof text), 1);
    assert_string_equal(text, "4");
    sld_slots_give(&a, &x[1], 1);
    sld_slots_look(&b);
    assert_int_equal(sld_slots_take(&b, 2, y, text, sizeof text), 2);
    assert_string_equal(text, "0,2");
    sld_slots_give(&b, y, 2);
    sld_slots_look(&a); /* nobody waits any more */
    assert_int_equal(a.n_free, 2);
    close_slots(&a);
    close_slots(&b);
    close_slots(&c);
}

static void test_without_a_place_for_locks(void **state)
{
    sld_ctx ctx;

    sld_ctx_init(&ctx);
    ctx.log_level = SLD_LOG_ERROR;
    setenv("SLD_TEST_CORES", "/dev/null/cores", 1);
    assert_null(sld_core_locks_open(&ctx));
    setenv("SLD_TEST_CORES", "/dev/null", 1); /* not a file of one's own */
    assert_null(sld_core_locks_open(&ctx));
}

int main(void)
{
    char path[] = "/tmp/test-cores-XXXXXX";

    close(mkstemp(path));
    setenv("SLD_TEST_CORES", path, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_of_the_next_trial),
        cmocka_unit_test(test_ranks_and_slots_that_were_set),
        cmocka_unit_test(test_cores_are_taken_and_given_back),
        cmocka_unit_test(test_trials_at_a_time),
        cmocka_unit_test(test_a_core_is_one_coordinators),
        cmocka_unit_test(test_who_waits_comes_next),
        cmocka_unit_test(test_without_a_place_for_locks),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);

    unlink(path);
    return failed;
}
