/* log.c: writes log lines to stderr, and a copy into the run's log file.
 *
 * ctx->log_fd is the descriptor of that file plus one, 0 without a file, for the thread that
 * watches for stalls. That thread takes it for ever, by an exchange; so does the main thread, before
 * the file is closed. Whoever comes second finds out: the watching thread finds no file, the main
 * thread waits for the end. So a last line never goes to a descriptor that was closed, or opened
 * anew for another file. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "sld/base.h"

#define ERASE_LINE "\r\033[K" /* the progress line, which is drawn again later */

enum { TAKEN = -1 }; /* by a thread that is about to end the process */

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
    const bool erase = atomic_exchange(&ctx->live_line, false);
    fprintf(stderr, "%s%s %s%s%s\n", erase ? ERASE_LINE : "", when, who, mark[level], text);
    if (ctx->log_file) {
        fprintf(ctx->log_file, "%s %s%s%s\n", when, who, mark[level], text);
        fflush(ctx->log_file);
    }
}

void sld_log_to(sld_ctx *ctx, FILE *file)
{
    if (atomic_exchange(&ctx->log_fd, file ? fileno(file) + 1 : 0) == TAKEN) {
        for (;;) {
            pause(); /* the other thread ends the process */
        }
    }
    ctx->log_file = file;
}

void sld_log_last(sld_ctx *ctx, const char *message)
{
    const int fd = atomic_exchange(&ctx->log_fd, TAKEN) - 1;
    char      when[32];

    sld_clock_utc(when);
    dprintf(STDERR_FILENO, "%s%s error: %s\n", atomic_load(&ctx->live_line) ? ERASE_LINE : "", when,
            message);
    if (fd >= 0) {
        dprintf(fd, "%s error: %s\n", when, message);
    }
}
