/* status_run.h: sld status of a run by itself, and the end of a trial's log. */
#ifndef SLD_CLI_STATUS_RUN_H
#define SLD_CLI_STATUS_RUN_H

#include "sld/base.h"

/* Local. To stdout; again: every two seconds while it runs. SLD_ERR_CONFIG where its weights are
 * another trial's. */
sld_status sld_status_run(sld_ctx *ctx, const char *dir, bool again, bool json, long lines);
/* Local. The last lines of a file, to stdout. */
sld_status sld_status_tail(sld_ctx *ctx, const char *path, long lines);

#endif
