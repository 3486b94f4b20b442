/* The one writer of JSON: layout, escapes, bytes that are no text, numbers that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sld/base_json.h"

typedef struct written {
    char    *text;
    size_t   n;
    FILE    *to;
    sld_json j;
} written;

static void expect(written *w, const char *wanted)
{
    fclose(w->to);
    assert_string_equal(w->text, wanted);
    free(w->text);
}

static sld_json *of(written *w)
{
    w->to = open_memstream(&w->text, &w->n);
    assert_non_null(w->to);
    w->j = sld_json_begin(w->to);
    return &w->j;
}

static void test_objects_and_lists(void **state)
{
    written   w = {0};
    sld_json *j = of(&w);

    sld_json_object(j, NULL);
    sld_json_whole(j, "n", -3);
    sld_json_bool(j, "yes", true);
    sld_json_list(j, "of");
    sld_json_end(j);
    sld_json_object(j, "in");
    sld_json_list(j, "a");
    sld_json_whole(j, NULL, 1);
    sld_json_text(j, NULL, "two");
    sld_json_object(j, NULL);
    sld_json_end(j);
    sld_json_end(j);
    sld_json_end(j);
    sld_json_bool(j, "no", false);
    sld_json_end(j);
    expect(&w, "{\"n\": -3, \"yes\": true, \"of\": [], \"in\": {\"a\": [1, \"two\", {}]}, \"no\": "
               "false}\n");
}

static void test_lines(void **state)
{
    written   w = {0};
    sld_json *j = of(&w);

    sld_json_list(j, NULL);
    for (int i = 0; i < 2; i++) {
        sld_json_line(j);
        sld_json_object(j, NULL);
        sld_json_whole(j, "i", i);
        sld_json_end(j);
    }
    sld_json_line(j);
    sld_json_end(j);
    expect(&w, "[\n {\"i\": 0},\n {\"i\": 1}\n]\n");
}

static void test_numbers(void **state)
{
    written   w = {0};
    sld_json *j = of(&w);

    sld_json_list(j, NULL);
    sld_json_number(j, NULL, 1.0 / 3.0, 3);
    sld_json_number(j, NULL, -0.5e-20, 10);
    sld_json_number(j, NULL, 61.0, 10);
    sld_json_number(j, NULL, NAN, 10);
    sld_json_number(j, NULL, -INFINITY, 10);
    sld_json_whole(j, NULL, INT64_MIN);
    sld_json_end(j);
    expect(&w, "[0.333, -5e-21, 61, null, null, -9223372036854775808]\n");
}

static void test_strings(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"a \"b\" \\ c/d", "a \\\"b\\\" \\\\ c/d"},
        {"tab\tline\nbell\x07 del\x7f", "tab\\u0009line\\u000abell\\u0007 del\x7f"},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xe9t\xe9", "\\ufffdt\\ufffd"}, /* Latin 1 */
        {"\xc0\xaf \xed\xa0\x80",
         "\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd"},             /* overlong, a surrogate */
        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"}, /* beyond U+10FFFF */
        {"cut\xe2\x82", "cut\\ufffd\\ufffd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        written   w = {0};
        sld_json *j = of(&w);
        char      wanted[128];
        sld_json_object(j, NULL);
        sld_json_text(j, cases[i].text, cases[i].text); /* keys are texts too */
        sld_json_end(j);
        snprintf(wanted, sizeof wanted, "{\"%s\": \"%s\"}\n", cases[i].wanted, cases[i].wanted);
        expect(&w, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_and_lists),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
