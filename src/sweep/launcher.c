/* launcher.c: makes a trial's command line and starts it in a child process. The child waits at a
 * barrier until the trial is claimed, then becomes the launcher. If the coordinator dies, the
 * kernel kills the launcher, and the ranks die with it. */
#define _GNU_SOURCE /* pipe2, execvpe */
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

void sld_words_add(launch_words *w, const char *text)
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

char **sld_words_finish(launch_words *w)
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

/* Writes launch.command with {ranks}, {cpus} and {hosts} filled in. */
static void put_template(FILE *out, const launch_job *job)
{
    char ranks[16];

    snprintf(ranks, sizeof ranks, "%d", job->ranks);
    const struct {
        const char *name, *value;
    } fields[] = {{"{ranks}", ranks}, {"{cpus}", job->cpus}, {"{hosts}", job->hosts}};

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

/* sh -c "exec LAUNCHER sld run ...": by exec the launcher replaces the shell, so that the
 * coordinator's signals reach it. */
static void add_command(launch_words *w, const launch_job *job)
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
    sld_text_quote(out, job->program);
    fputs(" run ", out);
    sld_text_quote(out, job->experiment);
    for (size_t i = 0; i < job->n_settings; i++) {
        fputc(' ', out);
        sld_text_quote(out, job->settings[i]);
    }
    w->failed |= fclose(out) != 0;
    sld_words_add(w, "sh");
    sld_words_add(w, "-c");
    sld_words_add(w, line);
    free(line);
}

char **sld_launch_words(const launch_job *job)
{
    launch_words w = {0};
    char         ranks[16];

    if (*job->command) {
        add_command(&w, job);
        return sld_words_finish(&w);
    }
    if (job->ranks > 1) { /* one rank starts twice as fast without mpirun */
        snprintf(ranks, sizeof ranks, "%d", job->ranks);
        for (const char *const *word = job->mpirun; *word; word++) {
            sld_words_add(&w, *word);
        }
        sld_words_add(&w, ranks);
    }
    sld_words_add(&w, job->program);
    sld_words_add(&w, "run");
    sld_words_add(&w, job->experiment);
    for (size_t i = 0; i < job->n_settings; i++) {
        sld_words_add(&w, job->settings[i]);
    }
    return sld_words_finish(&w);
}

/* ---- the child ---- */

static void close_beyond_2(int fd)
{
    if (fd > 2) {
        close(fd);
    }
}

/* Called in the child. Returns only if it cannot become the launcher. */
static void become(const launch_job *job, char **command, char **environment, int barrier,
                   pid_t parent)
{
    sigset_t blocked;
    char     go = 0;

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || read(barrier, &go, 1) != 1) {
        return; /* the coordinator has cancelled it or is dead */
    }
    sigemptyset(&blocked);
    if (strcmp(command[0], job->program) != 0) {
        /* A batch system ends a job by SIGTERM to all its processes. mpirun would then kill its
         * ranks before they have saved. So mpirun starts with SIGTERM blocked; the ranks unblock
         * it, and the coordinator asks mpirun to stop by SIGUSR1. */
        sigaddset(&blocked, SIGTERM);
        sigaddset(&blocked, SIGHUP);
    }
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    signal(SIGPIPE, SIG_DFL);
    const int in  = open("/dev/null", O_RDONLY);
    const int out = open(job->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        return;
    }
    close_beyond_2(in);
    close_beyond_2(out);
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
        st = SLD_FAIL(ctx, SLD_ERR_IO, "cannot make a pipe to a trial: %s", strerror(errno));
    } else {
        const pid_t pid = fork();
        if (pid == 0) {
            close(barrier[1]); /* else its own copy would keep the pipe open for ever */
            become(job, command, environment, barrier[0], parent);
            _exit(127);
        }
        if (pid < 0) {
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "cannot make a process for a trial: %s",
                          strerror(errno));
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

    (void)put; /* if the child is dead already, its end is handled like any other */
    close(child->barrier);
    child->barrier = -1;
}

void sld_launch_cancel(launch_child *child)
{
    close(child->barrier);
    child->barrier = -1;
    waitpid(child->process.pid, NULL, 0);
}
