/* The zoo against docs/recipes.md, "Networks": parameters, multiply-accumulates, layers; names and
 * shapes of tensors; initial values; errors. */
#include "fixture.h"

static const struct {
    const char *name;
    size_t      parameters;
    double      macs;
    int         convs, norms, norm_channels; /* 0: docs/recipes.md does not say */
} table[] = {
    {"resnet8", 83892, 12507392, 9, 9, 336},
    {"resnet14", 181108, 26663168, 15, 15, 560},
    {"resnet20", 278324, 40818944, 21, 21, 784},
    {"resnet32", 472756, 69130496, 33, 33, 1232},
    {"resnet44", 667188, 97442048, 45, 45, 1680},
    {"resnet56", 861620, 125753600, 57, 57, 2128},
    {"resnet110", 1736564, 253155584, 111, 111, 4144},
    {"resnet8x4", 1233540, 177071104, 10, 10, 1376},
    {"resnet32x4", 7433860, 1083040768, 34, 34, 4960},
    {"ResNet18", 11220132, 555468800, 20, 20, 4800},
    {"ResNet50", 23705252, 1298014208, 53, 53, 26560},
    {"wrn_16_1", 180916, 26663168, 15, 13, 464},
    {"wrn_16_2", 703284, 101118464, 16, 13, 912},
    {"wrn_40_1", 569780, 83286272, 39, 37, 1360},
    {"wrn_40_2", 2255156, 327610880, 40, 37, 2704},
    {"vgg8", 3965028, 96192512, 5, 5, 1472},
    {"vgg11", 9277284, 209438720, 8, 8, 2752},
    {"vgg13", 9462180, 284936192, 10, 10, 2944},
    {"vgg16", 14774436, 398182400, 13, 13, 4224},
    {"vgg19", 20086692, 511428608, 16, 16, 5504},
    {"MobileNetV2", 812836, 6523648, 53, 53, 9184},
    {"ShuffleV1", 949258, 38691456, 49, 49, 11868},
    {"ShuffleV2", 1355528, 44504448, 56, 56, 8090},
    {"imagenet_ResNet18", 11689512, 1814073344, 20, 20, 0},
    {"imagenet_ResNet34", 21797672, 3663761408, 36, 36, 0},
    {"imagenet_ResNet50", 25557032, 4089184256, 53, 53, 0},
    {"imagenet_ResNet101", 44549160, 7801405440, 104, 104, 0},
    {"imagenet_MobileNetV1", 4231976, 568740352, 27, 27, 0},
};
enum { ROWS = sizeof table / sizeof *table };

/* As the public recipe has it. */
static sld_model *make(const char *name)
{
    const sld_network *network = sld_network_find(name);
    sld_model         *model   = NULL;
    assert_non_null(network);
    assert_int_equal(sld_model_create(&ctx, name, network->input_size, network->input_size, 3,
                                      network->classes, &model),
                     SLD_OK);
    return model;
}

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(sld_network_count(), ROWS);
    for (int i = 0; i < ROWS; i++) {
        sld_model *model = make(table[i].name);
        assert_int_equal(sld_model_trained_count(model), table[i].parameters);
        assert_true(sld_model_macs(model) == table[i].macs);
        int    convs = 0, norms = 0, channels = 0;
        size_t offset = 0;
        for (size_t j = 0; j < sld_model_tensor_count(model); j++) {
            const sld_tensor *t = sld_model_tensor(model, j);
            convs += t->n_dims == 4;
            norms += strstr(t->name, "running_var") != NULL;
            channels += strstr(t->name, "running_var") ? (int)t->n : 0;
            if (t->trained) { /* one after another, in order */
                assert_ptr_equal(t->values, sld_model_trained(model) + offset);
                offset += t->n;
            }
        }
        assert_int_equal(convs, table[i].convs);
        assert_int_equal(norms, table[i].norms);
        if (table[i].norm_channels) {
            assert_int_equal(channels, table[i].norm_channels);
        }
        assert_string_equal(sld_model_network(model)->name, table[i].name);
        sld_model_destroy(model);
    }
}

static void test_names_in_state_dict_order(void **state)
{
    (void)state;
    static const char *const names[] = {"conv1.weight",
                                        "bn1.weight",
                                        "bn1.bias",
                                        "bn1.running_mean",
                                        "bn1.running_var",
                                        "layer1.0.conv1.weight",
                                        "layer1.0.bn1.weight",
                                        "layer1.0.bn1.bias",
                                        "layer1.0.bn1.running_mean",
                                        "layer1.0.bn1.running_var",
                                        "layer1.0.conv2.weight",
                                        "layer1.0.bn2.weight",
                                        "layer1.0.bn2.bias",
                                        "layer1.0.bn2.running_mean",
                                        "layer1.0.bn2.running_var",
                                        "layer2.0.conv1.weight",
                                        "layer2.0.bn1.weight",
                                        "layer2.0.bn1.bias",
                                        "layer2.0.bn1.running_mean",
                                        "layer2.0.bn1.running_var",
                                        "layer2.0.conv2.weight",
                                        "layer2.0.bn2.weight",
                                        "layer2.0.bn2.bias",
                                        "layer2.0.bn2.running_mean",
                                        "layer2.0.bn2.running_var",
                                        "layer2.0.downsample.0.weight",
                                        "layer2.0.downsample.1.weight",
                                        "layer2.0.downsample.1.bias",
                                        "layer2.0.downsample.1.running_mean",
                                        "layer2.0.downsample.1.running_var"};
    sld_model               *model   = make("resnet8");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(sld_model_tensor(model, i)->name, names[i]);
    }
    const sld_tensor *last = sld_model_tensor(model, sld_model_tensor_count(model) - 1);
    assert_string_equal(last->name, "fc.bias");
    const sld_tensor *conv = sld_model_tensor(model, 25);
    assert_true(conv->dims[0] == 32 && conv->dims[1] == 16 && conv->dims[2] == 1);
    sld_model_destroy(model);
}

static void test_initial_values(void **state)
{
    (void)state;
    sld_model *a = make("resnet20"), *b = make("resnet20");
    sld_model_init(a, 5);
    sld_model_init(b, 5);
    const size_t bytes = sld_model_trained_count(a) * sizeof(float);
    assert_memory_equal(sld_model_trained(a), sld_model_trained(b), bytes);
    for (size_t i = 0; i < sld_model_tensor_count(a); i++) {
        const sld_tensor *t   = sld_model_tensor(a, i);
        double            sum = 0, squares = 0, largest = 0;
        for (size_t k = 0; k < t->n; k++) {
            sum += (double)t->values[k];
            squares += (double)t->values[k] * (double)t->values[k];
            largest = fmax(largest, fabs((double)t->values[k]));
        }
        const double n = (double)t->n, mean = sum / n, std = sqrt(squares / n - mean * mean);
        if (t->n_dims == 4) { /* He et al.: variance 2 / (k*k*out); six standard errors */
            const double wanted = sqrt(2.0 / (double)(t->dims[2] * t->dims[3] * t->dims[0]));
            assert_true(fabs(std - wanted) < 6 * wanted / sqrt(2 * n));
            assert_true(fabs(mean) < 6 * wanted / sqrt(n));
        } else if (strncmp(t->name, "fc.", 3) == 0) { /* uniform within 1/sqrt(64) */
            assert_true(largest <= 0.125 && largest > 0.11);
        } else {
            const bool one = strstr(t->name, "weight") || strstr(t->name, "running_var");
            assert_true(mean == (one ? 1 : 0) && std == 0);
        }
    }
    sld_model_init(b, 6);
    assert_memory_not_equal(sld_model_trained(a), sld_model_trained(b), bytes);
    sld_model_destroy(a);
    sld_model_destroy(b);
}

static const sld_tensor *tensor_of(const sld_model *model, const char *name)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        if (strcmp(sld_model_tensor(model, i)->name, name) == 0) {
            return sld_model_tensor(model, i);
        }
    }
    fail_msg("%s has no tensor %s", sld_model_network(model)->name, name);
    return NULL;
}

/* Largest value and standard deviation of a tensor's initial values. */
static void spread(const sld_model *model, const char *tensor, double *largest, double *std)
{
    const sld_tensor *t   = tensor_of(model, tensor);
    double            sum = 0;
    *largest              = 0;
    for (size_t k = 0; k < t->n; k++) {
        sum += (double)t->values[k] * (double)t->values[k];
        *largest = fmax(*largest, fabs((double)t->values[k]));
    }
    *std = sqrt(sum / (double)t->n);
}

/* docs/recipes.md, "Initialisation": standard deviation, and the bound of uniform ones. */
static void test_initial_values_by_family(void **state)
{
    (void)state;
    static const struct {
        const char *network, *tensor;
        double      std, bound; /* bound 0: normal, or all zero */
    } rows[] = {
        {"ResNet18", "layer4.0.conv1.weight", 0.0208333, 0}, /* sqrt(2 / (9 * 512)) */
        {"ResNet18", "linear.weight", 0.0255155, 0.0441942}, /* 1 / sqrt(512) */
        {"imagenet_ResNet18", "conv1.weight", 0.0252538, 0}, /* sqrt(2 / (49 * 64)) */
        {"wrn_40_2", "block2.layer.0.convShortcut.weight", 0.176777, 0},
        {"wrn_40_2", "fc.weight", 0.0510310, 0.0883883},
        {"wrn_40_2", "fc.bias", 0, 0},
        {"vgg8", "block2.0.weight", 0.0294628, 0},
        {"vgg8", "block2.0.bias", 0, 0},
        {"vgg8", "classifier.weight", 0.01, 0},
        {"vgg8", "classifier.bias", 0, 0},
        {"MobileNetV2", "blocks.5.1.conv.3.weight", 0.0215166, 0}, /* depthwise: 9 * 480 */
        {"MobileNetV2", "classifier.0.weight", 0.01, 0},
        {"ShuffleV1", "layer2.1.conv1.weight", 0.0456435, 0.0790569}, /* 1 / sqrt(480 / 3) */
        {"ShuffleV2", "layer2.1.conv2.weight", 0.192450, 0.333333},   /* depthwise: 1 / 3 */
        {"ShuffleV2", "linear.bias", 0.0180422, 0.03125},
        {"imagenet_MobileNetV1", "model.13.3.weight", 0.0180422, 0.03125},
    };
    sld_model *model = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double largest, std;
        if (i == 0 || strcmp(rows[i].network, rows[i - 1].network) != 0) {
            sld_model_destroy(model);
            model = make(rows[i].network);
            sld_model_init(model, 5);
        }
        spread(model, rows[i].tensor, &largest, &std);
        /* 100 values at least: six standard errors of their deviation */
        if (!(fabs(std - rows[i].std) <= 0.43 * rows[i].std) ||
            (rows[i].bound > 0 && !(largest <= rows[i].bound && largest > 0.9 * rows[i].bound))) {
            fail_msg("%s: %s: deviation %g, largest %g, wanted %g, %g", rows[i].network,
                     rows[i].tensor, std, largest, rows[i].std, rows[i].bound);
        }
    }
    sld_model_destroy(model);
}

static void test_alias(void **state)
{
    (void)state;
    assert_ptr_equal(sld_network_find("imagenet_MobileNetV2"),
                     sld_network_find("imagenet_MobileNetV1"));
    assert_ptr_not_equal(sld_network_find("MobileNetV2"), sld_network_find("imagenet_MobileNetV1"));
}

/* Other sizes than the recipe's: whatever the stages leave is averaged. */
static void test_other_image_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sld_network_count(); i++) {
        sld_model *model = NULL;
        assert_int_equal(sld_model_create(&ctx, sld_network_at(i)->name, 64, 64, 1, 7, &model),
                         SLD_OK);
        sld_model_destroy(model);
    }
}

static void test_errors_name_what_is_wrong(void **state)
{
    (void)state;
    sld_model *model = NULL;
    assert_int_equal(sld_model_create(&ctx, "resnet21", 32, 32, 3, 10, &model), SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "resnet21"));
    assert_non_null(strstr(ctx.err.msg, "resnet20"));
    assert_null(model);
    sld_err_clear(&ctx);
    assert_int_equal(sld_model_create(&ctx, "resnet8", 32, 32, 0, 10, &model), SLD_ERR_CONFIG);
    assert_null(model);
    sld_err_clear(&ctx);
    assert_int_equal(sld_model_create(&ctx, "resnet8", 32, 32, 3, 0, &model), SLD_ERR_CONFIG);
    sld_err_clear(&ctx);
}

static sld_val build_wrong(sld_graph *g, sld_val x, int classes, int variant)
{
    const sld_conv_shape shape = {.out = 6, .kernel = 9, .stride = 1, .groups = 4};
    x                          = sld_graph_conv(g, x, shape, "first");
    x                          = sld_graph_bn(g, x, -1, true, "second");
    return sld_graph_linear(g, sld_graph_add(g, x, 17, true), classes, "fc");
}

static void test_first_mistake_is_reported(void **state)
{
    (void)state;
    const sld_network wrong = {.name = "wrong", .input_size = 4, .build = build_wrong};
    sld_model        *model = NULL;
    assert_int_equal(sld_model_build(&ctx, &wrong, 4, 4, 3, 10, &model), SLD_ERR_CONFIG);
    assert_non_null(strstr(ctx.err.msg, "first: 4 groups"));
    assert_null(model);
    sld_err_clear(&ctx);
}

int main(void)
{
    sld_ctx_init(&ctx);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_names_in_state_dict_order),
                                       cmocka_unit_test(test_initial_values),
                                       cmocka_unit_test(test_initial_values_by_family),
                                       cmocka_unit_test(test_alias),
                                       cmocka_unit_test(test_other_image_sizes),
                                       cmocka_unit_test(test_errors_name_what_is_wrong),
                                       cmocka_unit_test(test_first_mistake_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
