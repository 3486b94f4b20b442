/* coordinator.c: the coordinator's loop: start trials, sleep, handle those that ended, beat. It
 * sleeps in poll(2) until a signal arrives, a child ends or the next beat is due. */
#include "coordinator.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_S 1 /* between two looks whether other sweeps have given cores back */

static int running(const coordinator *c)
{
    int n = 0;

    for (int i = 0; i < c->slots.max_trials; i++) {
        n += c->attempts[i].active;
    }
    return n;
}

static void stop_waiting(coordinator *c)
{
    if (c->awaits_cores) {
        sld_core_locks_wait_no_more(c->slots.locks);
        c->awaits_cores = false;
    }
}

/* Reserves cores that other sweeps use now. A coordinator with a running trial does not wait: the
 * trial's own cores come free at its end. The log says it once. */
static void wait_for_cores(coordinator *c)
{
    char holders[128];

    if (!c->slots.locks || running(c) > 0) {
        return;
    }
    sld_slots_wait(&c->slots, c->launch, holders, sizeof holders);
    if (!c->awaits_cores) {
        sld_log(
            c->ctx, SLD_LOG_INFO,
            "other sweeps of yours use all cores of this machine (%s): waiting for %s; --slots N "
            "runs N trials without waiting",
            holders, c->launch->ranks > 1 ? "some" : "one");
    }
    c->awaits_cores = true;
}

/* Starts trials until nothing can start. */
static sld_status fill(coordinator *c)
{
    while (c->slots.running < c->slots.max_trials && c->ledger.clock_s() >= c->start_at_s) {
        int    point, ranks;
        size_t waiting;
        bool   got, all, failed;
        SLD_TRY(sld_schedule_settle(c, &all, &failed));
        SLD_TRY(sld_schedule_next(c, &point, &waiting));
        if (point < 0 || !sld_walltime_allows(c)) {
            stop_waiting(c);
            return SLD_OK;
        }
        sld_slots_look(&c->slots);
        ranks = sld_schedule_ranks(
            c, (size_t)point,
            sld_slots_ranks(&c->slots, c->launch, waiting, sld_schedule_most(c, (size_t)point)));
        if (ranks == 0) {
            wait_for_cores(c);
            return SLD_OK;
        }
        c->awaits_cores = false;
        SLD_TRY(sld_attempt_start(c, (size_t)point, ranks, &got));
        if (!got) {
            SLD_TRY(sld_ledger_scan(&c->ledger));
        }
    }
    return SLD_OK;
}

static sld_status take_ends(coordinator *c)
{
    int   status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < c->slots.max_trials; i++) {
            attempt *a = &c->attempts[i];
            if (a->active && a->child.process.pid == pid) {
                SLD_TRY(sld_attempt_end(c, a, status));
            }
        }
        sld_nodes_end(c, pid, status);
        sld_index_writer_end(&c->index, pid, status);
    }
    return SLD_OK;
}

/* SIGUSR1: trials save and stop. SIGKILL: they end at once. Only launchers get the signal: they
 * hand SIGUSR1 on to their ranks, and ranks die with their launcher. */
static void stop_all(const coordinator *c, int signal_number)
{
    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt *a = &c->attempts[i];
        if (a->active && signal_number == SIGUSR1) {
            sld_attempt_ask(c, a);
        } else if (a->active) {
            kill(a->child.process.pid, signal_number);
        }
    }
    sld_nodes_signal(c, signal_number == SIGKILL ? SIGTERM : signal_number);
}

/* Stops early enough that all is saved when the batch job ends; earlier if nothing runs and no new
 * trial would reach its first step. */
static void stop_for_walltime(coordinator *c)
{
    if (c->stops > 0 || !(sld_walltime_over(c) || (c->too_late && running(c) == 0))) {
        return;
    }
    c->stops = 1;
    sld_log(c->ctx, SLD_LOG_INFO, "the job ends in %.0f s: %d trial%s save and stop",
            sld_allocation_left_s(&c->allocation), running(c), sld_text_plural(running(c)));
    stop_all(c, SIGUSR1);
}

/* The first SIGINT is gentle whatever stopped the trials before: the end of the job, a full disk,
 * another signal. The second one ends all at once. */
static void take_stop(coordinator *c, int number)
{
    const bool at_once = c->stops > 1 || (number == SIGINT && c->interrupted);

    c->interrupted |= number == SIGINT;
    c->stops = at_once ? 2 : 1;
    if (!at_once && running(c) > 0) {
        sld_log(c->ctx, SLD_LOG_INFO, "asked to stop (signal %d): %d trial%s save and stop%s",
                number, running(c), sld_text_plural(running(c)),
                number == SIGINT ? " (once more: end at once)" : "");
    }
    stop_all(c, at_once ? SIGKILL : SIGUSR1);
}

bool sld_sweep_take_signals(coordinator *c)
{
    struct signalfd_siginfo info;
    bool                    child = false;

    while (read(c->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            child = true;
        } else {
            take_stop(c, (int)info.ssi_signo);
        }
    }
    return child;
}

static sld_status beat(coordinator *c)
{
    const double now = c->ledger.clock_s();

    if (now < c->beat_at_s) {
        return SLD_OK;
    }
    c->beat_at_s = now + sld_ledger_beat_s(&c->ledger);
    SLD_TRY(sld_ledger_beat(&c->ledger));
    sld_attempt_end_stalled(c);
    SLD_TRY(sld_nodes_tend(c));
    sld_schedule_reap(c);
    sld_index_writer_begin(c->ctx, c->grid, c->ended, &c->index);
    SLD_TRY(sld_sweep_extend(c));
    SLD_TRY(sld_ledger_scan(&c->ledger));
    sld_attempt_stop_skipped(c);
    return SLD_OK;
}

static sld_status sleep_until_news(coordinator *c)
{
    struct pollfd wake = {.fd = c->signals, .events = POLLIN};
    const double  now  = c->ledger.clock_s();
    double        left = c->beat_at_s - now;

    if (c->start_at_s > now && c->start_at_s - now < left) {
        left = c->start_at_s - now;
    }
    if (c->awaits_cores && left > LOOK_S) {
        left = LOOK_S;
    }
    if (c->stops == 0 && c->stop_at_s != 0 && c->stop_at_s - now < left) {
        left = c->stop_at_s - now;
    }
    if (poll(&wake, 1, left > 0 ? (int)(1000 * left) + 1 : 0) < 0 && errno != EINTR) {
        return SLD_FAIL(c->ctx, SLD_ERR_IO, "poll: %s", strerror(errno));
    }
    return sld_sweep_take_signals(c) ? take_ends(c) : SLD_OK;
}

static bool nothing_to_wait_for(const coordinator *c)
{
    return c->params->no_wait && !c->awaits_cores && c->ledger.clock_s() >= c->start_at_s &&
           !sld_nodes_run(c);
}

static sld_status loop(coordinator *c, sld_sweep_outcome *out)
{
    bool   all, failed, rest = false, stopping = false, looked = true;
    size_t again;

    SLD_TRY(sld_ledger_scan(&c->ledger));
    SLD_TRY(sld_sweep_recheck(c, &again));
    while (true) {
        if (!stopping) {
            SLD_TRY(fill(c));
            sld_schedule_set_back(c);
            SLD_TRY(sld_schedule_rescale(c));
        }
        if (c->stops > 0 && running(c) == 0) { /* others may have ended the last points meanwhile */
            SLD_TRY(sld_ledger_scan(&c->ledger));
        }
        SLD_TRY(sld_schedule_settle(c, &all, &failed));
        stop_for_walltime(c);
        if (all && running(c) == 0 && !stopping && c->stops == 0 && !looked) {
            /* Before it leaves: were points added, or results deleted, since the last look? */
            SLD_TRY(sld_sweep_extend(c));
            SLD_TRY(sld_sweep_recheck(c, &again));
            SLD_TRY(sld_schedule_settle(c, &all, &failed));
            looked = true;
            if (!all) {
                continue;
            }
        }
        if (running(c) == 0 && (all || stopping || c->stops > 0 || nothing_to_wait_for(c))) {
            break;
        }
        if (running(c) == 0) {
            SLD_TRY(sld_pass_over_rest(c, &rest));
            if (rest) {
                break;
            }
        }
        SLD_TRY(sleep_until_news(c));
        looked = false;
        SLD_TRY(beat(c));
        if (c->broken && !stopping) {
            stop_all(c, SIGUSR1);
        }
        stopping = c->stops > 0 || c->broken;
    }
    *out = all             ? (failed || c->unreadable > 0 ? SLD_SWEEP_FAILED : SLD_SWEEP_DONE)
           : c->broken     ? SLD_SWEEP_BROKEN
           : c->stops > 1  ? SLD_SWEEP_ENDED
           : c->stops == 1 ? SLD_SWEEP_STOPPED
           : rest          ? (c->unreadable > 0 ? SLD_SWEEP_FAILED : SLD_SWEEP_KIND)
                           : SLD_SWEEP_UNFINISHED;
    return SLD_OK;
}

/* When the coordinator itself fails (disk full, lease lost), its trials still save and stop. */
static void abandon(coordinator *c)
{
    const struct timespec moment = {.tv_nsec = 100L * 1000 * 1000};
    const sld_err         err    = c->ctx->err;

    stop_all(c, SIGUSR1);
    while (running(c) > 0) {
        sld_sweep_take_signals(c);
        for (int i = 0; i < c->slots.max_trials; i++) {
            attempt *a = &c->attempts[i];
            a->active  = a->active && waitpid(a->child.process.pid, NULL, WNOHANG) == 0;
        }
        sld_attempt_end_stalled(c);
        sld_schedule_reap(c);
        nanosleep(&moment, NULL);
    }
    c->ctx->err = err;
}

static sld_status join_and_work(coordinator *c, sld_sweep_outcome *out)
{
    SLD_TRY(sld_sweep_extend(c));
    SLD_TRY(sld_ledger_join(&c->ledger));
    c->beat_at_s = c->ledger.clock_s() + sld_ledger_beat_s(&c->ledger);
    sld_walltime_begin(c);
    sld_status st = sld_nodes_begin(c);
    if (st == SLD_OK) {
        st = loop(c, out);
    }
    if (st != SLD_OK) {
        abandon(c);
    }
    sld_nodes_leave(c);
    sld_index_writer_wait(&c->index);
    sld_ledger_leave(&c->ledger);
    return st;
}

sld_status sld_sweep_check_dir(sld_ctx *ctx, const char *dir)
{
    for (const char *at = dir; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == '\x7f') {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: expected a folder whose path is one line without control "
                            "characters, got one with the byte 0x%02x; rename that folder, or "
                            "give another: --dir DIR",
                            dir, (unsigned char)*at);
        }
    }
    return sld_text_is_utf8(dir)
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: expected a folder whose path is UTF-8, got other bytes; rename that "
                          "folder, or give another: --dir DIR",
                          dir);
}

/* Checks what mpirun needs. Trials of one rank start without it. */
static sld_status prepare_mpirun(coordinator *c)
{
    sld_process_find_session_folder(c->ctx);
    if (c->launch->ranks == 1 || sld_process_has_network(c->ctx)) {
        return SLD_OK;
    }
    if (c->launch->ranks > 1) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                        "launch.ranks: expected 1 where no network interface is up, not even lo, "
                        "which mpirun needs, got %lld; `ip link set lo up` as root of the "
                        "container, or --ranks 1",
                        (long long)c->launch->ranks);
    }
    c->one_rank = true;
    sld_log(c->ctx, SLD_LOG_WARN,
            "no network interface is up, not even lo, which mpirun needs: trials run on one rank "
            "each; `ip link set lo up` as root of the container for more");
    return SLD_OK;
}

static sld_status make(sld_ctx *ctx, sld_grid *grid, const sld_sweep_run_params *params,
                       coordinator *c)
{
    *c        = (coordinator){.ctx = ctx, .grid = grid, .params = params, .signals = -1};
    c->launch = sld_grid_launch(grid);
    SLD_TRY(sld_allocation_find(ctx, true, &c->allocation));
    sld_slots_find(c->launch, &c->slots);
    sld_span_choose(c);
    c->attempts = calloc((size_t)c->slots.max_trials, sizeof *c->attempts);
    if (!c->attempts) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %d trials at a time",
                        c->slots.max_trials);
    }
    if (!realpath(sld_grid_dir(grid), c->dir)) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s", sld_grid_dir(grid), strerror(errno));
    }
    SLD_TRY(sld_sweep_check_dir(c->ctx, c->dir));
    SLD_TRY(sld_grid_complete(ctx, grid, params->method));
    if (!*c->command) { /* launch.command places its trials itself, perhaps on other machines */
        c->slots.locks = sld_core_locks_open(ctx);
        SLD_TRY(prepare_mpirun(c));
    }
    SLD_TRY(sld_ledger_open(ctx, grid, &c->ledger));
    return sld_nodes_name(c);
}

sld_status sld_sweep_run(sld_ctx *ctx, sld_grid *grid, const sld_sweep_run_params *params,
                         sld_sweep_outcome *out)
{
    coordinator *c = calloc(1, sizeof *c);
    sigset_t     set;

    if (!c) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the coordinator");
    }
    sigemptyset(&set);
    for (size_t i = 0; i < 5; i++) {
        sigaddset(&set, (const int[]){SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1}[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    sld_status st = make(ctx, grid, params, c);
    if (st == SLD_OK && (c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "signalfd: %s", strerror(errno));
    }
    if (st == SLD_OK) {
        st = join_and_work(c, out);
    }
    if (c->signals >= 0) {
        close(c->signals);
    }
    sld_ledger_close(&c->ledger);
    sld_allocation_free(&c->allocation);
    free(c->hosts);
    sld_grid_close(c->own);
    sld_core_locks_close(c->slots.locks);
    free(c->passed);
    free(c->attempts);
    free(c);
    return st;
}
