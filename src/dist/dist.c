/* dist/dist.c: the world of ranks: its start and end, who is where, and each rank's share of rows.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"

/* Work between two layers costs both of them warm caches, and makes the others wait for its end in
 * turn; it pays where a rank is held up by more than the next message. On two cores that were idle,
 * resnet32x4-ShuffleV2 made 61.3 samples/s with 10 us of patience, 62.7 with these, 64.2 with 1 s,
 * vgg13-vgg8 135.7, 135.9, 135.9. */
#define PATIENCE_S 500e-6

/* SLD_HANG_RANK=3: that rank waits here for `gdb -p PID`, then `set var attached = 1`. */
static void wait_for_debugger(sld_ctx *ctx)
{
    const char *rank = getenv("SLD_HANG_RANK");
    if (!rank || atoi(rank) != ctx->rank) {
        return;
    }
    sld_log(ctx, SLD_LOG_WARN, "rank %d waits for a debugger: gdb -p %d", ctx->rank, (int)getpid());
    volatile int attached = 0;
    while (!attached) {
        sleep(1);
    }
}

/* Ranks must not outlive a killed launcher: they would go on writing to the run's folder. A rank
 * without one needs no daemon of Open MPI beside it, which would outlive it likewise. */
static void settle_lifetime(const sld_launcher *launcher)
{
    if (launcher->tasks > 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    } else {
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    }
}

/* A duplicate of its own, so that no message of a library can be taken for ours, and errors that
 * come back as codes. */
static sld_status make_communicators(sld_ctx *ctx, sld_dist *dist)
{
    SLD_TRY(sld_mpi_status(ctx, MPI_Comm_dup(MPI_COMM_WORLD, &dist->comm), "MPI_Comm_dup"));
    MPI_Comm_set_errhandler(dist->comm, MPI_ERRORS_RETURN);
    SLD_TRY(sld_mpi_status(ctx,
                           MPI_Comm_split_type(dist->comm, MPI_COMM_TYPE_SHARED, dist->rank,
                                               MPI_INFO_NULL, &dist->node),
                           "MPI_Comm_split_type"));
    MPI_Comm_set_errhandler(dist->node, MPI_ERRORS_RETURN);
    MPI_Comm_rank(dist->node, &dist->node_rank);
    MPI_Comm_size(dist->node, &dist->node_size);
    dist->patience_s = PATIENCE_S;
    return sld_place_compare(ctx, dist->node, &dist->same_cpus);
}

sld_status sld_dist_create(sld_ctx *ctx, sld_dist **out)
{
    *out           = NULL;
    sld_dist *dist = calloc(1, sizeof *dist);
    if (!dist) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for the MPI world");
    }
    dist->comm        = MPI_COMM_NULL;
    dist->node        = MPI_COMM_NULL;
    dist->max_message = (size_t)1 << 30;

    const sld_launcher launcher = sld_launcher_find();
    settle_lifetime(&launcher);

    int provided = 0;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided); /* aborts by itself on failure */
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &dist->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &dist->size);
    ctx->rank = dist->rank;
    wait_for_debugger(ctx);

    sld_status st = sld_launcher_check(ctx, &launcher, dist->size);
    if (st == SLD_OK) {
        st = make_communicators(ctx, dist);
    }
    if (st != SLD_OK) {
        sld_dist_destroy(dist);
        return st;
    }
    *out = dist;
    return SLD_OK;
}

sld_status sld_dist_alone(sld_ctx *ctx, sld_dist **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for a world of one");
    }
    **out = (sld_dist){
        .comm = MPI_COMM_NULL, .node = MPI_COMM_NULL, .size = 1, .node_size = 1, .alone = true};
    return SLD_OK;
}

void sld_dist_destroy(sld_dist *dist)
{
    if (!dist || dist->alone) {
        free(dist);
        return;
    }
    sld_watch_leave(dist->watch);
    if (dist->node != MPI_COMM_NULL) {
        MPI_Comm_free(&dist->node);
    }
    if (dist->comm != MPI_COMM_NULL) {
        MPI_Comm_free(&dist->comm);
    }
    MPI_Finalize(); /* waits for all: watched like the rest */
    sld_watch_destroy(dist->watch);
    free(dist);
}

void sld_dist_abort(sld_dist *dist, int exit_code)
{
    MPI_Abort(dist ? dist->comm : MPI_COMM_WORLD, exit_code);
}

void sld_dist_versions(char *text, size_t n)
{
    char whole[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int  length                                = 0;
    MPI_Get_library_version(whole, &length);
    snprintf(text, n, "%.*s", (int)strcspn(whole, ",\n"), whole);
}

bool sld_dist_same_cpus(const sld_dist *dist)
{
    return dist->same_cpus;
}

int sld_dist_rank(const sld_dist *dist)
{
    return dist->rank;
}

int sld_dist_size(const sld_dist *dist)
{
    return dist->size;
}

int sld_dist_node_rank(const sld_dist *dist)
{
    return dist->node_rank;
}

int sld_dist_node_size(const sld_dist *dist)
{
    return dist->node_size;
}

/* Rows of a rank when n rows in blocks are shared out, whole blocks each. */
static sld_range share_of(const sld_dist *dist, size_t n, size_t block, int rank)
{
    const size_t n_blocks = (n + block - 1) / block, size = (size_t)dist->size, r = (size_t)rank;
    const size_t begin = r * n_blocks / size * block, end = (r + 1) * n_blocks / size * block;
    return (sld_range){begin < n ? begin : n, end < n ? end : n};
}

sld_range sld_dist_share(const sld_dist *dist, size_t n, size_t block)
{
    return share_of(dist, n, block, dist->rank);
}

sld_status sld_dist_gather_rows(sld_ctx *ctx, const sld_dist *dist, float *rows, size_t n,
                                size_t block, size_t width)
{
    for (int rank = 0; rank < dist->size; rank++) {
        const sld_range share = share_of(dist, n, block, rank);
        SLD_TRY(sld_dist_bcast(ctx, dist, rows + share.begin * width,
                               (share.end - share.begin) * width * sizeof *rows, rank));
    }
    return SLD_OK;
}
