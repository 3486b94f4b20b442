/* watchdog.c: a thread on each rank that notices when no rank makes progress, and reports which one
 * is behind.
 *
 * Each rank shows its pulse (base) on a page that the ranks of a machine share. A rank that waits
 * in MPI for one that has stopped looks no different from one that computes, so a stall is when no
 * rank of the machine has given a sign of life for the limit. Time counts only while this thread
 * itself is awake: a whole job that was suspended and goes on has not stalled. Ranks of other
 * machines are not seen; each machine names its own. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define NAMED 8 /* ranks named in a message: with thousands, the first are enough */

struct sld_watchdog {
    sld_ctx            *ctx;    /* borrowed; its pulse is one of pulses */
    const sld_comm     *comm;   /* borrowed */
    sld_shared         *page;   /* (node_size) pulses, then the flag */
    sld_pulse          *pulses; /* (node_size) */
    atomic_int         *told;   /* set by the rank of the machine that reports the stall */
    uint64_t           *seen;   /* (node_size) beats at the last look */
    double             *idle_s; /* (node_size) since beats last changed, time asleep not counted */
    char               *state;  /* (node_size) of each process, when a stall is reported */
    sld_watchdog_params params;
    pthread_t           thread;
    pthread_mutex_t     mutex;
    pthread_cond_t      over;
    bool                running, stop;
};

/* The letter of /proc/PID/stat: R computes, S sleeps, D waits for a disk, T is stopped; 0: gone. */
static char state_of(int pid)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) {
        return '\0';
    }
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    const char *name_end = strrchr(line, ')');
    return name_end && name_end[1] == ' ' ? name_end[2] : '\0';
}

static bool is_stopped(char state)
{
    return state == 'T' || state == 't' || state == 'Z' || state == '\0';
}

static const char *state_text(char state)
{
    switch (state) {
    case 'T':
    case 't':
        return ", stopped by a signal or a debugger";
    case 'D':
        return ", blocked in a disk or network file system";
    case 'Z':
    case '\0':
        return ", which has ended";
    default:
        return "";
    }
}

/* Finds the rank of the machine for which the others wait: one that is stopped, else one whose
 * phase is no wait. -1: all wait. */
static int find_behind(const sld_watchdog *w, const char *state)
{
    int behind = -1;
    for (int i = 0; i < w->comm->node_size; i++) {
        if (is_stopped(state[i])) {
            return i;
        }
        if (behind < 0 && !sld_phase_waits(atomic_load(&w->pulses[i].phase))) {
            behind = i;
        }
    }
    return behind;
}

/* "rank 1 (process 4711, stopped ...): loading a batch, since 2026-01-31T23:59:59Z" */
static int describe(const sld_watchdog *w, int i, char state, char *text, size_t n)
{
    const sld_pulse *p = &w->pulses[i];
    char             since[32];
    sld_clock_utc_of(atomic_load(&p->since), since);
    return snprintf(text, n, "rank %d (process %d%s): %s, since %s", atomic_load(&p->rank),
                    atomic_load(&p->pid), state_text(state), sld_phase_text(atomic_load(&p->phase)),
                    since);
}

/* Writes the message: a line for the rank that is behind, then one for each of the others. */
static void describe_stall(sld_watchdog *w, char *text, size_t n)
{
    const int ranks    = w->comm->node_size;
    char     *state    = w->state;
    char      host[64] = "";

    gethostname(host, sizeof host - 1);
    for (int i = 0; i < ranks; i++) {
        state[i] = state_of(atomic_load(&w->pulses[i].pid));
    }
    const int    behind  = find_behind(w, state);
    const double limit_s = w->params.limit_s;
    size_t       at      = (size_t)snprintf(
                   text, n, "stalled: nothing has moved on %s for %.3g %s (%s). %s", host,
        limit_s < 60 ? limit_s : limit_s / 60, limit_s < 60 ? "s" : "min", w->params.setting,
        behind >= 0 ? "Behind is " : "All ranks here wait for ranks of other machines");
    if (behind >= 0) {
        at += (size_t)describe(w, behind, state[behind], text + at, n - at);
    }
    for (int i = 0, named = 0; i < ranks && named < NAMED && at < n; i++) {
        if (i != behind) {
            named++;
            at += (size_t)snprintf(text + at, n - at, "\n    ");
            at += at < n ? (size_t)describe(w, i, state[i], text + at, n - at) : 0;
        }
    }
    if (w->params.advice && at < n) {
        snprintf(text + at, n - at, "\n%s", w->params.advice);
    }
}

/* Adds the time since the last look to the idle time of each rank whose pulse has not changed.
 * Returns the shortest idle time. */
static double look(sld_watchdog *w, double awake_s)
{
    double shortest = -1.0;
    for (int i = 0; i < w->comm->node_size; i++) {
        const uint64_t beats = atomic_load(&w->pulses[i].beats);
        w->idle_s[i]         = beats == w->seen[i] ? w->idle_s[i] + awake_s : 0.0;
        w->seen[i]           = beats;
        shortest             = shortest < 0.0 || w->idle_s[i] < shortest ? w->idle_s[i] : shortest;
    }
    return shortest;
}

/* The lowest rank of the machine that is not stopped reports the stall, because rank 0 has the log.
 * The others wait a while longer: once a rank exits, the launcher ends the rest. */
static bool is_speaker(const sld_watchdog *w)
{
    int i = 0;
    while (i < w->comm->node_rank && is_stopped(state_of(atomic_load(&w->pulses[i].pid)))) {
        i++;
    }
    return i == w->comm->node_rank;
}

/* Sleeps until the next look is due or the watchdog is stopped. The caller holds the mutex. */
static void sleep_for(sld_watchdog *w, double tick_s)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    const double due = (double)until.tv_nsec * 1e-9 + tick_s;
    until.tv_sec += (time_t)due;
    until.tv_nsec = (long)((due - (double)(time_t)due) * 1e9);
    pthread_cond_timedwait(&w->over, &w->mutex, &until);
}

static void *watch(void *argument)
{
    sld_watchdog *w       = argument;
    const double  limit_s = w->params.limit_s, tick_s = limit_s / 20 < 5.0 ? limit_s / 20 : 5.0;
    double        last_s = sld_clock_s();
    char          message[2048];

    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        sleep_for(w, tick_s);
        const double now_s = sld_clock_s(), awake_s = now_s - last_s;
        const double idle_s = look(w, awake_s < 2 * tick_s ? awake_s : 2 * tick_s);
        last_s              = now_s;
        if (w->stop || idle_s <= limit_s ||
            (idle_s <= limit_s + 2 * tick_s + 2.0 && !is_speaker(w))) {
            continue;
        }
        const bool told = atomic_exchange(w->told, 1) != 0;
        describe_stall(w, message, sizeof message);
        w->params.stalled(w->ctx, told ? NULL : message);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* Local. Starts the thread with all signals blocked, so that the main thread gets them. */
static sld_status start_thread(sld_ctx *ctx, sld_watchdog *w)
{
    sigset_t           all, before;
    pthread_condattr_t clock;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->over, &clock);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    sigdelset(&all, SIGALRM); /* of whoever ends the process, should writing a message block */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int code = pthread_create(&w->thread, NULL, watch, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "cannot start the thread that watches for stalls: %s",
                        strerror(code));
    }
    w->running = true;
    return SLD_OK;
}

/* Local. Called after the page is shared: publishes this rank's pulse on it. */
static void join_page(sld_ctx *ctx, const sld_comm *comm, sld_watchdog *w)
{
    w->pulses        = sld_shared_ptr(w->page);
    w->told          = (atomic_int *)(w->pulses + comm->node_size);
    sld_pulse *pulse = w->pulses + comm->node_rank;
    atomic_store(&pulse->pid, (int)getpid());
    atomic_store(&pulse->rank, comm->rank);
    ctx->pulse = pulse;
    sld_enter(ctx, SLD_PHASE_PREPARE);
}

sld_status sld_comm_watchdog(sld_ctx *ctx, sld_comm *comm, const sld_watchdog_params *params)
{
    const size_t  n  = (size_t)comm->node_size;
    sld_watchdog *w  = NULL;
    sld_status    st = SLD_OK;

    if (params->limit_s <= 0.0) {
        return SLD_OK;
    }
    w = calloc(1, sizeof *w);
    if (w) {
        *w        = (sld_watchdog){.ctx = ctx, .comm = comm, .params = *params};
        w->seen   = calloc(n, sizeof *w->seen);
        w->idle_s = calloc(n, sizeof *w->idle_s);
        w->state  = calloc(n, sizeof *w->state);
    }
    if (!w || !w->seen || !w->idle_s || !w->state) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the watchdog");
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        st = sld_shared_create(ctx, comm, (n + 1) * sizeof(sld_pulse), &w->page);
    }
    if (st == SLD_OK) {
        join_page(ctx, comm, w);
        st = sld_shared_ready(ctx, comm, w->page); /* before the first look all have a process */
    }
    if (st == SLD_OK) {
        st = sld_agree(ctx, comm, start_thread(ctx, w));
    }
    if (st != SLD_OK) {
        sld_watchdog_destroy(w);
        return st;
    }
    comm->watchdog = w;
    return SLD_OK;
}

void sld_watchdog_leave(sld_watchdog *w)
{
    if (w) {
        sld_enter(w->ctx, SLD_PHASE_LEAVE);
    }
}

void sld_watchdog_destroy(sld_watchdog *w)
{
    if (!w) {
        return;
    }
    if (w->running) {
        pthread_mutex_lock(&w->mutex);
        w->stop = true;
        pthread_cond_signal(&w->over);
        pthread_mutex_unlock(&w->mutex);
        pthread_join(w->thread, NULL);
        pthread_cond_destroy(&w->over);
        pthread_mutex_destroy(&w->mutex);
    }
    w->ctx->pulse = NULL;
    sld_shared_destroy(w->page);
    free(w->seen);
    free(w->idle_s);
    free(w->state);
    free(w);
}
