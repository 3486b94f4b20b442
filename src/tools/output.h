/* output.h: what a tool may write over. */
#ifndef SLD_TOOLS_OUTPUT_H
#define SLD_TOOLS_OUTPUT_H

#include "sld/base.h"

/* Local. SLD_ERR_CONFIG when both names, of which each may be NULL, lead to one file. */
sld_status sld_check_distinct(sld_ctx *ctx, const char *out, const char *in);

#endif
