/* The zoo against REFERENCE.md section 3: parameters, multiply-accumulates, layers; names and
 * shapes of tensors; initial values; errors. */
#include "fixture.h"

static const struct {
    const char *name;
    size_t      parameters;
    double      macs;
    int         convs, norms, norm_channels;
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
};
enum { ROWS = sizeof table / sizeof *table };

static sld_model *make(const char *name)
{
    sld_model *model = NULL;
    assert_int_equal(sld_model_create(&ctx, name, 32, 32, 3, 100, &model), SLD_OK);
    return model;
}

static void test_sizes(void **state)
{
    (void)state;
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
        assert_int_equal(channels, table[i].norm_channels);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes), cmocka_unit_test(test_names_in_state_dict_order),
        cmocka_unit_test(test_initial_values), cmocka_unit_test(test_errors_name_what_is_wrong),
        cmocka_unit_test(test_first_mistake_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
