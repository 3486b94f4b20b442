/* test_data_shared.c: opening on several ranks: all see one copy, all agree on what is wrong, none
 * hangs; and the loader's rows over ranks make up the epoch. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sld_ctx   ctx;
static sld_comm *comm;

static sld_status open_at(const char *format, const char *path, sld_dataset **set)
{
    sld_data_params params = {.format = format, .path = path, .synth = sld_synth_default()};

    params.synth.n_train = 203;
    params.synth.n_test  = 101;
    return sld_dataset_open(&ctx, comm, &params, set);
}

/* Every rank hashes what it sees, and all must see the same. */
static void every_rank_sees_the_same_set(void **state)
{
    sld_dataset *set = NULL;
    char         hex[2][65];
    sld_sha256   sha;
    bool         same = false;

    assert_int_equal(open_at("synthetic", NULL, &set), SLD_OK);
    sld_sha256_init(&sha);
    sld_sha256_add(&sha, set->train.pixels, set->train.n * 3072);
    sld_sha256_add(&sha, set->train.labels, set->train.n * sizeof(int32_t));
    sld_sha256_add(&sha, set->test.pixels, set->test.n * 3072);
    sld_sha256_add(&sha, set->class_names[19], strlen(set->class_names[19]));
    sld_sha256_add(&sha, set->mean, sizeof set->mean);
    sld_sha256_hex(&sha, hex[0]);
    memcpy(hex[1], set->hash, sizeof hex[1]);
    assert_int_equal(sld_comm_same(&ctx, comm, hex, sizeof hex, &same), SLD_OK);
    assert_true(same);
    sld_dataset_close(set);
}

static void all_ranks_fail_alike(void **state)
{
    sld_dataset *set  = NULL;
    bool         same = false;

    assert_int_equal(open_at("cifar100", "/nonexistent", &set), SLD_ERR_DATA);
    assert_null(set);
    assert_non_null(strstr(ctx.err.msg, "/nonexistent")); /* rank 0's words, on every rank */
    assert_int_equal(sld_comm_same(&ctx, comm, ctx.err.msg, sizeof ctx.err.msg, &same), SLD_OK);
    assert_true(same);
    sld_err_clear(&ctx);
}

/* IDX files with images of one pixel; the last test label is a class that train has not. */
static void write_idx(const char *folder, const char *name, const uint8_t *bytes, size_t n)
{
    char  path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void make_bad_set(const char *folder)
{
    const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 50, 60};
    const uint8_t train[]  = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    const uint8_t test[]   = {0, 0, 8, 1, 0, 0, 0, 2, 0, 9};

    write_idx(folder, "train-images-idx3-ubyte", images, sizeof images);
    write_idx(folder, "t10k-images-idx3-ubyte", images, sizeof images);
    write_idx(folder, "train-labels-idx1-ubyte", train, sizeof train);
    write_idx(folder, "t10k-labels-idx1-ubyte", test, sizeof test);
}

static void remove_bad_set(const char *folder)
{
    const char *const names[] = {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte",
                                 "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"};
    char              path[256];

    for (int k = 0; k < 4; k++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[k]);
        remove(path);
    }
    remove(folder);
}

/* The failure comes while one rank decodes and the others wait for its memory. */
static void a_failure_while_decoding_reaches_all_ranks(void **state)
{
    char         folder[64] = "/tmp/sld-data-XXXXXX";
    sld_dataset *set        = NULL;
    bool         same       = false;

    if (sld_comm_rank(comm) == 0) {
        assert_non_null(mkdtemp(folder));
        make_bad_set(folder);
    }
    assert_int_equal(sld_comm_bcast(&ctx, comm, folder, sizeof folder, 0), SLD_OK);
    const sld_status st = open_at("idx", folder, &set);
    if (sld_comm_rank(comm) == 0) {
        remove_bad_set(folder);
    }
    assert_int_equal(st, SLD_ERR_DATA);
    assert_null(set);
    assert_non_null(strstr(ctx.err.msg, "test label 1: expected 0 to "));
    assert_int_equal(sld_comm_same(&ctx, comm, ctx.err.msg, sizeof ctx.err.msg, &same), SLD_OK);
    assert_true(same);
    sld_err_clear(&ctx);
}

static void the_rows_of_all_ranks_make_up_the_epoch(void **state)
{
    enum { N = 203, BATCH = 32 };
    sld_dataset      *set    = NULL;
    sld_loader       *loader = NULL;
    uint32_t          used[N];
    float             seen[N] = {0}; /* rows of the epoch, in order: what gather_rows moves */
    sld_loader_params params  = {.index        = used,
                                 .n            = N,
                                 .global_batch = BATCH,
                                 .views        = {true, false},
                                 .order_seed   = 1,
                                 .augment      = {.crop_pad = 4, .flip = 0.5, .seed = 1},
                                 .max_rows     = BATCH};
    bool              once[N] = {false};

    for (uint32_t i = 0; i < N; i++) {
        used[i] = i;
    }
    assert_int_equal(open_at("synthetic", NULL, &set), SLD_OK);
    assert_int_equal(sld_loader_create(&ctx, set, &params, &loader), SLD_OK);
    for (int64_t step = 0; step < sld_loader_steps(loader); step++) {
        const size_t    rows = sld_loader_rows(loader, step);
        const sld_range mine = sld_comm_share(comm, rows, 1);
        sld_batch       batch;
        float           samples[BATCH] = {0};

        assert_int_equal(sld_loader_next(&ctx, loader, 1, step, mine, &batch), SLD_OK);
        for (size_t i = 0; i < batch.n; i++) {
            samples[mine.begin + i] = (float)batch.sample[i];
        }
        assert_int_equal(sld_comm_gather_rows(&ctx, comm, samples, rows, 1, 1), SLD_OK);
        memcpy(seen + step * BATCH, samples, rows * sizeof *samples);
    }
    for (int i = 0; i < N; i++) {
        assert_false(once[(int)seen[i]]);
        once[(int)seen[i]] = true;
    }
    sld_loader_destroy(loader);
    sld_dataset_close(set);
}

static int begin(void **state)
{
    sld_ctx_init(&ctx);
    return sld_comm_create(&ctx, &comm) == SLD_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rank_sees_the_same_set),
        cmocka_unit_test(all_ranks_fail_alike),
        cmocka_unit_test(a_failure_while_decoding_reaches_all_ranks),
        cmocka_unit_test(the_rows_of_all_ranks_make_up_the_epoch),
    };
    int        failed = cmocka_run_group_tests(tests, begin, NULL);
    sld_status st     = sld_agree_request(&ctx, comm, SLD_OK, &failed); /* worst of all ranks */

    sld_comm_destroy(comm);
    return st == SLD_OK && failed == 0 ? 0 : 1;
}
