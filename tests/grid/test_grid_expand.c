/* What a spec expands to: order, labels, linked options, exclusions, teachers, ids. */
#include "fixture.h"

#include <stdlib.h>
#include <unistd.h>

static void test_grid(void **state)
{
    sld_grid *s =
        fixture_sweep("name: grid\nbase: {method: none}\n"
                      "axes:\n  train.lr: [0.1, 0.2]\n"
                      "  views: {one: {ce: {weak: 1}}, two: {ce.weak: 0.5, ce.strong: 0.5}}\n"
                      "seeds: [3, 1]\nbaseline: lr=0.1 one\n",
                      NULL);
    static const char *const arms[] = {"lr=0.1 one", "lr=0.1 two", "lr=0.2 one", "lr=0.2 two"};

    assert_string_equal(sld_grid_name(s), "grid");
    assert_string_equal(sld_grid_baseline(s), "lr=0.1 one");
    assert_int_equal(sld_grid_count(s), 8);
    for (size_t i = 0; i < 8; i++) { /* a seed after the other, the last axis fastest */
        const sld_point *p = sld_grid_point(s, i);
        assert_string_equal(p->arm, arms[i % 4]);
        assert_int_equal(p->seed, i < 4 ? 3 : 1);
        assert_int_equal(p->n_axes, 2);
        assert_string_equal(p->axis[0], "train.lr");
        assert_string_equal(p->value[0], i % 4 < 2 ? "0.1" : "0.2");
        assert_string_equal(p->value[1], i % 2 ? "two" : "one");
        assert_int_equal(p->teacher, -1);
        assert_int_equal(sld_grid_find(s, p->id), i);
    }
    sld_config *config = fixture_config(sld_grid_point(s, 3)->experiment, NULL);
    assert_true(sld_config_options(config)->train.lr == 0.2);
    assert_true(sld_config_options(config)->ce.strong == 0.5);
    assert_int_equal(sld_config_options(config)->top.seed, 3);
    sld_config_destroy(config);
    sld_grid_close(s);
}

static void test_lists_and_labels(void **state)
{
    sld_grid *s = fixture_sweep("base: {method: kd, teacher: {weights: t.h5}}\n"
                                "axes: {kd.temperatures: [[4], [1, 2, 3]]}\nseeds: 1..2\n",
                                NULL);
    assert_int_equal(sld_grid_count(s), 4);
    assert_string_equal(sld_grid_point(s, 1)->arm, "temperatures=[1,2,3]");
    sld_grid_close(s);

    s = fixture_sweep("base: {method: kd, teacher: {weights: t.h5}}\n"
                      "axes: {kd.temperatures: {one: [4], many: [1, 2, 3]}}\n",
                      NULL);
    assert_string_equal(sld_grid_point(s, 0)->arm, "one");
    assert_string_equal(sld_grid_name(s), "s");
    sld_grid_close(s);
}

/* What a report is to say changes no point. */
static void test_claims(void **state)
{
    static const char grid[] = "base: {method: none}\naxes:\n  train.lr: {low: 0.1, high: 0.2}\n"
                               "  ce.strong: {off: 0, on: 1}\n";
    char              text[1024];
    sld_grid         *plain = fixture_sweep(grid, NULL), *s;

    snprintf(text, sizeof text,
             "%sclaims:\n  more: {arm: high on, against: [low off, low on], metric: nll_last}\n"
             "  rate: {effect: train.lr}\n  both: {interaction: [train.lr, ce.strong]}\n"
             "report: {title: t, x: [train.lr, ce.strong], pair: train.lr, checks: {C: [low on, "
             "high on], R: high on}}\n",
             grid);
    s = fixture_sweep(text, NULL);
    assert_int_equal(sld_grid_count(s), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(sld_grid_point(s, i)->id, sld_grid_point(plain, i)->id);
    }
    sld_grid_close(plain);
    sld_grid_close(s);
    (void)state;
}

static void test_exclude(void **state)
{
    static const char grid[] =
        "base: {method: none}\naxes: {train.lr: [1, 2, 3], train.batch: [8, 16]}\n"
        "seeds: [1, 2]\nexclude:\n";
    char text[512];

    snprintf(text, sizeof text,
             "%s- {train.lr: 1, train.batch: 8}\n- {train.lr: [2, 3], seed: 2}\n", grid);
    sld_grid *s = fixture_sweep(text, NULL);
    assert_int_equal(sld_grid_count(s), 5 + 1);
    sld_grid_close(s);
}

static const char with_teacher[] =
    "name: t\nbase: {method: sld, teacher: big, student: {network: resnet8}, train: {epochs: 9}}\n"
    "teachers:\n"
    "  big: {student: {network: resnet20}, train: {epochs: 4}}\n"
    "  file: {weights: /dev/null}\n"
    "  unused: {train: {epochs: 5}}\n"
    "axes:\n  arm:\n    CE: {method: none}\n    KD: {method: kd}\n    SLD: {}\n"
    "    other: {teacher: file}\n    given: {teacher: {weights: x.h5}}\nseeds: [1, 2]\n";

static void test_teachers(void **state)
{
    sld_grid        *s   = fixture_sweep(with_teacher, NULL);
    const sld_point *big = sld_grid_point(s, 0);

    assert_int_equal(sld_grid_count(s), 11); /* the unused one is not trained */
    assert_true(big->is_teacher);
    assert_string_equal(big->arm, "big");
    assert_int_equal(big->n_axes, 0);
    assert_int_equal(fixture_point(s, "CE", 1)->teacher, -1); /* asks no teacher: need not wait */
    assert_null(strstr(fixture_point(s, "CE", 1)->experiment, "teacher.weights"));
    assert_int_equal(fixture_point(s, "KD", 2)->teacher, 0);
    assert_int_equal(fixture_point(s, "other", 1)->teacher, -1);
    assert_non_null(strstr(fixture_point(s, "other", 1)->experiment, "/dev/null"));
    assert_non_null(strstr(fixture_point(s, "given", 1)->experiment, "/x.h5"));

    char weights[64];
    snprintf(weights, sizeof weights, "teacher.weights: \"trials/%s/last.h5\"", big->id);
    const char *text = fixture_point(s, "SLD", 1)->experiment;
    snprintf(weights, sizeof weights, "trials/%s/last.h5", big->id);
    assert_non_null(strstr(text, weights));
    sld_grid_close(s);
}

/* What the teacher is decides the student's id; how long others train does not. */
static void test_teacher_in_id(void **state)
{
    sld_grid *a = fixture_sweep(with_teacher, NULL);
    sld_grid *b = fixture_sweep(with_teacher, "teachers.big.train.epochs=5");
    sld_grid *c = fixture_sweep(with_teacher, "teachers.big.use=best");
    sld_grid *d = fixture_sweep(with_teacher, "teachers.unused.train.epochs=7 run.logits=false");

    assert_string_not_equal(fixture_point(a, "SLD", 1)->id, fixture_point(b, "SLD", 1)->id);
    assert_string_equal(fixture_point(a, "CE", 1)->id, fixture_point(b, "CE", 1)->id);
    assert_string_equal(fixture_point(a, "big", 1)->id, fixture_point(c, "big", 1)->id);
    assert_string_not_equal(fixture_point(a, "SLD", 1)->id, fixture_point(c, "SLD", 1)->id);
    assert_string_equal(fixture_point(a, "SLD", 2)->id, fixture_point(d, "SLD", 2)->id);
    sld_grid_close(a);
    sld_grid_close(b);
    sld_grid_close(c);
    sld_grid_close(d);
}

/* Neither paths nor the current folder are in an id; contents are, and are asked for once. */
static void test_identity_has_no_place(void **state)
{
    static const char grid[] = "base: {method: kd, data: {format: cifar100, path: %s/set}, "
                               "teacher: {weights: %s/w.h5}}\naxes: {train.lr: [1, 2, 3]}\n";
    char              text[512], here[4096];
    int               asked = 0;
    sld_ctx           ctx;
    sld_grid         *a, *b, *c;

    snprintf(text, sizeof text, grid, "/a", "b");
    assert_int_equal(fixture_expand(&ctx, text, NULL, &asked, &a), SLD_OK);
    assert_int_equal(asked, 2);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir("/"), 0);
    snprintf(text, sizeof text, grid, "c/d", "/e");
    assert_int_equal(fixture_expand(&ctx, text, NULL, &asked, &b), SLD_OK);
    assert_int_equal(chdir(here), 0);
    assert_int_equal(fixture_expand(&ctx, text, "data.path=/a/another", &asked, &c), SLD_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(sld_grid_point(a, i)->id, sld_grid_point(b, i)->id);
        assert_string_not_equal(sld_grid_point(a, i)->id, sld_grid_point(c, i)->id);
    }
    assert_non_null(strstr(sld_grid_point(b, 0)->experiment, "\n"
                                                             "data.path: /c/d/set\n"));
    sld_grid_close(a);
    sld_grid_close(b);
    sld_grid_close(c);
}

/* So is an outside teacher, whose logits stand for it. */
static void test_outside_teacher(void **state)
{
    static const char grid[] = "base: {method: kd, teacher: {logits_files: %s}}\n";
    char              text[256];
    sld_grid         *s[3];

    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, grid, ((const char *[]){"/a/files", "b/files", "/a/more"})[i]);
        s[i] = fixture_sweep(text, NULL);
    }
    assert_string_equal(sld_grid_point(s[0], 0)->id, sld_grid_point(s[1], 0)->id);
    assert_string_not_equal(sld_grid_point(s[0], 0)->id, sld_grid_point(s[2], 0)->id);
    assert_non_null(strstr(sld_grid_point(s[1], 0)->experiment, "/b/files"));
    for (int i = 0; i < 3; i++) {
        sld_grid_close(s[i]);
    }
}

/* Options that cannot matter make no point of their own. */
static void test_same_points_are_one(void **state)
{
    sld_grid *s = fixture_sweep("base: {method: sld, teacher: {weights: t}}\n"
                                "axes: {correction: [none, ga], ga.omega: [1, 2]}\n",
                                NULL);
    assert_int_equal(sld_grid_count(s), 3);
    assert_int_equal(sld_grid_dropped(s), 1);
    assert_string_equal(sld_grid_point(s, 1)->arm, "correction=ga omega=1");
    sld_grid_close(s);

    /* a student that is the teacher keeps its name, and its pupils */
    s = fixture_sweep("base: {method: sld, teacher: t}\nteachers: {t: {train: {lr: 0.1}}}\n"
                      "axes: {arm: {CE: {method: none, train.lr: 0.1}, SLD: {}}}\n",
                      NULL);
    assert_int_equal(sld_grid_count(s), 2);
    assert_string_equal(sld_grid_point(s, 0)->arm, "CE");
    assert_false(sld_grid_point(s, 0)->is_teacher);
    assert_int_equal(sld_grid_point(s, 1)->teacher, 0);
    sld_grid_close(s);
}

/* An axis speaks after the base, even where one word is short for another. */
/* What one of several labels of a trial asks for is made by the one trial: a student may need it. */
static void test_same_points_keep_all(void **state)
{
    static const struct {
        const char *spec, *arm, *kept;
    } cases[] = {
        {"base: {method: kd}\nteachers: {late: {train.epochs: 2}, early: {train.epochs: 2, use: 1, "
         "run.keep_epochs: [1]}}\naxes: {teacher: [late, early]}\n",
         "late", "run.keep_epochs: [1]\n"},
        {"base: {method: kd}\nteachers: {mid: {train.epochs: 2, use: 2, run.keep_epochs: [2]}, "
         "early: {train.epochs: 2, use: 1, run.keep_epochs: [1]}}\naxes: {teacher: [mid, early]}\n",
         "mid", "run.keep_epochs: [1, 2]\n"},
        {"base: {train.epochs: 2, teacher: t}\nteachers: {t: {train.epochs: 2, use: 1, "
         "run.keep_epochs: [1]}}\naxes: {method: [none, kd]}\n",
         "method=none", "run.keep_epochs: [1]\n"},
        {"base: {method: none}\naxes: {arm: {A: {}, B: {run.features: test, run.label_p: true}}}\n",
         "A", "run.features: test\nrun.label_p: true\n"},
        {"base: {method: none}\naxes: {arm: {A: {run.logits: false}, B: {}}}\n", "A",
         "run.logits: true\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_grid   *grid = fixture_sweep(cases[i].spec, NULL);
        const char *text = fixture_point(grid, cases[i].arm, 1)->experiment;
        assert_int_equal(sld_grid_dropped(grid), 1);
        if (!strstr(text, cases[i].kept)) {
            fail_msg("%s\nhas not %s:\n%s", cases[i].spec, cases[i].kept, text);
        }
        sld_grid_close(grid);
    }
}

/* An epoch is a number, however it is written. */
static void test_epoch_of_teacher(void **state)
{
    sld_grid *grid =
        fixture_sweep("name: s\nbase: {method: kd, teacher: t}\nteachers: {t: {use: 001, "
                      "run.keep_epochs: [1]}}\n",
                      NULL);

    assert_non_null(strstr(fixture_point(grid, "s", 1)->experiment, "/epoch-1.h5"));
    sld_grid_close(grid);
}

static void test_axis_over_base(void **state)
{
    sld_grid   *s = fixture_sweep("base: {method: sld, correction: none, teacher: {weights: t}}\n"
                                    "axes: {teacher_swap: [false, true]}\n",
                                  NULL);
    sld_config *config = fixture_config(sld_grid_point(s, 1)->experiment, NULL);

    assert_int_equal(sld_config_options(config)->top.correction, SLD_CORRECTION_SWAP);
    sld_config_destroy(config);
    sld_grid_close(s);
}

/* A sweep has a store of its teachers' logits without being told: its settings matter. */
static void test_store_of_the_sweep(void **state)
{
    static const char *const keys[] = {"logits_budget", "look_ahead", "logits_patience"};
    char                     text[200], given[64];

    for (size_t i = 0; i < COUNT(keys); i++) {
        snprintf(
            text, sizeof text,
            "base: {method: kd, teacher: {weights: t, %s: 1}}\naxes: {arm: {A: {}, B: {method: "
            "none}}}\n",
            keys[i]);
        sld_grid_close(fixture_sweep(text, NULL));
        snprintf(given, sizeof given, "teacher.%s=1", keys[i]);
        sld_grid_close(fixture_sweep("base: {method: kd, teacher: {weights: t}}\n", given));
    }
}

static void test_command_line(void **state)
{
    sld_grid *s =
        fixture_sweep("name: a\nbase: {method: none}\naxes: {train.lr: [1, 2]}\nseeds: [1]\n",
                      "name=b seeds=1..3 train.epochs=7 launch.ranks=2 launch.lease_s=5 "
                      "baseline=lr=2");
    assert_string_equal(sld_grid_name(s), "b");
    assert_int_equal(sld_grid_count(s), 6);
    assert_int_equal(sld_grid_launch(s)->ranks, 2);
    assert_true(sld_grid_launch(s)->lease_s == 5);
    assert_non_null(strstr(sld_grid_point(s, 0)->experiment, "train.epochs: 7\n"));
    sld_grid_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_lists_and_labels),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_exclude),
        cmocka_unit_test(test_teachers),
        cmocka_unit_test(test_teacher_in_id),
        cmocka_unit_test(test_identity_has_no_place),
        cmocka_unit_test(test_outside_teacher),
        cmocka_unit_test(test_axis_over_base),
        cmocka_unit_test(test_same_points_are_one),
        cmocka_unit_test(test_same_points_keep_all),
        cmocka_unit_test(test_epoch_of_teacher),
        cmocka_unit_test(test_store_of_the_sweep),
        cmocka_unit_test(test_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
