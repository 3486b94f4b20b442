/* An arm holds one configuration: labels that would read alike are kept apart, no option has two
 * axes, and a label whose trial is another's stays. */
#include "fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../src/grid/grid.h"

#define HEAD "base: {method: none}\n"

/* Arms of one name are of one choice of labels. */
static void check_apart(const sld_grid *s)
{
    for (size_t i = 0; i < sld_grid_count(s); i++) {
        for (size_t k = 0; k < i; k++) {
            const sld_point *p = sld_grid_point(s, i), *q = sld_grid_point(s, k);
            bool             alike = true;
            for (size_t a = 0; a < p->n_axes; a++) {
                alike &= strcmp(p->value[a], q->value[a]) == 0;
            }
            assert_int_equal(strcmp(p->arm, q->arm) == 0, alike);
        }
    }
}

static void test_labels_that_run_together(void **state)
{
    static const struct {
        const char *axes, *last_arm;
    } cases[] = {
        {"{a: {KD: {train.momentum: 0.1}, \"KD T2\": {train.momentum: 0.2}},"
         " b: {\"T2 long\": {train.weight_decay: 0.1}, long: {train.weight_decay: 0.2}}}",
         "KD T2 / long"},
        {"{a: {\"x /\": {train.momentum: 0.1}, \"x\": {train.momentum: 0.2}, \"x / y\": "
         "{train.momentum: 0.3}}, b: {\"y\": {train.weight_decay: 0.1}, \"/ y\": "
         "{train.weight_decay: 0.2}, \"y y\": {train.weight_decay: 0.3}, \"/ y y\": "
         "{train.weight_decay: 0.4}}}",
         "x / y | / y y"},
        {"{a: {p: {train.momentum: 0.1}, \"p q\": {train.momentum: 0.2}},"
         " b: {r: {train.weight_decay: 0.1}, \"q r\": {train.weight_decay: 0.2}},"
         " c: {s: {train.lr: 0.1}, \"r s\": {train.lr: 0.2}}}",
         "p q / q r / r s"},
        /* words apart, and no two alike: names stay what they were */
        {"{a: {\"no KD\": {train.momentum: 0.1}, KD: {train.momentum: 0.2}},"
         " b: {\"a / b\": {train.weight_decay: 0.1}, long: {train.weight_decay: 0.2}}}",
         "KD long"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, HEAD "axes: %s\nseeds: [1, 2]\n", cases[i].axes);
        sld_grid *s = fixture_sweep(text, NULL);
        assert_string_equal(sld_grid_point(s, sld_grid_count(s) - 1)->arm, cases[i].last_arm);
        check_apart(s);
        sld_grid_close(s);
    }
}

/* Of each: the point that sets an option twice is refused, and is not when it is left out. */
static void test_one_option_one_axis(void **state)
{
    static const struct {
        const char *text, *key, *exclude;
    } cases[] = {
        {HEAD "axes: {arm: {fast: {train.lr: 0.1}, slow: {}}, train.lr: [0.01, 0.02]}\n",
         "train.lr", "exclude: [{arm: fast}]\n"},
        {HEAD
         "axes: {a: {x: {train.momentum: 0.1}, y: {}}, b: {u: {train: {momentum: 0.2}}, v: {}}}\n",
         "train.momentum", "exclude: [{a: x, b: u}]\n"},
        {"base: {method: sld, teacher: t}\nteachers: {t: {train: {epochs: 200}}, u: {train: "
         "{epochs: 220}}}\n"
         "axes: {teacher: [t, u], arm: {A: {teacher: u}, B: {}}}\n",
         "teacher", "exclude: [{teacher: t, arm: A}]\n"},
        {"base: {method: sld, teacher: {weights: t.h5}}\n"
         "axes: {correction: [none, swap], arm: {A: {teacher_swap: true}, B: {}}}\n",
         "correction", "exclude: [{arm: A}]\n"},
        {HEAD "axes: {arm: {A: {seed: 3}, B: {train.lr: 0.2}}}\nseeds: [1, 2]\n", "seed", NULL},
    };
    sld_ctx   ctx;
    sld_grid *s = NULL;
    char      text[1024];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(fixture_expand(&ctx, cases[i].text, NULL, NULL, &s), SLD_ERR_CONFIG);
        assert_non_null(strstr(ctx.err.msg, cases[i].key));
        assert_non_null(strstr(ctx.err.msg, "axes"));
        if (cases[i].exclude) {
            snprintf(text, sizeof text, "%s%s", cases[i].text, cases[i].exclude);
            if (fixture_expand(&ctx, text, NULL, NULL, &s) != SLD_OK) {
                fail_msg("%s: %s", text, ctx.err.msg);
            }
            sld_grid_close(s);
        }
    }
    /* the same value twice is no lie */
    s = fixture_sweep(HEAD "axes: {arm: {A: {train.lr: 0.1}, B: {}}, train.lr: [0.1]}\n", NULL);
    sld_grid_close(s);
}

/* Values of axes whose keys end in one word are told apart; an arm may be called by either form. */
static void test_keys_of_one_last_word(void **state)
{
    static const struct {
        const char *baseline, *arm;
    } cases[] = {
        {"train.lr=0.1 KD", "lr=0.1 KD"},
        {"lr=0.1 KD", "lr=0.1 KD"},
    };
    char      text[512];
    sld_ctx   ctx;
    sld_grid *s = fixture_sweep(
        "base: {method: sld, teacher: t}\nteachers: {t: {train.lr: 0.1}}\n"
        "axes: {ce.weak: [0.9, 0.5], kd.weak: [0.9, 0.5], train.lr: [0.1], lss.weak: [0.9, 0.5]}\n"
        "baseline: weak=0.9 weak=0.5 lr=0.1 weak=0.9\n"
        "claims: {c: {arm: ce.weak=0.9 kd.weak=0.9 train.lr=0.1 lss.weak=0.9, against: ce.weak=0.5 "
        "weak=0.9 lr=0.1 lss.weak=0.9}}\n"
        "report: {checks: {A: [ce.weak=0.9 kd.weak=0.9 train.lr=0.1 lss.weak=0.9]}}\n",
        NULL);

    assert_string_equal(sld_grid_baseline(s), "ce.weak=0.9 kd.weak=0.5 lr=0.1 lss.weak=0.9");
    sld_grid_close(s);
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(text, sizeof text,
                 HEAD "axes: {train.lr: [0.1, 0.2], arm: {KD: {}, B: {train.batch: 32}}}\n"
                      "baseline: %s\n",
                 cases[i].baseline);
        s = fixture_sweep(text, NULL);
        assert_string_equal(sld_grid_baseline(s), cases[i].arm);
        sld_grid_close(s);
    }
    assert_int_equal(fixture_expand(&ctx, /* a label is no value: it has no key */
                                    HEAD "axes: {train.lr: {low: 0.1, high: 0.2}}\n"
                                         "baseline: train.lr=low\n",
                                    NULL, NULL, &s),
                     SLD_ERR_CONFIG);
}

static const char merged[] =
    "name: m\nbaseline: \"student_swap=false strong=0.9\"\n"
    "base: {method: sld, correction: none, teacher: t, train: {epochs: 200}}\n"
    "teachers: {t: {student: {network: resnet20}}, again: {student: {network: resnet20}}}\n"
    "axes: {student_swap: [false, true], lss.strong: [0.5, 0.9]}\nseeds: [1, 2]\n"
    "claims: {c: {arm: \"student_swap=true strong=0.9\", against: \"student_swap=false "
    "strong=0.9\"}}\n";

static void check_merged(const sld_grid *s)
{
    assert_int_equal(sld_grid_count_same(s), 2);
    for (size_t i = 0; i < 2; i++) {
        const sld_point *label = sld_grid_same(s, i);
        const sld_point *trial = sld_grid_point(s, (size_t)sld_grid_find(s, label->id));
        assert_string_equal(label->arm, "student_swap=false strong=0.9");
        assert_string_equal(trial->arm, "student_swap=false strong=0.5");
        assert_int_equal(label->seed, i + 1);
        assert_int_equal(trial->seed, label->seed);
        assert_string_equal(label->value[1], "0.9");
        assert_string_equal(label->axis[1], "lss.strong");
        assert_ptr_equal(label->experiment, trial->experiment);
    }
}

static void test_labels_of_one_trial(void **state)
{
    sld_ctx   ctx;
    sld_grid *s = fixture_sweep(merged, NULL), *back = NULL;
    char     *bytes = NULL;
    size_t    n     = 0;

    check_merged(s);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_points_text(&ctx, s, &bytes, &n), SLD_OK);
    assert_int_equal(sld_file_publish(&ctx, "points", bytes, n, true), SLD_OK);
    assert_int_equal(sld_grid_open(&ctx, ".", &back), SLD_OK);
    check_merged(back);
    assert_int_equal(sld_grid_count(back), sld_grid_count(s));
    sld_grid_close(back);
    sld_grid_close(s);

    char *same = strstr(bytes, "\nsame\t"); /* of a trial that is not there */
    same[6]    = same[6] == '0' ? '1' : '0';
    assert_int_equal(sld_file_publish(&ctx, "points", bytes, n, true), SLD_OK);
    assert_int_equal(sld_grid_open(&ctx, ".", &back), SLD_ERR_DATA);
    free(bytes);
    unlink("points");
}

/* An arm whose trial no seed changes has one trial, and no label beside its own. */
static void test_seeds_that_change_nothing(void **state)
{
    sld_grid *s = fixture_sweep(
        "base: {method: none, seeds: {init: 1, order: 2}}\naxes: {train.lr: [0.1, 0.2]}\n"
        "seeds: [1, 2, 3]\n",
        NULL);

    assert_int_equal(sld_grid_count(s) + sld_grid_dropped(s), 6);
    assert_int_equal(sld_grid_count_same(s), 0);
    sld_grid_close(s);
}

/* Two names of one teacher, and a student that is a teacher too, keep both names. */
static void test_teachers_of_one_trial(void **state)
{
    sld_grid *s = fixture_sweep("base: {method: none, train: {epochs: 200}}\n"
                                "teachers: {t: {train: {epochs: 200}}, u: {train: {epochs: 200}}}\n"
                                "axes: {arm: {alone: {}, KD: {method: kd, teacher: t}, \"KD u\": "
                                "{method: kd, teacher: u}}}\n",
                                NULL);
    bool      t = false, u = false, both = false;

    for (size_t i = 0; i < sld_grid_count_same(s); i++) {
        const sld_point *label = sld_grid_same(s, i);
        t |= label->is_teacher && strcmp(label->arm, "t") == 0;
        u |= label->is_teacher && strcmp(label->arm, "u") == 0;
        both |= strcmp(label->arm, "KD u") == 0;
    }
    assert_true(t && u && both);
    assert_int_equal(sld_grid_count(s), 2);
    sld_grid_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_that_run_together),
        cmocka_unit_test(test_one_option_one_axis),
        cmocka_unit_test(test_keys_of_one_last_word),
        cmocka_unit_test(test_labels_of_one_trial),
        cmocka_unit_test(test_seeds_that_change_nothing),
        cmocka_unit_test(test_teachers_of_one_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
