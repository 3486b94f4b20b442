/* sld/comm.h: ranks, agreement on errors and stop requests, reductions in shard order, memory
 * shared by the ranks of a machine, CPU placement. The only room that sees mpi.h. */
#ifndef SLD_COMM_H
#define SLD_COMM_H

#include "sld/base.h"

typedef struct sld_comm sld_comm; /* opaque: src/comm/comm.c */

typedef struct sld_range {
    size_t begin, end; /* [begin,end) */
} sld_range;

/* Collective. Calls MPI_Init, duplicates MPI_COMM_WORLD with MPI_ERRORS_RETURN. Refuses several
 * tasks of a launcher that MPI cannot connect or has not connected (srun without PMIx, the mpirun of
 * another MPI), naming both numbers and the cure (SLD_ERR_CONFIG). Under a launcher the rank dies
 * with it. Without one, and as the only task of an srun without PMIx: a world of one rank. What
 * libraries print while they start goes to stderr. */
sld_status sld_comm_create(sld_ctx *ctx, sld_comm **out);
/* Local. A world of this process alone without MPI, which is never started: for data and memory,
 * not for training. */
sld_status sld_comm_alone(sld_ctx *ctx, sld_comm **out);
void       sld_comm_destroy(sld_comm *comm); /* Collective. MPI_Finalize. Accepts NULL. */
void       sld_comm_abort(sld_comm *comm, int exit_code); /* Local. Takes every rank out. */

/* Local. "Open MPI v4.1.4". */
void sld_comm_versions(char *text, size_t n);
/* Local. Who started this process as one of *tasks, a literal; NULL: nobody, *tasks 0. */
const char *sld_comm_launcher(const sld_comm *comm, int *tasks);
/* Local, needs no MPI. The words that start ranks of the MPI sld was built with on this machine,
 * ended by NULL; their number and the program follow. crowded: more ranks than CPUs. */
const char *const *sld_comm_mpirun(bool crowded);
/* Local, needs no MPI. This process's number among its launcher's tasks; 0 without a launcher. */
int sld_launcher_rank(void);

int sld_comm_rank(const sld_comm *comm);
int sld_comm_size(const sld_comm *comm);
int sld_comm_node_rank(const sld_comm *comm); /* among the ranks of this machine */
int sld_comm_node_size(const sld_comm *comm);

/* Collective. Each rank brings its own status; every rank leaves with the most severe one, and in
 * ctx->err the record of the lowest rank that reported it. */
sld_status sld_agree(sld_ctx *ctx, const sld_comm *comm, sld_status mine);

/* Collective. sld_agree that also raises *request (0 = none) to the maximum over the ranks, in the
 * same all-reduce: the one agreement at the top of a step. */
sld_status sld_agree_request(sld_ctx *ctx, const sld_comm *comm, sld_status mine, int *request);

/* Collective. From root to all. SLD_ERR_MPI. */
sld_status sld_comm_bcast(sld_ctx *ctx, const sld_comm *comm, void *bytes, size_t n, int root);

/* Collective. rows: (n,width) float32, this rank has filled rows share(n, rank); afterwards
 * complete on every rank. */
sld_status sld_comm_gather_rows(sld_ctx *ctx, const sld_comm *comm, float *rows, size_t n,
                                size_t block, size_t width);
/* Local. This rank's rows of n, contiguous, cut at multiples of block. */
sld_range sld_comm_share(const sld_comm *comm, size_t n, size_t block);

/* Collective. True on every rank when all bring the same bytes. */
sld_status sld_comm_same(sld_ctx *ctx, const sld_comm *comm, const void *bytes, size_t n,
                         bool *same);

sld_status sld_comm_barrier(sld_ctx *ctx, const sld_comm *comm); /* Collective. */

/* ---- memory shared by the ranks of one machine ---- */

typedef struct sld_shared sld_shared;
/* Collective over all ranks. One copy per machine; the rank with node_rank 0 fills it, then
 * sld_shared_ready(). */
sld_status sld_shared_create(sld_ctx *ctx, const sld_comm *comm, size_t bytes, sld_shared **out);
void      *sld_shared_ptr(const sld_shared *shared);
sld_status sld_shared_ready(sld_ctx *ctx, const sld_comm *comm,
                            sld_shared *shared);   /* Collective. */
void       sld_shared_destroy(sld_shared *shared); /* Collective over the machine. Accepts NULL. */

/* ---- stalls ---- */

typedef struct sld_watchdog_params {
    double      limit_s; /* 0: nothing is watched */
    const char *setting; /* borrowed: where the limit comes from, for the message */
    const char *advice;  /* borrowed: the message's last line; NULL: none */
    void (*stalled)(sld_ctx *ctx, const char *message);
} sld_watchdog_params;
/* Collective, once. Until sld_comm_destroy() has ended, sld_enter() is watched on this rank, by a
 * thread of its own. When no rank of this machine has entered a phase for limit_s seconds, the
 * lowest that can calls stalled() from that thread, which does not return, with a message that
 * names the rank that is behind, since when and in what; the others call it a while later, with
 * NULL. The context must outlive comm. */
sld_status sld_comm_watchdog(sld_ctx *ctx, sld_comm *comm, const sld_watchdog_params *params);

/* ---- CPU placement ---- */

/* Local. cpus: "auto" (spread the machine's ranks over the CPUs this process may use, when the
 * launcher has not bound it to fewer), "none", or a list like "0,2-3": rank i of the machine takes
 * the i-th. Call before allocating. */
sld_status sld_comm_set_affinity(sld_ctx *ctx, const sld_comm *comm, const char *cpus);
/* Local. Whether all ranks of the machine were given the same CPUs, so that they must share them.
 */
bool sld_comm_same_cpus(const sld_comm *comm);

/* ---- shards (docs/determinism.md, "Shards"): slices of the global batch by position ---- */

/* Local. Rows of shard s when n rows are cut into n_shards: [s*n/V, (s+1)*n/V). May be empty. */
sld_range sld_shard_rows(size_t n, int n_shards, int s);
/* Local. Shards of a rank: [r*V/R, (r+1)*V/R). */
void sld_shard_owned(int n_shards, int size, int rank, int *first, int *count);

/* ---- reductions in shard order ----
 * One binary tree over shard index: [a,b) splits at a + the largest power of two below b - a. A
 * node with one empty child is its other child. The value of a node is op(left, right) element by
 * element, so that it does not depend on who computes it. A tree is a plan for one (n_shards,
 * n_rows, size).
 *
 * Local part, shard by shard in increasing order of this rank's non-empty shards: put the partial
 * of shard s into slot sld_tree_slot(t,s), then sld_tree_merges(t,s) times combine the top slot
 * into the one below it (slot[k-1] = op(slot[k-1], slot[k]); k--). Afterwards slots 0..roots-1 hold
 * this rank's complete nodes. */
typedef struct sld_tree sld_tree;

typedef enum sld_op {
    SLD_SUM_F32,
    SLD_SUM_F64,
    SLD_MOMENTS, /* doubles [count, mean(C), m2(C)]: Chan et al. pairwise merge; n = 1 + 2C */
} sld_op;

/* Local. n_rows: the global batch of the step (full or tail). scratch_bytes: the largest message
 * that will be reduced with this tree; its buffers are made here, none later. */
sld_status sld_tree_create(sld_ctx *ctx, const sld_comm *comm, int n_shards, size_t n_rows,
                           size_t scratch_bytes, sld_tree **out);
void       sld_tree_destroy(sld_tree *tree); /* Local. Accepts NULL. */

int       sld_tree_first(const sld_tree *t); /* this rank's shards: [first, first+count) */
int       sld_tree_count(const sld_tree *t);
size_t    sld_tree_rows(const sld_tree *t);         /* n_rows, all ranks */
sld_range sld_tree_shard(const sld_tree *t, int s); /* rows of shard s in the global batch */
sld_range sld_tree_mine(const sld_tree *t);         /* this rank's rows in the global batch */
int       sld_tree_slots(const sld_tree *t);        /* partial buffers needed, at least 1 */
int       sld_tree_slot(const sld_tree *t, int s);
int       sld_tree_merges(const sld_tree *t, int s);
int       sld_tree_roots(const sld_tree *t); /* 0 when this rank has no rows */

/* Local. dst = op(dst, src). n: elements. */
void sld_op_combine(sld_op op, void *dst, const void *src, size_t n);

/* What a rank does while it waits for others in sld_tree_reduce() of some KiB; long sums are waited
 * for alone, and their users meet in a short one before. */
typedef struct sld_work {
    /* Local. One short piece of work, for it is not broken off when the others arrive; it enters its
     * own phase, and the one before again (sld_enter). *did: false
     * when nothing was left to do; then the rank just waits. A failure is handed up as that of the
     * reduction, when no message is under way. */
    sld_status (*advance)(sld_ctx *ctx, void *own, bool *did);
    void *own; /* borrowed, handed to advance */
} sld_work;
/* Local. work: borrowed until the tree's end, may serve several trees; NULL, as at first: none. The
 * bits of a reduction do not depend on it. */
void sld_tree_work(sld_tree *tree, sld_work *work);

/* Collective. slots: one buffer of n elements after another, stride bytes apart, as the local part
 * left them. On return slot 0 holds the tree's value on every rank; the others are spoilt. Cannot
 * fail short of MPI itself (then SLD_ERR_MPI, and main aborts) and of the tree's work. */
sld_status sld_tree_reduce(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                           size_t n);
/* Collective. The two halves of it, for values that are added to others first. After the one slot 0
 * holds the tree's value in the elements of *mine; all ranks' parts together are all n, more than
 * once where that costs nothing, and the same for the same tree, op and n. The other brings every
 * rank's part to all. */
sld_status sld_tree_reduce_part(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                                size_t n, sld_range *mine);
sld_status sld_tree_broadcast(sld_ctx *ctx, sld_tree *tree, sld_op op, void *value, size_t n);

/* Collective. rows: (n_rows, row_bytes), this rank has filled its own; afterwards complete on every
 * rank. As sld_tree_reduce, fails for MPI alone. */
sld_status sld_tree_gather(sld_ctx *ctx, sld_tree *tree, void *rows, size_t row_bytes);

#endif
