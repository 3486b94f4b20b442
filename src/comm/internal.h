/* comm/internal.h: what the files of this room share; no other room includes it. */
#ifndef SLD_COMM_INTERNAL_H
#define SLD_COMM_INTERNAL_H

#include <mpi.h>

#include "sld/comm.h"

/* ---- launcher.c ---- */

/* Who started this process as one of several tasks. tasks is 0 when nobody did. */
typedef struct sld_launcher {
    const char *name, *variable, *cure; /* literals */
    int         tasks;
    bool        is_srun;
} sld_launcher;

/* Local. Reads the environment; the launcher nearest to this process wins. */
sld_launcher sld_launcher_find(void);
/* Local. Whether MPI will find the launcher's server, and through it the other tasks. False: this
 * process starts MPI as a world of its own. */
bool sld_launcher_connects(const sld_launcher *launcher);
/* Local. SLD_ERR_CONFIG when several tasks stand here that MPI cannot connect: before MPI_Init,
 * which would end the process with a message of its own. */
sld_status sld_launcher_check_before(sld_ctx *ctx, const sld_launcher *launcher, bool connects);
/* Local. SLD_ERR_CONFIG when the launcher started more tasks than MPI has connected. */
sld_status sld_launcher_check(sld_ctx *ctx, const sld_launcher *launcher, int world_size);

/* ---- start.c ---- */

/* Collective. From the environment to MPI_Init; *launcher: who started this process. On failure MPI
 * was not started. */
sld_status sld_comm_start(sld_ctx *ctx, sld_launcher *launcher);

struct sld_comm {
    MPI_Comm             world; /* private duplicate of MPI_COMM_WORLD, MPI_ERRORS_RETURN */
    MPI_Comm             node;  /* the ranks of this machine, likewise */
    int                  rank, size;
    int                  node_rank, node_size;
    sld_launcher         launcher;  /* who started this process */
    bool                 alone;     /* no MPI behind it: nobody to talk to */
    bool                 same_cpus; /* every rank of this machine may run on the same CPUs */
    struct sld_watchdog *watchdog;  /* owned; NULL: nothing is watched */
    size_t max_message; /* bytes; longer messages travel in pieces. At most INT_MAX, MPI's count */
    double overlap_after_s; /* how long a rank waits before it takes up other work */
};

/* ---- watchdog.c ---- */

typedef struct sld_watchdog sld_watchdog;
void sld_watchdog_leave(sld_watchdog *watchdog);   /* Local. The last phase begins. Accepts NULL. */
void sld_watchdog_destroy(sld_watchdog *watchdog); /* Local. Accepts NULL. */

/* ---- message.c ---- */

/* Local. SLD_OK for MPI_SUCCESS; else records what failed and MPI's own text. */
sld_status sld_mpi_status(sld_ctx *ctx, int mpi_code, const char *what);

/* ---- affinity.c ---- */

/* Collective over the machine. Whether all its ranks may run on the same CPUs, so that spreading
 * them is left to us. */
sld_status sld_place_compare(sld_ctx *ctx, MPI_Comm node, bool *same);

/* ---- tree.c, reduce.c ---- */

/* One inner node that joins the values of two ranks, or of one rank when only its right part
 * reaches beyond it. Executed in the same order by all. */
typedef struct sld_tree_step {
    int left_owner, right_owner;
    int left_slot, right_slot; /* valid on their owner */
} sld_tree_step;

/* This rank takes part in nodes that cross its first or its last boundary; the nodes that cross one
 * boundary lie inside each other, and an int counts no more than 2^31 shards. */
enum { SLD_TREE_MAX_STEPS = 2 * 32 };

struct sld_tree {
    const sld_comm *comm; /* borrowed, outlives the tree */
    int             n_shards;
    size_t          n_rows;
    int             first, count;  /* this rank's shards */
    int             slots, roots;  /* buffers needed; complete nodes after the local part */
    uint8_t        *slot, *merges; /* (count) each, owned */
    int             root_owner;    /* holds the tree's value after the steps */
    bool            aligned;       /* ranks are the leaves of a perfect binary tree */
    size_t          halving_from;  /* bytes from which a message is long: tree.c */
    int             n_steps;       /* of this rank */
    sld_tree_step   steps[SLD_TREE_MAX_STEPS];
    void           *scratch; /* (scratch_bytes), 64-byte aligned, owned */
    size_t          scratch_bytes;
    sld_work       *work; /* borrowed; NULL: none */
};

/* Collective over this rank and peer. Sends n_out bytes and receives n_in bytes at the same time,
 * on the tree's clock and, when they are short, with its work; either may be 0. The peer calls it
 * with the two numbers exchanged. */
sld_status sld_exchange(sld_ctx *ctx, sld_tree *tree, int peer, const void *out, size_t n_out,
                        void *in, size_t n_in);

/* Local. out = op(left, right); out may be left or right. */
void sld_op_apply(sld_op op, const void *left, const void *right, void *out, size_t n);

#endif
