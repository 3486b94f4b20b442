/* sweep_plan.h: prints the plan of a sweep, and tells what has changed in its folder. */
#ifndef SLD_CLI_SWEEP_PLAN_H
#define SLD_CLI_SWEEP_PLAN_H

#include "cli.h"
#include "sld/grid.h"

/* Local. *out: (points) the state of each point; the caller frees it. NULL: the folder has none. */
sld_status sld_sweep_known(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                           sld_point_status **out);
/* Local. Prints to stdout what the sweep would do: changes, cost, storage and points. */
sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change);

/* Local. Which parts for reports the given spec has otherwise than the folder; NULL: none. */
const char *sld_sweep_changed_parts(const sld_grid_change *change);
/* Local. Tells in the log which sweep it is, and what was changed in its folder. Warns of claims
 * that came after trials had ended. */
void sld_sweep_say_change(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change);

/* Local. Warns of a launch.command by which trials cannot get the ranks that the sweep gives them. */
void sld_sweep_tell_command(sld_ctx *ctx, const sld_grid *grid);

/* Local. Warns of settings that nothing is trained with, because trials have ended: of the given spec,
 * or words "key=value" beside the sweep's folder. */
sld_status sld_sweep_warn_ended(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                                const char *const *words, size_t n_words);

#endif
