/* Buffers that share memory never overlap while both live, and memory is shared where it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packing.h"
#include "sld/base.h"

static void test_no_overlap(void **state)
{
    (void)state;
    enum { N = 60 };
    sld_rng rng = sld_rng_make(1, SLD_RNG_SYNTH, 0, 0);
    for (int trial = 0; trial < 20; trial++) {
        sld_span spans[N];
        for (int i = 0; i < N; i++) {
            spans[i].floats = 1 + sld_rng_below(&rng, 100);
            spans[i].from   = (int)sld_rng_below(&rng, 50);
            spans[i].to     = spans[i].from + (int)sld_rng_below(&rng, 10);
        }
        const size_t total = sld_pack_spans(spans, N);
        for (int i = 0; i < N; i++) {
            assert_int_equal(spans[i].offset % 16, 0);
            assert_true(spans[i].offset + spans[i].floats <= total);
            for (int j = 0; j < i; j++) {
                const bool together = spans[i].from <= spans[j].to && spans[j].from <= spans[i].to;
                const bool apart    = spans[i].offset + spans[i].floats <= spans[j].offset ||
                                   spans[j].offset + spans[j].floats <= spans[i].offset;
                assert_true(!together || apart);
            }
        }
    }
}

static void test_memory_is_reused(void **state)
{
    (void)state;
    sld_span chain[100];
    for (int i = 0; i < 100; i++) {
        chain[i] = (sld_span){.floats = 32, .from = i, .to = i + 1};
    }
    assert_int_equal(sld_pack_spans(chain, 100), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_overlap),
                                       cmocka_unit_test(test_memory_is_reused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
