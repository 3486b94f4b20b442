/* index_writer.h: sweep.h5 while the sweep runs. */
#ifndef SLD_SWEEP_INDEX_WRITER_H
#define SLD_SWEEP_INDEX_WRITER_H

#include <sys/types.h>

#include "sld/grid.h"

typedef struct refresh {
    pid_t  writer;  /* at work; 0: none */
    size_t ended;   /* points that had when it began */
    double began_s; /* clock */
    double at_s;    /* clock when the next may begin */
} refresh;

/* Starts a writer when points have ended since the last one (ended: how many so far) and that was
 * long enough ago. */
void sld_refresh_begin(sld_ctx *ctx, const sld_sweep *sweep, size_t ended, refresh *r);
void sld_refresh_end(refresh *r, pid_t pid); /* a child that has ended: was it the writer? */
void sld_refresh_wait(refresh *r);

#endif
