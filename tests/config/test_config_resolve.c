/* test_config_resolve: table < method < file < override; teacher_swap and correction; seeds; "when"
 * and stages as epochs. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEACHER "teacher: {weights: t.h5}\n"

static void test_order_of_strength(void **state)
{
    sld_config *c = fixture_config("method: sld\n" TEACHER "ce: {strong: 0.3}\nlss.weak: 2\n",
                                   "kd.strong=0.5 lss.weak=3");
    const sld_options *o = sld_config_options(c);

    assert_true(o->ce.weak == 0.1);    /* method over table */
    assert_true(o->ce.strong == 0.3);  /* file over method */
    assert_true(o->kd.strong == 0.5);  /* override over method */
    assert_true(o->lss.weak == 3);     /* override over file */
    assert_true(o->lss.strong == 0.9); /* the table's */
    assert_int_equal(sld_config_origin(c, "ce.weak"), SLD_FROM_METHOD);
    assert_int_equal(sld_config_origin(c, "ce.strong"), SLD_FROM_FILE);
    assert_int_equal(sld_config_origin(c, "lss.weak"), SLD_FROM_OVERRIDE);
    assert_int_equal(sld_config_origin(c, "lss.strong"), SLD_FROM_DEFAULT);
    assert_int_equal(sld_config_origin(c, "no.such"), SLD_FROM_DEFAULT);
    sld_config_destroy(c);

    c = fixture_config("method: sld\n" TEACHER, "method=kd"); /* the override's method counts */
    assert_true(sld_config_options(c)->kd.strong == 0);
    assert_false(sld_config_options(c)->top.student_swap);
    sld_config_destroy(c);
}

static void test_method_errors_are_named(void **state)
{
    sld_ctx     ctx;
    sld_config *c;

    assert_int_equal(fixture_parse(&ctx, "method: sld", NULL, &c), SLD_ERR_CONFIG);
    assert_string_equal(
        ctx.err.msg,
        "e.yaml:1:9: method: kd.weak: expected teacher.weights for a weight of 0.9, got none");
    assert_int_equal(fixture_parse(&ctx, "{}", NULL, &c), SLD_ERR_CONFIG); /* sld by the table */
    assert_string_equal(
        ctx.err.msg, "method sld: kd.weak: expected teacher.weights for a weight of 0.9, got none");
}

static const char *const (*wrong_methods(const char *name))[2]
{
    static const char *const wrong[][2] = {{"kd.weka", "1"}, {NULL, NULL}};
    return strcmp(name, "kd") == 0 ? wrong : NULL;
}

static void test_wrong_methods(void **state)
{
    sld_ctx     ctx;
    sld_config *c;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, "e.yaml", "method: kd", 10, NULL, 0, wrong_methods, &c),
                     SLD_ERR_CONFIG);
    assert_string_equal(ctx.err.msg, "method kd: kd.weka: unknown option; nearest: kd.weak");
    sld_ctx_init(&ctx);
    assert_int_equal(
        sld_config_parse(&ctx, "e.yaml", "method: none", 12, NULL, 0, wrong_methods, &c),
        SLD_ERR_CONFIG);
    assert_string_equal(ctx.err.msg,
                        "e.yaml:1:9: method: expected a method, got none; sld methods lists them");
}

static void test_teacher_swap(void **state)
{
    static const struct {
        const char *text, *overrides;
        bool        swap;
        const char *correction;
        sld_origin  origin;
    } cases[] = {
        {"method: none", NULL, false, "none", SLD_FROM_DEFAULT},
        {"method: none\nteacher_swap: true", NULL, true, "swap", SLD_FROM_FILE},
        {"method: none\ncorrection: swap", NULL, true, "swap", SLD_FROM_FILE},
        {"method: none\ncorrection: random", NULL, false, "random", SLD_FROM_FILE},
        {"method: none\ncorrection: random\nteacher_swap: false", NULL, false, "random",
         SLD_FROM_FILE},
        {"method: none\ncorrection: swap\nteacher_swap: true", NULL, true, "swap", SLD_FROM_FILE},
        {"method: sld\n" TEACHER, NULL, true, "swap", SLD_FROM_METHOD},
        {"method: sld\nteacher_swap: false\n" TEACHER, NULL, false, "none", SLD_FROM_FILE},
        {"method: sld\ncorrection: random\n" TEACHER, NULL, false, "random", SLD_FROM_FILE},
        {"method: none\ncorrection: random", "teacher_swap=true", true, "swap", SLD_FROM_OVERRIDE},
        {"method: none\ncorrection: random", "teacher_swap=false", false, "none",
         SLD_FROM_OVERRIDE},
        {"method: none\nteacher_swap: true", "correction=none", false, "none", SLD_FROM_OVERRIDE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_config        *c = fixture_config(cases[i].text, cases[i].overrides);
        const sld_options *o = sld_config_options(c);

        assert_int_equal(o->top.teacher_swap, cases[i].swap);
        assert_string_equal(sld_config_word(o, "correction"), cases[i].correction);
        assert_int_equal(sld_config_origin(c, "correction"), cases[i].origin);
        assert_int_equal(sld_config_origin(c, "teacher_swap"), cases[i].origin);
        sld_config_destroy(c);
    }
}

static void test_teacher_swap_contradictions(void **state)
{
    static const fixture_error cases[] = {
        {"correction: none\nteacher_swap: true", NULL,
         "e.yaml:2:15: teacher_swap: expected one of the two, got true, which contradicts",
         "correction: none", NULL},
        {"correction: random\nteacher_swap: true", NULL,
         "e.yaml:2:15: teacher_swap: expected one of the two, got true", "correction: random",
         NULL},
        {"correction: swap\nteacher_swap: false", NULL,
         "e.yaml:2:15: teacher_swap: expected one of the two, got false", "correction: swap", NULL},
        {"{}", "correction=swap teacher_swap=false",
         "command line: teacher_swap: expected one of the two, got false, which contradicts",
         "correction: swap", NULL},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_seeds(void **state)
{
    sld_config        *c = fixture_config("method: none\nseed: 7\nseeds: {order: 0}", NULL);
    const sld_options *o = sld_config_options(c);

    assert_int_equal(o->seeds.init, 7);
    assert_int_equal(o->seeds.order, 0);
    assert_int_equal(o->seeds.augment, 7);
    sld_config_destroy(c);
}

static void test_stages(void **state)
{
    static const struct {
        const char *overrides;
        size_t      n;
        int64_t     epochs[3];
    } cases[] = {
        {"train.epochs=240", 3, {150, 180, 210}},
        {"train.epochs=32", 3, {20, 24, 28}}, /* docs/protocol.md: drops in 21, 25, 29 */
        {"train.epochs=64", 3, {40, 48, 56}},
        {"train.epochs=3", 3, {2, 2, 3}},
        {"train.epochs=1", 3, {1, 1, 1}},
        {"train.epochs=100 train.lr_stages=[0.29,30]", 2, {29, 30}},
        {"train.epochs=100 train.lr_stages=[]", 0, {0}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_config *c = fixture_config("method: none", cases[i].overrides);
        int64_t     epochs[SLD_LIST_MAX];

        assert_int_equal(sld_config_lr_stages(sld_config_options(c), epochs), cases[i].n);
        for (size_t k = 0; k < cases[i].n; k++) {
            assert_int_equal(epochs[k], cases[i].epochs[k]);
        }
        sld_config_destroy(c);
    }
}

static void test_when(void **state)
{
    static const struct {
        const char *overrides;
        int64_t     epoch, lss_active;
    } cases[] = {
        {"train.epochs=240", 150, 90},
        {"train.epochs=240 train.lr_stages=[]", INT64_MAX, 0},
        {"train.epochs=240 student_swap_after=150", 150, 90},
        {"train.epochs=10 student_swap_after=0", 0, 10},
        {"train.epochs=10 student_swap_after=0.25", 3, 7}, /* 2.5 is rounded up */
        {"train.epochs=10 student_swap_after=never", INT64_MAX, 0},
        {"train.epochs=10 student_swap_after=2 lss.until=0.5", 2, 3},
        {"train.epochs=10 student_swap_after=2 lss.until=2", 2, 0},
        {"train.epochs=10 student_swap_after=2 lss.boost=0 lss.boost_after=6", 2, 4},
        {"train.epochs=10 student_swap_after=2 lss.weak=0 lss.strong=1 lss.ramp=100", 2, 8},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_config *c = fixture_config(
            "method: none\nstudent_swap: true\nlss: {allow_inactive: true}", cases[i].overrides);
        const sld_options *o = sld_config_options(c);

        assert_int_equal(sld_config_when(o, o->top.student_swap_after), cases[i].epoch);
        assert_int_equal(sld_config_lss_active_epochs(o), cases[i].lss_active);
        sld_config_destroy(c);
    }
}

#ifndef NDEBUG
/* A key that the table lacks is a mistake of the caller: it stops there, and reads nothing before the table. */
static void test_key_of_no_option(void **state)
{
    sld_config *c      = fixture_config("method: none", NULL);
    int         status = 0;
    const pid_t child  = fork();

    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr)) {
            (void)sld_config_lacks(c, "train.rate");
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    sld_config_destroy(c);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_strength),
        cmocka_unit_test(test_method_errors_are_named),
        cmocka_unit_test(test_wrong_methods),
        cmocka_unit_test(test_teacher_swap),
        cmocka_unit_test(test_teacher_swap_contradictions),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_when),
#ifndef NDEBUG
        cmocka_unit_test(test_key_of_no_option),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
