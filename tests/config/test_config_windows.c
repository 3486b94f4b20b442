/* The epochs in which the terms act: what of their schedules a run does not come to is told. */
#include "fixture.h"

#define TEACHER    "teacher: {weights: t.h5}\n"
#define LOSS(word) "method: kd\nkd.loss: " word "\n"

static void test_told(void **state)
{
    static const fixture_error cases[] = {
        {"method: kd\nkd.after: never\n" TEACHER, NULL,
         "kd.after: the term kd acts in no epoch: it begins never", "give it no weight", NULL},
        {"method: kd\n" TEACHER, "ce.after=never", "ce.after: the term ce acts in no epoch", "",
         NULL},
        {"method: sld\nlss.allow_inactive: true\n" TEACHER, "lss.until=150",
         "lss.until: the term lss changes nothing here: it comes after epoch 150 and ends with "
         "epoch 150",
         "", NULL},
        /* growth that is not done when the term ends, by whomever */
        {"method: kd\ntrain.epochs: 8\nce.ramp: 100\n" TEACHER, NULL,
         "ce.ramp: the term ce never has its full weight: it grows over 100 epochs, acts in 8 and "
         "comes "
         "to 0.08 of it",
         "train for more", NULL},
        {"method: dkd\ntrain: {epochs: 6, lr_stages: [3]}\n" TEACHER, NULL,
         "kd.ramp: the term kd never has its full weight: it grows over 20 epochs, as method dkd "
         "has it, "
         "acts in 6 and comes to 0.3 of it",
         "", NULL},
        {"method: dkd\n" TEACHER, "kd.after=10 kd.until=29", "kd.ramp: ", "acts in 19 ", NULL},
        {"method: sld\n" TEACHER, "lss.ramp=91", "lss.ramp: the term lss never", "acts in 90 ",
         NULL},
        {LOSS("ctkd") "train: {epochs: 9, lr_stages: [3]}\n" TEACHER, NULL,
         "ctkd.ramp: the gradient of the temperature never has its full size: it grows over 10 "
         "epochs, "
         "as method kd has it, the teacher term ends after 9",
         "0.9 of it", NULL},
        {LOSS("ctkd") TEACHER, "ctkd.ramp=20 kd.until=19", "ctkd.ramp: ", "over 20 epochs, the",
         NULL},
        /* a boost after the end of its term; epochs without any term */
        {"method: kd\ntrain.epochs: 4\n" TEACHER, "ce.until=2 ce.boost=5 ce.boost_after=2",
         "ce.boost_after: changes nothing here: it comes after epoch 2, and the term ce ends with "
         "epoch 2",
         "", NULL},
        {"method: kd\n" TEACHER, "kd.until=9 kd.boost=0 kd.boost_after=20",
         "kd.boost_after: ", "the term kd ends with epoch 9", NULL},
        {"method: sld\n" TEACHER, "lss.until=160 lss.boost=2 lss.boost_after=170",
         "lss.boost_after: ", "the term lss ends with epoch 160", NULL},
        {"method: none\ntrain.epochs: 4\n", "ce.until=2",
         "ce.until: no term of the objective has a weight in 2 of 4 epochs, of which 3 is the "
         "first",
         "momentum and weight decay alone", NULL},
        {"method: kd\ntrain.epochs: 9\n" TEACHER, "ce.after=1 ce.until=3 kd.after=5 kd.until=8",
         "ce.until: no term of the objective has a weight in 4 of 9 epochs, of which 1 is the "
         "first",
         "", NULL},
    };
    fixture_check_told(cases, COUNT(cases));
}

static void test_nothing_to_tell(void **state)
{
    static const char *const cases[][2] = {
        {"method: none\ntrain: {epochs: 4, lr_stages: [3]}\nce.ramp: 4", NULL},
        {"method: dkd\ntrain: {epochs: 20, lr_stages: [3]}\n" TEACHER, NULL},
        {"method: dkd\ntrain: {epochs: 6, lr_stages: [3]}\nkd.ramp: 1\n" TEACHER, NULL},
        {LOSS("ctkd") "train: {epochs: 10, lr_stages: [3]}\nkd.after: 4\n" TEACHER, NULL},
        {"method: kd\n" TEACHER, "ce.until=7 ce.boost=2 ce.boost_after=6 kd.after=7"},
        {"method: kd\n" TEACHER, "kd.boost=0 kd.boost_after=9"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    log[2048];

        if (fixture_settings(&ctx, cases[i][0], cases[i][1], log) != SLD_OK || *log) {
            fail_msg("case %zu\n%s\ngave: %s%s", i, cases[i][0], ctx.err.msg, log);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told),
                                       cmocka_unit_test(test_nothing_to_tell)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
