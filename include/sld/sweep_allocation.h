/* sld/sweep_allocation.h: what a batch system has given to this process: the nodes of its job, their
 * CPUs and memory, and when it ends. Found in the environment and by at most one query.
 *
 *   Slurm  SLURM_JOB_NODELIST, SLURM_JOB_CPUS_PER_NODE, SLURM_MEM_PER_*; SLURM_JOB_END_TIME, else one
 *          `scontrol show job`
 *   PBS    PBS_NODEFILE; one `qstat -f`
 *   Flux   FLUX_JOB_NNODES; one `flux job timeleft` */
#ifndef SLD_SWEEP_ALLOCATION_H
#define SLD_SWEEP_ALLOCATION_H

#include "sld/base.h"

typedef enum {
    SLD_SCHEDULER_NONE,
    SLD_SCHEDULER_SLURM,
    SLD_SCHEDULER_PBS,
    SLD_SCHEDULER_FLUX
} sld_scheduler;

typedef struct sld_allocation_node {
    char name[64];
    int  cpus; /* of the job; 0: not told */
} sld_allocation_node;

enum { SLD_JOB_BYTES = 64, SLD_YES_NO_UNKNOWN = -1 };

typedef struct sld_allocation {
    sld_scheduler        scheduler;
    char                 job[SLD_JOB_BYTES];
    sld_allocation_node *nodes; /* (n_nodes) owned; NULL where only their number is known */
    size_t               n_nodes;
    int                  here; /* index of this machine; -1: not among them */
    bool   one_of_many;        /* a launcher has started several tasks, of which this is one */
    bool   bound;              /* this process is a task of a step, which has its CPUs */
    double end_s;              /* seconds since 1970; 0: no limit, or not told */
    double memory_bytes;       /* of the job on this machine; 0: no limit, or not told */
    int    requeue;            /* may be started again: 0, 1, SLD_YES_NO_UNKNOWN */
    int    restarts;           /* how often it was */
} sld_allocation;

const char *sld_scheduler_name(sld_scheduler scheduler); /* "Slurm"; "" for none */

/* Local. What cannot be found is left unknown, and told in the log where that matters; fails for
 * memory alone. may_ask: whether the batch system may be queried. */
sld_status sld_allocation_find(sld_ctx *ctx, bool may_ask, sld_allocation *out);
void       sld_allocation_free(sld_allocation *a);

/* Local. Seconds until the job ends, by this machine's clock; a large number where it does not. */
double sld_allocation_left_s(const sld_allocation *a);

/* Local. "n[01-03,7]-ib,x" as names; the caller frees *out. SLD_ERR_DATA: it is no such list. */
sld_status sld_hostlist_expand(sld_ctx *ctx, const char *list, sld_allocation_node **out,
                               size_t *n);

#endif
