/* test_config_errors: what is refused, where, and in which words. */
#include <stdlib.h>

#include "fixture.h"

static void test_unknown_keys(void **state)
{
    static const fixture_error cases[] = {
        {"sead: 3\n", NULL, "e.yaml:1:1: sead: unknown option", "nearest: seed"},
        {"# c\nepochs: 3\n", NULL, "e.yaml:2:1: epochs: ", "nearest: train.epochs"},
        {"train:\n  epoch: 3\n", NULL, "e.yaml:2:3: train.epoch: ", "nearest: train.epochs"},
        {"trian: {lr: 1}\n", NULL, "e.yaml:1:1: trian: ", "nearest: train"},
        {"train: {temperatures: [4]}\n", NULL,
         "e.yaml:1:9: train.temperatures: ", "nearest: kd.temperatures"},
        {"train: {kd.weak: 1}\n", NULL, "e.yaml:1:9: train.kd.weak: ", "nearest: kd.weak"},
        {"top: {seed: 1}\n", NULL, "e.yaml:1:1: top: ", "unknown"},
        {"lss: {after: 3}", NULL, "e.yaml:1:7: lss.after: ", "nearest: student_swap_after"},
        {"train: {learning_rate: 3}", NULL, "e.yaml:1:9: train.learning_rate: ", "train.lr"},
        {"xyzzyplugh: 1\n", NULL, "e.yaml:1:1: xyzzyplugh: unknown option", ""},
        {"{}", "kd.weka=1", "command line: kd.weka: unknown option", "nearest: kd.weak"},
        {"{}", "TRAIN.LR=1", "command line: TRAIN.LR: unknown option", "nearest: train.lr"},
        {"? [a, b]\n: 1\n", NULL, "e.yaml:1:3: ", "found a list as a key"},
        {"'': 1\n", NULL, "e.yaml:1:1: ", "found nothing as a key"},
        {"\"se\\0ed\": 1\n", NULL, "e.yaml:1:1: ", "NUL character as a key"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_wrong_types(void **state)
{
    static const fixture_error cases[] = {
        {"train:\n  epochs: many\n", NULL, "e.yaml:2:11: train.epochs: found many",
         "wanted a whole number from 1 to 1000000"},
        {"train: {epochs: 3.0}", NULL, "e.yaml:1:17: train.epochs: found 3.0", "a whole number"},
        {"train: {epochs: 1e3}", NULL, "e.yaml:1:17: train.epochs: found 1e3", "a whole number"},
        {"train: {epochs: 3 epochs}", NULL, "e.yaml:1:17: train.epochs: found 3 epochs", "whole"},
        {"train: {epochs: 0x10}", NULL, "e.yaml:1:17: train.epochs: found 0x10", "whole"},
        {"train: {epochs: 010}", NULL, "e.yaml:1:17: train.epochs: found 010", "whole"},
        {"train: {epochs: 1_000}", NULL, "e.yaml:1:17: train.epochs: found 1_000", "whole"},
        {"seed: '3'", NULL, "e.yaml:1:7: seed: found \"3\"", "without quotes"},
        {"train: {lr: .nan}", NULL, "e.yaml:1:13: train.lr: found .nan", "a number from 0 to 1000"},
        {"train: {lr: nan}", NULL, "e.yaml:1:13: train.lr: found nan", "a number"},
        {"train: {lr: inf}", NULL, "e.yaml:1:13: train.lr: found inf", "a number"},
        {"train: {lr: -.inf}", NULL, "e.yaml:1:13: train.lr: found -.inf", "a number"},
        {"train: {lr: 0.1x}", NULL, "e.yaml:1:13: train.lr: found 0.1x", "a number"},
        {"train: {lr: .}", NULL, "e.yaml:1:13: train.lr: found .,", "a number"},
        {"train: {lr: 1e}", NULL, "e.yaml:1:13: train.lr: found 1e,", "a number"},
        {"train: {lr: 0x1p-3}", NULL, "e.yaml:1:13: train.lr: found 0x1p-3", "a number"},
        {"train: {lr: 1:30}", NULL, "e.yaml:1:13: train.lr: found 1:30", "a number"},
        {"student_swap: yes", NULL, "e.yaml:1:15: student_swap: found yes",
         "wanted true or false, written so"},
        {"student_swap: Off", NULL, "e.yaml:1:15: student_swap: found Off", "true or false"},
        {"student_swap: True", NULL, "e.yaml:1:15: student_swap: found True", "true or false"},
        {"student_swap: 1", NULL, "e.yaml:1:15: student_swap: found 1", "true or false"},
        {"student_swap: 'true'", NULL, "e.yaml:1:15: student_swap: found \"true\"", "quotes"},
        {"method: ckd", NULL, "e.yaml:1:9: method: found ckd",
         "wanted none, kd, lskd, dkd, mlkd, nkd, rld, rc, lr, ctkd or sld"},
        {"method: non", NULL, "e.yaml:1:9: method: found non", "wanted none, kd, lskd"},
        {"kd: {temperatures: 4}", NULL, "e.yaml:1:20: kd.temperatures: found 4", "as in [4]"},
        {"kd: {temperatures: [4, x]}", NULL, "e.yaml:1:24: kd.temperatures: found x", "numbers"},
        {"kd: {temperatures: [[4]]}", NULL, "e.yaml:1:21: kd.temperatures: found a list inside",
         ""},
        {"kd: {temperatures: [4,\n {a: 1}]}", NULL, "e.yaml:2:2: kd.temperatures: found a mapping",
         "inside the list"},
        {"kd: {temperatures: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}", NULL,
         "e.yaml:1:53: kd.temperatures: found more than 16", ""},
        {"student_swap_after: 1.0", NULL, "e.yaml:1:21: student_swap_after: found 1.0",
         "a fraction below 1"},
        {"student_swap_after: 2.5", NULL, "e.yaml:1:21: student_swap_after: found 2.5", "an epoch"},
        {"student_swap_after: -1", NULL, "e.yaml:1:21: student_swap_after: found -1", "an epoch"},
        {"student_swap_after: later", NULL, "e.yaml:1:21: student_swap_after: found later",
         "first_lr_drop or never"},
        {"student_swap_after: '5'", NULL, "e.yaml:1:21: student_swap_after: found \"5\"", "epoch"},
        {"train: {epochs: [3]}", NULL, "e.yaml:1:17: train.epochs: found a list", "whole number"},
        {"train: {epochs: {a: 3}}", NULL, "e.yaml:1:17: train.epochs: found a mapping", "whole"},
        {"train: 5", NULL, "e.yaml:1:8: train: found a single value", "options of this section"},
        {"train: [5]", NULL, "e.yaml:1:8: train: found a list", "options of this section"},
        {"train:\nkd: {weak: 1}", NULL, "e.yaml:1:7: train: found no value", "options"},
        {"name: \"a\\nb\"", NULL, "e.yaml:1:7: name: found \"a?b\"", "control characters"},
        {"name: |\n  a\n  b\n", NULL, "e.yaml:1:7: name: found", "one line"},
        {"name: \"a\\0b\"", NULL, "e.yaml:1:7: name: found a NUL", ""},
        {"{}", "seed=x", "command line: seed: found x", "a whole number from 0 to 4294967295"},
        {"{}", "seed={a:\t1}", "command line: seed: found a mapping", "a whole number"},
        {"{}", "student_swap=on", "command line: student_swap: found on", "true or false"},
        {"{}", "train=5", "command line: train: found a single value", "options"},
        {"{}", "seed", "command line: found seed", "wanted key=value"},
        {"{}", "=3", "command line: found =3", "wanted key=value"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_missing_values(void **state)
{
    static const fixture_error cases[] = {
        {"seed:\n", NULL, "e.yaml:1:6: seed: found no value", "leave the line out"},
        {"seed: ~\n", NULL, "e.yaml:1:7: seed: found no value", ""},
        {"name: null\n", NULL, "e.yaml:1:7: name: found no value", "write \"\" for none"},
        {"kd: {temperatures: [1, ~]}\n", NULL, "e.yaml:1:24: kd.temperatures: found no value", ""},
        {"kd: {temperatures: }\n", NULL, "e.yaml:1:20: kd.temperatures: found no value", "list"},
        {"{}", "seed=", "command line: seed: found no value", ""},
        {"{}", "train=", "command line: train: found no value", ""},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_out_of_range(void **state)
{
    static const fixture_error cases[] = {
        {"train:\n  epochs: 0\n", NULL, "e.yaml:2:11: train.epochs: found 0,", "from 1 to 1000000"},
        {"seed: 4294967296", NULL, "e.yaml:1:7: seed: found 4294967296", "from 0 to 4294967295"},
        {"seed: -1", NULL, "e.yaml:1:7: seed: found -1", "from 0 to"},
        {"seed: 99999999999999999999999", NULL, "e.yaml:1:7: seed: found 9999", "from 0 to"},
        {"seed: -9223372036854775809", NULL, "e.yaml:1:7: seed: found -92", "from 0 to"},
        {"train: {lr: 1000.1}", NULL, "e.yaml:1:13: train.lr: found 1000.1", "from 0 to 1000"},
        {"train: {lr: 1e999}", NULL, "e.yaml:1:13: train.lr: found 1e999", "from 0 to 1000"},
        {"train: {lr: 1e-999}", NULL, "e.yaml:1:13: train.lr: found 1e-999", "from 0 to 1000"},
        {"kd: {temperatures: [4, 0]}", NULL, "e.yaml:1:24: kd.temperatures: found 0,", "from 0.01"},
        {"{}", "parallel.shards=0", "command line: parallel.shards: found 0", "from 1 to 4096"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_duplicates(void **state)
{
    static const fixture_error cases[] = {
        {"seed: 1\nseed: 1\n", NULL, "e.yaml:2:1: seed: given twice", "first in line 1"},
        {"train:\n  lr: 1\ntrain.lr: 2\n", NULL, "e.yaml:3:1: train.lr: given twice", "line 2"},
        {"train.lr: 2\n\ntrain:\n  lr: 1\n", NULL, "e.yaml:4:3: train.lr: given twice", "line 1"},
        {"kd: {weak: 1}\nkd: {strong: 1}\n", NULL, "e.yaml:2:1: kd: given twice", "line 1"},
        {"'seed': 1\n\"seed\": 1\n", NULL, "e.yaml:2:1: seed: given twice", ""},
        {"{}", "seed=1 seed=2", "command line: seed: given twice", ""},
        {"{}", "train={lr:\t1} train.lr=2", "command line: train.lr: given twice", ""},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_yaml_features(void **state)
{
    static const fixture_error cases[] = {
        {"a: &x {b: 1}\n", NULL, "e.yaml:1:1: a: unknown", ""},
        {"train: &x {lr: *x}\n", NULL, "e.yaml:1:16: train.lr: found the alias *x", "write"},
        {"&x train: *x\n", NULL, "e.yaml:1:11: train: found the alias *x", ""},
        {"*x : 1\n", NULL, "e.yaml:1:1: found the alias *x", ""},
        {"kd: {temperatures: &t [1, *t]}", NULL, "e.yaml:1:27: kd.temperatures: found the alias",
         ""},
        {"train:\n  <<: {lr: 1}\n", NULL, "e.yaml:2:3: train: ", "merge key"},
        {"<<: *base\n", NULL, "e.yaml:1:1: ", "merge key"},
        {"seed: !!int 3\n", NULL, "e.yaml:1:7: seed: found the tag", "without"},
        {"train: !x {lr: 1}\n", NULL, "e.yaml:1:8: train: found the tag !x", ""},
        {"seed: 1\n---\nseed: 2\n", NULL, "e.yaml:2:1: found a second document", ""},
        {"seed: 1\n...\nseed: 2\n", NULL, "e.yaml:3:1: ", "this is not YAML"},
        {"{}", "seed=1\n---\n2", "command line: seed: found a second document", ""},
        {"kd.temperatures: [1\n", NULL, "e.yaml:2:1: this is not YAML: ", "expected"},
        {"train:\n\tlr: 1\n", NULL, "e.yaml:2:1: this is not YAML: ", "spaces, not tabs"},
        {"name: a\n  lr: 2\n", NULL, "e.yaml:2:5: this is not YAML: ", "mapping values"},
        {"name: 'abc\n", NULL, "e.yaml:2:1: this is not YAML: ", "end of stream"},
        {"name: @abc\n", NULL, "e.yaml:1:7: this is not YAML: ", "cannot start"},
        {"{}", "kd.temperatures=[1", "command line: kd.temperatures: this is not YAML: ", ""},
        {"{}", "seed=1]", "command line: seed: found 1],", "whole number"},
        {"{}", "seed=]", "command line: seed: this is not YAML: ", ""},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_files_that_are_no_experiment(void **state)
{
    static const fixture_error cases[] = {
        {"", NULL, "e.yaml:1:1: no option in this document", "wanted options (key: value)"},
        {"\n# only a comment\n", NULL, "e.yaml:3:1: no option in this document", ""},
        {"---\n", NULL, "e.yaml:2:1: no option in this document", ""},
        {"hello\n", NULL, "e.yaml:1:1: found hello", "wanted options (key: value)"},
        {"- seed\n", NULL, "e.yaml:1:1: found a list", "wanted options"},
        {"\x89HDF\r\n\x1a\n", NULL, "e.yaml:1:1: found the byte 0x89", "UTF-8"},
        {"seed: 1\nname: a\xff\n", NULL, "e.yaml:2:8: found the byte 0xff", "UTF-8"},
        {"name: \xc3\xa4\xc3", NULL, "e.yaml:1:8: found the byte 0xc3", "UTF-8"},
        {"name: \xe0\x80\x80", NULL, "e.yaml:1:7: found the byte 0xe0", "UTF-8"},
        {"name: \xed\xa0\x80", NULL, "e.yaml:1:7: found the byte 0xed", "UTF-8"},
        {"seed: 1\r\n\r\nname: \x01", NULL, "e.yaml:3:7: found the byte 0x01", "UTF-8"},
        {"{}", "name=\xff", "command line: name: found the byte 0xff", "UTF-8"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void check_bytes(const void *bytes, size_t n, const char *message)
{
    sld_ctx     ctx;
    sld_config *config = NULL;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, "e.yaml", bytes, n, NULL, 0, fixture_methods, &config),
                     SLD_ERR_CONFIG);
    assert_null(config);
    assert_string_equal(ctx.err.msg, message);
}

static void test_bytes(void **state)
{
    check_bytes("seed: 1\nname: a\0b", 17, "e.yaml:2:8: found a NUL byte, wanted text in UTF-8");
    check_bytes("\xff\xfes\0", 4, "e.yaml:1:1: found UTF-16, wanted text in UTF-8");
}

/* A megabyte of brackets: an error where the second one stands, and no stack is used up. */
static void test_deep_and_huge(void **state)
{
    enum { DEEP = 1000000, HUGE_FILE = 5 << 20 };
    char *text = malloc(HUGE_FILE);

    assert_non_null(text);
    memset(text, '[', HUGE_FILE);
    memcpy(text, "kd.temperatures: ", 17);
    check_bytes(text, DEEP, "e.yaml:1:33: kd.temperatures: nested more than 16 deep");
    check_bytes(text, HUGE_FILE, "e.yaml:1:1: found 5242880 bytes, wanted at most 1048576");
    memset(text, 'k', HUGE_FILE);
    memcpy(text + DEEP - 4, ": 1\n", 4);
    sld_ctx     ctx;
    sld_config *config;
    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, "e.yaml", text, DEEP, NULL, 0, NULL, &config),
                     SLD_ERR_CONFIG);
    memset(text + 17, ' ', DEEP);
    for (size_t i = 0; i < 5000; i++) {
        memcpy(text + 2 * i, "? ", 2); /* a mapping as a key of a mapping as a key ... */
    }
    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, "e.yaml", text, 10000, NULL, 0, NULL, &config),
                     SLD_ERR_CONFIG);
    free(text);
}

/* The message keeps key and place when path and value are long. */
static void test_long_names(void **state)
{
    char        path[600], value[600], text[700];
    sld_ctx     ctx;
    sld_config *config;

    memset(path, 'p', sizeof path);
    memcpy(path + sizeof path - 8, "/e.yaml", 8);
    memset(value, '9', sizeof value);
    value[sizeof value - 1] = '\0';
    snprintf(text, sizeof text, "seed: %s", value);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, path, text, strlen(text), NULL, 0, NULL, &config),
                     SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "/e.yaml:1:7: seed: found 999"));
    assert_non_null(strstr(ctx.err.msg, "..., wanted a whole number from 0 to 4294967295"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_yaml_features),
        cmocka_unit_test(test_files_that_are_no_experiment),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_deep_and_huge),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
