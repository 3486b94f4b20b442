/* A method is a set of option defaults: every key it names must exist, and no key twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sld/config_choices.h"
#include "sld/distill.h"

/* Section and name of every option; `top` has no prefix. */
#define SLD_SECTION(name, ...)
#define SLD_OPTION(section, name, ...) {#section, #name},
#define SLD_SECTION_END(name)
static const char *const options[][2] = {
#include "../../src/config/options.def"
};

static bool is_option(const char *key)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char full[128];
        if (strcmp(options[i][0], "top") == 0) {
            snprintf(full, sizeof full, "%s", options[i][1]);
        } else {
            snprintf(full, sizeof full, "%s.%s", options[i][0], options[i][1]);
        }
        if (strcmp(key, full) == 0) return true;
    }
    return false;
}

static bool is_method(const char *name)
{
    return sld_method_find(name) != NULL;
}
static bool is_correction(const char *name)
{
    sld_correction found;
    return sld_correction_find(name, &found);
}
static bool is_teacher_loss(const char *name)
{
    sld_teacher_loss found;
    return sld_teacher_loss_find(name, &found);
}

/* The words of experiments (sld/config_choices.h), each of which must be known here. */
#define WORD(value, word) word,
static void check_words(const char *const *words, size_t n, size_t n_here,
                        bool (*known)(const char *name))
{
    assert_int_equal(n, n_here);
    for (size_t i = 0; i < n; i++) {
        assert_true(known(words[i]));
    }
}

static void test_every_choice_is_known(void **state)
{
    static const char *const methods[]     = {SLD_CHOICES_method(WORD)};
    static const char *const corrections[] = {SLD_CHOICES_correction(WORD)};
    static const char *const losses[]      = {SLD_CHOICES_loss(WORD)};

    check_words(methods, sizeof methods / sizeof *methods, sld_method_count(), is_method);
    check_words(corrections, sizeof corrections / sizeof *corrections, SLD_CORRECTIONS,
                is_correction);
    check_words(losses, sizeof losses / sizeof *losses, SLD_TEACHER_LOSSES, is_teacher_loss);
}

static const char *value_of(const sld_method *m, const char *key)
{
    for (size_t i = 0; m->defaults[i][0] != NULL; i++) {
        if (strcmp(m->defaults[i][0], key) == 0) return m->defaults[i][1];
    }
    return NULL;
}

static void test_every_default_names_an_option(void **state)
{
    assert_true(is_option("method") && is_option("kd.weak") && !is_option("kd.weaker"));
    for (size_t i = 0; i < sld_method_count(); i++) {
        const sld_method *m = sld_method_at(i);
        assert_ptr_equal(sld_method_find(m->name), m);
        for (size_t j = 0; m->defaults[j][0] != NULL; j++) {
            assert_true(is_option(m->defaults[j][0]));
            assert_ptr_equal(value_of(m, m->defaults[j][0]), m->defaults[j][1]);
        }
    }
    assert_null(sld_method_find("nothing"));
}

static void test_methods_differ_as_the_protocol_says(void **state)
{
    const sld_method *none = sld_method_find("none"), *kd = sld_method_find("kd"),
                     *sld = sld_method_find("sld");
    assert_string_equal(value_of(none, "kd.weak"), "0.0");
    assert_string_equal(value_of(kd, "kd.strong"), "0.0");
    assert_string_equal(value_of(kd, "kd.temperatures"), "[4]");
    assert_string_equal(value_of(kd, "correction"), "none");
    assert_string_equal(value_of(sld, "correction"), "swap");
    assert_string_equal(value_of(sld, "train.lr"), "0.025"); /* two views */
    assert_string_equal(value_of(kd, "train.lr"), "0.05");   /* one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_default_names_an_option),
        cmocka_unit_test(test_every_choice_is_known),
        cmocka_unit_test(test_methods_differ_as_the_protocol_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
