/* test_nn_same_bits FILE: logits, gradients and running statistics of training steps on batches of
 * 64, 16 and 3 in 8 shards, of a network per family, some in bfloat16 too where there is any. On
 * one rank their SHA-256 go into FILE; on any other number of ranks they must be those found there.
 */
#include "comm/world.h"

#include <stdlib.h>
#include <string.h>

#include "internal.h"
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
enum { VGG8 = 2, NETWORKS = sizeof networks / sizeof *networks };

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
    assert_int_equal(sld_backprop_forward(&ctx, net, of_net, 1,
                                          (const float *[]){x + first * IMAGE}, (float *[]){own}),
                     SLD_OK);
    assert_int_equal(
        sld_backprop_backward(&ctx, net, (const float *[]){dlogits + first * CLASSES}, false),
        SLD_OK);
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

/* Running statistics of a model, to be put back. */
static float *copy_statistics(const sld_model *model)
{
    size_t n = 0;
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        n += sld_model_tensor(model, i)->trained ? 0 : sld_model_tensor(model, i)->n;
    }
    float *copy = floats(n), *at = copy;
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        if (!t->trained) {
            memcpy(at, t->values, t->n * sizeof *at);
            at += t->n;
        }
    }
    return copy;
}

static void put_statistics(sld_model *model, const float *copy)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        if (!t->trained) {
            memcpy(t->values, copy, t->n * sizeof *copy);
            copy += t->n;
        }
    }
}

typedef struct {
    size_t       index, of_net; /* of the batch; net's own number of it */
    sld_range    mine;
    const float *x, *dlogits; /* of two views, one behind the other, all ranks' rows */
} two_views;

/* Takes views[0..n) of a batch, `together` at a time, and all that this computes into the sum. */
static void run_views(sld_model *model, sld_backprop *net, const two_views *of, const int *views,
                      int n, int together, float *grad, char hex[65])
{
    const size_t rows = batches[of->index], own = (of->mine.end - of->mine.begin) * CLASSES;
    float       *logits[2]  = {floats(own), floats(own)};
    float       *statistics = copy_statistics(model);
    const float *x[2], *dlogits[2];
    sld_sha256   sha;
    for (int i = 0; i < n; i++) {
        const size_t first = (size_t)views[i] * rows + of->mine.begin;
        x[i]               = of->x + first * IMAGE;
        dlogits[i]         = of->dlogits + first * CLASSES;
    }
    for (int i = 0; i < n; i += together) {
        assert_int_equal(sld_backprop_forward(&ctx, net, of->of_net, together, x + i, logits + i),
                         SLD_OK);
        assert_int_equal(sld_backprop_backward(&ctx, net, dlogits + i, i > 0), SLD_OK);
    }
    assert_int_equal(sld_backprop_gradient(&ctx, net, grad), SLD_OK);
    sld_sha256_init(&sha);
    for (int i = 0; i < n; i++) {
        sld_sha256_add(&sha, logits[i], own * sizeof *logits[i]);
    }
    sld_sha256_add(&sha, grad, sld_model_trained_count(model) * sizeof *grad);
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        sld_sha256_add(&sha, t->values, t->n * sizeof *t->values);
    }
    sld_sha256_hex(&sha, hex);
    put_statistics(model, statistics);
    free(statistics);
    free(logits[0]);
    free(logits[1]);
}

/* The gradient of two views is the sum of theirs, to the last bit; and two views that take turns
 * compute what they do one after the other. */
static void check_two_views(sld_model *model, sld_backprop *net, sld_tree *tree, size_t index,
                            size_t of_net)
{
    const size_t    rows = batches[index], n = sld_model_trained_count(model);
    float          *x = random_floats(2 * rows * IMAGE, 1 + index), *grad = floats(3 * n);
    float          *dlogits = random_floats(2 * rows * CLASSES, 200);
    const two_views of      = {index, of_net, sld_tree_mine(tree), x, dlogits};
    const int       both    = sld_backprop_views(net);
    char            apart[65], together[65], alone[65];

    run_views(model, net, &of, (int[]){0}, 1, 1, grad, alone);
    run_views(model, net, &of, (int[]){1}, 1, 1, grad + n, alone);
    run_views(model, net, &of, (int[]){0, 1}, 2, 1, grad + 2 * n, apart);
    for (size_t i = 0; i < n; i++) {
        grad[i] += grad[n + i];
    }
    assert_memory_equal(grad, grad + 2 * n, n * sizeof *grad);
    run_views(model, net, &of, (int[]){0, 1}, 2, both, grad, together);
    assert_string_equal(apart, together);
    assert_int_equal(both, sld_comm_size(comm) > 1 ? 2 : 1);
    free(x);
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
                                         sld_backprop_message_bytes(comm, model), &trees[i]),
                         SLD_OK);
    }
    assert_int_equal(sld_backprop_create(&ctx, comm, model, trees + first, BATCHES - first,
                                         networks[which].precision, &net),
                     SLD_OK);
    float *grad = floats(sld_model_trained_count(model));
    sld_sha256_init(&sha);
    for (size_t i = first; i < BATCHES; i++) {
        step(model, net, trees[i], i, i - first, grad, &sha);
    }
    sld_sha256_hex(&sha, hex);
    for (size_t i = which == 0 ? 1 : BATCHES - 1; i < BATCHES; i++) {
        check_two_views(model, net, trees[i], i, i - first);
    }
    sld_backprop_destroy(net);
    for (size_t i = first; i < BATCHES; i++) {
        sld_tree_destroy(trees[i]);
    }
    sld_model_destroy(model);
    free(grad);
}

/* Ranks that believe to have a machine each send longer pieces of the gradient. */
static void check_machines(const char wanted[65])
{
    const int  node_size = comm->node_size;
    sld_model *model     = NULL;
    char       found[65];
    assert_int_equal(sld_model_create(&ctx, networks[VGG8].name, 32, 32, 3, CLASSES, &model),
                     SLD_OK);
    const size_t near = sld_backprop_message_bytes(comm, model);
    comm->node_size   = 1;
    assert_true(sld_backprop_message_bytes(comm, model) > near);
    compute(VGG8, found);
    assert_string_equal(wanted, found);
    comm->node_size = node_size;
    sld_model_destroy(model);
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
    check_machines(hex[VGG8]);
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
