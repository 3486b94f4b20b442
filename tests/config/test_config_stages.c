/* test_config_stages: stages of the rate that meet, fall on the end or on the start of a run are told. */
#include "fixture.h"

static void test_stages(void **state)
{
    static const struct {
        const char *text, *overrides, *told; /* NULL: nothing */
    } cases[] = {
        {"method: none", "train.epochs=3 train.lr_stages=[0.9]",
         "train.lr_stages: the stage 0.9 changes nothing here: it is epoch 3, the last of this "
         "run"},
        {"method: none", "train.epochs=4 train.lr_stages=[2,0.99]",
         "the stage 0.99 changes nothing"},
        {"method: none", "train.epochs=4 train.lr_stages=[1,4,5]",
         "the stage 4 changes nothing here: it comes after that epoch, and train.epochs is 4"},
        {"method: none\ntrain: {epochs: 4, lr_stages: [0.7, 0.8]}", NULL,
         "train.lr_stages: the stages 0.7 and 0.8 are both epoch 3 of 4: the rate falls to 0.01 of "
         "train.lr at once"},
        {"method: none\ntrain: {epochs: 10, lr_stages: [0.3, 0.31, 3]}", "train.lr_decay=0.5",
         "are both epoch 3 of 10: the rate falls to 0.125 of train.lr at once"},
        {"method: none", "train.epochs=4", "the stages 0.625 and 0.75 are both epoch 3 of 4"},
        {"method: none", "train.epochs=6", "the stages 0.75 and 0.875 are both epoch 5 of 6"},
        {"method: none", "train.epochs=1", NULL}, /* the default's, at the end */
        {"method: none", "train.epochs=2", NULL},
        {"method: none", "train.epochs=7", NULL},
        {"method: none", "train.epochs=8 train.lr_stages=[0.5,0.75]", NULL},
        {"method: none\ntrain: {epochs: 4, lr_decay: 1}", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    log[2048];

        if (fixture_settings(&ctx, cases[i].text, cases[i].overrides, log) != SLD_OK ||
            (cases[i].told ? !strstr(log, cases[i].told) : *log != '\0')) {
            fail_msg("case %zu: %s%s\nwanted: %s", i, ctx.err.msg, log,
                     cases[i].told ? cases[i].told : "nothing");
        }
    }
}

/* The default's stages and shards, written out in a resolved document, are not the user's. */
static void test_resolved(void **state)
{
    sld_config *c = fixture_config("method: none\ntrain: {epochs: 1, batch: 4}", NULL);
    sld_ctx     ctx;
    char        log[2048];

    assert_int_equal(fixture_settings(&ctx, sld_config_text(c), NULL, log), SLD_OK);
    assert_string_equal(log, "");
    assert_int_equal(fixture_settings(&ctx, sld_config_text(c), "parallel.shards=6", log), SLD_OK);
    assert_non_null(strstr(log, "parallel.shards: more than train.batch"));
    sld_config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stages),
                                       cmocka_unit_test(test_resolved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
