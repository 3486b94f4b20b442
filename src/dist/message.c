/* dist/message.c: bytes from rank to rank, of any length. The one place where a length becomes
 * MPI's int. */
#include <assert.h>

#include "internal.h"

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

/* Bytes of the piece that begins at `at` in a message of n; 0 behind its end. */
static int piece(const sld_dist *dist, size_t n, size_t at)
{
    assert(dist->max_message <= INT32_MAX);
    const size_t rest = n > at ? n - at : 0;
    return (int)(rest < dist->max_message ? rest : dist->max_message);
}

sld_status sld_exchange(sld_ctx *ctx, const sld_dist *dist, int peer, const void *out, size_t n_out,
                        void *in, size_t n_in)
{
    const size_t    longest = n_out > n_in ? n_out : n_in;
    const sld_phase before  = sld_enter(ctx, SLD_PHASE_REDUCE);
    for (size_t at = 0; at < longest; at += dist->max_message) {
        const int send = piece(dist, n_out, at), receive = piece(dist, n_in, at);
        const int code = MPI_Sendrecv(
            send ? (const char *)out + at : NULL, send, MPI_BYTE, send ? peer : MPI_PROC_NULL, 0,
            receive ? (char *)in + at : NULL, receive, MPI_BYTE, receive ? peer : MPI_PROC_NULL, 0,
            dist->comm, MPI_STATUS_IGNORE);
        SLD_TRY(sld_mpi_status(ctx, code, "exchange between two ranks"));
    }
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_dist_bcast(sld_ctx *ctx, const sld_dist *dist, void *bytes, size_t n, int root)
{
    const sld_phase before = sld_enter(ctx, SLD_PHASE_RECEIVE);
    for (size_t at = 0; at < n && !dist->alone; at += dist->max_message) {
        const int code =
            MPI_Bcast((char *)bytes + at, piece(dist, n, at), MPI_BYTE, root, dist->comm);
        SLD_TRY(sld_mpi_status(ctx, code, "broadcast"));
    }
    sld_enter(ctx, before);
    return SLD_OK;
}

sld_status sld_dist_barrier(sld_ctx *ctx, const sld_dist *dist)
{
    if (dist->alone) {
        return SLD_OK;
    }
    const sld_phase  before = sld_enter(ctx, SLD_PHASE_AGREE);
    const sld_status st     = sld_mpi_status(ctx, MPI_Barrier(dist->comm), "barrier");
    sld_enter(ctx, before);
    return st;
}
