/* Large specs: planned in a time that grows with their size, or refused at once with a limit; and
 * names that a line of DIR/points cannot hold. */
#include "fixture.h"

#include <stdlib.h>
#include <time.h>

/* A limit on a quadratic search: 80,000 texts compared with each other take ten seconds and more. Of
 * this process's own time: others may hold the processor. */
#define TIMEOUT_S 5.0

static const struct {
    const char *head, *each, *tail; /* each: with one number */
    int         n;
    const char *told;   /* begin of the message; NULL: it is taken */
    size_t      points; /* then */
} cases[] = {
    {"base: {method: none}\naxes: {train.lr: [", "1.%d, ", "]}\n", 80000,
     "s.yaml:2:18: train.lr: expected at most 4096 entries, got 80000", 0},
    {"base: {method: none}\naxes: {train.lr: {", "a%d: 1, ", "}}\n", 80000,
     "s.yaml:2:18: train.lr: expected at most 4096 entries", 0},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\nexclude: [", "{seed: %d}, ", "]\n", 20000,
     "s.yaml:3:10: exclude: expected at most 4096 entries, got 20000", 0},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\nclaims: {", "c%d: {arm: x, against: y}, ",
     "}\n", 20000, "s.yaml:3:9: claims: expected at most 1024 entries", 0},
    {"base: {method: none}\nteachers: {", "t%d: {}, ", "}\n", 80000,
     "s.yaml:2:11: teachers: expected at most 1024 entries", 0},
    {"base: {method: none}\nseeds: [", "%d, ", "100]\n", 80000,
     "s.yaml:2:", 0}, /* 100 stands twice */
    {"base: {method: none}\nseeds: 0..99999\naxes: {ce.strong: [", "0.%d1, ", "]}\n", 10,
     "s.yaml: axes: expected at most 100000 points", 0},
    {"base: {method: none}\nseeds: 0..2000\nexclude: [", "{seed: %d}, ", "]\n", 1501, NULL, 500},
};

static char *text_of(size_t i)
{
    char  *text = NULL;
    size_t n    = 0;
    FILE  *out  = open_memstream(&text, &n);

    assert_non_null(out);
    fputs(cases[i].head, out);
    for (int k = 0; k < cases[i].n; k++) {
        fprintf(out, cases[i].each, k); /* the table's own formats */
    }
    fputs(cases[i].tail, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_large(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx       ctx;
        sld_grid     *grid  = NULL;
        char         *text  = text_of(i);
        const clock_t start = clock();

        (void)fixture_expand(&ctx, text, NULL, NULL, &grid);
        const double took_s = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (cases[i].told ? grid || strncmp(ctx.err.msg, cases[i].told, strlen(cases[i].told)) != 0
                          : !grid || sld_grid_count(grid) != cases[i].points) {
            fail_msg("case %zu gave: %s\nwant: %s", i, ctx.err.msg,
                     cases[i].told ? cases[i].told : "points");
        }
        if (took_s > TIMEOUT_S) {
            fail_msg("case %zu took %.1f s", i, took_s);
        }
        sld_grid_close(grid);
        free(text);
    }
}

/* The name of a spec's file names the sweep: DIR/points holds it in a line, apart by tabs. */
static void test_names(void **state)
{
    static const char *const paths[] = {"a\nb.yaml", "a\tb.yaml", "dir/a\rb.yaml",
                                        "a\x7F"
                                        "b.yaml"};
    static const char        text[]  = "base: {method: none}\nseeds: 7\n";
    char                     dir[]   = "/tmp/sld-names-XXXXXX", sweep[64], command[96];
    int                      nobody  = 0;

    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < COUNT(paths); i++) {
        const sld_grid_params params = {.path    = paths[i],
                                        .text    = text,
                                        .n       = strlen(text),
                                        .method  = fixture_methods,
                                        .content = fixture_content,
                                        .user    = &nobody};
        sld_ctx               ctx;
        sld_grid             *grid = NULL, *again = NULL;
        sld_grid_change       change;

        sld_ctx_init(&ctx);
        snprintf(sweep, sizeof sweep, "%s/%zu", dir, i);
        assert_int_equal(sld_grid_expand(&ctx, &params, &grid), SLD_OK);
        assert_string_equal(sld_grid_name(grid), "a_b");
        assert_int_equal(sld_grid_count(grid), 1);
        assert_int_equal(sld_grid_point(grid, 0)->seed, 7);
        assert_int_equal(
            sld_grid_record(&ctx, grid, sweep, text, strlen(text), false, false, &change), SLD_OK);
        assert_int_equal(sld_grid_open(&ctx, sweep, &again), SLD_OK);
        assert_string_equal(sld_grid_name(again), "a_b");
        sld_grid_close(again);
        sld_grid_close(grid);
    }
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_large), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
