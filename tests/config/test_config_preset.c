/* test_config_preset: method < preset < file; every recipe under every method; docs/recipes.md's
 * rates. */
#include "fixture.h"

#define PAIR  "cifar100/resnet56-resnet20"
#define FILES "\nteacher: {weights: t.h5}\ndata: {path: d}\n"

static const char *const methods[] = {"none", "kd", "sld"}; /* of the fixture */

static void test_order_of_strength(void **state)
{
    sld_config        *c = fixture_config("method: sld\npreset: " PAIR FILES "train: {batch: 32}\n",
                                          "student.network=resnet8");
    const sld_options *o = sld_config_options(c);

    assert_true(o->train.lr == 0.025 && o->train.epochs == 240);
    assert_string_equal(o->teacher.network, "resnet56");
    assert_string_equal(o->student.network, "resnet8"); /* override over preset */
    assert_int_equal(o->train.batch, 32);               /* file over preset */
    assert_true(o->ce.weak == 0.1);                     /* the method's */
    assert_int_equal(sld_config_when(o, o->top.student_swap_after), 150);
    assert_int_equal(sld_config_origin(c, "train.lr"), SLD_FROM_PRESET);
    assert_int_equal(sld_config_origin(c, "ce.weak"), SLD_FROM_METHOD);
    sld_config_destroy(c);

    c = fixture_config("method: sld\npreset: " PAIR FILES, "method=kd");
    assert_true(sld_config_options(c)->train.lr == 0.05); /* one view */
    sld_config_destroy(c);
    c = fixture_config("method: sld\npreset: " PAIR FILES, "preset=cifar100/resnet32x4-ShuffleV1");
    assert_true(sld_config_options(c)->train.lr == 0.009);
    sld_config_destroy(c);
}

static const char *value_of(const char *preset, const char *method, const char *key)
{
    static const char *pairs[SLD_PRESET_PAIRS][2];
    const size_t       n = sld_preset_pairs(preset, method, pairs);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(pairs[i][0], key) == 0) {
            return pairs[i][1];
        }
    }
    return "absent";
}

static void test_rates_of_the_reference(void **state)
{
    static const struct {
        const char *preset, *kd, *mlkd, *sld, *beta;
    } rows[] = {
        {"cifar100/resnet56-resnet20", "0.05", "0.025", "0.025", "2"},
        {"cifar100/resnet32x4-resnet8x4", "0.05", "0.025", "0.025", "8"},
        {"cifar100/vgg13-vgg8", "0.05", "0.025", "0.025", "6"},
        {"cifar100/resnet32x4-ShuffleV1", "0.01", "0.01", "0.009", "8"},
        {"cifar100/wrn_40_2-ShuffleV1", "0.01", "0.01", "0.01", "8"},
        {"cifar100/resnet32x4-ShuffleV2", "0.01", "0.01", "0.008", "8"},
        {"cifar100/vgg13-MobileNetV2", "0.01", "0.01", "0.008", "6"},
        {"imagenet/ResNet34-ResNet18", "0.2", "0.1", "0.2", "0.5"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(value_of(rows[i].preset, "kd", "train.lr"), rows[i].kd);
        assert_string_equal(value_of(rows[i].preset, "none", "train.lr"), rows[i].kd);
        assert_string_equal(value_of(rows[i].preset, "mlkd", "train.lr"), rows[i].mlkd);
        assert_string_equal(value_of(rows[i].preset, "sld", "train.lr"), rows[i].sld);
        assert_string_equal(value_of(rows[i].preset, "dkd", "dkd.beta"), rows[i].beta);
        assert_string_equal(value_of(rows[i].preset, "kd", "dkd.beta"), "absent");
    }
    assert_string_equal(value_of("imagenet/ResNet50-MobileNetV1", "sld", "ce.strong"), "1.0");
    assert_string_equal(value_of("imagenet/ResNet50-MobileNetV1", "sld", "lss.weak"), "0.5");
    assert_string_equal(value_of("imagenet/ResNet34-ResNet18", "kd", "kd.temperatures"), "[1]");
    assert_string_equal(value_of("imagenet/ResNet34-ResNet18", "kd", "augment.crop"), "resized");
    assert_string_equal(value_of("imagenet/ResNet34-ResNet18", "kd", "data.input_size"), "224");
}

/* Every key and value is an option's; no key comes twice, or the parser would refuse it. */
static void test_every_preset_parses(void **state)
{
    size_t n_cifar = 0;
    for (size_t i = 0; i < sld_preset_count(); i++) {
        n_cifar += strncmp(sld_preset_name(i), "cifar100/", 9) == 0;
        for (size_t m = 0; m < COUNT(methods); m++) {
            char text[256];
            snprintf(text, sizeof text, "method: %s\npreset: %s" FILES, methods[m],
                     sld_preset_name(i));
            sld_config *c = fixture_config(text, NULL);
            assert_string_equal(sld_config_options(c)->top.preset, sld_preset_name(i));
            sld_config_destroy(c);
        }
    }
    assert_int_equal(n_cifar, 12);
}

static void test_a_preset_is_its_values(void **state)
{
    sld_config *a = fixture_config("method: kd\npreset: " PAIR FILES, NULL);
    sld_config *b = fixture_config("method: kd\nstudent.network: resnet20\n"
                                   "data.format: cifar100\ntrain.lr_stages: [150, 180, 210]" FILES,
                                   NULL);
    assert_string_equal(sld_config_identity(a), sld_config_identity(b));
    sld_config_destroy(b);

    /* the resolved document says it again, and the same comes out */
    b = fixture_config(sld_config_text(a), NULL);
    assert_string_equal(sld_config_text(a), sld_config_text(b));
    sld_config_destroy(a);
    sld_config_destroy(b);
}

/* A preset's epochs in a run of another length, or beside other stages. */
static void test_other_length(void **state)
{
    static const struct {
        const char *method, *overrides, *told; /* NULL: nothing */
    } cases[] = {
        {"sld", "train.epochs=160 train.lr_stages=[0.625,0.75,0.875]",
         "student_swap_after: the preset lets the student swap begin after epoch 150, its own "
         "first "
         "drop of the rate, and here the rate first drops after epoch 100"},
        {"sld", "train.lr_stages=[200]", "here the rate first drops after epoch 200"},
        {"sld", "train.epochs=480",
         "train.lr_stages: the preset's stages are epochs of its own 240, and train.epochs is 480: "
         "the rate first drops after epoch 150 all the same"},
        {"kd", "train.epochs=480", "train.lr_stages: the preset's stages"},
        {"kd", "train.epochs=160 train.lr_stages=[0.625,0.75,0.875]", NULL},
        {"sld", "train.epochs=160 train.lr_stages=[0.625,0.75] student_swap_after=first_lr_drop",
         NULL},
        {"sld", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    text[256], log[2048];

        snprintf(text, sizeof text, "method: %s\npreset: " PAIR FILES, cases[i].method);
        if (fixture_settings(&ctx, text, cases[i].overrides, log) != SLD_OK ||
            (cases[i].told ? !strstr(log, cases[i].told) : *log != '\0')) {
            fail_msg("case %zu: %s%s\nwanted: %s", i, ctx.err.msg, log,
                     cases[i].told ? cases[i].told : "nothing");
        }
    }
}

static void test_errors(void **state)
{
    static const fixture_error cases[] = {
        {"preset: cifar100/resnet56-resnet2", NULL, "e.yaml:1:9: preset: expected ",
         "nearest: cifar100/resnet56-resnet20; sld methods lists them", "got cifar100/resnet56"},
        {"preset: [1]", NULL, "e.yaml:1:9: preset: expected ", "", "got a list"},
        {"method: none\npreset: " PAIR, NULL, "preset " PAIR " under none: data.format",
         "expected a path for data.format: cifar100", NULL},
        {"method: none\npreset: " PAIR FILES "train: {epochs: 32}", NULL,
         "e.yaml:5:17: train.epochs: expected ", "the preset's last stage of the rate, 210",
         "got 32"},
        {"method: none\npreset: " PAIR FILES, "train.epochs=210",
         "command line: train.epochs: expected ", "fractions", "got 210"},
    };
    fixture_check_errors(cases, COUNT(cases));

    sld_config *c = fixture_config("method: sld\npreset: " PAIR FILES,
                                   "train.epochs=32 train.lr_stages=[0.625,0.75,0.875] "
                                   "student_swap_after=first_lr_drop");
    assert_int_equal(sld_config_lss_active_epochs(sld_config_options(c)), 12);
    sld_config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_strength),   cmocka_unit_test(test_rates_of_the_reference),
        cmocka_unit_test(test_every_preset_parses), cmocka_unit_test(test_a_preset_is_its_values),
        cmocka_unit_test(test_other_length),        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
