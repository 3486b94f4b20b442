/* test_nn_same_bits FILE: logits, gradients and running statistics of training steps on batches of
 * 64, 16 and 3 in 8 shards, of a network per family, some in bfloat16 too where there is any. On
 * one rank their SHA-256 go into FILE; on any other number of ranks they must be those found there.
 */
#include "comm/world.h"

#include <stdlib.h>
#include <string.h>

#include "sld/nn.h"

enum { SHARDS = 8, BATCHES = 3, IMAGE = 32 * 32 * 3, CLASSES = 20 };
static const size_t batches[BATCHES] = {64, 16, 3};
static const char  *path;

/* What each family adds: standing batch norms, pools, biases; groups, depthwise, shuffle, split. */
static const struct {
    const char   *name;
    sld_precision precision;
} networks[] = {{"resnet8", SLD_PRECISION_F32},     {"wrn_16_1", SLD_PRECISION_F32},
                {"vgg8", SLD_PRECISION_F32},        {"ShuffleV1", SLD_PRECISION_F32},
                {"MobileNetV2", SLD_PRECISION_F32}, {"ShuffleV2", SLD_PRECISION_F32},
                {"resnet8", SLD_PRECISION_BF16},    {"ShuffleV1", SLD_PRECISION_BF16}};
enum { NETWORKS = sizeof networks / sizeof *networks };

static float *floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 64) / 64 * 64);
    assert_non_null(x);
    return x;
}

static float *random_floats(size_t n, uint64_t seed)
{
    sld_rng rng = sld_rng_make(seed, SLD_RNG_SYNTH, 0, 0);
    float  *x   = floats(n);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)sld_rng_normal(&rng);
    }
    return x;
}

static bool same_everywhere(const void *bytes, size_t n)
{
    bool same = false;
    return sld_comm_same(&ctx, comm, bytes, n, &same) == SLD_OK && same;
}

/* One step on the batch whose tree this is, net's own number of which is `of_net`; adds all it
 * computes to the sum. */
static void step(sld_model *model, sld_backprop *net, sld_tree *tree, size_t index, size_t of_net,
                 float *grad, sld_sha256 *sha)
{
    const sld_range mine = sld_tree_mine(tree);
    const size_t    rows = batches[index], first = mine.begin;
    float          *x = random_floats(rows * IMAGE, 1 + index), *own = floats(rows * CLASSES);
    float *dlogits = random_floats(rows * CLASSES, 100 + index), *logits = floats(rows * CLASSES);
    assert_int_equal(sld_backprop_refresh(&ctx, net), SLD_OK);
    assert_int_equal(sld_backprop_forward(&ctx, net, of_net, x + first * IMAGE, own), SLD_OK);
    assert_int_equal(sld_backprop_backward(&ctx, net, dlogits + first * CLASSES, false), SLD_OK);
    assert_int_equal(sld_backprop_gradient(&ctx, net, grad), SLD_OK);
    for (int r = 0; r < sld_comm_size(comm); r++) { /* all logits on all ranks */
        sld_range range = mine;
        assert_int_equal(sld_comm_bcast(&ctx, comm, &range, sizeof range, r), SLD_OK);
        float *to = logits + range.begin * CLASSES;
        if (r == sld_comm_rank(comm)) {
            memcpy(to, own, (range.end - range.begin) * CLASSES * sizeof *to);
        }
        assert_int_equal(
            sld_comm_bcast(&ctx, comm, to, (range.end - range.begin) * CLASSES * sizeof *to, r),
            SLD_OK);
    }
    sld_sha256_add(sha, logits, rows * CLASSES * sizeof *logits);
    const size_t n = sld_model_trained_count(model);
    sld_sha256_add(sha, grad, n * sizeof *grad);
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        if (!t->trained) {
            sld_sha256_add(sha, t->values, t->n * sizeof *t->values);
        }
    }
    for (size_t i = 0; i < n; i++) { /* so that the next step starts from this one's result */
        sld_model_trained(model)[i] -= 0.01f * grad[i];
    }
    free(x);
    free(own);
    free(dlogits);
    free(logits);
}

/* One view's gradient, then another's added to it: the sum of both by themselves, to the last bit.
 */
static void check_addition(sld_model *model, sld_backprop *net, sld_tree *tree, size_t index,
                           size_t of_net)
{
    const sld_range mine = sld_tree_mine(tree);
    const size_t    rows = batches[index], n = sld_model_trained_count(model);
    float          *x = random_floats(rows * IMAGE, 1 + index), *logits = floats(rows * CLASSES);
    float          *dlogits = random_floats(2 * rows * CLASSES, 200), *grad = floats(3 * n);
    for (size_t k = 0; k < 4; k++) {
        const size_t view = k % 2;
        assert_int_equal(sld_backprop_forward(&ctx, net, of_net, x + mine.begin * IMAGE, logits),
                         SLD_OK);
        assert_int_equal(sld_backprop_backward(
                             &ctx, net, dlogits + (view * rows + mine.begin) * CLASSES, k == 3),
                         SLD_OK);
        if (k != 2) {
            assert_int_equal(sld_backprop_gradient(&ctx, net, grad + (k < 2 ? k : 2) * n), SLD_OK);
        }
    }
    for (size_t i = 0; i < n; i++) {
        grad[i] += grad[n + i];
    }
    assert_memory_equal(grad, grad + 2 * n, n * sizeof *grad);
    free(x);
    free(logits);
    free(dlogits);
    free(grad);
}

/* The families beyond the first go without the large batch, for time. */
static void compute(int which, char hex[65])
{
    sld_model    *model = NULL;
    sld_tree     *trees[BATCHES];
    sld_backprop *net   = NULL;
    const size_t  first = which == 0 ? 0 : 1;
    sld_sha256    sha;
    assert_int_equal(sld_model_create(&ctx, networks[which].name, 32, 32, 3, CLASSES, &model),
                     SLD_OK);
    sld_model_init(model, 1);
    for (size_t i = first; i < BATCHES; i++) {
        assert_int_equal(sld_tree_create(&ctx, comm, SHARDS, batches[i],
                                         sld_backprop_message_bytes(model), &trees[i]),
                         SLD_OK);
    }
    assert_int_equal(sld_backprop_create_in(&ctx, comm, model, trees + first, BATCHES - first,
                                            networks[which].precision, &net),
                     SLD_OK);
    float *grad = floats(sld_model_trained_count(model));
    sld_sha256_init(&sha);
    for (size_t i = first; i < BATCHES; i++) {
        step(model, net, trees[i], i, i - first, grad, &sha);
    }
    sld_sha256_hex(&sha, hex);
    check_addition(model, net, trees[BATCHES - 1], BATCHES - 1, BATCHES - 1 - first);
    sld_backprop_destroy(net);
    for (size_t i = first; i < BATCHES; i++) {
        sld_tree_destroy(trees[i]);
    }
    sld_model_destroy(model);
    free(grad);
}

static void test_same_bits(void **state)
{
    (void)state;
    char hex[NETWORKS][65], again[65], (*found)[65] = NULL;
    for (int i = 0; i < NETWORKS; i++) {
        compute(i, hex[i]);
    }
    assert_true(same_everywhere(hex, sizeof hex));
    if (sld_comm_size(comm) == 1) {
        compute(0, again);
        assert_string_equal(hex[0], again);
        assert_int_equal(sld_file_publish(&ctx, path, hex, sizeof hex, true), SLD_OK);
        return;
    }
    size_t n = 0;
    assert_int_equal(sld_file_read(&ctx, path, 1000, (void **)&found, &n), SLD_OK);
    assert_int_equal(n, sizeof hex);
    for (int i = 0; i < NETWORKS; i++) {
        assert_string_equal(hex[i], found[i]);
    }
    free(found);
}

int main(int argc, char **argv)
{
    if (argc != 2 || world_begin() != 0) {
        fprintf(stderr, "usage: test_nn_same_bits FILE\n");
        return 2;
    }
    path                            = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
