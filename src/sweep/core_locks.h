/* core_locks.h: locks on cores. All coordinators of one user on one machine share them, so that no
 * core is used twice, also by sweeps in different folders. Everything is local. */
#ifndef SLD_SWEEP_CORE_LOCKS_H
#define SLD_SWEEP_CORE_LOCKS_H

#include <sys/types.h>

#include "sld/base.h"

typedef struct core_locks core_locks;

/* NULL: no file for the locks can be made here (the log warns), or no memory. Coordinators then use
 * cores without regard to each other. */
core_locks *sld_core_locks_open(sld_ctx *ctx);
void        sld_core_locks_close(core_locks *l); /* Accepts NULL. */

/* Whether no other coordinator uses the core or waits for it. A core is named by its first CPU. */
bool sld_core_locks_is_free(core_locks *l, int cpu);
bool sld_core_locks_take(core_locks *l, int cpu); /* False: another coordinator was faster. */
void sld_core_locks_give(core_locks *l, int cpu);
/* The process that uses the core or used it last; 0: unknown. */
pid_t sld_core_locks_holder(core_locks *l, int cpu);

/* Reserves the first `wanted` of these n cores that nobody has reserved: once their users give them
 * back, only this coordinator can take them. Reserves none if there are fewer. */
void sld_core_locks_wait(core_locks *l, const int *cpus, int n, int wanted);
void sld_core_locks_wait_no_more(core_locks *l);

#endif
