/* set_aside.c: what another trial has made, in the folder of a point that is to be trained: a trial
 * refuses to begin there until it has other names. */
#include <string.h>

#include "ledger.h"
#include "sld/rundir.h"
#include "sld/store.h"

/* Whether the file says that another trial has made it. What cannot be read says nothing. */
static bool is_others(const char *path, const char *id)
{
    char found[SLD_SHOWN_ID_BYTES];

    return sld_weights_id(path, found) && strcmp(found, id) != 0;
}

sld_status sld_sweep_set_aside_others(sld_ctx *ctx, const sld_grid *grid, size_t point)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(grid, point, run);
    return sld_run_set_aside_others(ctx, run, is_others, sld_grid_point(grid, point)->id);
}

sld_status sld_sweep_set_aside(sld_ctx *ctx, const sld_grid *grid, size_t point)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(grid, point, run);
    SLD_TRY(sld_run_set_aside(ctx, run));
    return sld_sweep_set_aside_others(ctx, grid, point);
}
