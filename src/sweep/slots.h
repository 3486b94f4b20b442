/* slots.h: the cores of this machine, and who works on which. */
#ifndef SLD_SWEEP_SLOTS_H
#define SLD_SWEEP_SLOTS_H

#include "core_locks.h"
#include "sld/grid.h"

typedef struct slots {
    int         cpu[SLD_CPUS_MAX];    /* the first CPU of each core that may be used */
    bool        taken[SLD_CPUS_MAX];  /* by trials of this coordinator */
    bool        others[SLD_CPUS_MAX]; /* by other coordinators, when last looked at */
    int         n_cores, n_free;
    int         max_trials; /* at a time */
    int         running;
    core_locks *locks; /* owned; NULL: cores are not shared out among coordinators */
} slots;

void sld_slots_find(const sld_launch *launch, slots *out);

/* Sees which cores other coordinators have: n_free. */
void sld_slots_look(slots *s);
/* Asks for as many cores as a trial needs at least, where others have them all. text: who has. */
void sld_slots_wait(slots *s, const sld_launch *launch, char *text, size_t n);

/* How many ranks the next trial gets; 0: not now. waiting: trials that could start, this one
 * among them; most: ranks that it can use. */
int sld_slots_ranks(const slots *s, const sld_launch *launch, size_t waiting, int max);

/* Takes cores for `ranks` ranks; *first[]: which. text: their CPUs as a list, "none" when there are
 * fewer cores than ranks and the kernel has to share. Returns how many cores were taken; -1: another
 * coordinator was faster. */
int  sld_slots_take(slots *s, int ranks, int *cores, char *text, size_t n);
void sld_slots_give(slots *s, const int *cores, int n_cores);

#endif
