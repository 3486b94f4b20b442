/* output.c: what a tool may write over. */
#include "output.h"

#include <sys/stat.h>

sld_status sld_check_distinct(sld_ctx *ctx, const char *out, const char *in)
{
    struct stat a, b;

    if (!out || !in || stat(out, &a) != 0 || stat(in, &b) != 0 || a.st_dev != b.st_dev ||
        a.st_ino != b.st_ino) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "output %s is the same file as input %s; choose another name", out, in);
}
