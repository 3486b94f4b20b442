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

/* Tests both messages for so long, and once more: what moves them may be a test that takes long. */
static sld_status test_for(sld_ctx *ctx, double overlap_after_s, MPI_Request messages[2],
                           int *through)
{
    const double start = sld_clock_s();
    int          code  = MPI_SUCCESS;
    for (bool over = false; code == MPI_SUCCESS && !*through && !over;) {
        over = sld_clock_s() - start >= overlap_after_s;
        code = MPI_Testall(2, messages, through, MPI_STATUSES_IGNORE);
    }
    return sld_mpi_status(ctx, code, "exchange between two ranks");
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
static sld_status settle(sld_ctx *ctx, const sld_tree *t, MPI_Request messages[2], bool may_work)
{
    double     overlap_after_s = t->comm->overlap_after_s;
    sld_status st              = SLD_OK;
    int        through         = 0;
    while (may_work) {
        SLD_TRY(test_for(ctx, overlap_after_s, messages, &through));
        if (through) {
            return SLD_OK;
        }
        overlap_after_s = TAKE_IN_S;
        st              = advance(ctx, t->work, &may_work);
    }
    SLD_TRY(sld_mpi_status(ctx, MPI_Waitall(2, messages, MPI_STATUSES_IGNORE),
                           "exchange between two ranks"));
    return st;
}

sld_status sld_exchange(sld_ctx *ctx, sld_tree *t, int peer, const void *out, size_t n_out,
                        void *in, size_t n_in)
{
    const sld_comm *comm     = t->comm;
    const size_t    longest  = n_out > n_in ? n_out : n_in;
    const bool      may_work = t->work && longest < t->halving_from;
    const sld_phase before   = sld_enter(ctx, SLD_PHASE_REDUCE);
    for (size_t at = 0; at < longest; at += comm->max_message) {
        const int   send = piece(comm, n_out, at), receive = piece(comm, n_in, at);
        MPI_Request messages[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        int         code        = MPI_SUCCESS;
        if (receive) {
            code = MPI_Irecv((char *)in + at, receive, MPI_BYTE, peer, 0, comm->world, messages);
        }
        if (send && code == MPI_SUCCESS) {
            code = MPI_Isend((const char *)out + at, send, MPI_BYTE, peer, 0, comm->world,
                             messages + 1);
        }
        SLD_TRY(sld_mpi_status(ctx, code, "exchange between two ranks"));
        SLD_TRY(settle(ctx, t, messages, may_work));
    }
    sld_enter(ctx, before);
    return SLD_OK;
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
