/* outcome.c: the file by which an attempt reports its end to its coordinator, with the lines
 * "end WORD", "epoch E step S" and "message TEXT". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sld/base_read.h"
#include "sld/rundir.h"

#define WORD_OF(name, text) text,
static const char *const words[] = {SLD_END_LIST(WORD_OF)};

void sld_outcome_write(sld_ctx *ctx, const char *run, int64_t attempt, const sld_run_outcome *in)
{
    char path[PATH_MAX], text[SLD_MESSAGE_BYTES + 128], message[SLD_MESSAGE_BYTES];

    snprintf(message, sizeof message, "%s", in->message);
    for (char *c = message; *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    const int n = snprintf(text, sizeof text, "end %s\nepoch %lld step %lld\nmessage %s\n",
                           words[in->end], (long long)in->epoch, (long long)in->step, message);
    sld_run_path(run, SLD_RUN_OUTCOME, attempt, path);

    const sld_err held = ctx->err; /* of the attempt: what follows must not take its place */
    if (sld_file_publish(ctx, path, text, (size_t)n, true) != SLD_OK) {
        sld_log(ctx, SLD_LOG_DEBUG, "%s: not written", path);
    }
    ctx->err = held;
}

static sld_end end_named(const char *word)
{
    for (int i = 1; i < SLD_END_COUNT; i++) {
        if (strcmp(words[i], word) == 0) {
            return (sld_end)i;
        }
    }
    return SLD_END_UNKNOWN;
}

void sld_outcome_read(const char *run, int64_t attempt, sld_run_outcome *out)
{
    char      path[PATH_MAX], line[SLD_MESSAGE_BYTES + 16], word[16];
    long long epoch, step;
    FILE     *file;

    *out = (sld_run_outcome){.end = SLD_END_UNKNOWN};
    sld_run_path(run, SLD_RUN_OUTCOME, attempt, path);
    file = sld_file_stream(path);
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "end %15s", word) == 1) {
            out->end = end_named(word);
        } else if (sscanf(line, "epoch %lld step %lld", &epoch, &step) == 2) {
            out->epoch = epoch;
            out->step  = step;
        } else if (strncmp(line, "message ", 8) == 0) {
            snprintf(out->message, sizeof out->message, "%.*s", SLD_MESSAGE_BYTES - 1, line + 8);
        }
    }
    if (file) {
        fclose(file);
    }
}

void sld_outcome_remove(const char *run, int64_t attempt)
{
    char path[PATH_MAX];

    sld_run_path(run, SLD_RUN_OUTCOME, attempt, path);
    unlink(path);
}
