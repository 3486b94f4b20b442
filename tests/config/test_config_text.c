/* test_config_text: the resolved document reads back to the same experiment; --help shows the
 * table.
 */
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

/* Parsed again, without methods, the document gives the same document and identity. */
static void check_round_trip(const char *text, const char *overrides)
{
    sld_config *c = fixture_config(text, overrides), *again = NULL;
    const char *resolved = sld_config_text(c);
    sld_ctx     ctx;

    sld_ctx_init(&ctx);
    if (sld_config_parse(&ctx, "again", resolved, strlen(resolved), NULL, 0, fixture_methods,
                         &again) != SLD_OK) {
        fail_msg("%s\n%s", ctx.err.msg, resolved);
    }
    assert_string_equal(sld_config_text(again), resolved);
    assert_string_equal(sld_config_identity(again), sld_config_identity(c));
    for (size_t i = 0; sld_config_key(i); i++) { /* every option of an experiment stands there */
        assert_int_equal(sld_config_origin(again, sld_config_key(i)),
                         sld_config_is_key(sld_config_key(i)) ? SLD_FROM_FILE : SLD_FROM_DEFAULT);
    }
    assert_string_equal(sld_config_options(again)->top.name, sld_config_options(c)->top.name);
    sld_config_destroy(c);
    sld_config_destroy(again);
}

static void test_round_trip(void **state)
{
    static const char *const names[] = {
        "\"\"",      "plain",       "123",      "'1.5'",  "true",           "'Null'", "\"null\"",
        "'~'",       "yes",         "a b",      "'a: b'", "'# c'",          "'a #b'", "\"q\\\"q\"",
        "'back\\s'", "\" space \"", "'[x]'",    "'{x}'",  "'*x'",           "'&x'",   "'!x'",
        "'%x'",      "'@x'",        "\xc3\xa4", "'?'",    "'a,b'",          "Off",    "N",
        "'x:'",      "nan",         "1e3",      "0x10",   "\xe2\x82\xac 5", "_",      "'|'",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[128];
        snprintf(text, sizeof text, "method: none\nname: %s\n", names[i]);
        check_round_trip(text, NULL);
    }
    check_round_trip("method: sld\nteacher: {weights: ../a b/t.h5}\nseed: 5\nseeds: {init: 2}\n"
                     "student_swap_after: 0.625\nce: {after: 7, until: 0.9, boost_after: never}\n"
                     "train: {lr: 0.1, weight_decay: 1e-7, momentum: 0.30000000000000004}\n",
                     "train.lr_stages=[0.1,0.33333333333333331,400] train.epochs=900 "
                     "correction=random kd.temperatures=[1.5,2,1e-2]");
}

static void test_numbers_are_short(void **state)
{
    sld_config *c = fixture_config("method: none\ntrain: {lr: 0.1, weight_decay: 1e-7, lr_decay: 1,"
                                   " momentum: 0.30000000000000004}\nkd: {temperatures: [1, .5]}",
                                   NULL);
    const char *text = sld_config_text(c);

    assert_non_null(strstr(text, "  lr: 0.1\n"));
    assert_non_null(strstr(text, "  weight_decay: 1.0e-07\n"));
    assert_non_null(strstr(text, "  lr_decay: 1.0\n"));
    assert_non_null(strstr(text, "  momentum: 0.30000000000000004\n"));
    assert_non_null(strstr(text, "  temperatures: [1, 0.5]\n"));
    assert_non_null(strstr(text, "\ntrain:\n  epochs: 240 # epoch\n"));
    sld_config_destroy(c);
}

/* The document of one seed with another seed is the run of that seed, not half of it. */
static void test_seed_moves_with_the_document(void **state)
{
    static const char *const override[] = {"seed=9"};
    sld_config *c = fixture_config("method: none\nseed: 5\nseeds: {order: 2}", NULL), *again = NULL;
    sld_ctx     ctx;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_parse(&ctx, "again", sld_config_text(c), strlen(sld_config_text(c)),
                                      override, 1, NULL, &again),
                     SLD_OK);
    assert_int_equal(sld_config_options(again)->seeds.init, 9);
    assert_int_equal(sld_config_options(again)->seeds.order, 2);
    sld_config_destroy(c);
    sld_config_destroy(again);
}

static void test_help_knows_every_option(void **state)
{
    static const char *const overrides[] = {"method=sld"};
    const char             **value       = NULL;
    sld_arena               *arena       = NULL;
    sld_ctx                  ctx;
    sld_option_info          o;
    size_t                   n = 0;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_arena_create(&ctx, &arena), SLD_OK);
    assert_int_equal(sld_config_defaults(&ctx, arena, fixture_methods, overrides, 1, &value),
                     SLD_OK);
    for (; sld_config_info(n, &o); n++) {
        assert_string_equal(o.key, sld_config_key(n));
        assert_non_null(sld_config_topic(o.topic));
        if (strcmp(o.key, "correction") == 0) {
            assert_string_equal(value[n], "swap"); /* the method's, not the table's */
            assert_int_equal(strncmp(o.takes, "none|swap|ga|raise|", 19), 0);
        }
    }
    assert_null(sld_config_key(n));
    sld_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_numbers_are_short),
        cmocka_unit_test(test_seed_moves_with_the_document),
        cmocka_unit_test(test_help_knows_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
