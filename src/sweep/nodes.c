/* nodes.c: in a Slurm job of several machines, starts a coordinator on each other machine by srun.
 * They share the sweep's folder like any coordinators. */
#define _GNU_SOURCE /* execvpe, environ */
#include "nodes.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coordinator.h"

enum { TRIES = 3, AGAIN_S = 30, LEAVE_S = 120 };

/* ---- srun's words ---- */

char **sld_nodes_words(const node_command *command, const sld_allocation_node *node)
{
    static const char *const srun[] = {
        "srun",       "--overlap",    "--mpi=none",          "--nodes=1",
        "--ntasks=1", "--input=none", "--kill-on-bad-exit=0"};
    launch_words w = {0};
    char         text[128];

    for (size_t i = 0; i < sizeof srun / sizeof *srun; i++) {
        sld_words_add(&w, srun[i]);
    }
    snprintf(text, sizeof text, "--nodelist=%s", node->name);
    sld_words_add(&w, text);
    if (node->cpus > 0) {
        snprintf(text, sizeof text, "--cpus-per-task=%d", node->cpus);
        sld_words_add(&w, text);
    }
    sld_words_add(&w, command->program);
    sld_words_add(&w, "sweep");
    sld_words_add(&w, command->dir);
    for (size_t i = 0; i < command->n_words; i++) {
        sld_words_add(&w, command->words[i]);
    }
    if (command->no_wait) {
        sld_words_add(&w, "--no-wait");
    }
    return sld_words_finish(&w);
}

char **sld_nodes_environment(const node_command *command)
{
    launch_words w = {0};
    char         text[64];

    for (char **entry = environ; *entry; entry++) {
        if (sld_launch_for_srun(*entry)) {
            sld_words_add(&w, *entry);
        }
    }
    if (command->end_s > 0) { /* saves each helper its query to the controller */
        snprintf(text, sizeof text, "SLURM_JOB_END_TIME=%.0f", command->end_s);
        sld_words_add(&w, text);
    }
    return sld_words_finish(&w);
}

/* ---- start ---- */

sld_status sld_nodes_name(coordinator *c)
{
    const sld_allocation *a    = &c->allocation;
    const bool            all  = a->nodes && !a->one_of_many && !a->bound;
    const size_t          room = all ? a->n_nodes * sizeof a->nodes->name : sizeof c->ledger.host;
    size_t                at   = 0;

    c->hosts = calloc(1, room);
    if (!c->hosts) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the names of the job's machines");
    }
    for (size_t i = 0; all && i < a->n_nodes; i++) {
        at += (size_t)snprintf(c->hosts + at, room - at, "%s%s", i ? "," : "", a->nodes[i].name);
    }
    if (!all) {
        snprintf(c->hosts, room, "%s", c->ledger.host);
    }
    return SLD_OK;
}

/* Why no helpers are started, and what the user can do; NULL: they are started. */
static const char *why_not(const coordinator *c)
{
    const sld_allocation *a = &c->allocation;

    if (a->scheduler != SLD_SCHEDULER_SLURM || !a->nodes || a->here < 0) {
        return "start `sld sweep` once on each of them, by mpirun --map-by ppr:1:node or the like: "
               "they share the folder";
    }
    if (a->bound) {
        return "this is a step of srun: give it a task on each of them (srun --ntasks-per-node=1), "
               "or start sld sweep outside of a step";
    }
    if (*c->launch->command) {
        return "launch.command places the trials: --slots says how many at a time";
    }
    return NULL;
}

static node_command command_of(const coordinator *c)
{
    return (node_command){.program = c->params->program,
                          .dir     = c->dir,
                          .words   = c->params->join_words,
                          .n_words = c->params->n_join_words,
                          .end_s   = c->allocation.end_s,
                          .no_wait = c->params->no_wait};
}

/* Called in the child. srun hands SIGUSR1 on to the helper and ends the step on SIGTERM. */
static void become(char **words, char **environment, pid_t parent)
{
    sigset_t none;

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int null = open("/dev/null", O_RDONLY);
    if (getppid() == parent && null >= 0 && dup2(null, 0) >= 0) {
        execvpe(words[0], words, environment);
    }
    _exit(127);
}

static sld_status start(coordinator *c, node_helper *h)
{
    const node_command command = command_of(c);
    char             **words   = sld_nodes_words(&command, h->node),
         **environment         = sld_nodes_environment(&command);
    const pid_t parent         = getpid();
    sld_status  st             = SLD_OK;

    h->again_at_s = 0;
    if (!words || !environment) {
        st = SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the coordinator on %s", h->node->name);
    } else if ((h->pid = fork()) == 0) {
        become(words, environment, parent);
    } else if (h->pid < 0) {
        h->pid = 0;
        st     = SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "cannot make a process for the coordinator on %s",
                          h->node->name);
    }
    sld_launch_free(words);
    sld_launch_free(environment);
    return st;
}

sld_status sld_nodes_begin(coordinator *c)
{
    const sld_allocation *a = &c->allocation;
    const char           *why;

    if (a->n_nodes < 2 || a->one_of_many || c->spans) {
        return SLD_OK;
    }
    if ((why = why_not(c))) {
        sld_log(c->ctx, SLD_LOG_WARN,
                "the job has %zu machines, and this coordinator uses only its own: %s", a->n_nodes,
                why);
        return SLD_OK;
    }
    c->helpers.list = calloc(a->n_nodes - 1, sizeof *c->helpers.list);
    if (!c->helpers.list) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: %zu machines", a->n_nodes);
    }
    sld_log(c->ctx, SLD_LOG_INFO,
            "the job has %zu machines: srun starts a coordinator on each of the others",
            a->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++) {
        if ((int)i != a->here) {
            c->helpers.list[c->helpers.n] = (node_helper){.node = &a->nodes[i]};
            SLD_TRY(start(c, &c->helpers.list[c->helpers.n++]));
        }
    }
    return SLD_OK;
}

/* ---- while they run ---- */

bool sld_nodes_run(const coordinator *c)
{
    for (size_t i = 0; i < c->helpers.n; i++) {
        if (c->helpers.list[i].pid > 0) {
            return true;
        }
    }
    return false;
}

/* A helper leaves with 1 because trials of the sweep have failed, or because itself has: in the
 * first case no point waits any more. */
static bool all_ended(coordinator *c)
{
    bool all = false, failed;

    if (sld_ledger_scan(&c->ledger) != SLD_OK || sld_schedule_settle(c, &all, &failed) != SLD_OK) {
        sld_err_clear(c->ctx); /* the loop meets the same and tells it */
        return false;
    }
    return all;
}

/* A helper that fails while there is work could not start, or its machine is lost: try it again. */
static void judge(coordinator *c, node_helper *h, int status)
{
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

    if (code == SLD_EXIT_OK || code == SLD_EXIT_STOPPED || code == SLD_EXIT_UNFINISHED ||
        c->stops > 0 || c->broken || c->leaving || (code == SLD_EXIT_FAILED && all_ended(c))) {
        return;
    }
    const bool again = ++h->failures < TRIES;
    h->again_at_s    = again ? c->ledger.clock_s() + AGAIN_S : 0;
    sld_log(c->ctx, SLD_LOG_WARN, "the coordinator on %s ended with exit code %d: %s",
            h->node->name, code,
            again ? "srun starts it again in half a minute"
                  : "it is not started again, and its machine stays idle");
}

void sld_nodes_end(coordinator *c, pid_t pid, int status)
{
    for (size_t i = 0; i < c->helpers.n; i++) {
        if (c->helpers.list[i].pid == pid) {
            c->helpers.list[i].pid = 0;
            judge(c, &c->helpers.list[i], status);
        }
    }
}

sld_status sld_nodes_tend(coordinator *c)
{
    for (size_t i = 0; i < c->helpers.n; i++) {
        node_helper *h = &c->helpers.list[i];
        if (h->again_at_s != 0 && c->ledger.clock_s() >= h->again_at_s && c->stops == 0) {
            SLD_TRY(start(c, h));
        }
    }
    return SLD_OK;
}

void sld_nodes_signal(const coordinator *c, int number)
{
    for (size_t i = 0; i < c->helpers.n; i++) {
        if (c->helpers.list[i].pid > 0) {
            kill(c->helpers.list[i].pid, number);
        }
    }
}

/* Helpers save their trials and end; a second SIGINT ends them at once. After LEAVE_S they are
 * killed. */
void sld_nodes_leave(coordinator *c)
{
    const struct timespec moment  = {.tv_nsec = 50L * 1000 * 1000};
    const double          until_s = c->ledger.clock_s() + LEAVE_S;
    int                   status;
    pid_t                 pid;

    c->leaving = true;
    sld_nodes_signal(c, c->stops > 1 ? SIGTERM : SIGUSR1);
    while (sld_nodes_run(c)) {
        sld_sweep_take_signals(c);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            sld_nodes_end(c, pid, status);
            sld_index_writer_end(&c->index, pid, status);
        }
        if (c->ledger.clock_s() > until_s) {
            sld_nodes_signal(c, SIGKILL);
        }
        nanosleep(&moment, NULL);
    }
    free(c->helpers.list);
    c->helpers = (node_helpers){0};
}
