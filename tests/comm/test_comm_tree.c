/* Reductions in shard order: whatever the rank count and the transport, the bits of a plain serial
 * tree. Compares bytes throughout: there is no tolerance to choose. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "world.h"

enum { C = 16, N = 1 + 2 * C, STRIDE = 320, MAX_SHARDS = 64 };
_Static_assert(N * sizeof(double) <= STRIDE, "a slot holds a value");

typedef union value { /* N elements of either type */
    float  f32[N];
    double f64[N];
} value;

static const sld_op ops[] = {SLD_SUM_F32, SLD_SUM_F64, SLD_MOMENTS};

static size_t value_bytes(sld_op op)
{
    return N * (op == SLD_SUM_F32 ? sizeof(float) : sizeof(double));
}

/* ---- the reference: the definition, in one process ---- */

/* The partial of one shard: magnitudes from 2^-20 to 2^20, so that the order of sums shows. */
static void fill(sld_op op, size_t n_rows, int n_shards, int shard, value *out)
{
    const sld_range rows = sld_shard_rows(n_rows, n_shards, shard);
    sld_rng         rng =
        sld_rng_make(n_rows, SLD_RNG_SYNTH, (uint32_t)op, (uint64_t)(n_shards * 100 + shard));
    for (int i = 0; i < N; i++) {
        const double x = ldexp(sld_rng_f64(&rng) - 0.5, (int)sld_rng_below(&rng, 41) - 20);
        if (op == SLD_SUM_F32) {
            out->f32[i] = (float)x;
        } else {
            out->f64[i] = op == SLD_MOMENTS && i > C ? fabs(x) : x;
        }
    }
    if (op == SLD_MOMENTS) {
        out->f64[0] = (double)(rows.end - rows.begin);
    }
}

static void join(sld_op op, const value *a, const value *b, value *out)
{
    value sum;
    for (int i = 0; i < N; i++) {
        if (op == SLD_SUM_F32) {
            sum.f32[i] = a->f32[i] + b->f32[i];
        } else {
            sum.f64[i] = a->f64[i] + b->f64[i];
        }
    }
    if (op == SLD_MOMENTS) {
        for (int i = 1; i <= C; i++) {
            const double delta = b->f64[i] - a->f64[i];
            const double share = b->f64[0] / sum.f64[0];
            sum.f64[i]         = a->f64[i] + delta * share;
            sum.f64[i + C] += delta * delta * (a->f64[0] * share);
        }
    }
    *out = sum;
}

/* Value of the node [a,b). False when it has no rows. */
static bool serial_tree(sld_op op, size_t n_rows, int n_shards, int a, int b, value *out)
{
    if (b - a == 1) {
        const sld_range rows = sld_shard_rows(n_rows, n_shards, a);
        fill(op, n_rows, n_shards, a, out);
        return rows.end > rows.begin;
    }
    int half = 1;
    while (2 * half < b - a) {
        half *= 2;
    }
    value      left, right;
    const bool has_left  = serial_tree(op, n_rows, n_shards, a, a + half, &left);
    const bool has_right = serial_tree(op, n_rows, n_shards, a + half, b, &right);
    if (has_left && has_right) {
        join(op, &left, &right, out);
    } else {
        *out = has_left ? left : right;
    }
    return has_left || has_right;
}

/* ---- the tree under test ---- */

/* What every user of a tree does with this rank's shards. */
static void local_part(const sld_tree *tree, sld_op op, int n_shards, unsigned char *slots)
{
    int held = 0;
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        const sld_range rows = sld_tree_shard(tree, s);
        if (rows.begin == rows.end) {
            continue;
        }
        value partial;
        fill(op, sld_tree_rows(tree), n_shards, s, &partial);
        assert_int_equal(sld_tree_slot(tree, s), held);
        assert_true(held < sld_tree_slots(tree));
        memcpy(slots + held++ * STRIDE, &partial, value_bytes(op));
        for (int m = 0; m < sld_tree_merges(tree, s); m++) {
            held--;
            assert_true(held > 0);
            sld_op_combine(op, slots + (held - 1) * STRIDE, slots + held * STRIDE, N);
        }
    }
    assert_int_equal(held, sld_tree_roots(tree));
}

typedef enum transport { AS_PLANNED, DOUBLING, HALVING, OWNERS, TRANSPORTS } transport;

static void force(sld_tree *tree, transport how)
{
    tree->aligned &= how != OWNERS;
    tree->halving_from = how == HALVING ? 0 : how == DOUBLING ? SIZE_MAX : tree->halving_from;
}

static sld_work *work; /* of all trees; NULL: none */

/* Collective. The two halves of a reduction, the value's own bits changed between them: what a rank
 * does not have as its part must come from others, and what it has must be complete. */
static void reduce_by_halves(sld_tree *tree, sld_op op, unsigned char *slots)
{
    const size_t width = value_bytes(op) / N;
    sld_range    mine  = {0};
    assert_int_equal(sld_tree_reduce_part(&ctx, tree, op, slots, STRIDE, N, &mine), SLD_OK);
    assert_true(mine.begin <= mine.end && mine.end <= N);
    for (size_t i = 0; i < N * width; i++) {
        const bool own = i >= mine.begin * width && i < mine.end * width;
        slots[i]       = own ? slots[i] ^ 0x55 : 0xff;
    }
    assert_int_equal(sld_tree_broadcast(&ctx, tree, op, slots, N), SLD_OK);
    for (size_t i = 0; i < N * width; i++) {
        slots[i] ^= 0x55;
    }
}

static int advances = -1; /* between begin and finish; -1: a reduction is one call */

/* Changes the sign of what a sum or a mean is made of, and so of the result, which has the same bits
 * otherwise. */
static void negate(sld_op op, unsigned char *bytes)
{
    value *v = (value *)bytes;
    for (size_t i = 0; i < N; i++) {
        if (op == SLD_SUM_F32) {
            v->f32[i] = -v->f32[i];
        } else if (op == SLD_SUM_F64 || (i > 0 && i <= C)) {
            v->f64[i] = -v->f64[i];
        }
    }
}

/* Two at a time. They must not take each other's messages: the second is negative, and one of two
 * partners sends it first, as may happen where one message is longer than the other. */
static void reduce_meanwhile(sld_tree *tree, sld_op op, unsigned char *slots)
{
    const size_t   n        = (size_t)sld_tree_slots(tree);
    unsigned char *negative = aligned_alloc(64, n * STRIDE);
    assert_non_null(negative);
    memcpy(negative, slots, n * STRIDE);
    for (size_t i = 0; i < n; i++) {
        negate(op, negative + i * STRIDE);
    }
    for (int i = 0; i < 2; i++) {
        const int lane = (i + sld_comm_rank(comm)) % 2;
        assert_int_equal(
            sld_tree_begin(&ctx, tree, lane, op, lane == 0 ? slots : negative, STRIDE, N), SLD_OK);
    }
    for (int i = 0; i < advances * (sld_comm_rank(comm) + 1); i++) {
        assert_int_equal(sld_tree_advance(&ctx, tree), SLD_OK);
    }
    const int first = op == SLD_MOMENTS;
    assert_int_equal(sld_tree_finish(&ctx, tree, first), SLD_OK);
    assert_int_equal(sld_tree_finish(&ctx, tree, 1 - first), SLD_OK);
    negate(op, negative);
    assert_memory_equal(slots, negative, value_bytes(op));
    free(negative);
}

/* Collective. One reduction, start to end. */
static void reduce(sld_op op, size_t n_rows, int n_shards, transport how, value *out)
{
    sld_tree *tree = NULL;
    assert_int_equal(sld_tree_create(&ctx, comm, n_shards, n_rows, sizeof(value), &tree), SLD_OK);
    force(tree, how);
    sld_tree_work(tree, work);
    unsigned char *slots = aligned_alloc(64, (size_t)sld_tree_slots(tree) * STRIDE);
    memset(slots, 0xff, (size_t)sld_tree_slots(tree) * STRIDE); /* NaN: what is read unset shows */
    local_part(tree, op, n_shards, slots);
    if (advances >= 0) {
        reduce_meanwhile(tree, op, slots);
    } else if (op == SLD_MOMENTS) { /* one count, then the rest: no elements of one width */
        assert_int_equal(sld_tree_reduce(&ctx, tree, op, slots, STRIDE, N), SLD_OK);
    } else {
        reduce_by_halves(tree, op, slots);
    }
    memcpy(out, slots, value_bytes(op));
    free(slots);
    sld_tree_destroy(tree);
}

/* ---- tests ---- */

static const int shard_counts[] = {1, 2, 3, 5, 8, 12, 16, 31, MAX_SHARDS};
enum { SHARD_COUNTS = sizeof shard_counts / sizeof shard_counts[0], ROW_COUNTS = 4 };

static size_t row_count(int which, int n_shards)
{
    const size_t rows[ROW_COUNTS] = {(size_t)n_shards * 8, 16, 3, 1};
    return rows[which];
}

/* Every case that this many ranks may run, by every transport. */
static void compare_with_serial(void)
{
    for (int k = 0; k < SHARD_COUNTS * ROW_COUNTS * 3 * TRANSPORTS; k++) {
        const int       v    = shard_counts[k / TRANSPORTS / 3 / ROW_COUNTS];
        const size_t    rows = row_count(k / TRANSPORTS / 3 % ROW_COUNTS, v);
        const sld_op    op   = ops[k / TRANSPORTS % 3];
        const transport how  = (transport)(k % TRANSPORTS);
        if (v < sld_comm_size(comm)) {
            continue;
        }
        value expected, got;
        assert_true(serial_tree(op, rows, v, 0, v, &expected));
        reduce(op, rows, v, how, &got);
        if (memcmp(&expected, &got, value_bytes(op)) != 0) {
            fail_msg("op %d, %d shards, %zu rows, transport %d: other bits", op, v, rows, how);
        }
    }
}

static void test_bits_of_the_serial_tree(void **state)
{
    (void)state;
    compare_with_serial();
}

/* Messages cut into pieces, as those above 1 GiB are; 20 bytes do not divide the messages. */
static void test_long_messages_in_pieces(void **state)
{
    (void)state;
    const size_t usual = comm->max_message;
    comm->max_message  = 20;
    compare_with_serial();
    comm->max_message = usual;
}

/* Begun, left to move while the ranks do other things, some longer than others, and finished. */
static void test_in_the_background(void **state)
{
    (void)state;
    const size_t usual = comm->max_message;
    advances           = 3;
    compare_with_serial();
    advances          = 0;
    comm->max_message = 20;
    compare_with_serial();
    comm->max_message = usual;
    advances          = -1;
}

/* Nobody has to finish for another's sums to arrive. */
static void test_advancing_is_enough(void **state)
{
    (void)state;
    sld_tree *tree = NULL;
    double    one  = 1.0;
    if ((sld_comm_size(comm) & (sld_comm_size(comm) - 1)) == 0) { /* else owners wait for all */
        const double start = sld_clock_s();
        assert_int_equal(sld_tree_create(&ctx, comm, sld_comm_size(comm), 64, 64, &tree), SLD_OK);
        assert_int_equal(sld_tree_begin(&ctx, tree, 0, SLD_SUM_F64, &one, sizeof one, 1), SLD_OK);
        while (one < sld_comm_size(comm) && sld_clock_s() - start < 30) { /* s; takes far less */
            assert_int_equal(sld_tree_advance(&ctx, tree), SLD_OK);
        }
        assert_true(one == sld_comm_size(comm));
        assert_int_equal(sld_tree_finish(&ctx, tree, 0), SLD_OK);
        assert_true(one == sld_comm_size(comm));
        sld_tree_destroy(tree);
    }
}

/* sld_work: never at an end. */
static sld_status count(sld_ctx *c, void *own, bool *did)
{
    (void)c;
    ++*(long *)own;
    *did = true;
    return SLD_OK;
}

/* Whatever is not there at once is worked for, piece by piece of each message. */
static void test_work_in_the_waits(void **state)
{
    (void)state;
    const size_t usual    = comm->max_message;
    const double patience = comm->overlap_after_s;
    long         slices   = 0;
    sld_work     counted  = {.advance = count, .own = &slices};

    work                  = &counted;
    comm->overlap_after_s = 0.0;
    compare_with_serial();
    comm->max_message = 20;
    compare_with_serial();
    comm->max_message     = usual;
    comm->overlap_after_s = patience;
    work                  = NULL;
    printf("rank %d: %ld slices\n", sld_comm_rank(comm), slices);
    assert_true((slices > 0) == (sld_comm_size(comm) > 1));
}

/* One number for all rank counts: all cases that 8 ranks may run too. */
static void test_same_digest_for_every_rank_count(void **state)
{
    (void)state;
    char       hex[65];
    sld_sha256 sha;
    sld_sha256_init(&sha);
    for (int k = 0; k < SHARD_COUNTS * ROW_COUNTS * 3; k++) {
        const int v = shard_counts[k / 3 / ROW_COUNTS];
        if (v >= 8) {
            value got;
            reduce(ops[k % 3], row_count(k / 3 % ROW_COUNTS, v), v, AS_PLANNED, &got);
            sld_sha256_add(&sha, &got, value_bytes(ops[k % 3]));
        }
    }
    sld_sha256_hex(&sha, hex);
    assert_string_equal(hex, "ff9e698d320cb7bafb9d40e8630c4039af58c95ae86678e2ae868f6fcdcae8db");
}

/* The comparison above can fail: from left to right the bits are others. */
static void test_order_matters(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        value tree, left_to_right, next;
        serial_tree(ops[k], 64, 8, 0, 8, &tree);
        fill(ops[k], 64, 8, 0, &left_to_right);
        for (int s = 1; s < 8; s++) {
            fill(ops[k], 64, 8, s, &next);
            join(ops[k], &left_to_right, &next, &left_to_right);
        }
        assert_memory_not_equal(&tree, &left_to_right, value_bytes(ops[k]));
    }
}

/* Merged moments are the moments of all rows: a two-pass computation over the batch. */
static void test_moments_are_the_batch_moments(void **state)
{
    (void)state;
    enum { V = 8, ROWS = 61 };
    double    x[ROWS], slots[4 * 3], sum = 0, m2 = 0; /* at most 4 slots of [count, mean, m2] */
    sld_rng   rng  = sld_rng_make(7, SLD_RNG_SYNTH, 0, 0);
    sld_tree *tree = NULL;
    for (int i = 0; i < ROWS; i++) {
        x[i] = 3.0 + sld_rng_f64(&rng);
        sum += x[i];
    }
    for (int i = 0; i < ROWS; i++) {
        m2 += (x[i] - sum / ROWS) * (x[i] - sum / ROWS);
    }

    assert_int_equal(sld_tree_create(&ctx, comm, V, ROWS, 3 * sizeof(double), &tree), SLD_OK);
    assert_true(sld_tree_slots(tree) <= 4);
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        const sld_range rows = sld_tree_shard(tree, s);
        double         *m    = slots + 3 * sld_tree_slot(tree, s);
        m[0]                 = (double)(rows.end - rows.begin);
        m[1] = m[2] = 0.0;
        for (size_t i = rows.begin; i < rows.end; i++) {
            m[1] += x[i] / m[0];
        }
        for (size_t i = rows.begin; i < rows.end; i++) {
            m[2] += (x[i] - m[1]) * (x[i] - m[1]);
        }
        for (int k = sld_tree_merges(tree, s); k > 0; k--, m -= 3) {
            sld_op_combine(SLD_MOMENTS, m - 3, m, 3);
        }
    }
    assert_int_equal(sld_tree_reduce(&ctx, tree, SLD_MOMENTS, slots, 3 * sizeof(double), 3),
                     SLD_OK);
    sld_tree_destroy(tree);
    assert_true(slots[0] == ROWS);
    assert_true(fabs(slots[1] - sum / ROWS) < 1e-14 * 61); /* 61 roundings of numbers near 3 */
    assert_true(fabs(slots[2] - m2) < 1e-13 * 61);         /* likewise, m2 is near 5 */
}

static void test_moments_without_rows_are_skipped(void **state)
{
    (void)state;
    const double some[3] = {4.0, 0.5, 2.0}, none[3] = {0.0, NAN, NAN};
    double       dst[3];
    memcpy(dst, some, sizeof dst);
    sld_op_combine(SLD_MOMENTS, dst, none, 3);
    assert_memory_equal(dst, some, sizeof dst);
    memcpy(dst, none, sizeof dst);
    sld_op_combine(SLD_MOMENTS, dst, some, 3);
    assert_memory_equal(dst, some, sizeof dst);
}

/* The ranks' rows follow each other and cover the batch. */
static void test_ranks_cover_the_batch(void **state)
{
    (void)state;
    size_t end = 0;
    for (int r = 0; r < sld_comm_size(comm); r++) {
        int first, count;
        sld_shard_owned(12, sld_comm_size(comm), r, &first, &count);
        assert_int_equal(sld_shard_rows(50, 12, first).begin, end);
        assert_true(count >= 1);
        end = sld_shard_rows(50, 12, first + count - 1).end;
    }
    assert_int_equal(end, 50);
}

static void test_more_ranks_than_shards_is_refused(void **state)
{
    (void)state;
    sld_tree *tree = NULL;
    char      shards[64], ranks[64];
    const int size = sld_comm_size(comm);
    snprintf(shards, sizeof shards, "got %d;", size - 1);
    snprintf(ranks, sizeof ranks, " %d ranks", size);
    assert_int_equal(sld_tree_create(&ctx, comm, size - 1, 8, 64, &tree), SLD_ERR_CONFIG);
    assert_null(tree);
    assert_non_null(strstr(ctx.err.msg, "parallel.shards: expected"));
    assert_non_null(strstr(ctx.err.msg, shards));
    assert_non_null(strstr(ctx.err.msg, ranks));
    sld_err_clear(&ctx);
}

static void test_misuse_is_refused(void **state)
{
    (void)state;
    sld_tree *tree = NULL;
    double    slots[2 * 16];
    assert_int_equal(sld_tree_create(&ctx, comm, 8, 0, 64, &tree), SLD_ERR_ARG);
    sld_err_clear(&ctx);
    assert_int_equal(sld_tree_create(&ctx, comm, 8, 64, 64, &tree), SLD_OK);
    const sld_status st = sld_tree_reduce(&ctx, tree, SLD_SUM_F64, slots, 16 * sizeof(double), 9);
    assert_int_equal(st, sld_comm_size(comm) > 1 ? SLD_ERR_ARG : SLD_OK); /* 72 bytes in 64 */
    sld_err_clear(&ctx);
    sld_tree_destroy(tree);
    sld_tree_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits_of_the_serial_tree),
        cmocka_unit_test(test_long_messages_in_pieces),
        cmocka_unit_test(test_in_the_background),
        cmocka_unit_test(test_advancing_is_enough),
        cmocka_unit_test(test_work_in_the_waits),
        cmocka_unit_test(test_same_digest_for_every_rank_count),
        cmocka_unit_test(test_order_matters),
        cmocka_unit_test(test_moments_are_the_batch_moments),
        cmocka_unit_test(test_moments_without_rows_are_skipped),
        cmocka_unit_test(test_ranks_cover_the_batch),
        cmocka_unit_test(test_more_ranks_than_shards_is_refused),
        cmocka_unit_test(test_misuse_is_refused),
    };
    return world_begin() != 0 ? 1 : world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
