/* allocation.h: what the files of the allocation share. */
#ifndef SLD_SWEEP_ALLOCATION_INTERNAL_H
#define SLD_SWEEP_ALLOCATION_INTERNAL_H

#include "sld/sweep_allocation.h"

/* allocation_query.c. What the command prints on stdout; "": it cannot be run, fails, or takes longer
 * than some seconds. Its messages are dropped. */
void sld_ask(const char *const *command, char *answer, size_t n);

/* One query to the scheduler of a->job: end_s, requeue, restarts as far as it tells. */
void sld_allocation_ask(sld_allocation *a);

#endif
