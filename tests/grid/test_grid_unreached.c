/* What some points never come to is told once for the sweep: by kind and key, with the number of points. */
#include "fixture.h"

/* Expands s.yaml. log: all that is said. Returns the number of its lines. */
static size_t expand(const char *text, char log[4096])
{
    int                   asked  = 0;
    FILE                 *file   = tmpfile();
    sld_grid             *grid   = NULL;
    const sld_grid_params params = {.path    = "s.yaml",
                                    .text    = text,
                                    .n       = strlen(text),
                                    .method  = fixture_methods,
                                    .content = fixture_content,
                                    .user    = &asked};
    sld_ctx               ctx;
    size_t                lines = 0;

    assert_non_null(file);
    sld_ctx_init(&ctx);
    sld_log_to(&ctx, file);
    if (sld_grid_expand(&ctx, &params, &grid) != SLD_OK) {
        fail_msg("%s\n%s", text, ctx.err.msg);
    }
    sld_grid_close(grid);
    rewind(file);
    log[fread(log, 1, 4095, file)] = '\0';
    fclose(file);
    for (const char *c = log; (c = strchr(c, '\n')); c++) {
        lines++;
    }
    return lines;
}

#define KD                                                                                         \
    "name: s\nbase: {method: kd, teacher: {weights: /w/t.h5}, train: {epochs: 4, lr_stages: "      \
    "[3]}}\n"

static const struct {
    const char *text;
    const char *told[2]; /* a line each; NULL: no more */
} cases[] = {
    {KD "axes: {ce.until: [0.1, 2, never]}\nseeds: 1..300\n",
     {"warning: s.yaml: ce.until: the term ce changes nothing here: it comes after epoch 0 and "
      "ends "
      "with epoch 0, so it acts in no epoch, and train.epochs is 4 (in 300 of 900 points, such as "
      "until=0.1)"}},
    {KD "axes: {ce.until: [9, 8, 2], ce.ramp: [1, 2]}\n", /* two numbers, one kind */
     {"ce.until: changes nothing here: it comes after epoch 9, and train.epochs is 4 (in 4 of 6 "
      "points, such as until=9 ramp=1)",
      "ce.ramp: changes nothing here: expected 2 or more epochs of growth, got 1, which is a step "
      "like 0 (in 3 of 6 points, such as until=9 ramp=1)"}},
    {"name: s\nbase: {method: none, parallel: {shards: 8}, train: {batch: 4}}\nseeds: 1..3\n",
     {"parallel.shards: more than train.batch does nothing: expected at most 4, got 8, of which 4 "
      "have no sample in any step (in every point)"}},
    {"name: s\nteachers: {t: {train: {epochs: 2}}}\n"
     "base: {method: kd, teacher: t, train: {epochs: 9, lr_stages: [5]}}\n",
     {NULL}}, /* stages of the base are the students' */
    /* a teacher of another data set than some students have, once; that of a file is of one set */
    {"name: s\nteachers: {t: {train: {epochs: 2}}}\nbase: {method: kd, teacher: t}\n"
     "axes: {synthetic.separation: [3, 1, 2]}\nseeds: 1..2\n",
     {"s.yaml: teachers: t: trained on another data set than the one that it is used on in "
      "separation=1: synthetic.separation 3 and 1; where that is not meant, give each data set a "
      "teacher of its own"}},
    {"name: s\nbase: {method: kd, teacher.weights: /w/t.h5}\naxes: {synthetic.seed: [1, 2, 3]}\n",
     {"s.yaml: teacher.weights: /w/t.h5: trained on one data set, and used on two, in seed=1 and "
      "in "
      "seed=2: synthetic.seed 1 and 2"}},
    {"name: s\nbase: {method: kd, data.format: cifar10, teacher.weights: /w/t.h5}\n"
     "axes: {data.path: [/a/x, /b/x]}\n",
     {NULL}}, /* one content at two places */
    {"name: s\nteachers: {t: {train: {epochs: 2, lr_stages: [1, 5]}}}\n"
     "base: {method: kd, teacher: t, train: {epochs: 9}}\n",
     {"train.lr_stages: the stage 5 changes nothing here: it comes after that epoch, and "
      "train.epochs is 2; fractions like 0.75 follow the length (in 1 of 2 points, such as t)"}},
    {"name: s\nbase: {method: kd, kd: {loss: dkd}, teacher: {weights: /w/t.h5}, dkd: {beta: 0}}\n"
     "axes: {dkd.alpha: [0, 1]}\n",
     {"dkd.beta: dkd.alpha and dkd.beta are both 0, so the teacher term is 0 in every step, and no "
      "option of kd or teacher changes anything; give one of them a weight, or take method: none "
      "(in 1 of 2 points, such as alpha=0)"}},
    {"name: s\nbase: {method: none, train: {epochs: 8}}\naxes: {ce.after: [0, 1]}\n",
     {"s.yaml: ce.after: no term of the objective has a weight in 1 of 8 epochs, of which 1 is the "
      "first: momentum and weight decay alone move the weights there; let a term act, or train for "
      "fewer epochs (in 1 of 2 points, such as after=1)"}},
    {KD "axes: {kd.after: [0, first_lr_drop, never]}\n",
     {"s.yaml: kd.after: the term kd acts in no epoch: it begins never; let it begin, or give it "
      "no "
      "weight (in 1 of 3 points, such as after=never)"}},
    {KD "axes: {kd.ramp: [0, 4, 5, 6]}\n",
     {"s.yaml: kd.ramp: the term kd never has its full weight: it grows over 5 epochs, acts in 4 "
      "and "
      "comes to 0.8 of it; let it grow over fewer, or train for more (in 2 of 4 points, such as "
      "ramp=5)"}},
    {"name: s\nbase: {method: none}\naxes: {train.epochs: [4, 8]}\nseeds: 1..3\n",
     {"train.lr_stages: the stages 0.625 and 0.75 are both epoch 3 of 4: the rate falls to 0.01 of "
      "train.lr at once; give other stages or more epochs (in 3 of 6 points, such as epochs=4)"}},
};

static void test_told_once(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        char         log[4096];
        const size_t lines  = expand(cases[i].text, log);
        const size_t wanted = cases[i].told[0] ? cases[i].told[1] ? 2 : 1 : 0;

        for (size_t k = 0; k < wanted; k++) {
            if (!strstr(log, cases[i].told[k])) {
                fail_msg("case %zu: expected %s\ngot %s", i, cases[i].told[k], log);
            }
        }
        if (lines != wanted) {
            fail_msg("case %zu: expected %zu lines, got\n%s", i, wanted, log);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
