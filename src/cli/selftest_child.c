/* selftest_child.c: starts a command of sld selftest in the temporary folder, alone or under
 * mpirun, and waits for it with a timeout. Its output goes to a file. */
#define _GNU_SOURCE /* environ */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "selftest.h"
#include "sld/base_process.h"

enum { MAX_WORDS = 32 };
#define TIMEOUT_S 120.0 /* a command takes one or two seconds; after this time it hangs */

bool sld_selftest_report(sld_selftest *t, bool ok, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(t->found, sizeof t->found, format, args);
    va_end(args);
    return ok;
}

/* ---- the child ---- */

/* All ranks must start on this machine, even in a job of several: only it has the temporary
 * folder. */
static void set_environment(void)
{
    char name[256];

    for (size_t i = 0; environ[i];) {
        const size_t n = strcspn(environ[i], "=");
        if (n < sizeof name && sld_process_is_launchers(environ[i])) {
            memcpy(name, environ[i], n);
            name[n] = '\0';
            unsetenv(name); /* moves the next variable to environ[i] */
        } else {
            i++;
        }
    }
    for (const char *const *word = sld_process_stay_here; *word; word++) {
        putenv((char *)*word); /* putenv() keeps the pointer and does not write to it */
    }
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("TERM", "dumb", 1);
}

static size_t make_words(const sld_selftest *t, int ranks, const char *number,
                         const char *const *words, const char *out[MAX_WORDS])
{
    const char *const *mpirun = sld_comm_mpirun(true);
    size_t             n      = 0;

    for (size_t i = 0; ranks > 0 && mpirun[i]; i++) {
        out[n++] = mpirun[i];
    }
    if (ranks > 0) {
        out[n++] = number;
    }
    out[n++] = t->program;
    for (size_t i = 0; words[i] && n < MAX_WORDS - 1; i++) {
        out[n++] = words[i];
    }
    out[n] = NULL;
    return n;
}

static void become(const sld_selftest *t, int ranks, const char *const *words)
{
    const char *command[MAX_WORDS];
    char        number[16];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid(); /* so that Ctrl-C reaches only the parent, which then kills this child */
    snprintf(number, sizeof number, "%d", ranks);
    make_words(t, ranks, number, words, command);
    const int in = open("/dev/null", O_RDONLY);
    if (chdir(t->dir) != 0 || in < 0) {
        return;
    }
    const int out = open("said.txt", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
    if (out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        return;
    }
    set_environment();
    execvp(command[0], (char *const *)command);
    dprintf(2, "%s: cannot be started: %s\n", command[0], strerror(errno));
}

sld_selftest_child sld_selftest_start(sld_selftest *t, int ranks, const char *const *words)
{
    const sld_selftest_child child = {.pid = fork(), .began_s = sld_clock_s()};

    if (child.pid == 0) {
        become(t, ranks, words);
        _exit(127);
    }
    return child;
}

/* ---- its end ---- */

static void read_said(sld_selftest *t)
{
    char path[PATH_MAX];

    sld_selftest_path(t, "said.txt", path);
    FILE        *file = fopen(path, "r");
    const size_t n    = file ? fread(t->said, 1, sizeof t->said - 1, file) : 0;
    t->said[n]        = '\0';
    if (file) {
        fclose(file);
    }
}

int sld_selftest_wait(sld_selftest *t, const sld_selftest_child *child)
{
    const struct timespec moment = {.tv_nsec = 5L * 1000 * 1000};
    int                   status = 0;
    bool                  ended  = false;

    if (child->pid < 0) {
        return -1;
    }
    while (waitpid(child->pid, &status, WNOHANG) == 0) {
        if (!ended && (*sld_signals_stop() || sld_clock_s() - child->began_s > TIMEOUT_S)) {
            kill(child->pid, SIGKILL); /* its ranks die with mpirun */
            ended = true;
        }
        nanosleep(&moment, NULL);
    }
    read_said(t);
    return ended ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* line: the last line of text that is not empty. */
static void last_line(const char *text, char *line, size_t n)
{
    const char *end = text + strlen(text);

    while (end > text && (end[-1] == '\n' || end[-1] == ' ' || end[-1] == '-')) {
        end--;
    }
    const char *begin = end;
    while (begin > text && begin[-1] != '\n') {
        begin--;
    }
    snprintf(line, n, "%.*s", (int)(end - begin), begin);
}

bool sld_selftest_run(sld_selftest *t, int code, int ranks, const char *const *words)
{
    const sld_selftest_child child = sld_selftest_start(t, ranks, words);
    const int                got   = sld_selftest_wait(t, &child);
    char                     line[160], command[96] = "sld";

    if (got == code) {
        return true;
    }
    for (size_t i = 0, at = strlen(command); words[i] && at + strlen(words[i]) + 2 < sizeof command;
         i++) {
        at += (size_t)snprintf(command + at, sizeof command - at, " %s", words[i]);
    }
    last_line(t->said, line, sizeof line);
    if (got < 0) {
        return sld_selftest_report(t, false, "%s on %d ranks: no end after %.0f s", command,
                                   ranks ? ranks : 1, sld_clock_s() - child.began_s);
    }
    return sld_selftest_report(t, false, "%s on %d ranks: expected exit code %d, got %d: %s",
                               command, ranks ? ranks : 1, code, got, line);
}
