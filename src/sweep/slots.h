/* slots.h: which cores of this machine the trials of one coordinator use. */
#ifndef SLD_SWEEP_SLOTS_H
#define SLD_SWEEP_SLOTS_H

#include "core_locks.h"
#include "sld/grid.h"

enum { SLD_CPU_LIST_BYTES = 8 * SLD_CPUS_MAX }; /* of all CPUs as a list */

typedef struct slots {
    int         cpu[SLD_CPUS_MAX];    /* (n_cores) the first CPU of each core that may be used */
    bool        taken[SLD_CPUS_MAX];  /* (n_cores) used by a trial of this coordinator */
    bool        others[SLD_CPUS_MAX]; /* (n_cores) used by another coordinator, as last seen */
    int         n_cores, n_free;
    int         max_trials; /* at a time */
    int         running;    /* trials */
    core_locks *locks;      /* owned; NULL: other coordinators' cores are not known */
} slots;

void sld_slots_find(const sld_launch *launch, slots *out);

/* Updates others and n_free by looking at the locks. */
void sld_slots_look(slots *s);
/* Reserves as many cores as the smallest trial needs. text: which processes use the cores now. */
void sld_slots_wait(slots *s, const sld_launch *launch, char *text, size_t n);

/* How many ranks the next trial gets; 0: it must wait for cores. waiting: how many trials could
 * start now, this one included; max: the most ranks that the trial can use. */
int sld_slots_ranks(const slots *s, const sld_launch *launch, size_t waiting, int max);

/* Takes one core per rank. cores: (ranks) indices of the cores taken. text: their CPUs as a list,
 * or "none" if too few cores are free: then no core is taken and the kernel places the ranks.
 * Returns how many cores were taken; -1: another coordinator was faster. */
int  sld_slots_take(slots *s, int ranks, int *cores, char *text, size_t n);
void sld_slots_give(slots *s, const int *cores, int n_cores);

#endif
