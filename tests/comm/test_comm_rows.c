/* Rows shared out and gathered again; memory that the ranks of a machine share. */
#include <stdlib.h>

#include "world.h"

enum { WIDTH = 5 };

/* The shares of all ranks, in rank order, cover n rows and are cut at multiples of block. */
static void test_shares_cover(void **state)
{
    (void)state;
    const size_t rows[] = {0, 1, 7, 64, 1000}, blocks[] = {1, 8, 64};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 3; j++) {
            const sld_range mine = sld_comm_share(comm, rows[i], blocks[j]);
            size_t          end  = 0;
            for (int r = 0; r < sld_comm_size(comm); r++) {
                uint64_t share[2] = {mine.begin, mine.end};
                assert_int_equal(sld_comm_bcast(&ctx, comm, share, sizeof share, r), SLD_OK);
                assert_int_equal(share[0], end);
                assert_true(share[1] >= share[0]);
                assert_true(share[1] == rows[i] || share[1] % blocks[j] == 0);
                end = share[1];
            }
            assert_int_equal(end, rows[i]);
        }
    }
}

static float expected_value(size_t row, size_t column)
{
    return (float)(row * 100 + column) + 0.25f;
}

static void test_gather(void **state)
{
    (void)state;
    const size_t n_rows[] = {0, 1, 3, 64, 257};
    for (size_t k = 0; k < 5; k++) {
        const size_t    n     = n_rows[k];
        float          *rows  = calloc(n * WIDTH + 1, sizeof *rows);
        const sld_range share = sld_comm_share(comm, n, 16);
        for (size_t i = share.begin; i < share.end; i++) {
            for (size_t j = 0; j < WIDTH; j++) {
                rows[i * WIDTH + j] = expected_value(i, j);
            }
        }
        assert_int_equal(sld_comm_gather_rows(&ctx, comm, rows, n, 16, WIDTH), SLD_OK);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < WIDTH; j++) {
                assert_true(rows[i * WIDTH + j] == expected_value(i, j));
            }
        }
        free(rows);
    }
}

/* Written by the machine's first rank, seen by all; a second write after the barrier likewise, so
 * it is one memory and not copies. */
static void test_shared(void **state)
{
    (void)state;
    enum { N = 100000 };
    sld_shared *shared = NULL;
    assert_int_equal(sld_shared_create(&ctx, comm, N * sizeof(uint32_t), &shared), SLD_OK);
    uint32_t *values = sld_shared_ptr(shared);
    for (uint32_t round = 1; round <= 2; round++) {
        if (sld_comm_node_rank(comm) == 0) {
            for (uint32_t i = 0; i < N; i++) {
                values[i] = i * round;
            }
        }
        assert_int_equal(sld_shared_ready(&ctx, comm, shared), SLD_OK);
        for (uint32_t i = 0; i < N; i++) {
            assert_int_equal(values[i], i * round);
        }
        assert_int_equal(sld_shared_ready(&ctx, comm, shared), SLD_OK);
    }
    sld_shared_destroy(shared);
    sld_shared_destroy(NULL);
}

static void test_shared_empty(void **state)
{
    (void)state;
    sld_shared *shared = NULL;
    assert_int_equal(sld_shared_create(&ctx, comm, 0, &shared), SLD_OK);
    assert_non_null(sld_shared_ptr(shared));
    sld_shared_destroy(shared);
}

/* More than any machine has: an error on every rank at the allocation, not a SIGBUS later. */
static void test_shared_too_large(void **state)
{
    (void)state;
    sld_shared *shared = NULL;
    assert_int_equal(sld_shared_create(&ctx, comm, (size_t)1 << 55, &shared), SLD_ERR_NOMEM);
    assert_null(shared);
    assert_int_equal(ctx.err.code, SLD_ERR_NOMEM);
    sld_err_clear(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_cover),     cmocka_unit_test(test_gather),
        cmocka_unit_test(test_shared),           cmocka_unit_test(test_shared_empty),
        cmocka_unit_test(test_shared_too_large),
    };
    return world_begin() != 0 ? 1 : world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
