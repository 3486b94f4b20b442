/* What a folder's points and a changed spec differ in, as people are told it, and which spec the
 * folder keeps. */
#include "fixture.h"

#include <stdlib.h>

static const struct {
    const char *there, *here; /* behind "base: " */
    const char *told;         /* "": nothing has changed */
    bool        whole;        /* told is all, not a part */
} cases[] = {
    {"{method: none}", "{method: none}", "", true},
    {"{method: none, train.epochs: 2}", "{method: none, train.epochs: 3}",
     "s seed 1: train.epochs: 2 there, 3 here", true},
    /* each key beside itself, and none left out */
    {"{method: none, train.epochs: 2, train.lr: 0.1}",
     "{method: none, train.epochs: 3, train.lr: 0.2}",
     "s seed 1: train.epochs: 2 there, 3 here, train.lr: 0.1 there, 0.2 here", true},
    {"{method: none, train.lr: 0.1}", "{method: none, train.batch: 32}",
     "s seed 1: train.lr: 0.1 there, not set here, train.batch: 32 here, not set there", true},
    {"{method: none}", "{method: none, train.momentum: 0.5}",
     "s seed 1: train.momentum: 0.5 here, not set there", true},
    {"{method: none, ce: {weak: 2, strong: 1}, train: {epochs: 2, batch: 4, lr: 1, momentum: 0.1, "
     "weight_decay: 0.1, lr_decay: 0.2, lr_stages: [0.5]}, synthetic: {train: 64, test: 32}}",
     "{method: none, ce: {weak: 3, strong: 4}, train: {epochs: 3, batch: 8, lr: 2, momentum: 0.2, "
     "weight_decay: 0.2, lr_decay: 0.3, lr_stages: [0.6]}, synthetic: {train: 32, test: 16}}",
     " more", false},
};

static void record(const char *base, const char *dir, bool dry, sld_grid_change *out)
{
    char      text[1024];
    sld_ctx   ctx;
    sld_grid *grid;

    snprintf(text, sizeof text, "base: %s\nseeds: 1\n", base);
    grid = fixture_sweep(text, NULL);
    sld_ctx_init(&ctx);
    if (sld_grid_record(&ctx, grid, dir, text, strlen(text), false, dry, out) != SLD_OK) {
        fail_msg("%s: %s", base, ctx.err.msg);
    }
    sld_grid_close(grid);
}

static void test_changes(void **state)
{
    char root[] = "/tmp/sld-record-XXXXXX", dir[64], command[96];

    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_grid_change change;
        snprintf(dir, sizeof dir, "%s/%zu", root, i);
        record(cases[i].there, dir, false, &change);
        record(cases[i].here, dir, true, &change);
        if (cases[i].whole ? strcmp(change.example, cases[i].told) != 0
                           : !strstr(change.example, cases[i].told)) {
            fail_msg("case %zu\ngave: %s\nwant: %s", i, change.example, cases[i].told);
        }
    }
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

/* Behind "base: {method: none}"; the points are the same. */
static const struct {
    const char *there, *here;
    bool        text, claims, report, unclaimed;
} specs[] = {
    {"", "", false, false, false, false},
    {"", "# a word\n", true, false, false, true},
    {"", "claims: {c: {effect: a}}\n", true, true, false, false},
    {"", "report: {title: T}\n", true, false, true, true},
    {"report: {title: T}\n", "report: {title: U}\n", true, false, true, true},
    {"claims: {c: {effect: a}}\n", "claims:\n  c: {effect: a}\n", true, false, false, false},
    {"claims: {c: {effect: a}}\n", "claims: {d: {effect: a}}\n", true, true, false, false},
    {"claims: {c: {effect: a}}\n", "report: {x: train.lr}\n", true, true, true, true},
    {"claims: {c: {effect: a}}\n", "claims: {c: {effect: a, metric: nll_last}}\n", true, true,
     false, false},
};

/* The folder keeps the spec as given, whatever of it is another; a plan keeps nothing. */
static void test_spec_is_kept(void **state)
{
    char root[] = "/tmp/sld-record-XXXXXX", dir[64], path[96], base[256], command[96];

    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < COUNT(specs); i++) {
        static const char axis[] = "{method: none}\naxes: {a: {p: {}, q: {train.lr: 0.2}}}\n";
        for (int step = 0; step < 3; step++) { /* recorded, planned, given */
            const char     *there = step < 2 ? specs[i].there : specs[i].here;
            const char     *here  = step == 0 ? specs[i].there : specs[i].here;
            sld_grid_change c;
            char            wanted[320];
            void           *text = NULL;
            size_t          n    = 0;
            sld_ctx         ctx;
            snprintf(dir, sizeof dir, "%s/%zu", root, i);
            snprintf(base, sizeof base, "%s%s", axis, here);
            record(base, dir, step == 1, &c);
            sld_ctx_init(&ctx);
            snprintf(path, sizeof path, "%s/sweep.yaml", dir);
            snprintf(wanted, sizeof wanted, "base: %s%s\nseeds: 1\n", axis, there);
            assert_int_equal(sld_file_read(&ctx, path, 4096, &text, &n), SLD_OK);
            if (n != strlen(wanted) || memcmp(text, wanted, n) != 0) {
                fail_msg("case %zu, step %d: the folder keeps\n%.*s", i, step, (int)n,
                         (const char *)text);
            }
            free(text);
            if (step > 0 && (c.text != specs[i].text || c.claims != specs[i].claims ||
                             c.report != specs[i].report || c.unclaimed != specs[i].unclaimed)) {
                fail_msg("case %zu: text %d, claims %d, report %d, unclaimed %d", i, c.text,
                         c.claims, c.report, c.unclaimed);
            }
        }
    }
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes),
                                       cmocka_unit_test(test_spec_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
