/* sweep_plan.h: what a sweep would be. */
#ifndef SLD_CLI_SWEEP_PLAN_H
#define SLD_CLI_SWEEP_PLAN_H

#include "cli.h"
#include "sld/grid.h"

/* Local. To stdout: points, cost, storage, the first points, what would change. */
sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change);

#endif
