/* A setting that changes nothing is refused or told, wherever it stands, with what it needs. */
#include "fixture.h"

#define TEACHER    "teacher: {weights: t.h5}\n"
#define LOSS(word) "method: kd\nkd.loss: " word "\n"

static void test_refused(void **state)
{
    static const fixture_error cases[] = {
        {"method: none", "data.path=/d", "command line: data.path: expected data.format: cifar10, ",
         "got data.format: synthetic", NULL},
        {"method: none\ndata: {path: d}", NULL, "e.yaml:2:14: data.path: expected ", "leave it out",
         NULL},
        {"method: none\ndata: {format: cifar10, path: d}\nsynthetic: {train: 5}", NULL,
         "e.yaml:3:20: synthetic.train: expected data.format: synthetic, got data.format: cifar10",
         "", NULL},
        {"method: none\n" TEACHER, NULL, "e.yaml:2:20: teacher.weights: expected a teacher term",
         "got method: none, kd.weak: 0.0, kd.strong: 0.0", NULL},
        {"method: none", "teacher.logits=store",
         "command line: teacher.logits: ", "teacher network", NULL},
        {"method: kd\n" TEACHER, "teacher.look_ahead=3",
         "command line: teacher.look_ahead: ", "teacher.logits: \"\"", NULL},
        {"method: none\nkd.temperatures: [2]", NULL,
         "e.yaml:2:18: kd.temperatures: ", "teacher term", NULL},
        {"method: none\nkd: {after: 3, ramp: 2}", NULL,
         "e.yaml:2:13: kd.after: ", "the same holds for kd.ramp", NULL},
        {"method: none\ncorrection: random", NULL, "e.yaml:2:13: correction: ", "method: none",
         NULL},
        {"method: none\nteacher_swap: true", NULL, "e.yaml:2:15: teacher_swap: ", "method: none",
         NULL},
        {"method: kd\n" TEACHER, "ga.omega=2", "command line: ga.omega: ", "correction: none",
         NULL},
        {"method: kd\n" TEACHER, "mix.share=0.1", "command line: mix.share: ", "correction: mix",
         NULL},
        {"method: kd\n" TEACHER, "dkd.beta=2", "command line: dkd.beta: ", "kd.loss: kl", NULL},
        {"method: kd\n" TEACHER, "mlkd.as_described=true", "command line: mlkd.as_described: ", "",
         NULL},
        {"method: kd\n" TEACHER, "nkd.gamma=3", "command line: nkd.gamma: ", "", NULL},
        {"method: kd\n" TEACHER, "lss.weak=0.9",
         "command line: lss.weak: expected student_swap: true", "got student_swap: false",
         NULL}, /* equal to the default: set in vain all the same */
        {"method: kd\n" TEACHER, "student_swap_after=3", "command line: student_swap_after: ", "",
         NULL},
        {"method: none\nzscore: true", NULL, "e.yaml:2:9: zscore: ", "", NULL},
        {"method: none\ndata.label_noise_kind: siblings", NULL,
         "e.yaml:2:24: data.label_noise_kind: ", "data.label_noise above 0", NULL},
        {"method: none", "data.split_seed=3", "command line: data.split_seed: ", "got none of them",
         NULL},
        {"method: none", "augment.area=0.5",
         "command line: augment.area: ", "augment.crop: resized", NULL},
        {"method: none", "augment.cutout=0.1", "command line: augment.cutout: ", "strong view",
         NULL},
        {"method: none", "ce.boost=2", "command line: ce.boost: ", "ce.boost_after: never", NULL},
        {"method: none", "ce.boost_after=2", "command line: ce.boost_after: ", "ce.boost: 1.0",
         NULL},
        {"method: none", "train.lr_stages=[] train.lr_decay=0.5",
         "command line: train.lr_decay: ", "train.lr_stages: []", NULL},
        {"method: kd\n" TEACHER, "teacher_swap=false correction=random",
         "command line: teacher_swap: expected one of the two", "correction: random", NULL},
        {"method: kd\nteacher_swap: false\ncorrection: ga\n" TEACHER, NULL,
         "e.yaml:2:15: teacher_swap: ", "contradicts correction: ga", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx          ctx;
        char             log[2048];
        const sld_status st = fixture_settings(&ctx, cases[i].text, cases[i].overrides, log);

        if (st != SLD_ERR_CONFIG ||
            strncmp(ctx.err.msg, cases[i].begins, strlen(cases[i].begins)) ||
            !strstr(ctx.err.msg, cases[i].holds)) {
            fail_msg("case %zu\n%s\n[%s]\ngave: %s\nwant: %s ... %s", i, cases[i].text,
                     cases[i].overrides ? cases[i].overrides : "", ctx.err.msg, cases[i].begins,
                     cases[i].holds);
        }
    }
}

/* What asks for nothing, what decides a condition, and what a method or preset sets. */
static void test_accepted(void **state)
{
    static const char *const cases[][2] = {
        {"method: none\ncorrection: none\nstudent_swap: false\nteacher: {weights: \"\"}", NULL},
        {"method: none\nkd: {weak: 0, strong: 0, until: never, after: 0}\nteacher_swap: false",
         NULL},
        {"method: none\nce: {weak: 0, strong: 1}\naugment.cutout: 0.25", NULL},
        {"method: none\npreset: cifar100/resnet56-resnet20\ndata.path: d", NULL},
        {"method: sld\ncorrection: ga\nga.omega: 2\n" TEACHER, NULL},
        {"method: none", "student_swap=true lss.weak=0.5 student_swap_after=3"},
        {"method: none\nseeds.init: 1", "lss.allow_inactive=false"},
        {"method: none\ndata: {per_class: 3, split_seed: 4}", NULL},
        {"method: none\ntrain: {epochs: 2, lr_stages: [0.5]}", NULL},
        {"method: none\nparallel: {shards: 64}", NULL},
        {"method: none\naugment: {crop: resized, area: 1}", NULL},
        {"method: kd\ncorrection: random\n" TEACHER, "teacher_swap=false"}, /* takes it away */
        {"method: kd\nteacher_swap: false\ncorrection: none\n" TEACHER, NULL},
        {"method: none\nstudent.weights: w.h5\nseeds: {init: -1, order: 2}", NULL},
        {"method: none\nce.ramp: 2", NULL},
        {"method: none\nce.ramp: 3", "ce.ramp=1"},
        {"method: kd\ntrain: {epochs: 3, lr_stages: [2]}\nkd: {after: 1, until: 2}\n" TEACHER,
         NULL},
        {"method: none\nkd: {until: 0}\ntrain: {epochs: 2, lr_stages: [0.5]}", NULL},
        /* a factor of 0 that leaves the other work */
        {LOSS("rld") "rld: {alpha: 0, beta: 2}\nkd.temperatures: [2]\n" TEACHER, NULL},
        {LOSS("rld") "rld: {beta: 0, confidence_tau: 2}\n" TEACHER, NULL},
        {LOSS("dkd") "dkd.alpha: 0\nkd.temperatures: [2]\n" TEACHER, NULL},
        {LOSS("mlkd") "mlkd: {cc: 0, bc: 0, as_described: true}\nkd.temperatures: [2]\n" TEACHER,
         NULL},
        {LOSS("mlkd") "kd: {weak: 0, strong: 1}\n"
                      "mlkd: {strong_consistency: true, bc: 2, as_described: true}\n" TEACHER,
         NULL},
        {LOSS("lr") "revision: {eta: 0, logits: 0}\n" TEACHER, NULL},
        {LOSS("ctkd") "ctkd: {range: 0, start: 2}\n" TEACHER, NULL},
        {"method: kd\ntrain: {lr_decay: 1, lr_stages: [0.5]}\nce.after: first_lr_drop\n" TEACHER,
         NULL},
        /* what has an effect, beside what is told without it */
        {"method: none\nseeds: {init: 1, order: 1}", "seed=7"},
        {"method: none\nseeds: {init: 1, augment: 1}", "seed=7"},
        {"method: none\nseeds: {init: 1, order: 1, augment: 1}", "seed=1"}, /* the same ID */
        {"method: kd\nce.weak: 0\n" TEACHER, "data.label_noise=0.5 correction=swap"},
        {"method: kd\nce.weak: 0\nkd.loss: dkd\n" TEACHER, "data.label_noise=0.5"},
        {"method: none\ndata.label_noise: 0.5", NULL},
        {"method: kd\n" TEACHER, "correction=ga ga.omega=0.1"},
        {"method: none\ndata.val_fraction: 0.1", "train.best_on=test"},
        {"method: none", "train.best_on=auto train.lr=1e-30 train.momentum=0 train.weight_decay=0"},
        {"method: none\ntrain.epochs: 4", "train.lr_stages=[0.5]"}, /* as [2] */
        {"method: none\naugment: {crop_pad: 0, flip: 0.5}\nseeds.augment: 2", NULL},
        {"method: kd\ncorrection: random\naugment: {crop_pad: 0, flip: 0}\nseeds.augment: "
         "2\n" TEACHER,
         NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    log[2048];

        if (fixture_settings(&ctx, cases[i][0], cases[i][1], log) != SLD_OK || *log) {
            fail_msg("case %zu\n%s\ngave: %s%s", i, cases[i][0], ctx.err.msg, log);
        }
    }
}

/* A factor of 0 leaves another option nothing to do. It is in the identity all the same, and told. */
static void test_factor_of_0(void **state)
{
    static const fixture_error cases[] = {
        {LOSS("rld") "rld: {alpha: 0, confidence_tau: 2}\n" TEACHER, NULL, "rld.confidence_tau",
         "rld.alpha above 0, and this experiment has rld.alpha: 0.0", NULL},
        {LOSS("rld") "rld.beta: 0\nkd.temperatures: [2]\n" TEACHER, NULL, "kd.temperatures",
         "rld.beta above 0", NULL},
        {LOSS("nkd") "" TEACHER, "nkd.gamma=0 kd.temperatures=[2]", "kd.temperatures",
         "nkd.gamma above 0", NULL},
        {LOSS("dkd") "dkd: {alpha: 0, beta: 0}\nkd.temperatures: [2]\n" TEACHER, NULL,
         "kd.temperatures", "dkd.alpha or dkd.beta above 0", NULL},
        {LOSS("dkd") "dkd: {alpha: 0, beta: 0}\n" TEACHER, NULL,
         "dkd.beta: ", "dkd.alpha and dkd.beta are both 0, so the teacher term is 0", NULL},
        {LOSS("rld") "" TEACHER, "rld.alpha=0 rld.beta=0",
         "rld.beta: ", "no option of kd or teacher changes anything", NULL},
        {LOSS("mlkd") "kd.strong: 1\nmlkd: {cc: 0, bc: 0, strong_consistency: true}\n" TEACHER,
         NULL, "mlkd.strong_consistency", "mlkd.cc: 0.0, mlkd.bc: 0.0", NULL},
        {LOSS("mlkd") "mlkd.strong_consistency: true\n" TEACHER, "kd.strong=0",
         "mlkd.strong_consistency", "kd.strong above 0", NULL},
        {LOSS("mlkd") "mlkd.cc: 3\n" TEACHER, "kd.weak=0 kd.strong=1", "mlkd.cc",
         "kd.weak above 0 or mlkd.strong_consistency", NULL},
        {LOSS("mlkd") "mlkd.bc: 3\n" TEACHER, "kd.weak=0 kd.strong=1", "mlkd.bc", "kd.weak above 0",
         NULL},
        {LOSS("mlkd") "mlkd.as_described: true\n" TEACHER, "kd.weak=0 kd.strong=1",
         "mlkd.as_described", "kd.weak above 0", NULL},
        {LOSS("lr") "revision: {soft: 0, eta: 0.5}\n" TEACHER, NULL, "revision.eta",
         "revision.soft above 0", NULL},
        {LOSS("ctkd") "ctkd: {range: 0, initial: 2}\n" TEACHER, NULL, "ctkd.initial",
         "ctkd.range above 0", NULL},
        {LOSS("ctkd") "" TEACHER, "ctkd.range=0 ctkd.ramp=3", "ctkd.ramp", "ctkd.range: 0.0", NULL},
        {"method: kd\ncorrection: ga\nga: {omega: 0, always: true}\n" TEACHER, NULL, "ga.always",
         "ga.omega other than 0", NULL},
        {"method: kd\ncorrection: mix\nmix: {share: 0, always: true}\n" TEACHER, NULL, "mix.always",
         "mix.share above 0", NULL},
        {"method: none\ntrain: {lr_decay: 1, lr_stages: [0.5]}", NULL, "train.lr_stages",
         "train.lr_decay: 1.0", NULL},
        {"method: none\ntrain.momentum: 0.5", "train.lr=0", "train.momentum", "train.lr above 0",
         NULL},
        {"method: none\nsynthetic: {subclasses: 1, separation: 2}", NULL, "synthetic.separation",
         "synthetic.subclasses above 1", NULL},
        {"method: none\naugment: {crop_pad: 0, flip: 0}", "seeds.augment=2", "seeds.augment",
         "a random augmentation", NULL},
    };
    fixture_check_told(cases, COUNT(cases));
    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx ctx;
        char    log[2048];
        /* the resolved document repeats defaults, which are no news */
        sld_config *config = fixture_config(cases[i].text, cases[i].overrides);
        const char *text   = sld_config_text(config);
        if (fixture_settings(&ctx, text, NULL, log) != SLD_OK ||
            strstr(log, cases[i].begins) == NULL) {
            fail_msg("case %zu, resolved\n%s\ngave: %s%s", i, text, ctx.err.msg, log);
        }
        sld_config_destroy(config);
    }
}

/* A file made for one method, with another on the command line: the wish is clear. */
static void test_told(void **state)
{
    static const fixture_error cases[] = {
        {"method: sld\nlss.weak: 0.5\n" TEACHER, "method=none", "teacher.weights",
         "the same holds for lss.weak", NULL},
        {"method: none\nsynthetic.train: 50", "data.format=cifar10 data.path=d", "synthetic.train",
         "data.format: cifar10", NULL},
        {"method: none\ntrain.epochs: 2\nce: {weak: 1, until: 5}", NULL, "ce.until",
         "comes after epoch 5, and train.epochs is 2", NULL},
        {"method: kd\ntrain.epochs: 2\nkd.after: 300\n" TEACHER, NULL, "kd.after", "epoch 300",
         NULL},
        {"method: kd\n" TEACHER, "kd.after=first_lr_drop train.lr_stages=[]",
         "kd.after: the term kd acts in no epoch: it begins after first_lr_drop",
         "and train.lr_stages has no stage", NULL},
        {"method: kd\n" TEACHER, "kd.until=first_lr_drop train.lr_stages=[]",
         "kd.until: changes nothing here: it comes after first_lr_drop, and train.lr_stages has no "
         "stage",
         "", NULL},
        {"method: kd\n" TEACHER, "kd.boost=2 kd.boost_after=first_lr_drop train.lr_stages=[]",
         "kd.boost_after: changes nothing here: it comes after first_lr_drop", "no stage", NULL},
        {"method: kd\ntrain.epochs: 4\n" TEACHER, "kd.after=0.99",
         "kd.after: the term kd acts in no epoch: it begins after epoch 4", "train.epochs is 4",
         NULL},
        {"method: kd\ntrain.epochs: 4\n" TEACHER, "ce.after=4",
         "ce.after: the term ce acts in no epoch: it begins after epoch 4", "", NULL},
        {"method: sld\nlss.allow_inactive: true\n" TEACHER, "student_swap_after=240",
         "student_swap_after: the term lss acts in no epoch: it begins after epoch 240", "", NULL},
        {"method: none\ntrain: {lr_stages: [1, 150, 180]}", "train.epochs=2", "train.lr_stages",
         "the stage 150 changes nothing here", NULL},
        {"method: none\nparallel: {shards: 16}", "train.batch=12", "parallel.shards",
         "expected at most 12, got 16, of which 4 have no sample", NULL},
        {"method: none\naugment: {crop: resized, area: 1, ratio: 1}", NULL,
         "augment.area: ", "nothing is cropped", NULL},
        {"method: none\naugment: {crop: resized, area: 1}", "augment.ratio=1",
         "augment.area: ", "under another ID", NULL},
        {"method: none\nce.ramp: 1", NULL, "ce.ramp: changes nothing here",
         "got 1, which is a step like 0", NULL},
        {"method: kd\n" TEACHER, "kd.ramp=1", "kd.ramp: changes nothing here", "a step", NULL},
        {"method: sld\n" TEACHER, "lss.ramp=1", "lss.ramp: changes nothing here", "a step", NULL},
        {"method: kd\n" TEACHER, "kd.until=0", "kd.until: ", "acts in no epoch", NULL},
        {"method: kd\n" TEACHER, "kd.after=1 kd.until=1", "kd.until: ",
         "the term kd changes nothing here: it comes after epoch 1 and ends with epoch 1", NULL},
        {"method: kd\ntrain.epochs: 2\nce.until: 0.1\n" TEACHER, NULL,
         "ce.until: ", "acts in no epoch", NULL},
        {"method: kd\ntrain.epochs: 9\nkd: {boost: 0, boost_after: 3, after: 3}\n" TEACHER, NULL,
         "kd.after: ", "ends with epoch 3, so it acts in no epoch", NULL},
        {"method: none", "train.epochs=1 train.lr_stages=[0.4] train.lr=0.5 train.lr_decay=0.1",
         "the stage 0.4 is epoch 0", "no epoch has the rate train.lr 0.5, the first has 0.05",
         NULL},
        {"method: none\nstudent.weights: w.h5", "seeds.init=3", "seeds.init: changes nothing here",
         "it needs random initial weights", NULL},
        {"method: none\nstudent: {weights: w.h5}\nseeds: {init: 3}", NULL,
         "seeds.init: changes nothing here", "it needs random initial weights", NULL},
        {"method: none\nseeds: {init: 1, order: 1, augment: 1}", "seed=7",
         "seed: changes nothing here, and gives another ID: seeds.init, seeds.order and "
         "seeds.augment say all that it would move",
         "leave it out", NULL},
        {"method: none\nseed: 2\nseeds: {order: 1, augment: 1}", "student.weights=w.h5",
         "seed: changes nothing here", "student.weights, seeds.order and seeds.augment say", NULL},
        {"method: none\nseeds.init: 4", "student.weights=w.h5", "seeds.init: changes nothing here",
         "student.weights: w.h5", NULL},
    };
    fixture_check_told(cases, COUNT(cases));
}

/* config.yaml of a run is an experiment too: it sets every option. */
static void test_resolved_document(void **state)
{
    static const char *const documents[] = {"method: none\ntrain.epochs: 7",
                                            "method: none\ndata: {format: cifar10, path: d}",
                                            "method: sld\npreset: cifar100/resnet56-resnet20\n"
                                            "data.path: d\n" TEACHER};
    for (size_t i = 0; i < COUNT(documents); i++) {
        sld_config *config = fixture_config(documents[i], NULL);
        sld_ctx     ctx;
        char        log[2048];

        if (fixture_settings(&ctx, sld_config_text(config), NULL, log) != SLD_OK || *log) {
            fail_msg("%s\ngave: %s%s", documents[i], ctx.err.msg, log);
        }
        sld_config_destroy(config);
    }
    sld_config *config = fixture_config("method: sld\nlss.weak: 0.5\n" TEACHER, NULL);
    sld_ctx     ctx;
    char        log[2048];
    assert_int_equal(fixture_settings(&ctx, sld_config_text(config),
                                      "kd.weak=0 kd.strong=0 student_swap=false", log),
                     SLD_OK);
    assert_non_null(strstr(log, "lss.weak"));
    sld_config_destroy(config);
}

static void add_points(sld_usage *usage, const char *const *points, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sld_config *config = fixture_config(points[i], NULL);
        sld_usage_add(usage, sld_config_options(config));
        sld_config_destroy(config);
    }
}

/* What is in the identity of a point and changes nothing in any is named, not refused. */
static void test_named_usage(sld_arena *arena)
{
    static const char *const points[] = {
        "method: none", LOSS("rld") "rld.alpha: 0\n" TEACHER,
        LOSS("rld") "rld: {alpha: 0, confidence_tau: 2}\n" TEACHER};
    sld_ctx      ctx;
    sld_usage   *usage   = NULL;
    sld_overlay *overlay = NULL;
    char         log[512];
    FILE        *file = tmpfile();

    assert_non_null(file);
    sld_ctx_init(&ctx);
    sld_log_to(&ctx, file);
    assert_int_equal(sld_usage_create(&ctx, arena, &usage), SLD_OK);
    assert_int_equal(sld_overlay_create(&ctx, arena, &overlay), SLD_OK);
    add_points(usage, points, COUNT(points));
    assert_int_equal(sld_overlay_set(&ctx, arena, "base", "rld.confidence_tau", "2", overlay),
                     SLD_OK);
    assert_int_equal(sld_usage_check(&ctx, usage, overlay, "any point"), SLD_OK);
    rewind(file);
    log[fread(log, 1, sizeof log - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(log, "rld.confidence_tau: changes nothing in any point: it needs "
                                "rld.alpha above 0"));
    add_points(usage, &(const char *){LOSS("rld") TEACHER}, 1);
    assert_true(sld_usage_has(usage, "rld.confidence_tau"));
}

static void test_usage(void **state)
{
    static const char *const points[] = {"method: none", "method: kd\n" TEACHER};
    sld_ctx                  ctx;
    sld_arena               *arena   = NULL;
    sld_usage               *usage   = NULL;
    sld_overlay             *overlay = NULL;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_arena_create(&ctx, &arena), SLD_OK);
    assert_int_equal(sld_usage_create(&ctx, arena, &usage), SLD_OK);
    assert_int_equal(sld_overlay_create(&ctx, arena, &overlay), SLD_OK);
    add_points(usage, points, COUNT(points));
    assert_int_equal(sld_overlay_set(&ctx, arena, "base", "kd.temperatures", "[2]", overlay),
                     SLD_OK);
    assert_int_equal(sld_usage_check(&ctx, usage, overlay, "any point"), SLD_OK);
    assert_int_equal(sld_overlay_set(&ctx, arena, "base", "lss.weak", "1", overlay), SLD_OK);
    assert_int_equal(sld_usage_check(&ctx, usage, overlay, "any point"), SLD_ERR_CONFIG);
    assert_string_equal(ctx.err.msg,
                        "base: lss.weak: expected student_swap: true in any point, got "
                        "none; without it this setting changes nothing: leave it out");
    sld_overlay_drop(overlay, "lss.weak");
    sld_overlay_drop(overlay, "kd.temperatures");
    assert_int_equal(sld_overlay_set(&ctx, arena, "base", "seeds.augment", "3", overlay), SLD_OK);
    assert_int_equal(sld_usage_check(&ctx, usage, overlay, "any point"), SLD_OK);
    test_named_usage(arena);
    sld_arena_destroy(arena);
}

/* A resolved document says every option itself: another method over it would change the name alone. */
static void test_method_over_resolved(void **state)
{
    static const struct {
        const char *overrides, *message; /* NULL: taken */
    } cases[] = {
        {"method=kd", NULL},
        {"method=kd kd.weak=0.5 preset=", NULL},
        {"method=none",
         "command line: method: expected 'kd', as in the resolved document below it, got 'none'"},
        {"method=sld", "command line: method: expected 'kd'"},
        {"preset=cifar100/resnet56-resnet20", "command line: preset: expected '', as in"},
    };
    sld_config *c = fixture_config("method: kd\nteacher: {weights: t.h5}\n", NULL);

    for (size_t i = 0; i < COUNT(cases); i++) {
        sld_ctx          ctx;
        char             log[2048];
        const sld_status st = fixture_settings(&ctx, sld_config_text(c), cases[i].overrides, log);

        if (!cases[i].message) {
            assert_int_equal(st, SLD_OK);
        } else if (st != SLD_ERR_CONFIG ||
                   strncmp(ctx.err.msg, cases[i].message, strlen(cases[i].message)) != 0) {
            fail_msg("%s gave: %s", cases[i].overrides, ctx.err.msg);
        }
    }
    sld_config_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_resolved_document),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_factor_of_0),
        cmocka_unit_test(test_method_over_resolved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
