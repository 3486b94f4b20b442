/* test_store_ranks.c: every rank reads and writes documents by itself, as many and as often as it
 * likes: no call here is collective, though the library is the parallel one. A call that were would
 * hang. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results_sample.h"

static sld_status write_one(sld_ctx *ctx, const char *path)
{
    sld_doc *doc;
    SLD_TRY(sld_doc_create(ctx, &doc));
    sld_status st = put_results_sample(ctx, doc);
    if (st != SLD_OK) {
        sld_doc_close(doc);
        return st;
    }
    return sld_doc_publish(ctx, &doc, path, true);
}

static sld_status read_one(sld_ctx *ctx, const char *path, float *last_logit)
{
    sld_doc   *doc;
    float      logits[SAMPLE_SAMPLES * SAMPLE_CLASSES];
    sld_status st;
    SLD_TRY(sld_doc_open(ctx, path, &doc));
    st = sld_doc_get(ctx, doc, "/logits/test_last", SLD_F32, SAMPLE_SAMPLES * SAMPLE_CLASSES,
                     logits);
    *last_logit = logits[SAMPLE_SAMPLES * SAMPLE_CLASSES - 1];
    sld_doc_close(doc);
    return st;
}

int main(int argc, char **argv)
{
    sld_ctx ctx;
    char    own[64], shared[64];
    float   logit = 0.0F;
    int     rank, bad = 0, worst = 0, pid = (int)getpid();

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    sld_ctx_init(&ctx);
    ctx.rank = rank;
    snprintf(own, sizeof own, "test-store-ranks-%d-%d.h5", pid, rank);
    snprintf(shared, sizeof shared, "test-store-ranks-%d-shared.h5", pid);

    for (int i = 0; i <= 2 * rank; i++) { /* a different number on every rank */
        bad |= write_one(&ctx, own) != SLD_OK;
        bad |= read_one(&ctx, own, &logit) != SLD_OK || logit != 9.5F;
    }
    if (rank == 0) bad |= write_one(&ctx, shared) != SLD_OK;
    MPI_Barrier(MPI_COMM_WORLD);
    bad |= read_one(&ctx, shared, &logit) != SLD_OK || logit != 9.5F;
    if (ctx.err.code) fprintf(stderr, "rank %d: %s\n", rank, ctx.err.msg);
    MPI_Allreduce(&bad, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    unlink(own);
    if (rank == 0) unlink(shared);
    MPI_Finalize();
    return worst;
}
