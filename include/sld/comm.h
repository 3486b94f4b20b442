/* sld/comm.h: ranks, agreement on errors and stop requests, reductions in shard order, memory
 * shared by the ranks of a machine, CPU placement. The only room that includes mpi.h. */
#ifndef SLD_COMM_H
#define SLD_COMM_H

#include "sld/base.h"

typedef struct sld_comm sld_comm; /* opaque: src/comm/comm.c */

typedef struct sld_range {
    size_t begin, end; /* [begin,end) */
} sld_range;

/* Collective. Starts MPI and duplicates MPI_COMM_WORLD with MPI_ERRORS_RETURN. SLD_ERR_CONFIG, with
 * the cure, if a launcher started several tasks but MPI does not connect them (srun without PMIx,
 * or the mpirun of another MPI). If the launcher dies, the kernel kills the rank. Without a
 * launcher, or as the only task of an srun without PMIx, the world has one rank. Output of
 * libraries during the start goes to stderr. *out: the caller destroys it; NULL on failure. */
sld_status sld_comm_create(sld_ctx *ctx, sld_comm **out);
/* Local. Makes a world of this process alone, without MPI. It serves for reading data, not for
 * training. */
sld_status sld_comm_alone(sld_ctx *ctx, sld_comm **out);
void       sld_comm_destroy(sld_comm *comm); /* Collective. MPI_Finalize. Accepts NULL. */
void       sld_comm_abort(sld_comm *comm, int exit_code); /* Local. Ends all ranks. */

/* Local. "Open MPI v4.1.4". */
void sld_comm_versions(char *text, size_t n);
/* Local. The launcher's name, a literal, and the number of its tasks; NULL and 0: no launcher. */
const char *sld_comm_launcher(const sld_comm *comm, int *tasks);
/* Local, works without MPI. mpirun and its options for the MPI that sld was built with, ended by
 * NULL; the caller appends the number of ranks and the program. crowded: more ranks than CPUs. */
const char *const *sld_comm_mpirun(bool crowded);
/* Local, works without MPI. The plugin of srun (--mpi=NAME) that connects the ranks of this MPI. */
const char *sld_comm_srun_plugin(void);
/* Local, works without MPI. This process's index among its launcher's tasks; 0: no launcher. */
int sld_launcher_rank(void);

int sld_comm_rank(const sld_comm *comm);
int sld_comm_size(const sld_comm *comm);
int sld_comm_node_rank(const sld_comm *comm); /* among the ranks of this machine */
int sld_comm_node_size(const sld_comm *comm);

/* Collective. Every rank passes its own status and gets the most severe one of all ranks, with the
 * record of the lowest rank that had it in ctx->err. */
sld_status sld_agree(sld_ctx *ctx, const sld_comm *comm, sld_status mine);

/* Collective. sld_agree() that also sets *request (0: none) to the maximum over the ranks, in the
 * same all-reduce: the only agreement of a training step. */
sld_status sld_agree_request(sld_ctx *ctx, const sld_comm *comm, sld_status mine, int *request);

/* Collective. Copies n bytes from rank root to all ranks. SLD_ERR_MPI. */
sld_status sld_comm_bcast(sld_ctx *ctx, const sld_comm *comm, void *bytes, size_t n, int root);

/* Collective. rows: (n,width) float32. Each rank has filled the rows of its sld_comm_share();
 * afterwards all rows are complete on every rank. */
sld_status sld_comm_gather_rows(sld_ctx *ctx, const sld_comm *comm, float *rows, size_t n,
                                size_t block, size_t width);
/* Local. This rank's contiguous share of n rows, which begins at a multiple of block. */
sld_range sld_comm_share(const sld_comm *comm, size_t n, size_t block);

/* Collective. *same: all ranks passed the same bytes. */
sld_status sld_comm_same(sld_ctx *ctx, const sld_comm *comm, const void *bytes, size_t n,
                         bool *same);

sld_status sld_comm_barrier(sld_ctx *ctx, const sld_comm *comm); /* Collective. */

/* ---- memory shared by the ranks of one machine ---- */

typedef struct sld_shared sld_shared;
/* Collective. Makes one copy per machine. The rank with node_rank 0 fills it, then all ranks call
 * sld_shared_ready(). */
sld_status sld_shared_create(sld_ctx *ctx, const sld_comm *comm, size_t bytes, sld_shared **out);
void      *sld_shared_ptr(const sld_shared *shared); /* Local. This rank's address of the memory. */
/* Collective over the machine. What its ranks wrote before the call, all of them read after it. */
sld_status sld_shared_ready(sld_ctx *ctx, const sld_comm *comm, sld_shared *shared);
/* Local. Other ranks keep the memory until they destroy it too. Accepts NULL. */
void sld_shared_destroy(sld_shared *shared);

/* ---- stalls ---- */

typedef struct sld_watchdog_params {
    double      limit_s; /* 0: no watchdog */
    const char *setting; /* borrowed: the option that holds the limit, for the message */
    const char *advice;  /* borrowed: the last line of the message; NULL: none */
    void (*stalled)(sld_ctx *ctx, const char *message);
} sld_watchdog_params;
/* Collective, once. Starts a thread on each rank that runs until sld_comm_destroy(). If no rank of
 * this machine calls sld_enter() for limit_s seconds, one rank calls stalled() in that thread, with
 * a message that names the rank that is behind, its phase and since when. The other ranks call it a
 * little later, with NULL. stalled() must not return. The context must outlive comm. */
sld_status sld_comm_watchdog(sld_ctx *ctx, sld_comm *comm, const sld_watchdog_params *params);

/* ---- CPU placement ---- */

/* Local. Binds this rank to a CPU. cpus: "auto" spreads the machine's ranks over the allowed CPUs,
 * unless the launcher has bound them already; "none"; or a list such as "0,2-3", of which rank i of
 * the machine takes the i-th. Call it before memory is allocated. */
sld_status sld_comm_set_affinity(sld_ctx *ctx, const sld_comm *comm, const char *cpus);
/* Local. Whether all ranks of the machine may use the same CPUs, so that they must share them.
 */
bool sld_comm_same_cpus(const sld_comm *comm);

/* ---- shards (docs/determinism.md, "Shards"): slices of the global batch by position ---- */

/* Local. The rows of shard s if n rows are cut into V shards: [s*n/V, (s+1)*n/V). May be empty. */
sld_range sld_shard_rows(size_t n, int n_shards, int s);
/* Local. The shards of rank r of R: [r*V/R, (r+1)*V/R). */
void sld_shard_owned(int n_shards, int size, int rank, int *first, int *count);

/* ---- reductions in shard order ----
 * The shards are the leaves of one binary tree: [a,b) splits at a + the largest power of two below
 * b - a. A node with one empty child is its other child. The value of a node is op(left, right),
 * element by element, so that it does not depend on the rank that computes it. A tree is a plan for
 * one (n_shards, n_rows, size).
 *
 * The local part goes through this rank's non-empty shards in increasing order: put the partial of
 * shard s into slot sld_tree_slot(t,s), then combine sld_tree_merges(t,s) times the top slot into
 * the one below it (slot[k-1] = op(slot[k-1], slot[k]); k--). Afterwards slots 0..roots-1 hold this
 * rank's complete nodes. */
typedef struct sld_tree sld_tree;

typedef enum sld_op {
    SLD_SUM_F32,
    SLD_SUM_F64,
    SLD_MOMENTS, /* doubles [count, mean(C), m2(C)]: Chan et al. pairwise merge; n = 1 + 2C */
} sld_op;

/* Local. n_rows: the global batch of the step (full or tail). scratch_bytes: the largest message to
 * be reduced with this tree. All buffers are allocated here. */
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

/* Work that a rank does while it waits for others in a short reduction. In long ones (more than
 * some KiB) ranks only wait; before them comes a short one, so that the ranks arrive together. */
typedef struct sld_work {
    /* Local. Does one short piece of work; the others wait for its end. It enters its own phase and
     * then the former one again (sld_enter). *did: false if no work was left; then the rank just
     * waits. A failure becomes that of the reduction, once no message is under way. */
    sld_status (*advance)(sld_ctx *ctx, void *own, bool *did);
    void *own; /* borrowed; passed to advance() */
} sld_work;
/* Local. Sets the tree's work, borrowed until the tree is destroyed; several trees may share it.
 * NULL: none, as at first. The bits of a reduction do not depend on it. */
void sld_tree_work(sld_tree *tree, sld_work *work);

/* Collective. slots: buffers of n elements, stride bytes apart, as the local part left them. On
 * return slot 0 holds the tree's value on every rank, and the other slots hold garbage. Fails only
 * if MPI fails (SLD_ERR_MPI: the caller must abort) or the tree's work does. */
sld_status sld_tree_reduce(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                           size_t n);
#define SLD_TREE_LANES 2
/* The same for a caller that has something else to do meanwhile, twice at a time: lane 0 and 1.
 * Collective: begin, and later finish, with no change of these slots in between; all ranks begin and
 * finish in one order. Until both lanes are finished there is no other call for this tree, but for
 * sld_tree_advance(). That is Local: it lets short reductions move on, without waiting, and does
 * nothing where none is under way. Slot 0 is complete after finish. */
sld_status sld_tree_begin(sld_ctx *ctx, sld_tree *tree, int lane, sld_op op, void *slots,
                          size_t stride, size_t n);
sld_status sld_tree_advance(sld_ctx *ctx, sld_tree *tree);
sld_status sld_tree_finish(sld_ctx *ctx, sld_tree *tree, int lane);
/* Collective. The two halves of sld_tree_reduce(), for values that are added to others in between.
 * After the first, slot 0 holds the tree's value in the elements of *mine. The parts of all ranks
 * cover all n elements, some perhaps twice; they are the same for the same tree, op and n. The
 * second copies every rank's part to all ranks. */
sld_status sld_tree_reduce_part(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                                size_t n, sld_range *mine);
sld_status sld_tree_broadcast(sld_ctx *ctx, sld_tree *tree, sld_op op, void *value, size_t n);

/* Collective. rows: (n_rows, row_bytes). Each rank has filled its own rows; afterwards all rows are
 * complete on every rank. Fails only if MPI fails. */
sld_status sld_tree_gather(sld_ctx *ctx, sld_tree *tree, void *rows, size_t row_bytes);

#endif
