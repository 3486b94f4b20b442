/* index_writer.h: report.html and sweep.h5 while the sweep runs. */
#ifndef SLD_SWEEP_INDEX_WRITER_H
#define SLD_SWEEP_INDEX_WRITER_H

#include <sys/types.h>

#include "sld/grid.h"

typedef struct index_writer {
    pid_t  writer;  /* at work; 0: none */
    size_t ended;   /* points that had when it began */
    double began_s; /* clock */
    double at_s;    /* clock when the next may begin */
} index_writer;

/* Starts a writer when the last one was long enough ago: of the page, and of sweep.h5 when points have
 * ended since (ended: how many so far). */
void sld_index_writer_begin(sld_ctx *ctx, const sld_grid *grid, size_t ended, index_writer *w);
void sld_index_writer_end(index_writer *w,
                          pid_t         pid); /* a child that has ended: was it the writer? */
void sld_index_writer_wait(index_writer *w);

#endif
