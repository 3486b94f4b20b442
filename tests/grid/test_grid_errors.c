/* What a spec must not say: file, line, column, key, and the nearest word. */
#include "fixture.h"

static const struct {
    const char *text, *overrides;
    const char *begins, *holds; /* the message */
    const char *got;            /* in it too; NULL: nothing */
} cases[] = {
    {"", NULL, "s.yaml:1:1: expected a sweep", "", "got no value"},
    {"- a\n", NULL, "s.yaml:1:1: expected a sweep", "", "got a list"},
    {"base: {}\nbase: {}\n", NULL,
     "s.yaml:2:1: expected each once, got base twice, first in line 1", "", NULL},
    {"axis: {}\n", NULL, "s.yaml:1:1: unknown: axis; nearest: axes", "", NULL},
    {"train: {lr: 1}\n", NULL, "s.yaml:1:1: train: expected inside base", "", NULL},
    {"name: a/b\n", NULL, "s.yaml:1:7: name: expected the name of a folder", "", "got a/b"},
    {"base: {train: {epoch: 1}}\n", NULL, "s.yaml:1:16: train.epoch: unknown", "train.epochs",
     NULL},
    {"base: {train: {lr: much}}\n", NULL, "s.yaml:1:20: train.lr: expected a number", "",
     "got much"},
    {"base: nowhere.yaml\n", NULL, "s.yaml:1:7: base: nowhere.yaml: cannot open", "spec's folder",
     NULL},
    {"base: [1]\n", NULL, "s.yaml:1:7: base: expected options", "", "got a list"},
    {"axes: [1]\n", NULL, "s.yaml:1:7: axes: expected axes by name", "", "got a list"},
    {"axes: {train.lrr: [1]}\n", NULL, "s.yaml:1:8: axes: expected an option's key with values",
     "got train.lrr; nearest: train.lr", NULL},
    {"axes: {train.lrr: {a: 1, b: 2}}\n", NULL,
     "s.yaml:1:8: axes: expected an option's key with values", "got train.lrr; nearest: train.lr",
     NULL},
    {"axes: {train.lr_stage: {early: [1], late: [2]}}\n", NULL,
     "s.yaml:1:8: axes: expected an option's key with values",
     "got train.lr_stage; nearest: train.lr_stages", NULL},
    {"axes: {train.lr: 1}\n", NULL, "s.yaml:1:18: train.lr: expected a list", "",
     "got a single value"},
    {"axes: {train.lr: []}\n", NULL, "s.yaml:1:18: train.lr: expected an axis with values", "",
     NULL},
    {"axes: {train.lr: [1, -1]}\n", NULL, "s.yaml:1:22: train.lr: expected a number from 0", "",
     "got -1"},
    {"axes: {train.lr: [1, 1]}\n", NULL, "s.yaml:1:22: train.lr: expected each once, got 1 twice",
     "", NULL},
    {"axes: {train.lr: {a: 1, a: 2}}\n", NULL,
     "s.yaml:1:25: train.lr: expected each once, got a twice", "", NULL},
    {"axes: {arm: {a: 1}}\n", NULL, "s.yaml:1:17: arm: expected options", "", "got a single value"},
    {"axes: {arm: {a: {train: {epoch: 1}}}}\n", NULL, "s.yaml:1:26: train.epoch: unknown option",
     "train.epochs", NULL},
    {"axes: {seed: [1, 2]}\n", NULL,
     "s.yaml:1:8: axes: expected an axis, got seed; write seeds:", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{train.lr: 2}]\n", NULL,
     "s.yaml:3:22: train.lr: unknown: 2; nearest: 1", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{lr: 1}]\n", NULL,
     "s.yaml:3:12: exclude: unknown: lr", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{train.lr: 1}]\n", NULL,
     "s.yaml: exclude: expected at least one point", "", NULL},
    {"seeds: 3..\n", NULL, "s.yaml:1:8: seeds: expected a seed, a list", "1..3", "got 3.."},
    {"seeds: -1\n", NULL, "s.yaml:1:8: seeds: expected a seed, a list", "1..3", "got -1"},
    {"seeds: [1, 1]\n", NULL, "s.yaml:1:12: seeds: expected each once, got 1 twice", "", NULL},
    {"seeds: [x]\n", NULL, "s.yaml:1:9: seeds: expected a whole number", "", "got x"},
    {"seeds: []\n", NULL, "s.yaml:1:8: seeds: expected at least one seed", "", NULL},
    {"launch: {rank: 2}\n", NULL, "s.yaml:1:10: launch.rank: unknown option; nearest: launch.ranks",
     "", NULL},
    {"launch: {ranks: 0}\n", NULL, "s.yaml:1:17: launch.ranks: expected a whole number from 1", "",
     "got 0"},
    {"base: {method: sld, teacher: bg}\nteachers: {big: {train.lr: 1}}\n", NULL,
     "s.yaml:1:30: teacher: expected a teacher of this sweep, got bg; nearest: big", "", NULL},
    {"base: {method: sld, teacher: t}\nteachers: {t: {weights: /nowhere.h5}}\n", NULL,
     "s.yaml:2:12: t: expected weights, or options to train", "/nowhere.h5: No such file", NULL},
    {"base: {method: sld, teacher: t}\nteachers: {t: {use: worst}}\n", NULL,
     "s.yaml:2:21: use: unknown: worst", "", NULL},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 7}}\n", NULL,
     "s.yaml:2:38: use: expected last, best or an epoch of 1 to 3", "got 7", NULL},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 0}}\n", NULL,
     "s.yaml:2:38: use: expected last, best or an epoch of 1 to 3", "got 0", NULL},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 2}}\n", NULL,
     "s.yaml:2:38: use: expected an epoch that the teacher keeps, got 2 of the teacher t",
     "keep_epochs: [2]", NULL},
    {"base: {method: kd, teacher: t}\nteachers: {t: {train.epochs: 3, use: 2}}\n",
     "teachers.t.use=3", "command line: use: expected an epoch that the teacher keeps, got 3", "",
     NULL},
    {"base: {method: sld, teacher: t}\nteachers: {t: {method: kd}}\n", NULL,
     "s.yaml:2:24: method: kd.weak: expected teacher.weights", "", NULL},
    {"base: {method: none}\nbaseline: KD\naxes: {arm: {CE: {}, KDx: {train.lr: 1}}}\n", NULL,
     "s.yaml: baseline: expected an arm of this sweep, got KD; nearest: KDx", "", NULL},
    /* a name that is near none: those that exist */
    {"base: {method: none}\nbaseline: nope\naxes: {arm: {CE: {}, KDx: {train.lr: 1}}}\nseeds: "
     "1..2\n",
     NULL, "s.yaml: baseline: expected an arm of this sweep, got nope; choose from CE, KDx", "",
     NULL},
    {"base: {method: sld, teacher: small}\nteachers: {big: {train.lr: 1}}\n", NULL,
     "s.yaml:1:30: teacher: expected a teacher of this sweep, got small; choose from big", "",
     NULL},
    {"base: {method: sld, teacher: small}\n", NULL,
     "s.yaml:1:30: teacher: expected a teacher of this sweep, got small; describe it under "
     "teachers:",
     "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1]}\nexclude: [{momentum: 1}]\n", NULL,
     "s.yaml:3:12: exclude: unknown: momentum; choose from seed, train.lr", "", NULL},
    {"report: {colour: x}\n", NULL,
     "s.yaml:1:10: report: unknown: colour; choose from title, x, checks, pair", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1]}\nreport: {pair: networks}\n", NULL,
     "s.yaml:3:16: pair: unknown: networks; choose from train.lr", "", NULL},
    {"report: {x: temperature}\n", NULL,
     "s.yaml:1:13: x: expected the key of an option, got temperature", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\nclaims: {a: {effect: train.lr, metric: "
     "accuracy}}\n",
     NULL, "s.yaml:3:40: metric: unknown: accuracy; choose from top1_last, nll_last", "", NULL},
    {"claims: [1]\n", NULL, "s.yaml:1:9: claims: expected contrasts by name", "", "got a list"},
    {"claims: {a: {arm: x}}\n", NULL, "s.yaml:1:13: a: expected arm and against, or effect", "",
     NULL},
    {"claims: {a: {arm: x, against: y, effect: z}}\n", NULL, "s.yaml:1:13: a: expected arm", "",
     NULL},
    {"claims: {a: {metric: x}}\n", NULL, "s.yaml:1:13: a: expected arm and against", "", NULL},
    {"claims: {a: {arms: x}}\n", NULL, "s.yaml:1:14: a: unknown: arms; nearest: arm", "", NULL},
    {"claims: {a: {arm: [], against: x}}\n", NULL, "s.yaml:1:19: arm: expected a text, got none",
     "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\nclaims: {a: {effect: train.l}}\n", NULL,
     "s.yaml:3:22: effect: unknown: train.l; nearest: train.lr", "", NULL},
    {"base: {method: none}\naxes: {train.lr: [1, 2, 3]}\nclaims: {a: {effect: train.lr}}\n", NULL,
     "s.yaml:3:22: effect: expected an axis with two labels, got train.lr with 3", "", NULL},
    {"claims: {a: {interaction: [x]}}\n", NULL,
     "s.yaml:1:27: interaction: expected two axes, got 1", "", NULL},
    {"base: {method: none}\naxes: {arm: {CE: {}, KDx: {train.lr: 1}}}\nclaims: {a: {arm: KDx, "
     "against: [CE, KD]}}\n",
     NULL, "s.yaml:3:38: against: expected an arm of this sweep, got KD; nearest: KDx", "", NULL},
    {"report: {titel: x}\n", NULL, "s.yaml:1:10: report: unknown: titel; nearest: title", "", NULL},
    {"report: {checks: [a]}\n", NULL, "s.yaml:1:18: checks: expected arms by", "", "got a list"},
    {"base: {method: none}\naxes: {arm: {CE: {}}}\nreport: {checks: {LTS: KD}}\n", NULL,
     "s.yaml:3:24: LTS: expected an arm of this sweep, got KD", "", NULL},
    /* an error that only one point has names it */
    {"base: {method: none}\naxes: {arm: {CE: {}, KD: {method: kd}}}\n", NULL,
     "s.yaml:2:35: ", "got none (in the point KD)", NULL},
    {"base: {method: none}\naxes: {train.lr: [1, 2]}\n", "train.lr=3",
     "command line: train.lr: expected an option that no axis sets", "", NULL},
    {"base: {method: none}\n", "train.l=3", "command line: train.l: unknown option", "train.lr",
     NULL},
    {"base: {method: none}\n", "teachers.x.train.lr=3", "command line: teachers: unknown: x", "",
     NULL},
    {"base: {method: none}\n", "launch.leave_s=-1", "command line: launch.leave_s: expected ", "0",
     "got -1"},
    {"base: {method: none}\n", "launch.rank=3", "command line: launch.rank: unknown option",
     "launch.ranks", NULL},
    {"base: {method: none}\n", "launch.retry=3",
     "command line: launch.retry: unknown option; nearest: launch.retries", "", NULL},
    {"base: {method: none}\n", "launch.retries=03", "command line: launch.retries: expected ",
     "a whole number from 0", "got 03"},
    {"base: {method: none}\n", "launch.lease_s=0x10", "command line: launch.lease_s: expected ",
     "a number from 1", "got 0x10"},
    {"base: {method: none, launch.ranks: 2}\n", NULL,
     "s.yaml:1:22: launch.ranks: expected in a sweep", "", NULL},
    {"base: {method: none, kd.temperatures: [2]}\n", NULL,
     "s.yaml:1:39: kd.temperatures: expected a teacher term", "in a point of this sweep, got none",
     NULL},
    {"base: {method: none}\naxes: {lss.weak: [1, 2]}\n", NULL,
     "s.yaml:2:19: lss.weak: expected student_swap: true", "a point with lss.weak 1", NULL},
    {"base: {method: none, teacher.logits_budget: 1}\n", NULL,
     "s.yaml:1:45: teacher.logits_budget: expected a store of the teacher's logits", "", NULL},
    {"base: {method: sld, teacher: t, teacher.logits: \"\", teacher.look_ahead: 1}\n"
     "teachers: {t: {train.lr: 0.1}}\n",
     NULL, "s.yaml:1:73: teacher.look_ahead: expected a store of the teacher's logits", "", NULL},
    {"base: {method: none}\n", "teacher.weights=t",
     "command line: teacher.weights: expected a teacher term", "", NULL},
    {"base: {method: none, teacher: t}\nteachers: {t: {train.lr: 0.1}}\n", NULL,
     "s.yaml:1:31: teacher: expected a point", "a teacher term", NULL},
    {"base: {method: sld, teacher: t}\nteachers: {t: {kd.temperatures: [2]}}\n", NULL,
     "s.yaml:2:33: kd.temperatures: expected a teacher term", "the teacher t", NULL},
    {"seeds: [+1]\n", NULL, "s.yaml:1:9: seeds: expected a whole number", "", "got +1"},
};

static void test_errors(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx          ctx;
        sld_grid        *grid = NULL;
        const sld_status st = fixture_expand(&ctx, cases[i].text, cases[i].overrides, NULL, &grid);

        if (st != SLD_ERR_CONFIG || grid ||
            strncmp(ctx.err.msg, cases[i].begins, strlen(cases[i].begins)) != 0 ||
            !strstr(ctx.err.msg, cases[i].holds) ||
            (cases[i].got && !strstr(ctx.err.msg, cases[i].got))) {
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
