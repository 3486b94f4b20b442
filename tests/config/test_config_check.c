/* test_config_check: what several keys must hold together, and at whose place it is said. */
#include "fixture.h"

#define LSS "method: none\nstudent_swap: true\n"

static void test_refused(void **state)
{
    static const fixture_error cases[] = {
        {"method: none\ntrain: {lr_stages: [0.5, 0.4]}", NULL,
         "e.yaml:2:20: train.lr_stages: ", "got 0.4 after 0.5", NULL},
        {"method: none\ntrain: {lr_stages: [20, 20]}", NULL,
         "e.yaml:2:20: train.lr_stages: ", "got 20 after 20", NULL},
        {"method: none\ntrain: {lr_stages: [0.5, 100]}", "train.epochs=300",
         "command line: train.epochs: train.lr_stages: expected ", "in a run of 300 epochs",
         "got 100 after 0.5"},
        {"method: none\ntrain: {lr_stages: [2.5]}", NULL,
         "e.yaml:2:20: train.lr_stages: ", "expected whole epochs or fractions", "got 2.5"},

        {LSS "student_swap_after: 150\n", "train.epochs=120",
         "command line: train.epochs: student_swap_after: expected a swap that begins within the "
         "run",
         "got 150 in a run of 120 epochs", NULL},
        {LSS "student_swap_after: 150\ntrain: {epochs: 150}", NULL,
         "e.yaml:3:21: student_swap_after: ", "got 150 in a run of 150 epochs; let", NULL},
        {LSS "train: {lr_stages: []}", NULL,
         "e.yaml:3:20: train.lr_stages: ", "got first_lr_drop (train.lr_stages is empty) in", NULL},
        {LSS "train: {lr_stages: [300]}", NULL, "e.yaml:3:20: train.lr_stages: ",
         "first_lr_drop (epoch 300) in a run of 240 epochs", NULL},
        {LSS "train: {epochs: 1}", NULL,
         "e.yaml:3:17: train.epochs: expected 2 or more with student_swap: true, got 1",
         "student_swap_after: 0 begins at once", NULL},
        {"method: sld\nteacher.weights: t\n", "train.epochs=1",
         "command line: train.epochs: expected 2 or more with student_swap: true, got 1",
         "lss.allow_inactive", NULL},
        {LSS "student_swap_after: never", NULL,
         "e.yaml:3:21: student_swap_after: ", "lss.allow_inactive: true", NULL},
        {LSS "lss: {until: 100}", NULL, "e.yaml:3:14: lss.until: ", "epochs (lss.until: 100)",
         NULL},
        {LSS "lss: {weak: 0, strong: 0}", NULL, "e.yaml:2:15: student_swap: ", "got 0 for both",
         NULL},
        {LSS "lss: {temperatures: []}", NULL, "e.yaml:3:21: lss.temperatures: ", "empty list",
         NULL},

        {"method: kd", NULL,
         "e.yaml:1:9: method: kd.weak: expected teacher.weights for a weight of 0.9", "got none",
         NULL},
        {"method: none\nkd: {strong: 1}", NULL,
         "e.yaml:2:14: kd.strong: ", "for a weight of 1, got none", NULL},
        {"method: kd\nteacher.weights: t\nkd.temperatures: []", NULL,
         "e.yaml:3:18: kd.temperatures: ", "empty list", NULL},

        {"method: none\ndata: {format: cifar100}", NULL,
         "e.yaml:2:16: data.format: ", "expected a path", NULL},
        {"method: none\nsynthetic: {superclasses: 1, subclasses: 1}", NULL,
         "e.yaml:2:27: synthetic.superclasses: ", "at least 2 classes", NULL},
        {"method: none\nsynthetic: {subclasses: 1}\ndata: {label_noise: 0.5, label_noise_kind: "
         "siblings}",
         NULL, "e.yaml:3:44: data.label_noise_kind: ", "no class has a sibling",
         "no label would change"},
        {"method: none\ntrain: {best_on: val}", NULL,
         "e.yaml:2:18: train.best_on: ", "data.val_fraction", NULL},
        {"method: none\nname: a/b", NULL, "e.yaml:2:7: name: expected ", "folder", "got a/b"},
        {"method: none\nname: ..", NULL, "e.yaml:2:7: name: expected ", "folder", "got .."},

        {"method: none\nce: {weak: 0}", NULL, "e.yaml:2:12: ce.weak: expected a weight", "above 0",
         NULL},
        {"method: none\nce: {after: 240}", NULL, "e.yaml:2:13: ce.after: expected a weight",
         "any epoch", NULL},
        {"method: none\nce: {until: 0}", NULL, "e.yaml:2:13: ce.until: expected a weight",
         "any epoch", NULL},
        {LSS "ce.weak: 0\nstudent_swap_after: never\nlss.allow_inactive: true", NULL,
         "e.yaml:3:10: ce.weak: expected a weight", "", NULL},
        {"method: none\ndata: {per_class: 1}", "data.val_fraction=0.9",
         "command line: data.val_fraction: expected data.per_class above 1", "got 0.9 of 1", NULL},
        {"method: none\ndata: {per_class: 5, train_fraction: 0.5}", NULL,
         "e.yaml:2:19: data.per_class: expected ", "leave one out", "got 5 and 0.5"},
        {"method: none\nrun: {keep_epochs: [3, 300]}", NULL,
         "e.yaml:2:20: run.keep_epochs: expected ", "1 to 240", "got 300"},
        {"method: none\nrun: {keep_epochs: [2.5]}", NULL, "e.yaml:2:20: run.keep_epochs: expected ",
         "whole epochs", "got 2.5"},
        {"method: none\nrun: {keep_epochs: [3, 5, 3]}", NULL,
         "e.yaml:2:20: run.keep_epochs: expected each epoch once", "3 twice", "3 twice"},
        {"method: none\nrun: {keep_epochs: [5]}", "train.epochs=4",
         "command line: train.epochs: run.keep_epochs: expected ", "1 to 4", "got 5"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_accepted(void **state)
{
    static const char *const cases[] = {
        "method: none\ntrain: {lr_stages: [0.5, 150, 0.75]}",
        "method: none\ntrain: {epochs: 1}",
        "method: none\nce: {weak: 0, strong: 1}",
        "method: none\nkd.temperatures: []",
        "method: none\ndata: {format: cifar10, path: x}\nsynthetic: {superclasses: 1, subclasses: "
        "1}",
        LSS "student_swap_after: 239",
        LSS "student_swap_after: never\nlss: {allow_inactive: true}",
        LSS "ce.weak: 0\nstudent_swap_after: 0",
        "method: kd\nteacher.weights: t.h5",
        "method: none\nteacher.weights: t.h5",
        "method: none\ntrain.best_on: val\ndata.val_fraction: 0.1",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_config_destroy(fixture_config(cases[i], NULL));
    }
}

static void test_reject_names_the_place(void **state)
{
    sld_config *c = fixture_config("method: none\nstudent:\n  network: resnet9\n", "seed=4");
    sld_ctx     ctx;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_reject(&ctx, c, "student.network", "expected more, got %s",
                                       sld_config_options(c)->student.network),
                     SLD_ERR_CONFIG);
    assert_string_equal(ctx.err.msg, "e.yaml:3:12: student.network: expected more, got resnet9");
    sld_err_clear(&ctx);
    sld_config_reject(&ctx, c, "seed", "no");
    assert_string_equal(ctx.err.msg, "command line: seed: no");
    sld_err_clear(&ctx);
    sld_config_reject(&ctx, c, "train.batch", "no");
    assert_string_equal(ctx.err.msg, "default: train.batch: no");
    sld_err_clear(&ctx);
    sld_config_reject(&ctx, c, "ranks", "no");
    assert_string_equal(ctx.err.msg, "e.yaml: ranks: no");
    sld_config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_reject_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
