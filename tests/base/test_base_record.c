/* The error record, the arena, suggestions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sld/base.h"

static void test_the_first_failure_is_the_cause(void **state)
{
    sld_ctx ctx;

    sld_ctx_init(&ctx);
    assert_int_equal(SLD_FAIL(&ctx, SLD_ERR_IO, "%s: the cause", "file"), SLD_ERR_IO);
    assert_int_equal(SLD_FAIL(&ctx, SLD_ERR_LIB, "an echo"), SLD_ERR_LIB);
    assert_int_equal(ctx.err.code, SLD_ERR_IO);
    assert_string_equal(ctx.err.msg, "file: the cause");
    assert_string_equal(ctx.err.file, "test_base_record.c");
    sld_err_clear(&ctx);
    assert_int_equal(ctx.err.code, SLD_OK);
}

static void test_fault_at_the_chosen_call(void **state)
{
    sld_ctx ctx;

    setenv("SLD_FAIL_AT", "io:3@0", 1);
    sld_ctx_init(&ctx);
    assert_false(sld_fault(&ctx, "io"));
    assert_false(sld_fault(&ctx, "other"));
    assert_false(sld_fault(&ctx, "io"));
    assert_true(sld_fault(&ctx, "io"));
    assert_false(sld_fault(&ctx, "io"));
    unsetenv("SLD_FAIL_AT");
}

static void test_arena_is_aligned_and_zeroed(void **state)
{
    sld_ctx    ctx;
    sld_arena *arena;
    char      *p;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_arena_create(&ctx, &arena), SLD_OK);
    for (size_t n = 1; n < 300000; n = n * 3 + 1) {
        assert_int_equal(sld_arena_alloc(&ctx, arena, n, (void **)&p), SLD_OK);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 1, n);
    }
    assert_int_equal(sld_arena_alloc(&ctx, arena, SIZE_MAX / 2, (void **)&p), SLD_ERR_NOMEM);
    assert_null(p);
    sld_arena_destroy(arena);
}

static void test_large_memory_lies_on_large_pages(void **state)
{
    static const size_t large = (size_t)2 << 20;

    (void)state;
    for (size_t n = large - 1; n < large + 2; n++) {
        char *p = sld_memory_alloc(n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % (n < large ? 64 : large), 0);
        memset(p, 1, n);
        free(p);
    }
    assert_null(sld_memory_alloc(SIZE_MAX - 1));
}

/* Arrays of one size, in one chunk of the arena and in several, begin at different places of 4 KB. */
static void test_arrays_do_not_alias(void **state)
{
    static const size_t sizes[] = {4096, 65536, (size_t)20 << 20};
    enum { N = 4 };
    sld_ctx ctx;

    (void)state;
    sld_ctx_init(&ctx);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        sld_arena *arena = NULL;
        char      *p[N];
        assert_int_equal(sld_arena_create(&ctx, &arena), SLD_OK);
        for (int a = 0; a < N; a++) {
            assert_int_equal(sld_arena_alloc(&ctx, arena, sizes[i], (void **)&p[a]), SLD_OK);
            assert_int_equal((uintptr_t)p[a] % 64, 0);
            memset(p[a], a, sizes[i]);
            for (int b = 0; b < a; b++) {
                assert_int_not_equal((uintptr_t)p[a] % 4096, (uintptr_t)p[b] % 4096);
                assert_int_equal(p[b][sizes[i] - 1], b);
            }
        }
        sld_arena_destroy(arena);
    }
}

static void test_nearest_word(void **state)
{
    static const char *const words[] = {"train.epochs", "train.lr", "teacher.weights", "method"};

    assert_int_equal(sld_text_nearest("train.epoch", words, 4), 0);
    assert_int_equal(sld_text_nearest("mehtod", words, 4), 3);
    assert_int_equal(sld_text_nearest("Train.LR", words, 4), 1);
    assert_int_equal(sld_text_nearest("zzzzzzzzzz", words, 4), -1);
    assert_int_equal(sld_text_nearest("", words, 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_failure_is_the_cause),
        cmocka_unit_test(test_fault_at_the_chosen_call),
        cmocka_unit_test(test_arena_is_aligned_and_zeroed),
        cmocka_unit_test(test_large_memory_lies_on_large_pages),
        cmocka_unit_test(test_arrays_do_not_alias),
        cmocka_unit_test(test_nearest_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
