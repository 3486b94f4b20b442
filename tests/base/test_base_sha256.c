/* SHA-256 against FIPS 180-4's examples, in one piece and in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sld/base.h"

static void check(const char *text, size_t piece, const char *wanted)
{
    sld_sha256 sha;
    char       hex[65];

    sld_sha256_init(&sha);
    for (size_t i = 0, n = strlen(text); i < n; i += piece) {
        sld_sha256_add(&sha, text + i, n - i < piece ? n - i : piece);
    }
    sld_sha256_hex(&sha, hex);
    assert_string_equal(hex, wanted);
}

static void test_examples(void **state)
{
    static const char long_text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

    for (size_t piece = 1; piece < 70; piece++) {
        check("", piece, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check("abc", piece, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(long_text, piece, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
}

static void test_a_million(void **state)
{
    static char text[1000001];

    memset(text, 'a', 1000000);
    check(text, 4097, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples),
                                       cmocka_unit_test(test_a_million)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
