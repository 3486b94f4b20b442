/* Agreement: one status, one record and one request on every rank; equal bytes; broadcast. */
#include <string.h>

#include "world.h"

static int rank, size;

static void test_all_well(void **state)
{
    (void)state;
    assert_int_equal(sld_agree(&ctx, comm, SLD_OK), SLD_OK);
    assert_int_equal(ctx.err.code, SLD_OK);
}

/* Each rank in turn fails; all carry home its record. */
static void test_one_rank_fails(void **state)
{
    (void)state;
    for (int bad = 0; bad < size; bad++) {
        sld_err_clear(&ctx);
        const sld_status mine = rank == bad ? SLD_FAIL(&ctx, SLD_ERR_IO, "file %d", bad) : SLD_OK;
        const sld_status st   = sld_agree(&ctx, comm, mine);
        char             expected[32];
        snprintf(expected, sizeof expected, "file %d", bad);
        assert_int_equal(st, SLD_ERR_IO);
        assert_int_equal(ctx.err.code, SLD_ERR_IO);
        assert_int_equal(ctx.err.rank, bad);
        assert_true(ctx.err.agreed);
        assert_string_equal(ctx.err.msg, expected);
    }
    sld_err_clear(&ctx);
}

/* The most severe wins, and among equals the lowest rank. */
static void test_severity(void **state)
{
    (void)state;
    const sld_status mine = rank == 0 ? SLD_FAIL(&ctx, SLD_ERR_CONFIG, "mild")
                                      : SLD_FAIL(&ctx, SLD_ERR_LIB, "severe %d", rank);
    const sld_status st   = sld_agree(&ctx, comm, mine);
    assert_int_equal(st, size > 1 ? SLD_ERR_LIB : SLD_ERR_CONFIG);
    assert_string_equal(ctx.err.msg, size > 1 ? "severe 1" : "mild");
    sld_err_clear(&ctx);
}

/* A status without a record still says something. */
static void test_missing_record(void **state)
{
    (void)state;
    const sld_status st = sld_agree(&ctx, comm, rank == size - 1 ? SLD_ERR_NOMEM : SLD_OK);
    assert_int_equal(st, SLD_ERR_NOMEM);
    assert_int_equal(ctx.err.rank, size - 1);
    assert_string_equal(ctx.err.msg, sld_status_text(SLD_ERR_NOMEM));
    sld_err_clear(&ctx);
}

static void test_request_is_the_maximum(void **state)
{
    (void)state;
    int              request = rank == size / 2 ? 7 : rank % 3;
    const sld_status st      = sld_agree_request(&ctx, comm, SLD_OK, &request);
    assert_int_equal(st, SLD_OK);
    assert_int_equal(request, 7);

    request               = rank == 0 ? 2 : 0;
    const sld_status mine = rank == size - 1 ? SLD_FAIL(&ctx, SLD_ERR_DATA, "bad") : SLD_OK;
    assert_int_equal(sld_agree_request(&ctx, comm, mine, &request), SLD_ERR_DATA);
    assert_int_equal(request, 2);
    sld_err_clear(&ctx);
}

static void test_same(void **state)
{
    (void)state;
    char bytes[100];
    bool same[3];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(sld_comm_same(&ctx, comm, bytes, sizeof bytes, &same[0]), SLD_OK);
    bytes[99] = rank == size - 1 ? 'y' : 'x';
    assert_int_equal(sld_comm_same(&ctx, comm, bytes, sizeof bytes, &same[1]), SLD_OK);
    const size_t n = rank == 0 ? 98 : 99; /* equal bytes, unequal lengths */
    assert_int_equal(sld_comm_same(&ctx, comm, bytes, n, &same[2]), SLD_OK);
    assert_true(same[0]);
    assert_int_equal(same[1], size == 1);
    assert_int_equal(same[2], size == 1);
}

static void test_bcast(void **state)
{
    (void)state;
    for (int root = 0; root < size; root++) {
        int32_t values[3] = {rank, rank + 1, rank + 2};
        assert_int_equal(sld_comm_bcast(&ctx, comm, values, sizeof values, root), SLD_OK);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(values[i], root + i);
        }
    }
    assert_int_equal(sld_comm_bcast(&ctx, comm, NULL, 0, 0), SLD_OK);
}

/* A process without MPI goes on in the phase that it was in: it has waited for nobody. */
static void test_alone(void **state)
{
    (void)state;
    sld_ctx   single;
    sld_comm *self = NULL;

    sld_ctx_init(&single);
    assert_int_equal(sld_comm_alone(&single, &self), SLD_OK);
    sld_enter(&single, SLD_PHASE_DATA);
    assert_int_equal(sld_agree(&single, self, SLD_OK), SLD_OK);
    assert_int_equal(single.times.phase, SLD_PHASE_DATA);
    assert_int_equal(sld_agree(&single, self, SLD_FAIL(&single, SLD_ERR_DATA, "bad")),
                     SLD_ERR_DATA);
    assert_true(single.err.agreed);
    sld_comm_destroy(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_well),
        cmocka_unit_test(test_one_rank_fails),
        cmocka_unit_test(test_severity),
        cmocka_unit_test(test_missing_record),
        cmocka_unit_test(test_request_is_the_maximum),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_bcast),
        cmocka_unit_test(test_alone),
    };
    if (world_begin() != 0) {
        return 1;
    }
    rank = sld_comm_rank(comm);
    size = sld_comm_size(comm);
    return world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
