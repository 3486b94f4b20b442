/* agree.c: lets all ranks agree on errors, on requests to stop, and on whether their bytes are
 * equal. */
#include <string.h>

#include "internal.h"

sld_status sld_agree(sld_ctx *ctx, const sld_comm *comm, sld_status mine)
{
    int request = 0;
    return sld_agree_request(ctx, comm, mine, &request);
}

/* Without an error this costs one all-reduce of 16 bytes. If the communicator itself fails, ranks
 * cannot agree any more: SLD_ERR_MPI is returned at once and main() calls sld_comm_abort(). */
sld_status sld_agree_request(sld_ctx *ctx, const sld_comm *comm, sld_status mine, int *request)
{
    struct {
        int value, rank;
    } here[2]  = {{(int)mine, comm->rank}, {*request, comm->rank}}, /* the layout of MPI_2INT */
        all[2] = {{0, 0}, {0, 0}};

    if (mine != SLD_OK && ctx->err.code == SLD_OK) {
        (void)SLD_FAIL(ctx, mine, "%s", sld_status_text(mine)); /* nobody hears an empty record */
    }
    if (comm->alone) {
        ctx->err.agreed = mine != SLD_OK;
        return mine;
    }
    const sld_phase before = sld_enter(ctx, SLD_PHASE_AGREE);
    SLD_TRY(sld_mpi_status(ctx, MPI_Allreduce(here, all, 2, MPI_2INT, MPI_MAXLOC, comm->world),
                           "agreement"));
    sld_enter(ctx, before);
    *request = all[1].value;
    if (all[0].value == SLD_OK) {
        return SLD_OK;
    }
    SLD_TRY(sld_comm_bcast(ctx, comm, &ctx->err, sizeof ctx->err, all[0].rank));
    ctx->err.agreed = 1;
    return (sld_status)all[0].value;
}

/* A bit is the same on all ranks if the AND of all equals their OR. The OR is the complement of the
 * AND of the complements, so one all-reduce (AND) of the digest and its complement is enough. */
sld_status sld_comm_same(sld_ctx *ctx, const sld_comm *comm, const void *bytes, size_t n,
                         bool *same)
{
    enum { HEX = 64 };
    char       hex[HEX + 1];
    sld_sha256 sha;

    if (comm->alone) {
        *same = true;
        return SLD_OK;
    }
    sld_sha256_init(&sha);
    sld_sha256_add(&sha, bytes, n);
    sld_sha256_hex(&sha, hex);

    unsigned char here[2 * HEX], all[2 * HEX];
    for (int i = 0; i < HEX; i++) {
        here[i]       = (unsigned char)hex[i];
        here[HEX + i] = (unsigned char)~hex[i];
    }
    const sld_phase  before = sld_enter(ctx, SLD_PHASE_AGREE);
    const sld_status st     = sld_mpi_status(
            ctx, MPI_Allreduce(here, all, 2 * HEX, MPI_BYTE, MPI_BAND, comm->world), "comparison");
    sld_enter(ctx, before);
    *same = st == SLD_OK && memcmp(here, all, sizeof here) == 0;
    return st;
}
