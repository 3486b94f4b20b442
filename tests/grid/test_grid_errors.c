/* What a spec must not say: file, line, column, key, and the nearest word. */
#include "fixture.h"

static const struct {
    const char *text, *overrides;
    const char *begins, *holds; /* the message */
} cases[] = {
    {"", NULL, "s.yaml:1:1: found no value, wanted a sweep", ""},
    {"- a\n", NULL, "s.yaml:1:1: found a list, wanted a sweep", ""},
    {"base: {}\nbase: {}\n", NULL, "s.yaml:2:1: base given twice, first in line 1", ""},
    {"axis: {}\n", NULL, "s.yaml:1:1: unknown: axis; nearest: axes", ""},
    {"train: {lr: 1}\n", NULL, "s.yaml:1:1: train: an option of experiments: wanted inside base",
     ""},
    {"name: a/b\n", NULL, "s.yaml:1:7: name: found a/b, wanted no slash", ""},
    {"base: {train: {epoch: 1}}\n", NULL, "s.yaml:1:16: train.epoch: unknown", "train.epochs"},
    {"base: {train: {lr: much}}\n", NULL, "s.yaml:1:20: train.lr: found much, wanted a number", ""},
    {"base: nowhere.yaml\n", NULL, "s.yaml:1:7: base: nowhere.yaml: cannot open", "spec's folder"},
    {"base: [1]\n", NULL, "s.yaml:1:7: base: found a list, wanted options", ""},
    {"axes: [1]\n", NULL, "s.yaml:1:7: axes: found a list, wanted axes by name", ""},
    {"axes: {train.lrr: [1]}\n", NULL,
     "s.yaml:1:8: axes: train.lrr is no option, nearest: train.lr", ""},
    {"axes: {train.lrr: {a: 1, b: 2}}\n", NULL,
     "s.yaml:1:8: axes: train.lrr is no option, nearest: train.lr", "LABEL"},
    {"axes: {train.lr_stage: {early: [1], late: [2]}}\n", NULL,
     "s.yaml:1:8: axes: train.lr_stage is no option, nearest: train.lr_stages", ""},
    {"axes: {train.lr: 1}\n", NULL, "s.yaml:1:18: train.lr: found a single value, wanted a list",
     ""},
    {"axes: {train.lr: []}\n", NULL, "s.yaml:1:18: train.lr: an axis without values", ""},
    {"axes: {train.lr: [1, -1]}\n", NULL, "s.yaml:1:22: train.lr: found -1, wanted a number from 0",
     ""},
    {"axes: {train.lr: [1, 1]}\n", NULL, "s.yaml:1:22: train.lr: 1 given twice", ""},
    {"axes: {train.lr: {a: 1, a: 2}}\n", NULL, "s.yaml:1:25: train.lr: a given twice", ""},
    {"axes: {arm: {a: 1}}\n", NULL, "s.yaml:1:17: arm: found a single value, wanted options", ""},
    {"axes: {arm: {a: {train: {epoch: 1}}}}\n", NULL, "s.yaml:1:26: train.epoch: unknown option",
     "train.epochs"},
    {"axes: {seed: [1, 2]}\n", NULL, "s.yaml:1:8: axes: seed is no axis; wanted seeds:", ""},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{train.lr: 2}]\n", NULL,
     "s.yaml:3:22: train.lr: unknown: 2; nearest: 1", ""},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{lr: 1}]\n", NULL,
     "s.yaml:3:12: exclude: unknown: lr", ""},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{train.lr: 1}]\n", NULL,
     "s.yaml: exclude: leaves no point", ""},
    {"seeds: 3..\n", NULL, "s.yaml:1:8: seeds: found 3.., wanted a seed, a list", "1..3"},
    {"seeds: -1\n", NULL, "s.yaml:1:8: seeds: found -1, wanted a seed, a list", "1..3"},
    {"seeds: [1, 1]\n", NULL, "s.yaml:1:12: seeds: 1 given twice", ""},
    {"seeds: [x]\n", NULL, "s.yaml:1:9: seeds: found x, wanted a whole number", ""},
    {"seeds: []\n", NULL, "s.yaml:1:8: seeds: no seed leaves no point", ""},
    {"launch: {rank: 2}\n", NULL, "s.yaml:1:10: launch.rank: unknown option; nearest: launch.ranks",
     ""},
    {"launch: {ranks: 0}\n", NULL,
     "s.yaml:1:17: launch.ranks: found 0, wanted a whole number from 1", ""},
    {"base: {method: sld, teacher: bg}\nteachers: {big: {train.lr: 1}}\n", NULL,
     "s.yaml:1:30: teacher: bg is none of this sweep's teachers; nearest: big", ""},
    {"base: {method: sld, teacher: t}\nteachers: {t: {weights: /nowhere.h5}}\n", NULL,
     "s.yaml:2:12: t: /nowhere.h5: No such file", "no options to train"},
    {"base: {method: sld, teacher: t}\nteachers: {t: {use: worst}}\n", NULL,
     "s.yaml:2:21: use: unknown: worst", ""},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 7}}\n", NULL,
     "s.yaml:2:38: use: expected last, best or an epoch of 1 to 3", "got 7"},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 0}}\n", NULL,
     "s.yaml:2:38: use: expected last, best or an epoch of 1 to 3", "got 0"},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 2}}\n", NULL,
     "s.yaml:2:38: use: epoch 2 of the teacher t is not kept", "keep_epochs: [2]"},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 2}}\n",
     "teachers.t.use=3", "command line: use: epoch 3 of the teacher t is not kept", ""},
    {"base: {method: sld, teacher: t}\nteachers: {t: {method: kd}}\n", NULL,
     "s.yaml:2:24: method: kd.weak: 0.9 wants teacher.weights", ""},
    {"base: {method: none}\nbaseline: KD\naxes: {arm: {CE: {}, KDx: {train.lr: 1}}}\n", NULL,
     "s.yaml: baseline: KD is no arm of this sweep; nearest: KDx", ""},
    {"claims: [1]\n", NULL, "s.yaml:1:9: claims: found a list, wanted contrasts by name", ""},
    {"claims: {a: {arm: x}}\n", NULL, "s.yaml:1:13: a: expected arm and against, or effect", ""},
    {"claims: {a: {arm: x, against: y, effect: z}}\n", NULL, "s.yaml:1:13: a: expected arm", ""},
    {"claims: {a: {metric: x}}\n", NULL, "s.yaml:1:13: a: expected arm and against", ""},
    {"claims: {a: {arms: x}}\n", NULL, "s.yaml:1:14: a: unknown: arms; nearest: arm", ""},
    {"claims: {a: {arm: [], against: x}}\n", NULL, "s.yaml:1:19: arm: expected a text, got none",
     ""},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\nclaims: {a: {effect: train.l}}\n", NULL,
     "s.yaml:3:22: effect: unknown: train.l; nearest: train.lr", ""},
    {"base: {method: none}\naxes: {train.lr: [1, 2, 3]}\nclaims: {a: {effect: train.lr}}\n", NULL,
     "s.yaml:3:22: effect: expected an axis with two labels, train.lr has 3", ""},
    {"claims: {a: {interaction: [x]}}\n", NULL,
     "s.yaml:1:27: interaction: expected two axes, got 1", ""},
    {"base: {method: none}\naxes: {arm: {CE: {}, KDx: {train.lr: 1}}}\nclaims: {a: {arm: KDx, "
     "against: [CE, KD]}}\n",
     NULL, "s.yaml:3:38: against: expected an arm of this sweep, got KD; nearest: KDx", ""},
    {"report: {titel: x}\n", NULL, "s.yaml:1:10: report: unknown: titel; nearest: title", ""},
    {"report: {checks: [a]}\n", NULL, "s.yaml:1:18: checks: found a list, wanted arms by", ""},
    {"base: {method: none}\naxes: {arm: {CE: {}}}\nreport: {checks: {LTS: KD}}\n", NULL,
     "s.yaml:3:24: LTS: expected an arm of this sweep, got KD", ""},
    /* an error that only one point has names it */
    {"base: {method: none}\naxes: {arm: {CE: {}, KD: {method: kd}}}\n", NULL,
     "s.yaml:2:35: ", "wants teacher.weights, found none (in the point KD)"},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\n", "train.lr=3",
     "command line: train.lr: the axis train.lr of the sweep sets it", ""},
    {"base: {method: none}\n", "train.l=3", "command line: train.l: unknown option", "train.lr"},
    {"base: {method: none}\n", "teachers.x.train.lr=3", "command line: teachers: unknown: x", ""},
    {"base: {method: none}\n", "launch.leave_s=-1", "command line: launch.leave_s: found -1", "0"},
    {"base: {method: none}\n", "launch.rank=3", "command line: launch.rank: unknown option",
     "launch.ranks"},
    {"base: {method: none}\n", "launch.retry=3",
     "command line: launch.retry: unknown option; nearest: launch.retries", ""},
    {"base: {method: none}\n", "launch.retries=03", "command line: launch.retries: found 03",
     "a whole number from 0"},
    {"base: {method: none}\n", "launch.lease_s=0x10", "command line: launch.lease_s: found 0x10",
     "a number from 1"},
    {"base: {method: none, launch.ranks: 2}\n", NULL,
     "s.yaml:1:22: launch.ranks: expected in a sweep", ""},
    {"base: {method: none, kd.temperatures: [2]}\n", NULL,
     "s.yaml:1:39: kd.temperatures: expected a teacher term", "in a point of this sweep, got none"},
    {"base: {method: none}\naxes: {lss.weak: [1, 2]}\n", NULL,
     "s.yaml:2:19: lss.weak: expected student_swap: true", "a point with lss.weak 1"},
    {"base: {method: none}\n", "teacher.weights=t",
     "command line: teacher.weights: expected a teacher term", ""},
    {"base: {method: none, teacher: t}\nteachers: {t: {train.lr: 0.1}}\n", NULL,
     "s.yaml:1:31: teacher: expected a point", "a teacher term"},
    {"base: {method: sld, teacher: t}\nteachers: {t: {kd.temperatures: [2]}}\n", NULL,
     "s.yaml:2:33: kd.temperatures: expected a teacher term", "the teacher t"},
    {"seeds: [+1]\n", NULL, "s.yaml:1:9: seeds: found +1, wanted a whole number", ""},
};

static void test_errors(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx          ctx;
        sld_grid        *grid = NULL;
        const sld_status st = fixture_expand(&ctx, cases[i].text, cases[i].overrides, NULL, &grid);

        if (st != SLD_ERR_CONFIG || grid ||
            strncmp(ctx.err.msg, cases[i].begins, strlen(cases[i].begins)) != 0 ||
            !strstr(ctx.err.msg, cases[i].holds)) {
            fail_msg("case %zu\n%s\ngave: %s (%s)\nwant: %s ... %s", i, cases[i].text, ctx.err.msg,
                     sld_status_text(st), cases[i].begins, cases[i].holds);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
