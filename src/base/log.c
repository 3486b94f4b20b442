/* log.c: writes log lines to stderr, and a copy into the run's log file. */
#include <stdarg.h>
#include <stdio.h>

#include "sld/base.h"

void sld_log(sld_ctx *ctx, sld_log_level level, const char *format, ...)
{
    static const char *const mark[] = {"error: ", "warning: ", "", "debug: "};
    char                     raw[1024], text[1024], when[32], who[24] = "";
    va_list                  args;

    if (level > ctx->log_level || (ctx->rank != 0 && !ctx->log_all)) {
        return;
    }
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    sld_text_printable(raw, text, sizeof text);
    sld_clock_utc(when);
    if (ctx->log_all) {
        snprintf(who, sizeof who, "[%d] ", ctx->rank);
    }
    /* "\r\033[K" erases the progress line, which is drawn again later. */
    fprintf(stderr, "%s%s %s%s%s\n", ctx->live_line ? "\r\033[K" : "", when, who, mark[level],
            text);
    ctx->live_line = false;
    if (ctx->log_file) {
        fprintf(ctx->log_file, "%s %s%s%s\n", when, who, mark[level], text);
        fflush(ctx->log_file);
    }
}
