/* test_config_same: what computes the same as another setting has an ID of its own, and is told. */
#include "fixture.h"

#define TEACHER    "teacher: {weights: t.h5}\n"
#define LOSS(word) "method: kd\nkd.loss: " word "\n"

static void test_told_as_same(void **state)
{
    static const struct {
        const char *text, *overrides, *told;
    } cases[] = {
        {"method: kd\ncorrection: ga\n" TEACHER, "ga.omega=0",
         "ga.omega: is 0, so it adds nothing: this computes what correction: none does"},
        {"method: kd\ncorrection: mix\nmix.share: 0\n" TEACHER, NULL,
         "mix.share: is 0, so it adds nothing: this computes what correction: none does"},
        {LOSS("rc") TEACHER, "rc.weight=0",
         "rc.weight: is 0, so it adds nothing: this computes what "
         "kd.loss: kl does"},
        {"method: kd\nce.weak: 0\n" TEACHER, "data.label_noise=0.5",
         "data.label_noise: changes no weight here"},
        {LOSS("mlkd") "ce.weak: 0\n" TEACHER, "data.label_noise=0.5", "data.label_noise: changes"},
        {LOSS("ctkd") "ce.weak: 0\n" TEACHER, "data.label_noise=0.5", "data.label_noise: changes"},
        {"method: none", "train.best_on=test",
         "train.best_on: computes what auto does without a validation split"},
        {"method: none\ndata.val_fraction: 0.1", "train.best_on=val",
         "train.best_on: computes what auto does beside a validation split"},
        {"method: none", "train.lr=1e-50", "train.lr: 1e-50 is 0 in float32"},
        {"method: none", "train.lr=1e-50 train.lr_decay=0.2",
         "train.lr_decay: changes nothing here"},
        {"method: none", "train.weight_decay=1e-60", "train.weight_decay: 1e-60 is 0 in float32"},
        {"method: none", "train.momentum=1e-60", "train.momentum: 1e-60 is 0 in float32"},
        {"method: none", "train.lr=0", "train.lr: is 0: no step changes a weight"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    log[2048];

        if (fixture_settings(&ctx, cases[i].text, cases[i].overrides, log) != SLD_OK ||
            !strstr(log, cases[i].told)) {
            fail_msg("case %zu: %s%s\nwanted: %s", i, ctx.err.msg, log, cases[i].told);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told_as_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
