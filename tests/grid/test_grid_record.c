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

/* base: all of the spec behind "base: ". */
static void record_text(const char *base, const char *dir, bool dry, sld_grid_change *out)
{
    char      text[1200];
    sld_ctx   ctx;
    sld_grid *grid;

    snprintf(text, sizeof text, "base: %s", base);
    grid = fixture_sweep(text, NULL);
    sld_ctx_init(&ctx);
    if (sld_grid_record(&ctx, grid, dir, text, strlen(text), false, dry, out) != SLD_OK) {
        fail_msg("%s: %s", base, ctx.err.msg);
    }
    sld_grid_close(grid);
}

static void record(const char *base, const char *dir, bool dry, sld_grid_change *out)
{
    char text[1024];

    snprintf(text, sizeof text, "%s\nseeds: 1\n", base);
    record_text(text, dir, dry, out);
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
    bool        text, report;
    const char *claims; /* what is other in them */
} specs[] = {
    {"", "", false, false, NULL},
    {"", "# a word\n", true, false, NULL},
    {"", "claims: {c: {effect: a}}\n", true, false, "named"},
    {"", "report: {title: T}\n", true, true, NULL},
    {"report: {title: T}\n", "report: {title: U}\n", true, true, NULL},
    {"claims: {c: {effect: a}}\n", "claims:\n  c: {effect: a}\n", true, false, NULL},
    {"claims: {c: {effect: a}}\n", "claims: {d: {effect: a}}\n", true, false, "named"},
    {"claims: {c: {effect: a}}\n", "report: {x: train.lr}\n", true, true, "taken out"},
    {"claims: {c: {effect: a}}\n", "claims: {c: {effect: a, metric: nll_last}}\n", true, false,
     "changed"},
    /* the same in other words */
    {"claims: {c: {effect: a}}\n", "claims: {c: {effect: a, metric: top1_last}}\n", true, false,
     NULL},
    {"claims: {c: {arm: p, against: q}}\n", "claims: {c: {against: [q], arm: [p]}}\n", true, false,
     NULL},
    {"claims: {c: {arm: p, against: q}}\n", "claims: {c: {arm: q, against: p}}\n", true, false,
     "changed"},
};

/* The same words, over other axes: what then means something else. */
static const struct {
    const char *there, *here;
    const char *claims, *meant, *renamed;
    bool        baseline;
} meanings[] = {
    /* labels change hands; the effect is of the same trials in the same order */
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}}\nbaseline: p\n",
     "axes: {a: {q: {}, p: {train.lr: 0.2}}}\nbaseline: p\n", "changed", "arm",
     "p (there q), q (there p)", true},
    /* seeds that are added, or go, change no meaning; one that an arm alone has not does */
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}}\n",
     "axes: {a: {p: {}, q: {train.lr: 0.2}}}\nseeds: [1, 2]\n", NULL, "", "", false},
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}}\nseeds: [2, 1]\n",
     "axes: {a: {p: {}, q: {train.lr: 0.2}}}\nseeds: [2, 3]\n", NULL, "", "", false},
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}}\nseeds: [1, 2]\n",
     "axes: {a: {p: {}, q: {train.lr: 0.2}}}\nseeds: [1, 2]\nexclude: [{a: q, seed: 2}]\n",
     "changed", "arm, effect", "", false},
    /* an effect is over all labels of the other axes */
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}, b: {x: {}, y: {train.momentum: 0.1}}}\n"
     "baseline: p x\n",
     "axes: {a: {p: {}, q: {train.lr: 0.2}}, b: {x: {}, y: {train.momentum: 0.1}, z: "
     "{train.momentum: 0.2}}}\nbaseline: p x\n",
     "changed", "effect", "", false},
    /* an order of labels turns an effect round */
    {"axes: {a: {p: {}, q: {train.lr: 0.2}}}\n", "axes: {a: {q: {train.lr: 0.2}, p: {}}}\n",
     "changed", "effect", "", false},
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
            const char *claims = c.claims ? c.claims : "", *want = specs[i].claims;
            if (step > 0 && (c.text != specs[i].text || c.report != specs[i].report ||
                             strcmp(claims, want ? want : "") != 0)) {
                fail_msg("case %zu: text %d, report %d, claims %s", i, c.text, c.report, claims);
            }
        }
    }
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

/* A claim is what it compares, whatever its words. */
static void test_meaning_of_claims(void **state)
{
    char root[] = "/tmp/sld-record-XXXXXX", dir[64], base[1024], command[96];

    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < COUNT(meanings); i++) {
        const bool      two = strstr(meanings[i].here, "b: {") != NULL;
        sld_grid_change c;
        snprintf(dir, sizeof dir, "%s/%zu", root, i);
        for (int step = 0; step < 2; step++) {
            const char *axes = step == 0 ? meanings[i].there : meanings[i].here;
            snprintf(
                base, sizeof base,
                "{method: none}\n%sclaims: {arm: {arm: %s, against: %s}, effect: {effect: a}}\n%s",
                axes, two ? "q x" : "q", two ? "p x" : "p",
                strstr(axes, "seeds") ? "" : "seeds: 1\n");
            record_text(base, dir, step == 1, &c);
        }
        if (strcmp(c.claims ? c.claims : "", meanings[i].claims ? meanings[i].claims : "") != 0 ||
            strcmp(c.meant, meanings[i].meant) != 0 ||
            strcmp(c.renamed, meanings[i].renamed) != 0 || c.baseline != meanings[i].baseline) {
            fail_msg("case %zu: claims %s, meant %s, renamed %s, baseline %d", i,
                     c.claims ? c.claims : "", c.meant, c.renamed, c.baseline);
        }
    }
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes),
                                       cmocka_unit_test(test_spec_is_kept),
                                       cmocka_unit_test(test_meaning_of_claims)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
