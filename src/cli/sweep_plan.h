/* sweep_plan.h: what a sweep would be. */
#ifndef SLD_CLI_SWEEP_PLAN_H
#define SLD_CLI_SWEEP_PLAN_H

#include "cli.h"
#include "sld/grid.h"

/* Local. *out: where each point stands, to be freed; NULL where the folder knows none. */
sld_status sld_sweep_known(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                           sld_point_status **out);
/* Local. To stdout: points, cost, storage, the first points, what would change. */
sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change);

#endif
