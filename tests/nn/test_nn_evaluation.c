/* Evaluation: a sample's logits do not depend on its place, its neighbours or the size of the call;
 * folded batch norms give what batch norms on their own give. */
#include "fixture.h"

enum { IMAGE = 32 * 32 * 3, CLASSES = 100, N = 21 }; /* two full blocks and a rest */

static sld_model *make(const char *name)
{
    sld_model *model = NULL;
    assert_int_equal(sld_model_create(&ctx, name, 32, 32, 3, CLASSES, &model), SLD_OK);
    sld_model_init(model, 1);
    stir_statistics(model);
    return model;
}

static sld_infer *evaluate_in(sld_precision precision, const sld_model *model, const float *x,
                              size_t n, float *logits)
{
    sld_infer *infer = NULL;
    assert_int_equal(sld_infer_create_in(&ctx, model, precision, &infer), SLD_OK);
    assert_int_equal(sld_infer_refresh(&ctx, infer), SLD_OK);
    assert_int_equal(sld_infer_run(&ctx, infer, x, n, logits), SLD_OK);
    return infer;
}

static sld_infer *evaluate(const sld_model *model, const float *x, size_t n, float *logits)
{
    return evaluate_in(SLD_PRECISION_F32, model, x, n, logits);
}

static void check_blocks(const char *name, sld_precision precision)
{
    sld_model *model = make(name);
    float     *x = random_floats(N * IMAGE, 4), *moved = random_floats(N * IMAGE, 5);
    float     *all = random_floats(N * CLASSES, 0), *other = random_floats(N * CLASSES, 0);
    sld_infer *infer = evaluate_in(precision, model, x, N, all);
    for (size_t i = 0; i < N; i++) { /* one by one, each padded differently */
        assert_int_equal(sld_infer_run(&ctx, infer, x + i * IMAGE, 1, other), SLD_OK);
        assert_memory_equal(other, all + i * CLASSES, CLASSES * sizeof *all);
    }
    for (size_t i = 0; i < N; i++) { /* 8 and 21 have no common divisor: every place changes */
        memcpy(moved + i * 8 % N * IMAGE, x + i * IMAGE, IMAGE * sizeof *x);
    }
    assert_int_equal(sld_infer_run(&ctx, infer, moved, N, other), SLD_OK);
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(other + i * 8 % N * CLASSES, all + i * CLASSES, CLASSES * sizeof *all);
    }
    assert_int_equal(sld_infer_run(&ctx, infer, x, 13, other), SLD_OK); /* 13 + 8 */
    assert_int_equal(sld_infer_run(&ctx, infer, x + 13 * IMAGE, 8, other + 13 * CLASSES), SLD_OK);
    assert_memory_equal(other, all, N * CLASSES * sizeof *all);
    sld_infer_destroy(infer);
    sld_model_destroy(model);
    free(x);
    free(moved);
    free(all);
    free(other);
}

static void test_place_and_neighbours_do_not_matter(void **state)
{
    (void)state;
    check_blocks("resnet8", SLD_PRECISION_F32);
    check_blocks("resnet8x4", SLD_PRECISION_F32);
    check_blocks("vgg8", SLD_PRECISION_F32);
    check_blocks("wrn_16_1", SLD_PRECISION_F32);
    check_blocks("MobileNetV2", SLD_PRECISION_F32);
    check_blocks("ShuffleV1", SLD_PRECISION_F32);
    check_blocks("ShuffleV2", SLD_PRECISION_F32);
}

static void test_bf16(void **state)
{
    (void)state;
    sld_model *model = make("resnet8");
    check_blocks("resnet8", SLD_PRECISION_BF16);
    check_blocks("resnet8x4", SLD_PRECISION_BF16); /* in parts of 2, 4 and 8 samples */
    check_blocks("wrn_16_2", SLD_PRECISION_BF16);
    check_blocks("ShuffleV2", SLD_PRECISION_BF16);
    check_blocks("MobileNetV2", SLD_PRECISION_BF16);

    float *x  = random_floats(N * IMAGE, 4);
    float *za = random_floats(N * CLASSES, 0), *zb = random_floats(N * CLASSES, 0);
    sld_infer_destroy(evaluate(model, x, N, za));
    sld_infer_destroy(evaluate_in(SLD_PRECISION_BF16, model, x, N, zb));
    double error = 0, power = 0;
    for (size_t i = 0; i < N * CLASSES; i++) {
        error += pow((double)za[i] - (double)zb[i], 2);
        power += pow((double)za[i], 2);
    }
    /* bfloat16 has 8 bits: about 2^-10 per rounding, of the inputs and weights of seven
     * convolutions in a row: sqrt(14) times that is 4e-3. Less than an eighth of it, or more than
     * four times it, is another arithmetic. */
    assert_true(sqrt(error / power) > 4e-3 / 8 && sqrt(error / power) < 4e-3 * 4);
    sld_model_destroy(model);
    free(x);
    free(za);
    free(zb);
}

/* Variant 1 puts an addition of zeros between each convolution and its batch norm. */
static sld_val apart(sld_graph *g, sld_val y, sld_val x, sld_conv_shape shape, int variant,
                     const char *name)
{
    return variant == 0 ? y : sld_graph_add(g, y, sld_graph_conv(g, x, shape, "%s", name), false);
}

static sld_val build(sld_graph *g, sld_val x, int classes, int variant)
{
    const sld_conv_shape shape = {.out = 16, .kernel = 3, .stride = 1, .pad = 1, .bias = true};
    sld_val              y     = sld_graph_conv(g, x, shape, "conv1");
    x = sld_graph_bn(g, apart(g, y, x, shape, variant, "zero1"), -1, true, "bn1");
    y = sld_graph_conv(g, x, shape, "conv2");
    y = sld_graph_bn(g, apart(g, y, x, shape, variant, "zero2"), x, true, "bn2");
    x = sld_graph_add(g, x, y, true); /* x lives on behind the folded addition */
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "fc");
}

static void copy_by_name(const sld_model *from, sld_model *to)
{
    for (size_t i = 0; i < sld_model_tensor_count(to); i++) {
        const sld_tensor *t = sld_model_tensor(to, i);
        for (size_t j = 0; j < sld_model_tensor_count(from); j++) {
            const sld_tensor *f = sld_model_tensor(from, j);
            if (strcmp(f->name, t->name) == 0) {
                memcpy(t->values, f->values, t->n * sizeof *t->values);
            }
        }
    }
}

static void test_folding(void **state)
{
    (void)state;
    const sld_network folded   = {.name = "folded", .build = build};
    const sld_network unfolded = {.name = "unfolded", .build = build, .variant = 1};
    sld_model        *a = NULL, *b = NULL;
    assert_int_equal(sld_model_build(&ctx, &folded, 32, 32, 3, CLASSES, &a), SLD_OK);
    assert_int_equal(sld_model_build(&ctx, &unfolded, 32, 32, 3, CLASSES, &b), SLD_OK);
    sld_model_init(a, 1);
    stir_statistics(a);
    copy_by_name(a, b);
    float *x  = random_floats(N * IMAGE, 4);
    float *za = random_floats(N * CLASSES, 0), *zb = random_floats(N * CLASSES, 0);
    sld_infer_destroy(evaluate(a, x, N, za));
    sld_infer_destroy(evaluate(b, x, N, zb));
    double worst = 0, largest = 0;
    for (size_t i = 0; i < N * CLASSES; i++) { /* not by fmax(): gcc 12 for arm64 dies of two */
        const double error = fabs((double)za[i] - (double)zb[i]), size = fabs((double)zb[i]);
        worst   = error > worst ? error : worst;
        largest = size > largest ? size : largest;
    }
    assert_true(worst > 0);              /* two ways of computing, or the test compares nothing */
    assert_true(worst < 2e-6 * largest); /* a few float32 roundings in three layers */
    sld_model_destroy(a);
    sld_model_destroy(b);
    free(x);
    free(za);
    free(zb);
}

/* Values change, evaluation does not until it is told. */
static void test_refresh(void **state)
{
    (void)state;
    sld_model *model = make("resnet8");
    float     *x     = random_floats(IMAGE, 4);
    float      before[CLASSES], after[CLASSES];
    sld_infer *infer = evaluate(model, x, 1, before);
    for (size_t i = 0; i < sld_model_trained_count(model); i++) {
        sld_model_trained(model)[i] *= 1.5f;
    }
    assert_int_equal(sld_infer_run(&ctx, infer, x, 1, after), SLD_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(sld_infer_refresh(&ctx, infer), SLD_OK);
    assert_int_equal(sld_infer_run(&ctx, infer, x, 1, after), SLD_OK);
    assert_memory_not_equal(before, after, sizeof before);
    char text[512];
    sld_nn_fingerprint(NULL, infer, text, sizeof text);
    assert_non_null(strstr(text, "1 thread"));
    sld_infer_destroy(infer);
    sld_model_destroy(model);
    free(x);
}

static int advance_to_the_end(sld_infer *infer)
{
    int n = 0;
    for (; !sld_infer_done(infer); n++) {
        assert_int_equal(sld_infer_advance(&ctx, infer), SLD_OK);
    }
    return n;
}

/* A little at a time, with another evaluation's steps between; broken off; of nothing. */
static void test_step_by_step(void **state)
{
    (void)state;
    sld_model *model = make("resnet8"), *between = make("ShuffleV2");
    float     *x = random_floats(N * IMAGE, 4), *all = random_floats(N * CLASSES, 0);
    float     *other = random_floats(N * CLASSES, 0), *apart = random_floats(N * CLASSES, 0);
    sld_infer *infer = evaluate(model, x, N, all), *second = evaluate(between, x, 9, apart);

    assert_true(sld_infer_done(infer));
    sld_infer_begin(infer, x, N, other);
    sld_infer_begin(second, x, 9, apart);
    int steps = 0;
    for (; !sld_infer_done(infer); steps++) {
        assert_int_equal(sld_infer_advance(&ctx, infer), SLD_OK);
        assert_int_equal(sld_infer_advance(&ctx, second), SLD_OK);
    }
    assert_memory_equal(other, all, N * CLASSES * sizeof *all);
    assert_true(steps > 3 * 8 && steps % 3 == 0); /* three blocks, each of more than eight layers */
    memset(other, 0, N * CLASSES * sizeof *other);
    assert_int_equal(sld_infer_advance(&ctx, infer), SLD_OK); /* nothing when done */
    assert_true(other[0] == 0.0f);

    sld_infer_begin(infer, x + IMAGE, N - 1, other); /* then broken off within a block */
    for (int i = 0; i < steps / 2; i++) {
        assert_int_equal(sld_infer_advance(&ctx, infer), SLD_OK);
    }
    sld_infer_begin(infer, x, N, other);
    assert_false(sld_infer_done(infer));
    assert_int_equal(advance_to_the_end(infer), steps);
    assert_memory_equal(other, all, N * CLASSES * sizeof *all);

    sld_infer_begin(infer, x, 0, other);
    assert_true(sld_infer_done(infer));
    advance_to_the_end(second);
    sld_infer_destroy(infer);
    sld_infer_destroy(second);
    sld_model_destroy(model);
    sld_model_destroy(between);
    free(x);
    free(all);
    free(other);
    free(apart);
}

int main(void)
{
    sld_ctx_init(&ctx);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_place_and_neighbours_do_not_matter),
                                       cmocka_unit_test(test_bf16), cmocka_unit_test(test_folding),
                                       cmocka_unit_test(test_refresh),
                                       cmocka_unit_test(test_step_by_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
