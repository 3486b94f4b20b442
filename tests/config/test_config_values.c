/* test_config_values: every type as YAML writes it, nested and dotted, in file and override. */
#include "fixture.h"

static const char none[] = "method: none\n";

static void test_types(void **state)
{
    sld_config        *c = fixture_config("method: none\n"
                                                 "name: \"run 1: \xc3\xa4\"\n"
                                                 "student_swap_after: 0.5\n"
                                                 "train:\n"
                                                 "  epochs: +64        # a comment\n"
                                                 "  lr: 2.5e-2\n"
                                                 "  lr_stages: [0.5, 40,\n"
                                                 "              1e2]\n"
                                                 "kd: {temperatures: []}\n"
                                                 "run.logits: false\n"
                                                 "data: {path: '/a b/c', format: cifar100}\n",
                                          NULL);
    const sld_options *o = sld_config_options(c);

    assert_string_equal(o->top.name, "run 1: \xc3\xa4");
    assert_int_equal(o->top.method, SLD_METHOD_NONE);
    assert_int_equal(o->top.student_swap_after.word, SLD_WHEN_FRACTION);
    assert_true(o->top.student_swap_after.value == 0.5);
    assert_int_equal(o->train.epochs, 64);
    assert_true(o->train.lr == 0.025);
    assert_int_equal(o->train.lr_stages.n, 3);
    assert_true(o->train.lr_stages.v[2] == 100);
    assert_int_equal(o->kd.temperatures.n, 0);
    assert_false(o->run.logits);
    assert_string_equal(o->data.path, "/a b/c");
    assert_int_equal(o->train.batch, 64);
    sld_config_destroy(c);
}

static void test_when_words(void **state)
{
    const struct {
        const char   *text;
        sld_when_word word;
        double        value;
    } cases[] = {
        {"0", SLD_WHEN_EPOCH, 0},
        {"0.0", SLD_WHEN_EPOCH, 0},
        {"1", SLD_WHEN_EPOCH, 1},
        {"150", SLD_WHEN_EPOCH, 150},
        {".625", SLD_WHEN_FRACTION, 0.625},
        {"never", SLD_WHEN_NEVER, 0},
        {"'first_lr_drop'", SLD_WHEN_FIRST_LR_DROP, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char override[64];
        snprintf(override, sizeof override, "student_swap_after=%s", cases[i].text);
        sld_config          *c = fixture_config(none, override);
        const sld_when_value v = sld_config_options(c)->top.student_swap_after;
        assert_int_equal(v.word, cases[i].word);
        assert_true(v.value == cases[i].value);
        sld_config_destroy(c);
    }
}

static void test_overrides(void **state)
{
    sld_config        *c = fixture_config("method: none\ntrain: {epochs: 9}\nname: x\n",
                                          "train.epochs=12 kd.temperatures=[1,2] train={lr:\t1,batch:\t8} "
                                                 "name= run.dir=a=b");
    const sld_options *o = sld_config_options(c);

    assert_int_equal(o->train.epochs, 12);
    assert_int_equal(o->kd.temperatures.n, 2);
    assert_true(o->train.lr == 1);
    assert_int_equal(o->train.batch, 8);
    assert_string_equal(o->top.name, ""); /* the shell eats the quotes of name="" */
    assert_string_equal(o->run.dir, "a=b");
    assert_int_equal(sld_config_origin(c, "train.lr"), SLD_FROM_OVERRIDE);
    assert_int_equal(sld_config_origin(c, "method"), SLD_FROM_FILE);
    assert_int_equal(sld_config_origin(c, "ce.weak"), SLD_FROM_DEFAULT);
    sld_config_destroy(c);
}

/* One document may use the nested and the dotted form, anchors nobody refers to, any line ends. */
static void test_forms(void **state)
{
    sld_config *c = fixture_config("\xef\xbb\xbf%YAML 1.1\r\n---\r\nmethod: &m none\r\n"
                                   "train:\r\n  epochs: 3\r\ntrain.lr: 1\r\n...\r\n",
                                   NULL);
    assert_int_equal(sld_config_options(c)->train.epochs, 3);
    assert_true(sld_config_options(c)->train.lr == 1);
    sld_config_destroy(c);
    sld_config_destroy(fixture_config("{}", "method=none")); /* nothing set, and says so */
}

static void test_range_ends_are_inside(void **state)
{
    sld_config *c = fixture_config(none, "seed=4294967295 train.batch=1 train.lr=1000 "
                                         "data.val_fraction=0 train.momentum=-0.0");
    assert_true(sld_config_options(c)->top.seed == 4294967295);
    sld_config_destroy(c);
}

static void test_keys(void **state)
{
    size_t n = 0;

    assert_string_equal(sld_config_key(0), "name");
    while (sld_config_key(n)) {
        n++;
    }
    assert_true(n > 60);
    assert_null(sld_config_key(n));
}

/* One word of the command line, blanks and all. */
static sld_status parse_word(sld_ctx *ctx, const char *word, sld_config **out)
{
    sld_ctx_init(ctx);
    return sld_config_parse(ctx, "e.yaml", none, strlen(none), &word, 1, fixture_methods, out);
}

/* Text is taken as the shell hands it over. Quotes around the whole word are YAML's. */
static void test_words_of_text(void **state)
{
    static const struct {
        const char *word, *value;
    } cases[] = {
        {"b #1", "b #1"},       {"&x y", "&x y"},    {"--- x", "--- x"}, {"x ...", "x ..."},
        {"!x", "!x"},           {"*x", "*x"},        {"[a]", "[a]"},     {"a: b", "a: b"},
        {"{ranks}", "{ranks}"}, {"@x", "@x"},        {"'x", "'x"},       {"a 'b'", "a 'b'"},
        {" a ", " a "},         {"12", "12"},        {"true", "true"},   {"'x #1'", "x #1"},
        {"\"a\\\\b\"", "a\\b"}, {"'it''s'", "it's"}, {"''", ""},         {"", ""},
        {"\"a 'b'\"", "a 'b'"}, {"'null'", "null"},  {"a\\nb", "a\\nb"},
    };
    static const char *const keys[] = {"name", "run.dir", "teacher.weights", "student.network"};

    for (size_t i = 0; i < COUNT(cases) * COUNT(keys); i++) {
        const char *key = keys[i % COUNT(keys)], *value = NULL;
        const char *word = cases[i / COUNT(keys)].word, *wanted = cases[i / COUNT(keys)].value;
        char        pair[64];
        sld_ctx     ctx;
        sld_config *c = NULL;

        if (key == keys[0] && *wanted == '-') {
            continue; /* no name of a folder */
        }
        snprintf(pair, sizeof pair, "%s=%s", key, word);
        if (parse_word(&ctx, pair, &c) != SLD_OK) {
            fail_msg("%s: %s", pair, ctx.err.msg);
        }
        const sld_options *o = sld_config_options(c);
        value                = key == keys[0]   ? o->top.name
                               : key == keys[1] ? o->run.dir
                               : key == keys[2] ? o->teacher.weights
                                                : o->student.network;
        assert_string_equal(value, wanted);
        sld_config_destroy(c);
    }
}

static void test_words_refused(void **state)
{
    static const struct {
        const char *word, *holds;
    } cases[] = {
        {"name=a\nb", "name: expected text of one line without control characters, got a"},
        {"run.dir=a\tb", "run.dir: expected a path of one line without control characters"},
        {"run.dir=a\r", "run.dir: expected a path of one line"},
        {"run.dir='a\nb'", "run.dir: expected a path of one line"},
        {"name=\"a\\nb\"", "name: expected text of one line without control characters"},
        {"name='a' #b'", "name: expected a value alone, got 'a' #b'"},
        {"name='a' b'", "name: expected YAML, got something else"},
        {"name=--- x", "name: expected the name of a folder"},
        {"name='a' # 'b'", "name: expected a value alone, got 'a' # 'b'"},
        {"train.lr=0.1 # x", "train.lr: expected a value alone, got 0.1 # x; a comment"},
        {"train.lr=&x 0.1", "train.lr: expected a value, got the anchor &x; write the value"},
        {"train.lr=--- 0.1", "train.lr: expected a value alone, got --- 0.1"},
        {"train.lr=0.1\n...", "train.lr: expected a value alone"},
        {"train.epochs=# 3", "train.epochs: expected a value alone, got # 3"},
        {"train.lr_stages=[1, 2] #3", "train.lr_stages: expected a value alone, got [1, 2] #3"},
        {"train.lr_stages=[1, &x 2]", "train.lr_stages: expected a value, got the anchor &x"},
        {"method=none #1", "method: expected a value alone, got none #1"},
        {"student_swap_after=never # x", "student_swap_after: expected a value alone"},
        {"run.logits='true'", "run.logits: expected true or false without quotes"},
        {"train={lr: 0.1} # x", "train: expected a value alone, got {lr: 0.1} # x"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx     ctx;
        sld_config *c = NULL;

        assert_int_equal(parse_word(&ctx, cases[i].word, &c), SLD_ERR_CONFIG);
        if (strncmp(ctx.err.msg, "command line: ", 14) != 0 ||
            !strstr(ctx.err.msg, cases[i].holds)) {
            fail_msg("%s gave: %s", cases[i].word, ctx.err.msg);
        }
    }
}

/* Blanks around any other value are YAML's, and nothing that counts is lost. */
static void test_words_with_blanks(void **state)
{
    static const char *const words[] = {"train.lr= 0.5 ", "train.lr=0.5\n", "train={lr: 0.5} ",
                                        "train=lr: 0.5"};

    for (size_t i = 0; i < COUNT(words); i++) {
        sld_ctx     ctx;
        sld_config *c = NULL;
        assert_int_equal(parse_word(&ctx, words[i], &c), SLD_OK);
        assert_true(sld_config_options(c)->train.lr == 0.5);
        sld_config_destroy(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_when_words),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_range_ends_are_inside),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_words_of_text),
        cmocka_unit_test(test_words_refused),
        cmocka_unit_test(test_words_with_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
