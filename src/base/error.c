/* error.c: initialises the context and records errors in it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/base.h"

#define SLD_STATUS_TEXT_(name, text) text,
static const char *const status_text[] = {SLD_STATUS_LIST(SLD_STATUS_TEXT_)};

const char *sld_status_text(sld_status st)
{
    return (unsigned)st < SLD_STATUS_COUNT ? status_text[st] : "unknown status";
}

void sld_ctx_init(sld_ctx *ctx)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    const char              *level    = getenv("SLD_LOG");
    const char              *ranks    = getenv("SLD_LOG_RANKS");

    memset(ctx, 0, sizeof *ctx);
    ctx->log_level = SLD_LOG_INFO;
    for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(level, levels[i]) == 0) {
            ctx->log_level = (sld_log_level)i;
        }
    }
    ctx->log_all = ranks && strcmp(ranks, "all") == 0;
}

void sld_err_clear(sld_ctx *ctx)
{
    memset(&ctx->err, 0, sizeof ctx->err);
}

sld_status sld_fail_at(sld_ctx *ctx, sld_status code, const char *file, int line, const char *func,
                       const char *format, ...)
{
    sld_err *err = &ctx->err;
    char     raw[sizeof err->msg];
    va_list  args;

    if (err->code != SLD_OK) {
        return code; /* the first failure is the cause; later ones follow from it */
    }
    const char *name = strrchr(file, '/');

    err->code = (int)code;
    err->rank = ctx->rank;
    err->line = line;
    snprintf(err->func, sizeof err->func, "%s", func);
    snprintf(err->file, sizeof err->file, "%s", name ? name + 1 : file);
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    sld_text_printable(raw, err->msg, sizeof err->msg);
    return code;
}
