/* sweep_index.h: the files over all trials of a sweep, sweep.h5 and report.html, as its command leaves
 * them. */
#ifndef SLD_CLI_SWEEP_INDEX_H
#define SLD_CLI_SWEEP_INDEX_H

#include "sld/grid.h"
#include "sld/sweep.h"

/* Local. After a stop a failure to write them is only a warning: all trials are saved, and both files
 * can be made later. */
sld_status sld_sweep_write_index(sld_ctx *ctx, const sld_grid *grid, sld_sweep_outcome outcome);

/* Local. Writes them anew where they are: they would contradict labels, points and marks that have
 * just changed. */
sld_status sld_sweep_renew_index(sld_ctx *ctx, const sld_grid *grid);

#endif
