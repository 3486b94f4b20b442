/* internal.h: what the files of comm share; no other room includes it. */
#ifndef SLD_COMM_INTERNAL_H
#define SLD_COMM_INTERNAL_H

#include <mpi.h>

#include "sld/comm.h"

/* The plugin of srun that connects the ranks of this MPI. */
#if defined(OPEN_MPI)
#define SLD_SRUN_PLUGIN "pmix"
#else
#define SLD_SRUN_PLUGIN "pmi2"
#endif

/* ---- launcher.c ---- */

/* The launcher that started this process; tasks 0: none. */
typedef struct sld_launcher {
    const char *name, *variable, *cure; /* literals */
    int         tasks;
    bool        is_srun;
} sld_launcher;

/* Local. Finds the launcher in the environment; of several, the innermost. */
sld_launcher sld_launcher_find(void);
/* Local. Whether MPI will reach the launcher's server, which connects it to the other tasks. False:
 * MPI will start as a world of one rank. */
bool sld_launcher_connects(const sld_launcher *launcher);
/* Local. SLD_ERR_CONFIG if MPI cannot connect several tasks. Called before MPI_Init, which would
 * end the process with a less helpful message. */
sld_status sld_launcher_check_before(sld_ctx *ctx, const sld_launcher *launcher, bool connects);
/* Local. SLD_ERR_CONFIG if the launcher started more tasks than MPI has connected. */
sld_status sld_launcher_check(sld_ctx *ctx, const sld_launcher *launcher, int world_size);

/* ---- start.c ---- */

/* Collective. Finds the launcher and calls MPI_Init. On failure MPI was not started. */
sld_status sld_comm_start(sld_ctx *ctx, sld_launcher *launcher);

struct sld_comm {
    MPI_Comm             world; /* private duplicate of MPI_COMM_WORLD, MPI_ERRORS_RETURN */
    MPI_Comm             node;  /* the ranks of this machine, likewise */
    int                  rank, size;
    int                  node_rank, node_size;
    sld_launcher         launcher;  /* who started this process */
    bool                 alone;     /* made by sld_comm_alone(): there is no MPI */
    bool                 same_cpus; /* every rank of this machine may run on the same CPUs */
    struct sld_watchdog *watchdog;  /* owned; NULL: none */
    size_t max_message;             /* bytes; longer messages are sent in pieces. At most INT_MAX */
    double overlap_after_s;         /* how long a rank waits before it does overlapped work */
};

/* ---- watchdog.c ---- */

typedef struct sld_watchdog sld_watchdog;
void sld_watchdog_leave(sld_watchdog *watchdog);   /* Local. The last phase begins. Accepts NULL. */
void sld_watchdog_destroy(sld_watchdog *watchdog); /* Local. Accepts NULL. */

/* ---- message.c ---- */

/* Local. SLD_OK for MPI_SUCCESS; else an error with the name of the call and MPI's own text. */
sld_status sld_mpi_status(sld_ctx *ctx, int mpi_code, const char *what);

/* ---- affinity.c ---- */

/* Collective over the machine. *same: all its ranks may run on the same CPUs, so that sld has to
 * spread them. */
sld_status sld_affinity_compare(sld_ctx *ctx, MPI_Comm node, bool *same);

/* ---- tree.c, reduce.c ---- */

/* One inner node of the tree that joins the values of two ranks, or two of one rank whose right one
 * contains values of others. All ranks execute the steps in the same order. */
typedef struct sld_tree_step {
    int left_owner, right_owner;
    int left_slot, right_slot; /* on their owner */
} sld_tree_step;

/* A rank takes part in the nodes that cross its first or its last boundary. Nodes that cross one
 * boundary contain each other, so there are at most 32 of them for 2^31 shards. */
enum { SLD_TREE_MAX_STEPS = 2 * 32 };

/* One of the reductions that a tree may have under way at a time: reduce.c, message.c. */
typedef struct sld_lane {
    int   tag;     /* of its messages */
    void *scratch; /* (scratch_bytes), 64-byte aligned, owned */

    sld_op op;
    void  *slots; /* borrowed */
    size_t stride, n;
    int    distance; /* of the ranks that exchange now; 0: nothing moves before the end */

    /* the exchange with one of them */
    int         peer;
    const void *out;         /* borrowed, n_out bytes */
    void       *in;          /* borrowed, n_in bytes */
    size_t      n_out, n_in; /* bytes */
    size_t      at;          /* the piece under way begins here; behind both ends: it has ended */
    MPI_Request messages[2]; /* of this piece: received, sent */
} sld_lane;

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
    size_t          scratch_bytes;
    sld_work       *work; /* borrowed; NULL: none */
    sld_lane        lanes[SLD_TREE_LANES];
};

/* Collective over this rank and peer. Sends n_out bytes and receives n_in bytes at the same time,
 * on the tree's clock and, when they are short, with its work; either may be 0. The peer calls it
 * with the two numbers exchanged. */
sld_status sld_exchange(sld_ctx *ctx, sld_tree *tree, sld_lane *lane, int peer, const void *out,
                        size_t n_out, void *in, size_t n_in);
/* The same in parts: begin, advance any number of times, without waiting, and finish. One exchange
 * of a lane is under way at a time; its memory is MPI's until it has ended. */
sld_status sld_exchange_begin(sld_ctx *ctx, sld_tree *tree, sld_lane *lane, int peer,
                              const void *out, size_t n_out, void *in, size_t n_in);
sld_status sld_exchange_advance(sld_ctx *ctx, sld_tree *tree, sld_lane *lane, bool *ended);
sld_status sld_exchange_finish(sld_ctx *ctx, sld_tree *tree, sld_lane *lane);

/* Local. out = op(left, right); out may be left or right. */
void sld_op_apply(sld_op op, const void *left, const void *right, void *out, size_t n);

#endif
