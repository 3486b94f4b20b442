/* message.c: exchanges messages of any length between two ranks. Only here a length becomes MPI's
 * int. */
#include <assert.h>

#include "internal.h"

/* What came during a piece of work is taken in by some tests more. */
#define TAKE_IN_S 5e-6

sld_status sld_mpi_status(sld_ctx *ctx, int mpi_code, const char *what)
{
    if (mpi_code == MPI_SUCCESS) {
        return SLD_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int  length                     = 0;
    MPI_Error_string(mpi_code, text, &length);
    return SLD_FAIL(ctx, SLD_ERR_MPI, "%s: %s", what, text);
}

/* Bytes of the piece that begins at `at` in a message of n bytes; 0: the message has ended. */
static int piece(const sld_comm *comm, size_t n, size_t at)
{
    assert(comm->max_message <= INT32_MAX);
    const size_t rest = n > at ? n - at : 0;
    return (int)(rest < comm->max_message ? rest : comm->max_message);
}

/* ---- an exchange with one peer, piece by piece ---- */

static bool has_ended(const sld_lane *l)
{
    return l->at >= (l->n_out > l->n_in ? l->n_out : l->n_in);
}

/* Sends this piece's messages on their way. */
static sld_status post(sld_ctx *ctx, const sld_tree *t, sld_lane *l)
{
    const sld_comm *comm = t->comm;
    const int       send = piece(comm, l->n_out, l->at), receive = piece(comm, l->n_in, l->at);
    int             code = MPI_SUCCESS;

    l->messages[0] = l->messages[1] = MPI_REQUEST_NULL;
    if (receive) {
        code = MPI_Irecv((char *)l->in + l->at, receive, MPI_BYTE, l->peer, l->tag, comm->world,
                         l->messages);
    }
    if (send && code == MPI_SUCCESS) {
        code = MPI_Isend((const char *)l->out + l->at, send, MPI_BYTE, l->peer, l->tag, comm->world,
                         l->messages + 1);
    }
    return sld_mpi_status(ctx, code, "exchange between two ranks");
}

/* The piece is through: goes on to the next. */
static sld_status next_piece(sld_ctx *ctx, const sld_tree *t, sld_lane *l)
{
    l->at += t->comm->max_message;
    return has_ended(l) ? SLD_OK : post(ctx, t, l);
}

static sld_status test(sld_ctx *ctx, sld_lane *l, int *through)
{
    return sld_mpi_status(ctx, MPI_Testall(2, l->messages, through, MPI_STATUSES_IGNORE),
                          "exchange between two ranks");
}

/* Tests both messages for so long, and once more: what moves them may be a test that takes long. */
static sld_status test_for(sld_ctx *ctx, sld_lane *l, double overlap_after_s, int *through)
{
    const double start = sld_clock_s();
    for (bool over = false; !*through && !over;) {
        over = sld_clock_s() - start >= overlap_after_s;
        SLD_TRY(test(ctx, l, through));
    }
    return SLD_OK;
}

/* *did: whether some work was done and more may be. */
static sld_status advance(sld_ctx *ctx, sld_work *work, bool *did)
{
    const sld_status st = work->advance(ctx, work->own, did);

    *did = *did && st == SLD_OK;
    return st;
}

/* Waits for both messages, with work while there is some, once they are late. MPI holds their
 * memory: whatever becomes of the work, they are through in the end. */
static sld_status settle(sld_ctx *ctx, const sld_tree *t, sld_lane *l)
{
    double     overlap_after_s = t->comm->overlap_after_s;
    bool       may_work        = t->work && l->n_out < t->halving_from && l->n_in < t->halving_from;
    sld_status st              = SLD_OK;
    int        through         = 0;
    while (may_work) {
        SLD_TRY(test_for(ctx, l, overlap_after_s, &through));
        if (through) {
            return SLD_OK;
        }
        overlap_after_s = TAKE_IN_S;
        st              = advance(ctx, t->work, &may_work);
    }
    SLD_TRY(sld_mpi_status(ctx, MPI_Waitall(2, l->messages, MPI_STATUSES_IGNORE),
                           "exchange between two ranks"));
    return st;
}

sld_status sld_exchange_begin(sld_ctx *ctx, sld_tree *t, sld_lane *l, int peer, const void *out,
                              size_t n_out, void *in, size_t n_in)
{
    const sld_phase before = sld_enter(ctx, SLD_PHASE_REDUCE);

    l->peer  = peer;
    l->out   = out;
    l->n_out = n_out;
    l->in    = in;
    l->n_in  = n_in;
    l->at    = 0;
    if (!has_ended(l)) {
        SLD_TRY(post(ctx, t, l));
    }
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_exchange_advance(sld_ctx *ctx, sld_tree *t, sld_lane *l, bool *ended)
{
    const sld_phase before = sld_enter(ctx, SLD_PHASE_REDUCE);
    for (int through = 1; through && !has_ended(l);) {
        SLD_TRY(test(ctx, l, &through));
        if (through) {
            SLD_TRY(next_piece(ctx, t, l));
        }
    }
    *ended = has_ended(l);
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_exchange_finish(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    const sld_phase before = sld_enter(ctx, SLD_PHASE_REDUCE);
    while (!has_ended(l)) {
        SLD_TRY(settle(ctx, t, l));
        SLD_TRY(next_piece(ctx, t, l));
    }
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_exchange(sld_ctx *ctx, sld_tree *t, sld_lane *l, int peer, const void *out,
                        size_t n_out, void *in, size_t n_in)
{
    SLD_TRY(sld_exchange_begin(ctx, t, l, peer, out, n_out, in, n_in));
    return sld_exchange_finish(ctx, t, l);
}

sld_status sld_comm_bcast(sld_ctx *ctx, const sld_comm *comm, void *bytes, size_t n, int root)
{
    const sld_phase before = sld_enter(ctx, SLD_PHASE_RECEIVE);
    for (size_t at = 0; at < n && !comm->alone; at += comm->max_message) {
        const int code =
            MPI_Bcast((char *)bytes + at, piece(comm, n, at), MPI_BYTE, root, comm->world);
        SLD_TRY(sld_mpi_status(ctx, code, "broadcast"));
    }
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_comm_barrier(sld_ctx *ctx, const sld_comm *comm)
{
    if (comm->alone) {
        return SLD_OK;
    }
    const sld_phase  before = sld_enter(ctx, SLD_PHASE_AGREE);
    const sld_status st     = sld_mpi_status(ctx, MPI_Barrier(comm->world), "barrier");
    sld_enter(ctx, before);
    return st;
}
