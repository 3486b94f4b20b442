/* test_config_fuzz: thousands of damaged documents. Each is read or refused with file and line; no
 * crash, no leak (build with SLD_SANITIZE), and what is read survives its round trip. */
#include <stdlib.h>

#include "fixture.h"

enum { MUTATIONS = 3000, MAX_BYTES = 2048 };

static const char sample[] = "# an experiment\n"
                             "name: \"a run\"\n"
                             "method: sld\n"
                             "seed: 3\n"
                             "seeds: {init: -1, order: 4}\n"
                             "student_swap_after: first_lr_drop\n"
                             "data:\n"
                             "  format: cifar100\n"
                             "  path: /data/cifar-100-binary\n"
                             "teacher: {weights: 'teacher/best.h5'}\n"
                             "kd:\n"
                             "  temperatures: [1, 2.5,\n"
                             "    3e0, .5]\n"
                             "  weak: 0.9\n"
                             "lss.detach: true\n"
                             "train:\n"
                             "  epochs: 240\n"
                             "  lr_stages: [0.625, 0.75, 210]\n"
                             "  weight_decay: 5e-4\n"
                             "run.logits: false\n";

/* One to six edits of bytes: change, insert, delete, copy a piece elsewhere. */
static size_t mutate(sld_rng *rng, char *text, size_t n)
{
    static const char spice[] = "\n\t :-[]{},'\"#&*!|>%@`?~<0123456789.eE+=\\\x80\xff\xc3\x01";
    const uint32_t    edits   = 1 + sld_rng_below(rng, 6);

    for (uint32_t e = 0; e < edits && n > 8; e++) {
        const size_t at   = sld_rng_below(rng, (uint32_t)n);
        const char   byte = sld_rng_below(rng, 2) ? spice[sld_rng_below(rng, sizeof spice)]
                                                  : (char)sld_rng_below(rng, 256);
        switch (sld_rng_below(rng, 5)) {
        case 0:
            text[at] = byte;
            break;
        case 1:
            text[at] = (char)(text[at] ^ 1 << sld_rng_below(rng, 8));
            break;
        case 2:
            memmove(text + at, text + at + 1, n - at - 1);
            n--;
            break;
        case 3:
            if (n < MAX_BYTES) {
                memmove(text + at + 1, text + at, n - at);
                text[at] = byte;
                n++;
            }
            break;
        default: {
            const size_t length = 1 + sld_rng_below(rng, 40),
                         from   = sld_rng_below(rng, (uint32_t)n);
            if (n + length < MAX_BYTES && from + length <= n) {
                char piece[40];
                memcpy(piece, text + from, length);
                memmove(text + at + length, text + at, n - at);
                memcpy(text + at, piece, length);
                n += length;
            }
        }
        }
    }
    return n;
}

static bool is_at_a_place(const char *message)
{
    return strncmp(message, "e.yaml:", 7) == 0 || strncmp(message, "method sld: ", 12) == 0 ||
           strncmp(message, "default: ", 9) == 0 || strncmp(message, "command line: ", 14) == 0;
}

static void check_document(const char *text, size_t n, const char *const *overrides,
                           size_t n_overrides, size_t *accepted)
{
    sld_config *config = NULL, *again = NULL;
    sld_ctx     ctx;

    sld_ctx_init(&ctx);
    const sld_status st =
        sld_config_parse(&ctx, "e.yaml", text, n, overrides, n_overrides, fixture_methods, &config);
    if (st != SLD_OK) {
        assert_int_equal(st, SLD_ERR_CONFIG);
        assert_null(config);
        if (!is_at_a_place(ctx.err.msg)) {
            fail_msg("no place: %s", ctx.err.msg);
        }
        return;
    }
    (*accepted)++;
    const char *resolved = sld_config_text(config);
    if (sld_config_parse(&ctx, "again", resolved, strlen(resolved), NULL, 0, fixture_methods,
                         &again) != SLD_OK) {
        fail_msg("%s\n%s", ctx.err.msg, resolved);
    }
    assert_string_equal(sld_config_text(again), resolved);
    assert_string_equal(sld_config_identity(again), sld_config_identity(config));
    sld_config_destroy(config);
    sld_config_destroy(again);
}

static void test_damaged_documents(void **state)
{
    char   text[MAX_BYTES + 1];
    size_t accepted = 0;

    check_document(sample, sizeof sample - 1, NULL, 0, &accepted);
    assert_int_equal(accepted, 1);
    for (uint32_t i = 0; i < MUTATIONS; i++) {
        sld_rng rng = sld_rng_make(2026, SLD_RNG_SYNTH, 0, i);
        memcpy(text, sample, sizeof sample);
        const size_t n     = mutate(&rng, text, sizeof sample - 1);
        char        *exact = malloc(n); /* no byte behind the text, so that a read there shows */
        assert_non_null(exact);
        memcpy(exact, text, n);
        check_document(exact, n, NULL, 0, &accepted);
        free(exact);
    }
    /* Both ways are walked: comments and digits change and the document stays one. */
    assert_in_range(accepted, MUTATIONS / 50, MUTATIONS / 2);
}

static void test_damaged_overrides(void **state)
{
    static const char *const samples[] = {"kd.temperatures=[1, 2.5, 3e0]", "name=\"a run\"",
                                          "train={lr: 0.1, epochs: 240}", "student_swap_after=0.5"};
    size_t                   accepted  = 0;

    for (uint32_t i = 0; i < MUTATIONS / 2; i++) {
        sld_rng     rng = sld_rng_make(2027, SLD_RNG_SYNTH, 0, i);
        char        text[MAX_BYTES + 1];
        const char *override = text;
        const char *from     = samples[i % COUNT(samples)];

        memcpy(text, from, strlen(from));
        text[mutate(&rng, text, strlen(from))] = '\0';
        check_document("method: none", 12, &override, 1, &accepted);
    }
    assert_in_range(accepted, MUTATIONS / 100, MUTATIONS / 2);
}

/* Every beginning of a document. */
static void test_truncated(void **state)
{
    size_t accepted = 0;

    for (size_t n = 0; n < sizeof sample; n++) {
        check_document(sample, n, NULL, 0, &accepted);
    }
    assert_true(accepted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_documents),
        cmocka_unit_test(test_damaged_overrides),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
