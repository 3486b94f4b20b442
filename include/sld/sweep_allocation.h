/* sld/sweep_allocation.h: the batch job that this process runs in: its nodes, their CPUs and
 * memory, and when it ends. Read from the environment and by at most one query to the batch system.
 *
 *   Slurm  SLURM_JOB_NODELIST, SLURM_JOB_CPUS_PER_NODE, SLURM_MEM_PER_*; SLURM_JOB_END_TIME,
 *          else one `scontrol show job`
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
    int  cpus; /* that the job has on this node; 0: unknown */
} sld_allocation_node;

enum { SLD_JOB_BYTES = 64, SLD_YES_NO_UNKNOWN = -1 };

typedef struct sld_allocation {
    sld_scheduler        scheduler;
    char                 job[SLD_JOB_BYTES];
    sld_allocation_node *nodes; /* (n_nodes) owned; NULL if only their number is known */
    size_t               n_nodes;
    int                  here; /* index of this machine in nodes; -1: it is not listed */
    bool   one_of_many;  /* a launcher started several tasks and this process is one of them */
    bool   bound;        /* this process is a task of a job step, which owns its CPUs */
    double end_s;        /* of the job, seconds since 1970; 0: no limit, or unknown */
    double memory_bytes; /* of the job on this machine; 0: no limit, or unknown */
    int    requeue;      /* the batch system may restart the job: 0, 1, SLD_YES_NO_UNKNOWN */
    int    restarts;     /* restarts so far */
} sld_allocation;

const char *sld_scheduler_name(sld_scheduler scheduler); /* "Slurm"; "" for none */

/* Local. A fact that cannot be found is marked as unknown; only lack of memory is an error.
 * may_ask: whether the batch system may be queried. The caller frees *out. */
sld_status sld_allocation_find(sld_ctx *ctx, bool may_ask, sld_allocation *out);
void       sld_allocation_free(sld_allocation *a);

/* Local. Seconds until the job ends, by this machine's clock; very large if it has no known end. */
double sld_allocation_left_s(const sld_allocation *a);

/* Local. Expands a list of nodes such as "n[01-03,7]-ib,x" to names. The caller frees *out.
 * SLD_ERR_DATA if the text is not such a list. */
sld_status sld_hostlist_expand(sld_ctx *ctx, const char *list, sld_allocation_node **out,
                               size_t *n);

#endif
