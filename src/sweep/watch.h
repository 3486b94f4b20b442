/* watch.h: what a trial leaves for its coordinator: checkpoints, and the sentences of its log. */
#ifndef SLD_SWEEP_WATCH_H
#define SLD_SWEEP_WATCH_H

#include "sld/grid_folder.h"

/* Name of the newest checkpoint without its attempt: "ckpt-0000003-000000000"; "" for none. */
void sld_watch_checkpoint(const sld_sweep *sweep, size_t point, char name[32]);
/* The first error line of a log, or what else may explain its end. */
void sld_watch_reason(const char *log, char reason[SLD_REASON_BYTES]);

#endif
