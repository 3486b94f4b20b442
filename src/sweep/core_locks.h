/* core_locks.h: the cores of a machine shared out among the coordinators of one user on it: a core is
 * one coordinator's at a time, whatever their folders. Everything is local. */
#ifndef SLD_SWEEP_CORE_LOCKS_H
#define SLD_SWEEP_CORE_LOCKS_H

#include <sys/types.h>

#include "sld/base.h"

typedef struct core_locks core_locks;

/* NULL: this machine has no place for them, which is told, and cores are not shared out; or no
 * memory. */
core_locks *sld_core_locks_open(sld_ctx *ctx);
void        sld_core_locks_close(core_locks *l); /* Accepts NULL. */

/* A core is named by its CPU. Neither another coordinator has it nor does one wait for it. */
bool sld_core_locks_is_free(core_locks *l, int cpu);
bool sld_core_locks_take(core_locks *l, int cpu); /* False: another was faster. */
void sld_core_locks_give(core_locks *l, int cpu);
/* The process that has it or had it last; 0: it does not tell. */
pid_t sld_core_locks_holder(core_locks *l, int cpu);

/* The first `wanted` of these n cores for which nobody waits yet are this one's as soon as they are
 * given back; where there are not so many, none is. */
void sld_core_locks_wait(core_locks *l, const int *cpus, int n, int wanted);
void sld_core_locks_wait_no_more(core_locks *l);

#endif
