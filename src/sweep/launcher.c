/* launcher.c: a trial's command line and environment, and a child that waits at a start barrier until
 * the trial is claimed, then becomes its launcher. It dies with the coordinator, and its ranks with
 * it. */
#define _GNU_SOURCE /* pipe2, execvpe, environ */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* ---- words ---- */

typedef struct words {
    char **list;
    size_t n;
    bool   failed;
} words;

static void add(words *w, const char *text)
{
    char **more = realloc(w->list, (w->n + 2) * sizeof *more);
    char  *copy = strdup(text);

    if (!more || !copy) {
        w->list   = more ? more : w->list;
        w->failed = true;
        free(copy);
        return;
    }
    w->list         = more;
    w->list[w->n++] = copy;
    w->list[w->n]   = NULL;
}

static char **finish(words *w)
{
    if (w->failed) {
        sld_launch_free(w->list);
        return NULL;
    }
    return w->list;
}

void sld_launch_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++) {
        free(list[i]);
    }
    free(list);
}

/* ---- the user's launcher line ---- */

static void put_quoted(FILE *out, const char *word)
{
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'') {
            fputs("'\\''", out);
        } else {
            fputc(*word, out);
        }
    }
    fputc('\'', out);
}

/* The template with {ranks}, {cpus} and {hosts} filled in. */
static void put_template(FILE *out, const launch_job *job)
{
    char ranks[16];

    snprintf(ranks, sizeof ranks, "%d", job->ranks);
    const struct {
        const char *name, *value;
    } fields[] = {{"{ranks}", ranks}, {"{cpus}", job->cpus}, {"{hosts}", job->host}};

    for (const char *c = job->command; *c;) {
        const char *value = NULL;
        for (size_t i = 0; i < sizeof fields / sizeof *fields && !value; i++) {
            if (strncmp(c, fields[i].name, strlen(fields[i].name)) == 0) {
                value = fields[i].value;
                c += strlen(fields[i].name);
            }
        }
        if (value) {
            fputs(value, out);
        } else {
            fputc(*c++, out);
        }
    }
}

/* sh -c "exec LAUNCHER sld run ...": the launcher takes the shell's place, and its signals. */
static void add_command(words *w, const launch_job *job)
{
    char  *line = NULL;
    size_t n    = 0;
    FILE  *out  = open_memstream(&line, &n);

    if (!out) {
        w->failed = true;
        return;
    }
    fputs("exec ", out);
    put_template(out, job);
    fputc(' ', out);
    put_quoted(out, job->program);
    fputs(" run ", out);
    put_quoted(out, job->experiment);
    for (size_t i = 0; i < job->n_settings; i++) {
        fputc(' ', out);
        put_quoted(out, job->settings[i]);
    }
    w->failed |= fclose(out) != 0;
    add(w, "sh");
    add(w, "-c");
    add(w, line);
    free(line);
}

char **sld_launch_words(const launch_job *job)
{
    words w = {0};
    char  ranks[16];

    if (*job->command) {
        add_command(&w, job);
        return finish(&w);
    }
    if (job->ranks > 1) { /* one rank needs no launcher: it starts in half the time */
        snprintf(ranks, sizeof ranks, "%d", job->ranks);
        add(&w, "mpirun");
        add(&w, "--oversubscribe");
        add(&w, "--bind-to");
        add(&w, "none");
        if (job->crowded) {
            add(&w, "--mca");
            add(&w, "mpi_yield_when_idle");
            add(&w, "1");
        }
        add(&w, "-n");
        add(&w, ranks);
    }
    add(&w, job->program);
    add(&w, "run");
    add(&w, job->experiment);
    for (size_t i = 0; i < job->n_settings; i++) {
        add(&w, job->settings[i]);
    }
    return finish(&w);
}

/* ---- the environment ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What an mpirun around us has set for its own ranks would make ours believe that they are its. */
static bool foreign(const char *entry)
{
    const bool ours = begins(entry, "OMPI_ALLOW_") || begins(entry, "OMPI_MCA_");

    return !ours && (begins(entry, "OMPI_") || begins(entry, "PMIX_") || begins(entry, "PMI_"));
}

char **sld_launch_environment(const launch_job *job)
{
    words w = {0};

    for (char **entry = environ; *entry; entry++) {
        if (!foreign(*entry) && !begins(*entry, "TERM=") && !begins(*entry, "SLD_TERMINAL=") &&
            !begins(*entry, SLD_CLAIM_NAME)) {
            add(&w, *entry);
        }
    }
    add(&w, "TERM=dumb"); /* no live line: the terminal is the coordinator's */
    add(&w, job->word);
    if (geteuid() == 0) {
        add(&w, "OMPI_ALLOW_RUN_AS_ROOT=1");
        add(&w, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
    }
    return finish(&w);
}

/* ---- the child ---- */

/* In the child. Returns only when it cannot become the launcher. */
static void become(const launch_job *job, char **command, char **environment, int barrier,
                   pid_t parent)
{
    sigset_t none;
    char     go = 0;

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || read(barrier, &go, 1) != 1) {
        return; /* nobody owns it */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    const int in  = open("/dev/null", O_RDONLY);
    const int out = open(job->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        return;
    }
    execvpe(command[0], command, environment);
    dprintf(2, "error: %s: cannot be started: %s\n", command[0], strerror(errno));
}

sld_status sld_launch_prepare(sld_ctx *ctx, const launch_job *job, launch_child *out)
{
    char      **command = sld_launch_words(job), **environment = sld_launch_environment(job);
    int         barrier[2] = {-1, -1};
    const pid_t parent     = getpid();
    sld_status  st         = SLD_OK;

    *out = (launch_child){.barrier = -1};
    if (!command || !environment) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the command of a trial");
    } else if (pipe2(barrier, O_CLOEXEC) != 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "no pipe to a trial: %s", strerror(errno));
    } else {
        const pid_t pid = fork();
        if (pid == 0) {
            close(barrier[1]); /* else its own end would keep the barrier from ever closing */
            become(job, command, environment, barrier[0], parent);
            _exit(127);
        }
        if (pid < 0) {
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "no process for a trial: %s", strerror(errno));
        } else {
            *out       = (launch_child){.process = sld_process_of(pid), .barrier = barrier[1]};
            barrier[1] = -1;
        }
    }
    if (barrier[0] >= 0) {
        close(barrier[0]);
    }
    if (barrier[1] >= 0) {
        close(barrier[1]);
    }
    sld_launch_free(command);
    sld_launch_free(environment);
    return st;
}

void sld_launch_release(launch_child *child)
{
    ssize_t put = write(child->barrier, "x", 1);

    (void)put; /* a child that is gone already is met as one that failed */
    close(child->barrier);
    child->barrier = -1;
}

void sld_launch_cancel(launch_child *child)
{
    close(child->barrier);
    child->barrier = -1;
    waitpid(child->process.pid, NULL, 0);
}
