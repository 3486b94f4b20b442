/* test_config_identity: the same experiment has the same identity however it is said; another has
 * another. */
#include "fixture.h"

#define TEACHER "teacher: {weights: t.h5}\n"

typedef struct pair {
    const char *a, *a_overrides, *b, *b_overrides;
} pair;

static void check_pairs(const pair *pairs, size_t n, bool same)
{
    for (size_t i = 0; i < n; i++) {
        sld_config *a = fixture_config(pairs[i].a, pairs[i].a_overrides);
        sld_config *b = fixture_config(pairs[i].b, pairs[i].b_overrides);

        if ((strcmp(sld_config_identity(a), sld_config_identity(b)) == 0) != same) {
            fail_msg("pair %zu: wanted %s\n--\n%s--\n%s", i, same ? "the same" : "a difference",
                     sld_config_identity(a), sld_config_identity(b));
        }
        sld_config_destroy(a);
        sld_config_destroy(b);
    }
}

static void test_text(void **state)
{
    sld_config *c = fixture_config("method: none", NULL);

    assert_string_equal(sld_config_identity(c), "");
    sld_config_destroy(c);

    c = fixture_config("method: none\nseed: 3\ntrain: {lr: 0.1, epochs: 10, lr_stages: [5]}\n"
                       "augment.flip: 1e-7\nrun.dir: x\ndata: {train_fraction: 0.5}\n",
                       NULL);
    assert_string_equal(sld_config_identity(c), "augment.flip: 1.0e-07\n"
                                                "data.train_fraction: 0.5\n"
                                                "seed: 3\n"
                                                "train.epochs: 10\n"
                                                "train.lr: 0.1\n"
                                                "train.lr_stages: [5]\n");
    sld_config_destroy(c);

    c = fixture_config("method: kd\n" TEACHER "correction: swap\n", NULL);
    assert_string_equal(sld_config_identity(c), "ce.weak: 0.1\ncorrection: swap\nkd.weak: 0.9\n");
    sld_config_destroy(c);
}

static void test_the_same(void **state)
{
    static const pair pairs[] = {
        {"method: none", NULL,
         "method: none\nname: x\nrun: {dir: y, logits: false}\n"
         "parallel: {cpus: none, isa: avx2}",
         NULL},
        {"method: none\nseed: 3", NULL, "method: none\nseeds: {init: 3, order: 3}", "seed=3"},
        {"method: sld\n" TEACHER, NULL, "method: sld\nteacher: {weights: elsewhere/t.h5}", NULL},
        {"method: none\ndata: {format: cifar10, path: a}", NULL,
         "method: none\ndata: {format: cifar10, path: b}", NULL},
        /* a method is its defaults */
        {"method: kd\n" TEACHER, NULL, "method: none\nkd.weak: 0.9\nce.weak: 0.1\n" TEACHER, NULL},
        {"method: sld\n" TEACHER, NULL, "method: sld\nteacher_swap: true\nce.weak: 0.10\n" TEACHER,
         NULL},
        {"method: kd\n" TEACHER, "teacher_swap=true", "method: kd\n" TEACHER, "correction=swap"},
        /* what cannot matter */
        {"method: none", NULL,
         "method: none\nlss: {weak: 3, detach: true}\n"
         "student_swap_after: 3\ncorrection: random\nkd: {after: 3}",
         NULL},
        {"method: none\ndata: {format: cifar10, path: a}", NULL,
         "method: none\ndata: {format: cifar10, path: a}\nsynthetic: {train: 5}", NULL},
        {"method: none", NULL, "method: none\naugment: {cutout: 0, strong_ops: 1}", NULL},
        {"method: none", NULL, "method: none\nce: {boost: 3}\ndata: {split_seed: 4}", NULL},
        {"method: none", NULL, "method: none\nce: {boost_after: 3}", NULL},
        {"method: none\nstudent_swap: true\nce.weak: 0", NULL,
         "method: none\nstudent_swap: true\nce: {weak: 0, after: 4, label_smoothing: 0.1}", NULL},
        {"method: none", NULL,
         "method: none\ndata: {label_noise_kind: siblings}\nrun: {keep_epochs: [1, 3]}\n"
         "teacher.network: resnet8",
         NULL},
        {"method: none", NULL,
         "method: none\nzscore: true\nkd.loss: dkd\nga.omega: 3\nmix: {share: 0.1, always: true}\n"
         "dkd.beta: 2\nmlkd.bc: 2\nnkd.gamma: 3",
         NULL},
        {"method: kd\n" TEACHER, NULL,
         "method: kd\nga.omega: 3\nmix.share: 0.1\ndkd.beta: 2\nmlkd.as_described: true\n"
         "nkd.gamma: 3\n" TEACHER,
         NULL},
        {"method: none", NULL, "method: none\naugment: {area: 0.5, ratio: 2}", NULL},
        {"method: none\naugment.crop: resized", NULL,
         "method: none\naugment: {crop: resized, crop_pad: 9}", NULL},
        {"method: none\nstudent_swap: true\nlss.allow_inactive: true", NULL,
         "method: none\nstudent_swap: true", NULL},
    };
    check_pairs(pairs, COUNT(pairs), true);
}

static void test_different(void **state)
{
    static const pair pairs[] = {
        {"method: none", NULL, "method: none", "seed=2"},
        {"method: none", NULL, "method: none", "seeds.init=2"},
        {"method: none", NULL, "method: none", "parallel.shards=4"},
        {"method: none", NULL, "method: none", "synthetic.train=5"},
        {"method: none", NULL, "method: none", "student.network=resnet20"},
        {"method: none", NULL, "method: none", "student.precision=bf16"},
        {"method: none", NULL, "method: none", "data.input_size=28"},
        {"method: none", NULL, "method: none", "augment.crop=resized"},
        {"method: none", "augment.crop=resized", "method: none",
         "augment.crop=resized augment.area=0.25"},
        {"method: none", NULL, "method: none", "train.lr=0.05000000000000001"}, /* next double */
        {"method: none", "data.train_fraction=0.5", "method: none",
         "data.train_fraction=0.5 data.split_seed=2"},
        {"method: none", "ce.boost_after=3", "method: none", "ce.boost_after=3 ce.boost=2"},
        {"method: none", "ce.strong=1", "method: none", "ce.strong=1 augment.cutout=0.25"},
        {"method: none", "student_swap=true", "method: none", NULL},
        {"method: none", "student_swap=true", "method: none",
         "student_swap=true student_swap_after=7"},
        {"method: none", "student_swap=true", "method: none", "student_swap=true lss.detach=true"},
        {"method: kd\n" TEACHER, NULL, "method: kd\n" TEACHER, "correction=random"},
        {"method: kd\n" TEACHER, NULL, "method: kd\n" TEACHER, "kd.temperatures=[4,5]"},
        {"method: sld\n" TEACHER, NULL, "method: kd\n" TEACHER, NULL},
        {"method: none", "data.label_noise=0.1", "method: none", NULL},
        {"method: none", "data.label_noise=0.1", "method: none",
         "data.label_noise=0.1 data.label_noise_kind=siblings"},
        {"method: none", "data.label_noise=0.1", "method: none",
         "data.label_noise=0.1 data.split_seed=2"},
        {"method: none", "data.per_class=10", "method: none", NULL},
        {"method: none", "data.per_class=10", "method: none",
         "data.per_class=10 data.split_seed=2"},
        {"method: kd\n" TEACHER, NULL, "method: kd\n" TEACHER, "zscore=true"},
        {"method: none", "student_swap=true", "method: none", "student_swap=true zscore=true"},
        {"method: kd\n" TEACHER, NULL, "method: kd\n" TEACHER, "kd.loss=dkd"},
        {"method: kd\n" TEACHER, "kd.loss=dkd", "method: kd\n" TEACHER, "kd.loss=dkd dkd.beta=2"},
        {"method: kd\n" TEACHER, "kd.loss=mlkd", "method: kd\n" TEACHER,
         "kd.loss=mlkd mlkd.as_described=true"},
        {"method: kd\n" TEACHER, "kd.loss=nkd", "method: kd\n" TEACHER, "kd.loss=nkd nkd.gamma=2"},
        {"method: kd\n" TEACHER, "correction=ga", "method: kd\n" TEACHER,
         "correction=ga ga.always=true"},
        {"method: kd\n" TEACHER, "correction=mix", "method: kd\n" TEACHER,
         "correction=mix mix.share=0.25"},
    };
    check_pairs(pairs, COUNT(pairs), false);
}

static void test_another_name(void **state)
{
    sld_config *a = fixture_config("method: none\nstudent.network: b\nseed: 3", NULL);
    sld_config *b = fixture_config("method: none\nstudent.network: a\nseed: 3", NULL);
    sld_ctx     ctx;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_config_call(&ctx, a, "student.network", "a"), SLD_OK);
    assert_string_equal(sld_config_identity(a), sld_config_identity(b));
    assert_string_equal(sld_config_options(a)->student.network, "a");
    assert_non_null(strstr(sld_config_text(a), "network: b"));
    sld_config_destroy(a);
    sld_config_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_different),
        cmocka_unit_test(test_another_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
