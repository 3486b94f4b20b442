/* test_store_weights.c: weights come back bit for bit, other networks' weights are refused by name
 * and shape, and the hash is of the content alone. */
#include "fixture.h"

static float conv[16 * 3 * 3 * 3], bias[10], momentum[10];

static const sld_named tensors[] = {{"layer1.0.conv1.weight", 4, {16, 3, 3, 3}, conv},
                                    {"fc.bias", 1, {10}, bias}};

static const sld_weights_info info = {.network    = "resnet8",
                                      .classes    = 10,
                                      .channels   = 3,
                                      .input_size = 32,
                                      .mean       = {0.1F, 0.2F, 0.3F},
                                      .std        = {0.4F, 0.5F, 0.6F},
                                      .data_hash  = "abc",
                                      .data_name  = "cifar10"};

static sld_doc *write_and_reopen(fixture *f)
{
    sld_doc *doc;
    for (size_t i = 0; i < sizeof conv / sizeof conv[0]; i++) {
        conv[i] = 1.0F / (float)(i + 1);
    }
    for (size_t i = 0; i < 10; i++) {
        bias[i]     = -(float)i;
        momentum[i] = 0.9F * (float)i;
    }
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_weights_put(&f->ctx, doc, &info, tensors, 2));
    assert_ok(f, sld_tensors_put(&f->ctx, doc, "/momentum",
                                 &(sld_named){"fc.bias", 1, {10}, momentum}, 1));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
    return doc;
}

static void weights_come_back(void **state)
{
    fixture         *f   = *state;
    sld_doc         *doc = write_and_reopen(f);
    sld_weights_info found;
    float            conv_read[16 * 3 * 3 * 3], bias_read[10], momentum_read[10];
    sld_named        wanted[] = {tensors[1], tensors[0]}; /* any order */

    wanted[0].values = bias_read;
    wanted[1].values = conv_read;
    assert_ok(f, sld_weights_info_get(&f->ctx, doc, &found));
    assert_memory_equal(&found, &info, sizeof info);
    assert_ok(f, sld_tensors_get(&f->ctx, doc, "/model", wanted, 2));
    assert_memory_equal(conv_read, conv, sizeof conv);
    assert_memory_equal(bias_read, bias, sizeof bias);
    assert_ok(f, sld_tensors_get(&f->ctx, doc, "/momentum",
                                 &(sld_named){"fc.bias", 1, {10}, momentum_read}, 1));
    assert_memory_equal(momentum_read, momentum, sizeof momentum);
    sld_doc_close(doc);
}

static void another_network_is_refused(void **state)
{
    fixture   *f   = *state;
    sld_ctx   *ctx = &f->ctx;
    sld_doc   *doc = write_and_reopen(f);
    float      values[16 * 3 * 3 * 3];
    const long ids      = open_ids();
    sld_named  wanted[] = {tensors[0], tensors[1], {"bn.weight", 1, {16}, values}};

    wanted[0].values = wanted[1].values = values;
    assert_fails(f, sld_tensors_get(ctx, doc, "/model", wanted, 3), SLD_ERR_DATA,
                 "file.h5|/model/bn.weight|no such tensor|(16)");
    assert_fails(f, sld_tensors_get(ctx, doc, "/model", wanted, 1), SLD_ERR_DATA,
                 "file.h5|/model/fc.bias|one more|it has 1");
    wanted[1].dims[0] = 100;
    assert_fails(f, sld_tensors_get(ctx, doc, "/model", wanted, 2), SLD_ERR_DATA,
                 "file.h5|/model/fc.bias|shape (100)|got (10)");
    wanted[1].dims[0] = 1;
    wanted[1].dims[1] = 10;
    wanted[1].n_dims  = 2;
    assert_fails(f, sld_tensors_get(ctx, doc, "/model", wanted, 2), SLD_ERR_DATA, "(10)|(1,10)");
    assert_fails(f, sld_tensors_get(ctx, doc, "/absent", wanted, 2), SLD_ERR_DATA, "/absent");
    assert_int_equal(open_ids(), ids);
    sld_doc_close(doc);
}

static void an_incomplete_description_is_refused(void **state)
{
    fixture         *f   = *state;
    sld_ctx         *ctx = &f->ctx;
    sld_weights_info found;
    const int32_t    classes = 0, size = 32;
    sld_doc         *doc;

    assert_ok(f, sld_doc_create(ctx, &doc));
    assert_fails(f, sld_weights_info_get(ctx, doc, &found), SLD_ERR_DATA,
                 "expected a weights file");
    assert_ok(f, sld_doc_attr_text(ctx, doc, "/", "network", "resnet8"));
    assert_ok(f, sld_doc_attr(ctx, doc, "/", "classes", SLD_I32, 0, &classes));
    assert_ok(f, sld_doc_attr(ctx, doc, "/", "input_size", SLD_I32, 0, &size));
    assert_fails(f, sld_weights_info_get(ctx, doc, &found), SLD_ERR_DATA, "classes|above 0|got 0");
    sld_doc_close(doc);

    sld_weights_info wide = info;
    wide.channels         = 5;
    assert_ok(f, sld_doc_create(ctx, &doc));
    assert_fails(f, sld_weights_put(ctx, doc, &wide, tensors, 2), SLD_ERR_ARG, "channels, got 5");
    sld_doc_close(doc);
}

static void the_hash_is_of_names_and_values(void **state)
{
    float           x[] = {1.0F, 2.0F}, y[] = {3.0F};
    char            ab[65], ba[65], other[65];
    const sld_named tensor_a = {"a", 1, {2}, x}, tensor_b = {"b", 1, {1}, y};

    sld_tensors_sha256((const sld_named[]){tensor_a, tensor_b}, 2, ab);
    sld_tensors_sha256((const sld_named[]){tensor_b, tensor_a}, 2, ba);
    assert_string_equal(ab, ba);
    /* hashlib.sha256(b"a\0" + struct.pack("<2f", 1, 2) + b"b\0" + struct.pack("<f", 3)) */
    assert_string_equal(ab, "5ac5d01a2b474cb1cb64dc0c6c60f7f053a6dcbba5e0f5c65cbac0eb39bebb73");
    x[1] = -2.0F;
    sld_tensors_sha256((const sld_named[]){tensor_a, tensor_b}, 2, other);
    assert_string_not_equal(ab, other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(weights_come_back),
        TEST(another_network_is_refused),
        TEST(an_incomplete_description_is_refused),
        cmocka_unit_test(the_hash_is_of_names_and_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
