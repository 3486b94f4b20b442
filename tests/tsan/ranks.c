/* ranks.c: what src/comm asks of MPI, between threads. These functions stand in for those of libmpi
 * and of src/comm/shared.c, because the linker takes the program's own first. A rank's mapping of a
 * shared file is at an address of its own, which ThreadSanitizer takes for other memory; so all
 * ranks get one pointer here. */
#include <pthread.h>
#include <string.h>

#include "ranks.h"

struct sld_shared {
    void *ptr;
};

static pthread_barrier_t meeting[2];
static _Thread_local int turn;
static const void       *given[RANKS]; /* what each rank brought to the present call */
static sld_shared       *made;         /* by rank 0, for all */
static _Thread_local int self;
static void (*present)(sld_ctx *, sld_comm *);

/* Two barriers by turns: with one, a rank that wakes up late would seem to wait for what the others
 * did until they came to it again, and no race would be seen. */
static void meet(void)
{
    if (present) { /* else the main thread is a world of its own */
        pthread_barrier_wait(&meeting[turn]);
        turn = 1 - turn;
    }
}

int MPI_Barrier(MPI_Comm world)
{
    meet();
    return MPI_SUCCESS;
}

int MPI_Bcast(void *bytes, int n, MPI_Datatype type, int root, MPI_Comm world)
{
    REQUIRE(type == MPI_BYTE);
    given[self] = bytes;
    meet();
    if (self != root) {
        memcpy(bytes, given[root], (size_t)n);
    }
    meet(); /* root keeps its bytes until all have them */
    return MPI_SUCCESS;
}

typedef struct pair {
    int value, rank;
} pair;

/* The largest values, each with the lowest rank that has it. */
static void largest(pair *all, int n)
{
    for (int i = 0; i < n; i++) {
        all[i] = ((const pair *)given[0])[i];
        for (int r = 1; r < RANKS; r++) {
            const pair *one = (const pair *)given[r] + i;
            all[i]          = one->value > all[i].value ? *one : all[i];
        }
    }
}

static void bits_of_all(unsigned char *all, int n)
{
    for (int i = 0; i < n; i++) {
        all[i] = 0xff;
        for (int r = 0; r < RANKS; r++) {
            all[i] &= ((const unsigned char *)given[r])[i];
        }
    }
}

int MPI_Allreduce(const void *mine, void *all, int n, MPI_Datatype type, MPI_Op op, MPI_Comm world)
{
    given[self] = mine;
    meet();
    if (type == MPI_2INT && op == MPI_MAXLOC) {
        largest(all, n);
    } else {
        REQUIRE(type == MPI_BYTE && op == MPI_BAND);
        bits_of_all(all, n);
    }
    meet();
    return MPI_SUCCESS;
}

sld_status sld_shared_create(sld_ctx *ctx, const sld_comm *comm, size_t bytes, sld_shared **out)
{
    if (self == 0) {
        made = calloc(1, sizeof *made);
        REQUIRE(made);
        made->ptr = aligned_alloc(64, (bytes + 63) / 64 * 64);
        REQUIRE(made->ptr);
        memset(made->ptr, 0, bytes);
    }
    meet();
    *out = made;
    meet();
    return SLD_OK;
}

void *sld_shared_ptr(const sld_shared *shared)
{
    return shared->ptr;
}

sld_status sld_shared_ready(sld_ctx *ctx, const sld_comm *comm, sld_shared *shared)
{
    meet();
    return SLD_OK;
}

void sld_shared_destroy(sld_shared *shared)
{
    meet(); /* no rank looks at it any more */
    if (shared && self == 0) {
        free(shared->ptr);
        free(shared);
    }
}

static void *run_rank(void *argument)
{
    sld_ctx  ctx;
    sld_comm comm = {.world       = MPI_COMM_NULL,
                     .node        = MPI_COMM_NULL,
                     .size        = RANKS,
                     .node_size   = RANKS,
                     .max_message = 1 << 20};

    self = comm.rank = comm.node_rank = *(const int *)argument;
    sld_ctx_init(&ctx);
    ctx.rank = self;
    present(&ctx, &comm);
    return NULL;
}

void ranks_run(void (*body)(sld_ctx *ctx, sld_comm *comm))
{
    pthread_t threads[RANKS];
    int       rank[RANKS];

    present = body;
    pthread_barrier_init(&meeting[0], NULL, RANKS);
    pthread_barrier_init(&meeting[1], NULL, RANKS);
    for (int i = 0; i < RANKS; i++) {
        rank[i] = i;
        REQUIRE(pthread_create(&threads[i], NULL, run_rank, &rank[i]) == 0);
    }
    for (int i = 0; i < RANKS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&meeting[0]);
    pthread_barrier_destroy(&meeting[1]);
    present = NULL;
}
