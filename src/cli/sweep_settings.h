/* sweep_settings.h: checks settings beside a sweep's folder. */
#ifndef SLD_CLI_SWEEP_SETTINGS_H
#define SLD_CLI_SWEEP_SETTINGS_H

#include "cli.h"

typedef struct sld_sweep_settings {
    const char *const *words; /* (n) "key=value", of options that change no result */
    size_t             n;
    const char        *retry; /* as given to --retry; NULL: it is not */
} sld_sweep_settings;

/* Local. Refuses what a point that would run refuses, as `sld run` does, and what does nothing in any
 * point of the sweep. Changes nothing. */
sld_status sld_sweep_check_settings(sld_ctx *ctx, const sld_grid *grid,
                                    const sld_grid_change *change, sld_experiment_data *data,
                                    const sld_sweep_settings *given);

#endif
