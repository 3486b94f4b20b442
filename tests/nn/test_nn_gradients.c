/* Every kind of layer against central differences, in training mode, on shards of unequal size. The
 * loss is a fixed weighted sum of the logits. Batch norms in front of a relu get biases of +-6, so
 * that no activation changes sign within a difference and the loss is smooth. */
#include "fixture.h"

enum { ROWS = 7, SHARDS = 3, SIZE = 6, CHANNELS = 3, CLASSES = 5 };

static sld_comm *comm;

static sld_val head(sld_graph *g, sld_val x, int classes)
{
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "fc");
}

static sld_val conv(sld_graph *g, sld_val x, int out, int kernel, int stride, int groups, bool bias,
                    const char *name)
{
    const sld_conv_shape shape = {.out    = out,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .pad    = kernel / 2,
                                  .groups = groups,
                                  .bias   = bias};
    return sld_graph_conv(g, x, shape, "%s", name);
}

static sld_val norm_relu(sld_graph *g, sld_val x, const char *name)
{
    return sld_graph_bn(g, x, -1, true, "%s", name);
}

static sld_val build_convolutions(sld_graph *g, sld_val x, int classes, int variant)
{
    x = conv(g, x, 8, 3, 1, 1, true, "plain");
    x = conv(g, x, 6, 3, 2, 2, true, "grouped");
    x = conv(g, x, 6, 3, 1, 6, false, "depthwise");
    x = conv(g, x, 10, 1, 1, 1, false, "pointwise");
    return head(g, x, classes);
}

static sld_val build_norms(sld_graph *g, sld_val x, int classes, int variant)
{
    x = norm_relu(g, conv(g, x, 8, 3, 1, 1, false, "a"), "bn_a");
    x = sld_graph_bn(g, conv(g, x, 8, 3, 2, 1, true, "b"), -1, false, "bn_b");
    return head(g, x, classes);
}

static sld_val build_residual(sld_graph *g, sld_val x, int classes, int variant)
{
    x         = norm_relu(g, conv(g, x, 8, 3, 1, 1, false, "stem"), "bn_stem");
    sld_val y = norm_relu(g, conv(g, x, 8, 3, 1, 1, false, "a"), "bn_a");
    y         = sld_graph_bn(g, conv(g, y, 8, 3, 1, 1, false, "b"), -1, false, "bn_b");
    x         = sld_graph_add(g, y, x, true); /* becomes part of bn_b */
    y         = conv(g, x, 12, 3, 2, 1, false, "c");
    x         = sld_graph_bn(g, conv(g, x, 12, 1, 2, 1, false, "fit"), -1, false, "bn_fit");
    x         = sld_graph_bn(g, y, x, true, "bn_c");
    return head(g, x, classes);
}

/* The batch norm's input has other readers, and its gradient three parts. */
static sld_val build_preactivation(sld_graph *g, sld_val x, int classes, int variant)
{
    x         = conv(g, x, 8, 3, 1, 1, false, "stem");
    sld_val y = norm_relu(g, x, "bn_a");
    y         = conv(g, y, 8, 3, 1, 1, false, "a");
    x         = sld_graph_add(g, x, y, false);
    y         = sld_graph_bn(g, x, -1, false, "bn_b");
    sld_val z = conv(g, x, 8, 1, 1, 1, false, "b");
    return head(g, sld_graph_add(g, sld_graph_add(g, x, y, false), z, false), classes);
}

/* A batch norm's input that a convolution reads too, whose own gradient comes segments later: the
 * batch norm's gradient must not overwrite it. */
static sld_val build_branches(sld_graph *g, sld_val x, int classes, int variant)
{
    x         = conv(g, x, 8, 3, 1, 1, false, "stem");
    sld_val y = sld_graph_bn(g, x, -1, false, "bn_a");
    sld_val z = sld_graph_bn(g, conv(g, x, 8, 3, 1, 1, false, "b"), -1, false, "bn_b");
    z         = sld_graph_bn(g, conv(g, z, 8, 1, 1, 1, false, "c"), -1, false, "bn_c");
    return head(g, sld_graph_add(g, y, z, false), classes);
}

/* An addition as a layer of its own, with a relu: the batch norm before it has two readers. */
static sld_val build_addition(sld_graph *g, sld_val x, int classes, int variant)
{
    x         = sld_graph_bn(g, conv(g, x, 8, 3, 1, 1, false, "a"), -1, true, "bn_a");
    sld_val y = sld_graph_bn(g, x, -1, false, "bn_b");
    x         = sld_graph_add(g, x, y, true);
    x         = conv(g, x, 8, 1, 1, 1, true, "c");
    x         = sld_graph_bn(g, x, -1, false, "bn_d");
    return head(g, x, classes);
}

/* The image itself is normalised, and the only trained tensors before it are the batch norm's. */
static sld_val build_norm_of_image(sld_graph *g, sld_val x, int classes, int variant)
{
    x = sld_graph_bn(g, x, -1, false, "bn_image");
    return head(g, conv(g, x, 8, 3, 1, 1, false, "a"), classes);
}

/* Pools over windows that overlap, and padding. Batch norm keeps the order of a channel's values,
 * so that no difference moves a largest value to another pixel. */
static sld_val build_pools(sld_graph *g, sld_val x, int classes, int variant)
{
    x = sld_graph_bn(g, x, -1, false, "bn_a");
    x = sld_graph_max_pool(g, sld_graph_max_pool(g, x, 3, 1, 1), 2, 1, 0);
    x = sld_graph_average_pool(g, conv(g, x, 6, 1, 1, 1, false, "b"), 3, 2, 1);
    x = sld_graph_bn(g, x, -1, false, "bn_b");
    x = conv(g, sld_graph_average_pool(g, x, 2, 1, 0), 4, 1, 1, 1, true, "c");
    return head(g, x, classes);
}

/* Split, concatenation, shuffles by themselves and behind a concatenation, as in ShuffleV2. */
static sld_val build_channels(sld_graph *g, sld_val x, int classes, int variant)
{
    x         = sld_graph_bn(g, conv(g, x, 12, 3, 1, 1, false, "stem"), -1, false, "bn_stem");
    sld_val a = sld_graph_slice(g, x, 0, 6), b = sld_graph_slice(g, x, 6, 6);
    b = norm_relu(g, conv(g, b, 6, 3, 1, 3, false, "grouped"), "bn_grouped");
    x = sld_graph_shuffle(g, sld_graph_concat(g, a, b), 2);
    a = sld_graph_slice(g, x, 0, 4), b = sld_graph_slice(g, x, 4, 8);
    b = sld_graph_shuffle(g, conv(g, b, 9, 1, 1, 1, false, "odd"), 3);
    x = sld_graph_concat(g, b, sld_graph_concat(g, a, sld_graph_slice(g, x, 2, 3)));
    x = sld_graph_bn(g, sld_graph_shuffle(g, x, 4), -1, false, "bn_last");
    return head(g, conv(g, x, 7, 3, 2, 1, false, "last"), classes);
}

static const sld_network networks[] = {
    {.name = "convolutions", .build = build_convolutions},
    {.name = "norms", .build = build_norms},
    {.name = "residual", .build = build_residual},
    {.name = "preactivation", .build = build_preactivation},
    {.name = "branches", .build = build_branches},
    {.name = "addition", .build = build_addition},
    {.name = "norm of image", .build = build_norm_of_image},
    {.name = "pools", .build = build_pools},
    {.name = "channels", .build = build_channels},
};

typedef struct {
    sld_model    *model;
    sld_tree     *tree;
    sld_backprop *net;
    float        *x, *weights; /* of the logits in the loss */
    float         logits[ROWS * CLASSES];
} trial;

static double loss_of(trial *t)
{
    assert_int_equal(sld_backprop_refresh(&ctx, t->net), SLD_OK);
    assert_int_equal(
        sld_backprop_forward(&ctx, t->net, 0, 1, (const float *[]){t->x}, (float *[]){t->logits}),
        SLD_OK);
    double loss = 0;
    for (int i = 0; i < ROWS * CLASSES; i++) {
        loss += (double)t->weights[i] * (double)t->logits[i];
    }
    return loss;
}

static void keep_relus_away_from_zero(sld_model *model)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        if (strncmp(t->name, "bn_", 3) == 0 && strstr(t->name, ".bias")) {
            for (size_t k = 0; k < t->n; k++) {
                t->values[k] = (k % 3 == 2 ? -6.0f : 6.0f) + 0.1f * (float)k;
            }
        }
    }
}

/* Central difference along one random direction in one tensor. Returns |difference - slope|, and in
 * *scale what it is to be measured by. */
static double error_along(trial *t, const sld_tensor *tensor, const float *grad, uint64_t seed,
                          double *scale)
{
    /* Step: the float32 noise of the loss, 1e-7 of its terms, over 2h, against h^2 of curvature. */
    const double h         = 1e-2;
    float       *direction = random_floats(tensor->n, seed), *kept = random_floats(tensor->n, 0);
    double       norm = 0, slope = 0, length = 0, loss[2];
    for (size_t i = 0; i < tensor->n; i++) {
        length += (double)direction[i] * (double)direction[i];
    }
    memcpy(kept, tensor->values, tensor->n * sizeof *kept);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < tensor->n; i++) {
            const double step = (side ? -h : h) * (double)direction[i] / sqrt(length);
            tensor->values[i] = (float)((double)kept[i] + step);
        }
        loss[side] = loss_of(t);
    }
    for (size_t i = 0; i < tensor->n; i++) {
        slope += (double)grad[i] * (double)direction[i] / sqrt(length);
        norm += (double)grad[i] * (double)grad[i];
    }
    memcpy(tensor->values, kept, tensor->n * sizeof *kept);
    free(direction);
    free(kept);
    *scale = sqrt(norm / (double)tensor->n);
    return fabs((loss[0] - loss[1]) / (2 * h) - slope);
}

static void check(const sld_network *network)
{
    trial t = {.x       = random_floats(ROWS * SIZE * SIZE * CHANNELS, 11),
               .weights = random_floats(ROWS * CLASSES, 12)};
    assert_int_equal(sld_model_build(&ctx, network, SIZE, SIZE, CHANNELS, CLASSES, &t.model),
                     SLD_OK);
    sld_model_init(t.model, 3);
    keep_relus_away_from_zero(t.model);
    assert_int_equal(sld_tree_create(&ctx, comm, SHARDS, ROWS,
                                     sld_backprop_message_bytes(comm, t.model), &t.tree),
                     SLD_OK);
    assert_int_equal(
        sld_backprop_create(&ctx, comm, t.model, &t.tree, 1, SLD_PRECISION_F32, &t.net), SLD_OK);
    float *grad = random_floats(sld_model_trained_count(t.model), 13);
    loss_of(&t);
    assert_int_equal(sld_backprop_backward(&ctx, t.net, (const float *[]){t.weights}, false),
                     SLD_OK);
    assert_int_equal(sld_backprop_gradient(&ctx, t.net, grad), SLD_OK);

    const float *own = grad;
    for (size_t i = 0; i < sld_model_tensor_count(t.model); i++) {
        const sld_tensor *tensor = sld_model_tensor(t.model, i);
        for (uint64_t d = 0; d < 3 && tensor->trained; d++) {
            double       scale = 0;
            const double error = error_along(&t, tensor, own, 20 + d, &scale);
            /* 2e-3 of a typical slope, and 2e-3 for the noise: 1e-7 * |terms of the loss| / 2h with
             * terms of up to 200 (a bias in front of a batch norm has slope 0 and noise alone). */
            if (!(error < 2e-3 * scale + 2e-3)) {
                fail_msg("%s: %s: slope off by %g, typical %g", network->name, tensor->name, error,
                         scale);
            }
        }
        own += tensor->trained ? tensor->n : 0;
    }
    sld_backprop_destroy(t.net);
    sld_tree_destroy(t.tree);
    sld_model_destroy(t.model);
    free(t.x);
    free(t.weights);
    free(grad);
}

static void test_central_differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        check(&networks[i]);
    }
}

/* Gradients of one step of resnet8 on random images. */
static void gradient_in(sld_precision precision, float **grad, size_t *n)
{
    sld_model    *model = NULL;
    sld_tree     *tree  = NULL;
    sld_backprop *net   = NULL;
    enum { BATCH = 16, FLOATS = 32 * 32 * 3 };
    float *x = random_floats(BATCH * FLOATS, 1), *dz = random_floats(BATCH * CLASSES, 2);
    float *z = random_floats(BATCH * CLASSES, 0);
    assert_int_equal(sld_model_create(&ctx, "resnet8", 32, 32, 3, CLASSES, &model), SLD_OK);
    sld_model_init(model, 3);
    assert_int_equal(
        sld_tree_create(&ctx, comm, SHARDS, BATCH, sld_backprop_message_bytes(comm, model), &tree),
        SLD_OK);
    *n    = sld_model_trained_count(model);
    *grad = random_floats(*n, 0);
    assert_int_equal(sld_backprop_create(&ctx, comm, model, &tree, 1, precision, &net), SLD_OK);
    assert_int_equal(sld_backprop_refresh(&ctx, net), SLD_OK);
    assert_int_equal(sld_backprop_forward(&ctx, net, 0, 1, (const float *[]){x}, (float *[]){z}),
                     SLD_OK);
    assert_int_equal(sld_backprop_backward(&ctx, net, (const float *[]){dz}, false), SLD_OK);
    assert_int_equal(sld_backprop_gradient(&ctx, net, *grad), SLD_OK);
    sld_backprop_destroy(net);
    sld_tree_destroy(tree);
    sld_model_destroy(model);
    free(x);
    free(z);
    free(dz);
}

/* Central differences drown in bfloat16's noise: its gradients are held against float32's. */
static void test_bf16(void **state)
{
    (void)state;
    float *f32, *bf16;
    size_t n;
    double error = 0, power = 0;
    gradient_in(SLD_PRECISION_BF16, &bf16, &n);
    gradient_in(SLD_PRECISION_F32, &f32, &n);
    for (size_t i = 0; i < n; i++) {
        error += pow((double)bf16[i] - (double)f32[i], 2);
        power += pow((double)f32[i], 2);
    }
    /* A ReLU that falls on the other side of 0 changes a gradient by all of it. Values are off by
     * 4e-3 of their deviation (test_nn_evaluation.c), so a share of 2 * 4e-3 * 0.4 of them are
     * closer to 0 than that: the root of it is 0.06. A quarter of that, or three times it, is
     * another arithmetic. */
    assert_true(sqrt(error / power) > 0.06 / 4 && sqrt(error / power) < 0.06 * 3);
    free(f32);
    free(bf16);
}

int main(void)
{
    sld_ctx_init(&ctx);
    if (sld_comm_create(&ctx, &comm) != SLD_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_central_differences),
                                       cmocka_unit_test(test_bf16)};
    const int               failed  = cmocka_run_group_tests(tests, NULL, NULL);
    sld_comm_destroy(comm);
    return failed;
}
