/* index_writer.h: keeps report.html and sweep.h5 up to date while the sweep runs. */
#ifndef SLD_SWEEP_INDEX_WRITER_H
#define SLD_SWEEP_INDEX_WRITER_H

#include <sys/types.h>

#include "sld/grid.h"

typedef struct index_writer {
    pid_t  writer;  /* the process that writes now; 0: none */
    size_t writes;  /* points that had ended when it began */
    size_t ended;   /* points that had ended of which sweep.h5 tells */
    double began_s; /* clock when it began */
    double at_s;    /* clock before which the next may not begin */
} index_writer;

/* Starts a process that writes report.html, and sweep.h5 if points have ended since it was written.
 * Does nothing if the last writer still runs or is too recent. ended: points that have ended. */
void sld_index_writer_begin(sld_ctx *ctx, const sld_grid *grid, size_t ended, index_writer *w);
/* To be called when the child pid has ended: it may have been the writer. status: as waitpid() gives. */
void sld_index_writer_end(index_writer *w, pid_t pid, int status);
void sld_index_writer_wait(index_writer *w); /* Waits for the writer's end. */

#endif
