/* Work in the waits of a reduction. The last rank arrives late by design: it comes when another, in
 * its work, has told it to. A rank that just waits is waited for in vain, until the alarm rings. */
#include <mpi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "world.h"

enum { SHARDS = 8, ROWS = 64, PIECES = 3, SHORT = 16, LONG = 1 << 16, GO = 7 };

typedef struct worker {
    int        pieces;  /* done */
    int        fail_at; /* which of them fails; 0: none */
    useconds_t us;      /* what one takes at least */
} worker;

static int last(void)
{
    return sld_comm_size(comm) - 1;
}

/* PIECES are there to be done; the last of them tells the late rank to come. */
static sld_status piece(sld_ctx *c, void *own, bool *did)
{
    worker *w = own;
    *did      = w->pieces < PIECES;
    if (!*did) {
        return SLD_OK;
    }
    const sld_phase before = sld_enter(c, SLD_PHASE_TEACHER);
    usleep(w->us);
    sld_enter(c, before);
    if (++w->pieces == PIECES) {
        MPI_Send(NULL, 0, MPI_BYTE, last(), GO, MPI_COMM_WORLD);
    }
    return w->pieces == w->fail_at ? SLD_FAIL(c, SLD_ERR_LIB, "piece %d", w->pieces) : SLD_OK;
}

/* The last rank comes when told. */
static void come_late(void)
{
    if (sld_comm_rank(comm) == last() && last() > 0) {
        MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, GO, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

static sld_tree *make_tree(size_t n, sld_work *work)
{
    sld_tree *tree = NULL;
    assert_int_equal(sld_tree_create(&ctx, comm, SHARDS, ROWS, n * sizeof(float), &tree), SLD_OK);
    sld_tree_work(tree, work);
    return tree;
}

/* Collective. Sums the numbers of all shards, from 1, in n elements. */
static sld_status sum(sld_tree *tree, size_t n, bool *right)
{
    float *slots = calloc((size_t)sld_tree_slots(tree) * n, sizeof *slots);
    assert_non_null(slots);
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        float *slot = slots + (size_t)sld_tree_slot(tree, s) * n;
        for (size_t i = 0; i < n; i++) {
            slot[i] = (float)(s + 1);
        }
        for (int m = 0; m < sld_tree_merges(tree, s); m++, slot -= n) {
            sld_op_combine(SLD_SUM_F32, slot - n, slot, n);
        }
    }
    const sld_status st = sld_tree_reduce(&ctx, tree, SLD_SUM_F32, slots, n * sizeof *slots, n);
    *right              = true;
    for (size_t i = 0; i < n; i++) {
        *right = *right && slots[i] == SHARDS * (SHARDS + 1) / 2;
    }
    free(slots);
    return st;
}

static void check_that_it_works(bool owners)
{
    worker    w    = {.us = 1};
    sld_work  work = {.advance = piece, .own = &w};
    sld_tree *tree = make_tree(SHORT, sld_comm_rank(comm) == 0 ? &work : NULL);
    bool      right;

    tree->aligned = tree->aligned && !owners;
    come_late();
    assert_int_equal(sum(tree, SHORT, &right), SLD_OK);
    assert_true(right);
    assert_int_equal(w.pieces, sld_comm_rank(comm) == 0 && last() > 0 ? PIECES : 0);
    sld_tree_destroy(tree);
}

/* And waits when there is nothing left to do. */
static void test_a_waiting_rank_works(void **state)
{
    (void)state;
    check_that_it_works(false);
    check_that_it_works(true);
}

/* However long they take. */
static void test_no_work_while_long_messages_move(void **state)
{
    (void)state;
    worker    w    = {.us = 1};
    sld_work  work = {.advance = piece, .own = &w};
    sld_tree *tree = make_tree(LONG, &work);
    bool      right;

    comm->overlap_after_s = 0.0;
    for (int owners = 0; owners < 2; owners++) {
        tree->aligned = tree->aligned && !owners;
        assert_int_equal(sum(tree, LONG, &right), SLD_OK);
        assert_true(right);
    }
    assert_int_equal(w.pieces, 0);
    sld_tree_destroy(tree);
}

/* Slices are long here: if they counted as waiting, all would not fit into the time that there was. */
static void test_work_is_not_waiting(void **state)
{
    (void)state;
    worker    w    = {.us = 20000};
    sld_work  work = {.advance = piece, .own = &w};
    sld_tree *tree = make_tree(SHORT, sld_comm_rank(comm) == 0 ? &work : NULL);
    bool      right;

    sld_enter(&ctx, SLD_PHASE_ADD);
    const double start = sld_clock_s();
    sld_times_start(&ctx);
    come_late();
    assert_int_equal(sum(tree, SHORT, &right), SLD_OK);
    const sld_times *times = sld_times_now(&ctx);
    const double     all = sld_clock_s() - start, worked = times->spent_s[SLD_PHASE_TEACHER];
    assert_true(worked >= 0.02 * w.pieces); /* s, as asked for above */
    assert_true(sld_times_waited(times) + worked + times->spent_s[SLD_PHASE_ADD] <=
                all + 1e-6); /* s: rounding of the sums */
    sld_tree_destroy(tree);
}

/* The reduction fails where the work did, and leaves nobody waiting. Two ranks, for with more the
 * failed one's part in what follows would be missed: there its end is that of all. */
static void test_failing_work(void **state)
{
    (void)state;
    worker    w    = {.us = 1, .fail_at = PIECES};
    sld_work  work = {.advance = piece, .own = &w};
    sld_tree *tree = make_tree(SHORT, sld_comm_rank(comm) == 0 ? &work : NULL);
    bool      right;

    if (sld_comm_size(comm) == 2) {
        const bool fails = sld_comm_rank(comm) == 0;
        come_late();
        const sld_status st = sum(tree, SHORT, &right);
        assert_int_equal(st, fails ? SLD_ERR_LIB : SLD_OK);
        assert_true(right || fails);
        assert_string_equal(ctx.err.msg, fails ? "piece 3" : "");
        sld_err_clear(&ctx);
        assert_int_equal(sld_agree(&ctx, comm, SLD_OK), SLD_OK); /* no message is left over */
    }
    sld_tree_destroy(tree);
}

static void say_waiting(int number)
{
    (void)number;
    static const char text[] = "a rank waited and did no work\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_waiting_rank_works),
                                       cmocka_unit_test(test_work_is_not_waiting),
                                       cmocka_unit_test(test_no_work_while_long_messages_move),
                                       cmocka_unit_test(test_failing_work)};
    signal(SIGALRM, say_waiting);
    alarm(100); /* s; all of it takes a fraction of one */
    return world_begin() != 0 ? 1 : world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
