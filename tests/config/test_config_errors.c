/* test_config_errors: what is refused, where, and in which words. */
#include <stdlib.h>

#include "fixture.h"

static void test_unknown_keys(void **state)
{
    static const fixture_error cases[] = {
        {"sead: 3\n", NULL, "e.yaml:1:1: sead: unknown option", "nearest: seed", NULL},
        {"# c\nepochs: 3\n", NULL, "e.yaml:2:1: epochs: ", "nearest: train.epochs", NULL},
        {"train:\n  epoch: 3\n", NULL, "e.yaml:2:3: train.epoch: ", "nearest: train.epochs", NULL},
        {"trian: {lr: 1}\n", NULL, "e.yaml:1:1: trian: ", "nearest: train", NULL},
        {"train: {temperatures: [4]}\n", NULL,
         "e.yaml:1:9: train.temperatures: ", "nearest: kd.temperatures", NULL},
        {"train: {kd.weak: 1}\n", NULL, "e.yaml:1:9: train.kd.weak: ", "nearest: kd.weak", NULL},
        {"top: {seed: 1}\n", NULL, "e.yaml:1:1: top: ", "unknown", NULL},
        {"lss: {after: 3}", NULL, "e.yaml:1:7: lss.after: ", "nearest: student_swap_after", NULL},
        {"train: {learning_rate: 3}", NULL, "e.yaml:1:9: train.learning_rate: ", "train.lr", NULL},
        {"xyzzyplugh: 1\n", NULL, "e.yaml:1:1: xyzzyplugh: unknown option", "", NULL},
        {"{}", "kd.weka=1", "command line: kd.weka: unknown option", "nearest: kd.weak", NULL},
        {"{}", "kd.temp=1", "command line: kd.temp: unknown option", "nearest: kd.temperatures",
         NULL},
        {"momen: 1\n", NULL, "e.yaml:1:1: momen: unknown option", "nearest: train.momentum", NULL},
        {"{}", "TRAIN.LR=1", "command line: TRAIN.LR: unknown option", "nearest: train.lr", NULL},
        {"? [a, b]\n: 1\n", NULL, "e.yaml:1:3: ", "name as key, got a list", NULL},
        {"'': 1\n", NULL, "e.yaml:1:1: ", "name as key, got nothing", NULL},
        {"\"se\\0ed\": 1\n", NULL, "e.yaml:1:1: ", "name as key, got", NULL},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_wrong_types(void **state)
{
    static const fixture_error cases[] = {
        {"train:\n  epochs: many\n", NULL, "e.yaml:2:11: train.epochs: expected ",
         "a whole number from 1 to 1000000", "got many"},
        {"train: {epochs: 3.0}", NULL, "e.yaml:1:17: train.epochs: expected ", "a whole number",
         "got 3.0"},
        {"train: {epochs: 1e3}", NULL, "e.yaml:1:17: train.epochs: expected ", "a whole number",
         "got 1e3"},
        {"train: {epochs: 3 epochs}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole",
         "got 3 epochs"},
        {"train: {epochs: 0x10}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole",
         "got 0x10"},
        {"train: {epochs: 010}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole", "got 010"},
        {"train: {epochs: 1_000}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole",
         "got 1_000"},
        {"seed: '3'", NULL, "e.yaml:1:7: seed: expected ", "without quotes", "got \"3\""},
        {"train: {lr: .nan}", NULL, "e.yaml:1:13: train.lr: expected ", "a number from 0 to 1000",
         "got .nan"},
        {"train: {lr: nan}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got nan"},
        {"train: {lr: inf}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got inf"},
        {"train: {lr: -.inf}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got -.inf"},
        {"train: {lr: 0.1x}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got 0.1x"},
        {"train: {lr: .}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got ."},
        {"train: {lr: 1e}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got 1e"},
        {"train: {lr: 0x1p-3}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got 0x1p-3"},
        {"train: {lr: 1:30}", NULL, "e.yaml:1:13: train.lr: expected ", "a number", "got 1:30"},
        {"student_swap: yes", NULL, "e.yaml:1:15: student_swap: expected ",
         "true or false (yes, no,", "got yes"},
        {"student_swap: Off", NULL, "e.yaml:1:15: student_swap: expected ", "true or false",
         "got Off"},
        {"student_swap: True", NULL, "e.yaml:1:15: student_swap: expected ", "true or false",
         "got True"},
        {"student_swap: 1", NULL, "e.yaml:1:15: student_swap: expected ", "true or false", "got 1"},
        {"student_swap: 'true'", NULL, "e.yaml:1:15: student_swap: expected ", "quotes",
         "got \"true\""},
        {"method: ckd", NULL, "e.yaml:1:9: method: expected ",
         "none, kd, lskd, dkd, mlkd, nkd, rld, rc, lr, ctkd or sld", "got ckd"},
        {"method: non", NULL, "e.yaml:1:9: method: expected ", "none, kd, lskd", "got non"},
        {"kd: {temperatures: 4}", NULL, "e.yaml:1:20: kd.temperatures: expected ", "as in [4]",
         "got 4"},
        {"kd: {temperatures: [4, x]}", NULL, "e.yaml:1:24: kd.temperatures: expected ", "numbers",
         "got x"},
        {"kd: {temperatures: [[4]]}", NULL, "e.yaml:1:21: kd.temperatures: expected ", "",
         "got a list"},
        {"kd: {temperatures: [4,\n {a: 1}]}", NULL, "e.yaml:2:2: kd.temperatures: expected ",
         "in the list", "got a mapping"},
        {"kd: {temperatures: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}", NULL,
         "e.yaml:1:53: kd.temperatures: expected at most 16 numbers in the list, got more", "",
         NULL},
        {"student_swap_after: 1.0", NULL, "e.yaml:1:21: student_swap_after: expected ",
         "a fraction below 1", "got 1.0"},
        {"student_swap_after: 2.5", NULL, "e.yaml:1:21: student_swap_after: expected ", "an epoch",
         "got 2.5"},
        {"student_swap_after: -1", NULL, "e.yaml:1:21: student_swap_after: expected ", "an epoch",
         "got -1"},
        {"student_swap_after: later", NULL, "e.yaml:1:21: student_swap_after: expected ",
         "first_lr_drop or never", "got later"},
        {"student_swap_after: '5'", NULL, "e.yaml:1:21: student_swap_after: expected ", "epoch",
         "got \"5\""},
        {"train: {epochs: [3]}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole number",
         "got a list"},
        {"train: {epochs: {a: 3}}", NULL, "e.yaml:1:17: train.epochs: expected ", "whole",
         "got a mapping"},
        {"train: 5", NULL, "e.yaml:1:8: train: expected ", "options of this section",
         "got a single value"},
        {"train: [5]", NULL, "e.yaml:1:8: train: expected ", "options of this section",
         "got a list"},
        {"train:\nkd: {weak: 1}", NULL, "e.yaml:1:7: train: expected ", "options", "got no value"},
        {"name: \"a\\nb\"", NULL, "e.yaml:1:7: name: expected ", "control characters",
         "got \"a?b\""},
        {"name: |\n  a\n  b\n", NULL, "e.yaml:1:7: name: expected ", "one line", NULL},
        {"name: \"a\\0b\"", NULL, "e.yaml:1:7: name: expected ", "", "got one"},
        {"{}", "seed=x", "command line: seed: expected ", "a whole number from 0 to 4294967295",
         "got x"},
        {"{}", "seed={a:\t1}", "command line: seed: expected ", "a whole number", "got a mapping"},
        {"{}", "student_swap=on", "command line: student_swap: expected ", "true or false",
         "got on"},
        {"{}", "train=5", "command line: train: expected ", "options", "got a single value"},
        {"{}", "seed", "command line: expected ", "key=value", "got seed"},
        {"{}", "=3", "command line: expected ", "key=value", "got =3"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_missing_values(void **state)
{
    static const fixture_error cases[] = {
        {"seed:\n", NULL, "e.yaml:1:6: seed: expected ", "leave the line out", "got no value"},
        {"seed: ~\n", NULL, "e.yaml:1:7: seed: expected ", "", "got no value"},
        {"name: null\n", NULL, "e.yaml:1:7: name: expected ", "write \"\" for none",
         "got no value"},
        {"kd: {temperatures: [1, ~]}\n", NULL, "e.yaml:1:24: kd.temperatures: expected ", "",
         "got no value"},
        {"kd: {temperatures: }\n", NULL, "e.yaml:1:20: kd.temperatures: expected ", "list",
         "got no value"},
        {"{}", "seed=", "command line: seed: expected ", "", "got no value"},
        {"{}", "train=", "command line: train: expected ", "", "got no value"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_out_of_range(void **state)
{
    static const fixture_error cases[] = {
        {"train:\n  epochs: 0\n", NULL, "e.yaml:2:11: train.epochs: expected ", "from 1 to 1000000",
         "got 0"},
        {"seed: 4294967296", NULL, "e.yaml:1:7: seed: expected ", "from 0 to 4294967295",
         "got 4294967296"},
        {"seed: -1", NULL, "e.yaml:1:7: seed: expected ", "from 0 to", "got -1"},
        {"seed: 99999999999999999999999", NULL, "e.yaml:1:7: seed: expected ", "from 0 to",
         "got 9999"},
        {"seed: -9223372036854775809", NULL, "e.yaml:1:7: seed: expected ", "from 0 to", "got -92"},
        {"train: {lr: 1000.1}", NULL, "e.yaml:1:13: train.lr: expected ", "from 0 to 1000",
         "got 1000.1"},
        {"train: {lr: 1e999}", NULL, "e.yaml:1:13: train.lr: expected ", "from 0 to 1000",
         "got 1e999"},
        {"train: {lr: 1e-999}", NULL, "e.yaml:1:13: train.lr: expected ", "from 0 to 1000",
         "got 1e-999"},
        {"kd: {temperatures: [4, 0]}", NULL, "e.yaml:1:24: kd.temperatures: expected ", "from 0.01",
         "got 0"},
        {"{}", "parallel.shards=0", "command line: parallel.shards: expected ", "from 1 to 4096",
         "got 0"},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_duplicates(void **state)
{
    static const fixture_error cases[] = {
        {"seed: 1\nseed: 1\n", NULL, "e.yaml:2:1: seed: expected once, got twice",
         "first in line 1", NULL},
        {"train:\n  lr: 1\ntrain.lr: 2\n", NULL, "e.yaml:3:1: train.lr: expected once, got twice",
         "line 2", NULL},
        {"train.lr: 2\n\ntrain:\n  lr: 1\n", NULL, "e.yaml:4:3: train.lr: expected once, got twice",
         "line 1", NULL},
        {"kd: {weak: 1}\nkd: {strong: 1}\n", NULL, "e.yaml:2:1: kd: expected once, got twice",
         "line 1", NULL},
        {"'seed': 1\n\"seed\": 1\n", NULL, "e.yaml:2:1: seed: expected once, got twice", "", NULL},
        {"{}", "seed=1 seed=2", "command line: seed: expected once, got twice", "", NULL},
        {"{}", "train={lr:\t1} train.lr=2", "command line: train.lr: expected once, got twice", "",
         NULL},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_yaml_features(void **state)
{
    static const fixture_error cases[] = {
        {"a: &x {b: 1}\n", NULL, "e.yaml:1:1: a: unknown", "", NULL},
        {"train: &x {lr: *x}\n", NULL, "e.yaml:1:16: train.lr: expected ", "write",
         "got the alias *x"},
        {"&x train: *x\n", NULL, "e.yaml:1:11: train: expected ", "", "got the alias *x"},
        {"*x : 1\n", NULL, "e.yaml:1:1: expected ", "", "got the alias *x"},
        {"kd: {temperatures: &t [1, *t]}", NULL, "e.yaml:1:27: kd.temperatures: expected ", "",
         "got the alias"},
        {"train:\n  <<: {lr: 1}\n", NULL, "e.yaml:2:3: train: ", "merge key", NULL},
        {"<<: *base\n", NULL, "e.yaml:1:1: ", "merge key", NULL},
        {"'<<': 1\n", NULL, "e.yaml:1:1: <<: unknown", "", NULL},
        {"seed: !!int 3\n", NULL, "e.yaml:1:7: seed: expected ", "without", "got the tag"},
        {"train: !x {lr: 1}\n", NULL, "e.yaml:1:8: train: expected ", "", "got the tag !x"},
        {"seed: 1\n---\nseed: 2\n", NULL, "e.yaml:2:1: expected ", "", "got a second"},
        {"seed: 1\n...\nseed: 2\n", NULL, "e.yaml:3:1: ", "expected YAML", NULL},
        {"{}", "seed=1\n---\n2", "command line: seed: expected ", "", "got a second"},
        {"kd.temperatures: [1\n", NULL,
         "e.yaml:2:1: expected YAML, got something else: ", "expected", NULL},
        {"train:\n\tlr: 1\n", NULL,
         "e.yaml:2:1: expected YAML, got something else: ", "spaces, not tabs", NULL},
        {"name: a\n  lr: 2\n", NULL,
         "e.yaml:2:5: expected YAML, got something else: ", "mapping values", NULL},
        {"name: 'abc\n", NULL, "e.yaml:2:1: expected YAML, got something else: ", "end of stream",
         NULL},
        {"name: @abc\n", NULL, "e.yaml:1:7: expected YAML, got something else: ", "cannot start",
         NULL},
        {"{}", "kd.temperatures=[1",
         "command line: kd.temperatures: expected YAML, got something else: ", "", NULL},
        {"{}", "seed=1]", "command line: seed: expected ", "whole number", "got 1]"},
        {"{}", "seed=]", "command line: seed: expected YAML, got something else: ", "", NULL},
    };
    fixture_check_errors(cases, COUNT(cases));
}

static void test_files_that_are_no_experiment(void **state)
{
    static const fixture_error cases[] = {
        {"", NULL, "e.yaml:1:1: expected options (key: value), got no option", "", NULL},
        {"\n# only a comment\n", NULL, "e.yaml:3:1: expected options (key: value), got no option",
         "", NULL},
        {"---\n", NULL, "e.yaml:2:1: expected options (key: value), got no option", "", NULL},
        {"hello\n", NULL, "e.yaml:1:1: expected ", "options (key: value)", "got hello"},
        {"- seed\n", NULL, "e.yaml:1:1: expected ", "options", "got a list"},
        {"\x89HDF\r\n\x1a\n", NULL, "e.yaml:1:1: expected ", "UTF-8", "got the byte 0x89"},
        {"seed: 1\nname: a\xff\n", NULL, "e.yaml:2:8: expected ", "UTF-8", "got the byte 0xff"},
        {"name: \xc3\xa4\xc3", NULL, "e.yaml:1:8: expected ", "UTF-8", "got the byte 0xc3"},
        {"name: \xe0\x80\x80", NULL, "e.yaml:1:7: expected ", "UTF-8", "got the byte 0xe0"},
        {"name: \xed\xa0\x80", NULL, "e.yaml:1:7: expected ", "UTF-8", "got the byte 0xed"},
        {"seed: 1\r\n\r\nname: \x01", NULL, "e.yaml:3:7: expected ", "UTF-8", "got the byte 0x01"},
        {"{}", "name=\xff", "command line: name: expected ", "UTF-8", "got the byte 0xff"},
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
    check_bytes("seed: 1\nname: a\0b", 17, "e.yaml:2:8: expected text in UTF-8, got a NUL byte");
    check_bytes("\xff\xfes\0", 4, "e.yaml:1:1: expected text in UTF-8, got UTF-16");
}

/* A megabyte of brackets: an error where the second one stands, and no stack is used up. */
static void test_deep_and_huge(void **state)
{
    enum { DEEP = 1000000, HUGE_FILE = 5 << 20 };
    char *text = malloc(HUGE_FILE);

    assert_non_null(text);
    memset(text, '[', HUGE_FILE);
    memcpy(text, "kd.temperatures: ", 17);
    check_bytes(text, DEEP, "e.yaml:1:33: kd.temperatures: expected at most 16 levels, got more");
    check_bytes(text, HUGE_FILE, "e.yaml:1:1: expected at most 1048576 bytes, got 5242880");
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
    assert_non_null(
        strstr(ctx.err.msg, "/e.yaml:1:7: seed: expected a whole number from 0 to 4294967295"));
    assert_non_null(strstr(ctx.err.msg, "got 999"));
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
