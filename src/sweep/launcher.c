/* launcher.c: a child that waits at a gate until it is claimed, then becomes the trial's launcher.
 * It dies with the coordinator, and its ranks with it. */
#define _GNU_SOURCE /* pipe2, execvpe */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. Returns only when it cannot become the launcher. */
static void become(const launch_job *job, char **words, char **environment, int gate, pid_t parent)
{
    sigset_t none;
    char     go = 0;

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || read(gate, &go, 1) != 1) {
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
    execvpe(words[0], words, environment);
    dprintf(2, "error: %s: cannot be started: %s\n", words[0], strerror(errno));
}

sld_status sld_launch_prepare(sld_ctx *ctx, const launch_job *job, launch_child *out)
{
    char      **words = sld_launch_words(job), **environment = sld_launch_environment(job);
    int         gate[2] = {-1, -1};
    const pid_t parent  = getpid();
    sld_status  st      = SLD_OK;

    *out = (launch_child){.gate = -1};
    if (!words || !environment) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the command of a trial");
    } else if (pipe2(gate, O_CLOEXEC) != 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "no pipe to a trial: %s", strerror(errno));
    } else {
        const pid_t pid = fork();
        if (pid == 0) {
            close(gate[1]); /* else its own end would keep the gate from ever closing */
            become(job, words, environment, gate[0], parent);
            _exit(127);
        }
        if (pid < 0) {
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "no process for a trial: %s", strerror(errno));
        } else {
            *out    = (launch_child){.process = sld_process_of(pid), .gate = gate[1]};
            gate[1] = -1;
        }
    }
    if (gate[0] >= 0) {
        close(gate[0]);
    }
    if (gate[1] >= 0) {
        close(gate[1]);
    }
    sld_launch_free(words);
    sld_launch_free(environment);
    return st;
}

void sld_launch_release(launch_child *child)
{
    ssize_t put = write(child->gate, "x", 1);

    (void)put; /* a child that is gone already is met as one that failed */
    close(child->gate);
    child->gate = -1;
}

void sld_launch_cancel(launch_child *child)
{
    close(child->gate);
    child->gate = -1;
    waitpid(child->process.pid, NULL, 0);
}
