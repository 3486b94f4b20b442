/* Every row of options.def, one after the other: a result option changes the identity wherever its
 * condition holds, any other option never does. A new option is walked without a word here; a new
 * condition must hold in one of these experiments. */
#include "fixture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "../../src/config/options.h"

/* Between them every condition of conditions.def holds. */
static const char *const experiments[] = {
    "method: none\nce.strong: 1\nce: {boost: 2, boost_after: 3}\ndata.label_noise: 0.1",
    "method: none\naugment.crop: resized\ndata: {format: cifar10, path: d}",
    "method: sld\nkd: {boost: 2, boost_after: 3}\nlss: {boost: 2, boost_after: 3, allow_inactive: "
    "true}\n"
    "teacher: {weights: t.h5, logits: store}\ncorrection: ga",
    "method: kd\nteacher.weights: t.h5\ncorrection: mix\nkd.loss: dkd",
    "method: kd\nteacher.weights: t.h5\nkd.loss: mlkd",
    "method: kd\nteacher.weights: t.h5\nkd.loss: nkd",
    "method: kd\nteacher.weights: t.h5\nkd.loss: rld",
    "method: kd\nteacher.weights: t.h5\nkd.loss: rc",
    "method: kd\nteacher.weights: t.h5\nkd.loss: lr",
    "method: kd\nteacher.weights: t.h5\nkd.loss: ctkd",
    "method: kd\nteacher.logits_files: d",
};

/* The experiment with key: value in place of what it has. NULL where that is refused. */
static sld_config *with(const char *experiment, const char *key, const char *value)
{
    char        pair[640];
    const char *overrides[] = {pair};
    sld_ctx     ctx;
    sld_config *config = NULL;

    sld_ctx_init(&ctx);
    snprintf(pair, sizeof pair, "%s=%s", key, value);
    (void)sld_config_parse(&ctx, "e.yaml", experiment, strlen(experiment), overrides, 1,
                           fixture_methods, &config);
    return config;
}

/* Values to try; at least one of them differs from what the experiment has, and is taken. */
static void candidates(const sld_option *option, char out[8][64], size_t *n)
{
    static const char *const words[] = {"true",   "false", "word", "/p/a/t/h",
                                        "[0.25]", "[7]",   "7",    "0.5"};
    const char              *dots    = strstr(option->limits, "..");

    *n = 0;
    for (size_t i = 0; option->type == SLD_TYPE_choice && option->words[i] && *n < 8; i++) {
        snprintf(out[(*n)++], 64, "%s", option->words[i]);
    }
    if (option->type == SLD_TYPE_choice) {
        return;
    }
    for (size_t i = 0; i < COUNT(words); i++) {
        snprintf(out[(*n)++], 64, "%s", words[i]);
    }
    if (dots && (option->type == SLD_TYPE_i64 || option->type == SLD_TYPE_f64)) {
        snprintf(out[0], 64, "%.*s", (int)(dots - option->limits), option->limits);
        snprintf(out[1], 64, "%s", dots + 2);
        snprintf(out[2], 64, "1");
        snprintf(out[3], 64, "3");
    }
}

static bool same_value(const sld_config *a, const sld_config *b, const sld_option *option)
{
    const char *x = (const char *)sld_config_options(a) + option->offset;
    const char *y = (const char *)sld_config_options(b) + option->offset;

    if (option->type == SLD_TYPE_text || option->type == SLD_TYPE_path) {
        return strcmp(*(const char *const *)(const void *)x,
                      *(const char *const *)(const void *)y) == 0;
    }
    return memcmp(x, y, option->size) == 0;
}

/* Tries values of one option in one experiment. Returns whether one of them was another value. */
static bool walk(const sld_option *option, const sld_config *base, const char *experiment)
{
    const char *key = sld_option_key(option);
    char        values[8][64];
    size_t      n;
    bool        tried = false;

    candidates(option, values, &n);
    for (size_t i = 0; i < n; i++) {
        sld_config *other = with(experiment, key, values[i]);
        if (!other || same_value(base, other, option) ||
            !sld_condition_holds(option->condition, sld_config_options(other))) {
            sld_config_destroy(other);
            continue;
        }
        const bool same = strcmp(sld_config_identity(base), sld_config_identity(other)) == 0;
        if (option->kind == SLD_KIND_result ? same : (option->kind == SLD_KIND_run && !same)) {
            fail_msg("%s=%s: the identity %s\n%s", key, values[i],
                     same ? "stays the same" : "becomes another", sld_config_identity(other));
        }
        sld_config_destroy(other);
        tried = true;
    }
    return tried;
}

static void test_every_option(void **state)
{
    bool tried[SLD_OPTION_COUNT] = {false};

    for (size_t e = 0; e < COUNT(experiments); e++) {
        sld_config *base = fixture_config(experiments[e], NULL);
        for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
            const sld_option *option = sld_option_at(i);
            if (sld_condition_holds(option->condition, sld_config_options(base))) {
                tried[i] = walk(option, base, experiments[e]) || tried[i];
            }
        }
        sld_config_destroy(base);
    }
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (!tried[i] && sld_option_at(i)->kind != SLD_KIND_word &&
            sld_option_at(i)->kind != SLD_KIND_launch) { /* no part of an experiment */
            fail_msg("%s: no experiment here in which its condition holds takes another value",
                     sld_option_key(sld_option_at(i)));
        }
    }
}

/* Each row says what it is: help of at least a few words, a default that its type takes. */
static void test_every_row(void **state)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        assert_true(strlen(option->help) >= 8);
        assert_int_equal(sld_option_find(sld_option_key(option)), i);
        assert_true((option->type == SLD_TYPE_choice) == (option->words != NULL));
    }
    for (int c = 0; c < SLD_CONDITION_COUNT; c++) {
        char keys[128];
        assert_true((c == SLD_IF_always) == (*sld_condition_words((sld_condition_id)c) == '\0'));
        snprintf(keys, sizeof keys, "%s", sld_condition_keys((sld_condition_id)c));
        for (char *key = strtok(keys, " "); key; key = strtok(NULL, " ")) {
            assert_true(sld_option_find(key) >= 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
