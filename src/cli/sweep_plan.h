/* sweep_plan.h: prints the plan of a sweep. */
#ifndef SLD_CLI_SWEEP_PLAN_H
#define SLD_CLI_SWEEP_PLAN_H

#include "cli.h"
#include "sld/grid.h"

/* Local. *out: (points) the state of each point; the caller frees it. NULL: the folder has none. */
sld_status sld_sweep_known(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                           sld_point_status **out);
/* Local. Prints to stdout what the sweep would do: changes, cost, storage and points. */
sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change);

#endif
