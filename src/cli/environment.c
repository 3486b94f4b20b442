/* environment.c: environment variables whose value says nothing to sld: each is told, and what holds in
 * its place. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const ranks[]  = {"all", NULL};

static void tell_word(sld_ctx *ctx, const char *name, const char *const *words,
                      const char *expected, const char *holds)
{
    const char *value = getenv(name);

    for (size_t i = 0; value && *value && words[i]; i++) {
        if (strcmp(value, words[i]) == 0) {
            return;
        }
    }
    if (value && *value) {
        sld_log(ctx, SLD_LOG_WARN, "%s: expected %s, got '%.200s'; %s", name, expected, value,
                holds);
    }
}

/* A pipe is not opened: that would wait for its other end. */
static bool is_terminal(const char *path)
{
    struct stat info;
    const int   fd = stat(path, &info) == 0 && S_ISCHR(info.st_mode)
                         ? open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
                         : -1;
    const bool  is = fd >= 0 && isatty(fd);

    if (fd >= 0) {
        close(fd);
    }
    return is;
}

/* A live line of training alone goes there; to /dev/null: nowhere. */
static void tell_terminal(sld_ctx *ctx)
{
    const char *path = getenv("SLD_TERMINAL");

    if (path && *path && strcmp(path, "/dev/null") != 0 && !is_terminal(path)) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "SLD_TERMINAL: expected a terminal, such as /dev/pts/3, got '%.200s'; the live line "
            "goes where it goes without",
            path);
        unsetenv("SLD_TERMINAL");
    }
}

void sld_environment_tell(sld_ctx *ctx, const sld_verb *verb)
{
    tell_word(ctx, "SLD_LOG", levels, "error, warn, info or debug", "info holds");
    tell_word(ctx, "SLD_LOG_RANKS", ranks, "all", "the first rank alone speaks");
    if (verb == &sld_verb_run) {
        tell_terminal(ctx);
    }
}
