/* allocation.h: functions that the files about the batch job share. */
#ifndef SLD_SWEEP_ALLOCATION_INTERNAL_H
#define SLD_SWEEP_ALLOCATION_INTERNAL_H

#include "sld/sweep_allocation.h"

/* allocation_query.c. Runs the command and returns the first n - 1 bytes of its stdout; "" if it
 * cannot be run, fails, or takes longer than 20 s. Its stderr is dropped. */
void sld_ask(const char *const *command, char *answer, size_t n);

/* Asks the batch system once about a->job. Sets end_s, requeue and restarts as far as it
 * answers. */
void sld_allocation_ask(sld_allocation *a);

#endif
