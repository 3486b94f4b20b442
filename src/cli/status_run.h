/* status_run.h: sld status of a single run, and the end of a log. */
#ifndef SLD_CLI_STATUS_RUN_H
#define SLD_CLI_STATUS_RUN_H

#include "sld/base.h"

/* Local. Prints the state of a run to stdout; again: every two seconds while it runs.
 * SLD_ERR_CONFIG if its weights belong to another trial. */
sld_status sld_status_run(sld_ctx *ctx, const char *dir, bool again, bool json, long lines);
/* Local. Prints the last lines of a file to stdout. */
sld_status sld_status_tail(sld_ctx *ctx, const char *path, long lines);

#endif
