/* eval_settings.h: settings of the command line that sld eval does not read. */
#ifndef SLD_CLI_EVAL_SETTINGS_H
#define SLD_CLI_EVAL_SETTINGS_H

#include "sld/config.h"

/* Local. Refuses a setting of the command line that cannot change what is computed on the split.
 * hash: the data set is held against the SHA-256 that the weights keep, to which both splits
 * belong. */
sld_status sld_eval_check_settings(sld_ctx *ctx, const sld_config *config, const char *split,
                                   bool hash);

#endif
