/* attempts.c: starts an attempt, watches whether it makes steps, and asks it to stop. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

/* ---- the start ---- */

/* Makes the folder trials/ID and writes experiment.yaml into it. */
static sld_status make_folder(coordinator *c, size_t point, char experiment[PATH_MAX])
{
    const sld_point *p = sld_grid_point(c->grid, point);
    char             run[PATH_MAX];

    sld_trial_dir(c->dir, p->id, run);
    if (strlen(run) >= PATH_MAX - 32) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                        "%.200s...: expected a shorter path; move the sweep to another folder",
                        c->dir);
    }
    SLD_TRY(sld_file_mkdirs(c->ctx, run));
    sld_run_path(run, SLD_RUN_EXPERIMENT, 0, experiment);
    return sld_file_publish(c->ctx, experiment, p->experiment, strlen(p->experiment), true);
}

/* Before the first attempt: what is there is of attempts before the trial was to be trained anew. Only who
 * holds the claim may do so, for others' attempts write there; and before the attempt opens its log. */
static void set_aside_logs(const coordinator *c, const attempt *a)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(c->grid, a->point, run);
    if (a->number == 1 && sld_run_set_aside_logs(c->ctx, run) != SLD_OK) {
        sld_log(c->ctx, SLD_LOG_WARN, "%s: the attempt's log goes on behind it", c->ctx->err.msg);
        sld_err_clear(c->ctx);
    }
}

static sld_status launch(coordinator *c, attempt *a, const char *experiment, const char *cpus,
                         bool *got)
{
    const sld_grid_claim *e  = &c->ledger.claims.entries[a->point];
    const char           *id = sld_grid_point(c->grid, a->point)->id;
    attempt_settings      s  = {.n = 0};

    *got = false;
    sld_process_word(id, e->claim + 1, c->ledger.id, a->word);
    sld_status st = sld_attempt_settings(c, a->point, e->claim + 1, c->spans ? "auto" : cpus, &s);
    const launch_job job = {.program    = c->params->program,
                            .experiment = experiment,
                            .settings   = (const char *const *)s.list,
                            .n_settings = s.n,
                            .ranks      = a->ranks,
                            .mpirun     = c->params->mpirun(a->n_cores < a->ranks),
                            .cpus       = cpus,
                            .command    = c->command,
                            .by_srun    = c->by_srun,
                            .hosts      = c->hosts,
                            .log        = a->log,
                            .word       = a->word};
    if (st == SLD_OK) {
        st = sld_launch_prepare(c->ctx, &job, &a->child);
    }
    if (st == SLD_OK) {
        st = sld_ledger_claim(&c->ledger, a->point, a->child.process, got);
        if (st == SLD_OK && *got) {
            set_aside_logs(c, a);
            sld_launch_release(&a->child);
        } else {
            sld_launch_cancel(&a->child);
        }
    }
    sld_attempt_settings_free(&s);
    return st;
}

/* Marks a result that exists already: its coordinator may have died between the result and the
 * mark. A result that cannot be used is renamed, and the point is trained. *found: a result is there,
 * marked, or one that cannot be read. */
static sld_status adopt(coordinator *c, size_t point, bool *found)
{
    sld_results results;

    SLD_TRY(sld_grid_results(c->ctx, c->grid, point, &results));
    *found = results.kind != SLD_RESULTS_NONE && results.kind != SLD_RESULTS_BAD;
    if (results.kind == SLD_RESULTS_DONE || results.kind == SLD_RESULTS_DIVERGED) {
        return sld_attempt_mark_result(c, point, &results, 0,
                                       c->ledger.claims.entries[point].claim);
    }
    if (results.kind == SLD_RESULTS_UNREADABLE) {
        return sld_pass_over_unread(c, point, results.reason);
    }
    if (results.kind == SLD_RESULTS_BAD) {
        sld_log(c->ctx, SLD_LOG_WARN, "%s: renamed to results.h5.old", results.reason);
        return sld_sweep_set_aside(c->ctx, c->grid, point);
    }
    return SLD_OK;
}

static attempt *free_attempt(coordinator *c)
{
    for (int i = 0; i < c->slots.max_trials; i++) {
        if (!c->attempts[i].active) {
            return &c->attempts[i];
        }
    }
    return NULL;
}

sld_status sld_attempt_start(coordinator *c, size_t point, int ranks, bool *got)
{
    const sld_point *p = sld_grid_point(c->grid, point);
    attempt         *a = free_attempt(c);
    char             run[PATH_MAX], experiment[PATH_MAX], cpus[SLD_CPU_LIST_BYTES];
    bool             found;

    *got = false;
    SLD_TRY(adopt(c, point, &found));
    if (found) {
        return SLD_OK;
    }
    SLD_TRY(sld_ledger_prepare(&c->ledger, point));
    SLD_TRY(make_folder(c, point, experiment));
    *a = (attempt){
        .point = point, .number = c->ledger.claims.entries[point].claim + 1, .ranks = ranks};
    sld_grid_trial_dir(c->grid, point, run);
    sld_run_path(run, SLD_RUN_LOG, a->number, a->log);
    a->checkpoint = sld_ckpt_newest(run);
    a->n_cores    = sld_slots_take(&c->slots, ranks, a->cores, cpus, sizeof cpus);
    if (a->n_cores < 0) {
        return SLD_OK;
    }
    const sld_status st = launch(c, a, experiment, cpus, got);
    if (st != SLD_OK || !*got) {
        sld_slots_give(&c->slots, a->cores, a->n_cores);
        return st;
    }
    /* In a job of several machines, all coordinators write into the job's one log. */
    const bool name_host = c->allocation.n_nodes > 1 || c->allocation.bound;
    a->active            = true;
    a->started_s = a->moved_s = c->ledger.clock_s();
    sld_log(c->ctx, SLD_LOG_INFO, "start %s seed %lld (%s, attempt %lld) on %d rank%s, CPUs %s%s%s",
            p->arm, (long long)p->seed, p->id, (long long)a->number, ranks, sld_text_plural(ranks),
            cpus, name_host ? " of " : "", name_host ? c->ledger.host : "");
    return SLD_OK;
}

/* ---- while it runs ---- */

#define SILENT_S 30.0 /* without a rank: then the log warns; half of launch.stall_minutes if less */
#define AGAIN_S  5.0  /* between two requests to stop */
#define BEGIN_S  10.0 /* after a request to stop: an attempt without a rank has nothing to save */

/* mpirun hands SIGUSR1 on to its ranks, which save and stop. While it starts it may drop the
 * signal, so the request is repeated. */
void sld_attempt_ask(const coordinator *c, attempt *a)
{
    const double now = c->ledger.clock_s();

    a->asked_s  = a->asked_s != 0 ? a->asked_s : now;
    a->ask_at_s = now + AGAIN_S;
    kill(a->child.process.pid, SIGUSR1);
}

static void kill_attempt(const attempt *a)
{
    kill(a->child.process.pid, SIGKILL);
    sld_process_end_marked(a->word);
}

static void ask_again(const coordinator *c, attempt *a)
{
    const double now = c->ledger.clock_s();

    if (a->asked_s != 0 && !a->rank_seen && now - a->asked_s >= BEGIN_S) {
        kill_attempt(a);
    } else if (a->asked_s != 0 && now >= a->ask_at_s) {
        sld_attempt_ask(c, a);
    }
}

/* Warns if no rank has begun. srun and mpirun can wait for ever, without a message, for CPUs that a
 * job step holds or for a machine that does not answer. The user should learn of it before the
 * attempt is killed for it. */
static void watch_start(const coordinator *c, attempt *a)
{
    char         message[SLD_REASON_BYTES];
    const double half_s   = 30 * c->launch->stall_minutes;
    const double silent_s = c->ledger.clock_s() - a->started_s;

    a->rank_seen = *a->progress || sld_attempt_log_reason(a->log, message);
    if (a->rank_seen || a->warned ||
        silent_s < (half_s > 0 && half_s < SILENT_S ? half_s : SILENT_S)) {
        return;
    }
    a->warned = true;
    sld_log(
        c->ctx, SLD_LOG_WARN,
        "%s (%s, attempt %lld): its launcher has run for %.0f s and no rank has begun: %s; it may "
        "wait for CPUs that a step of srun holds (start sld sweep outside of the step, or by srun "
        "--overlap), or for a machine that does not answer; log: %s",
        sld_grid_point(c->grid, a->point)->arm, sld_grid_point(c->grid, a->point)->id,
        (long long)a->number, silent_s, *message ? message : "it prints nothing", a->log);
}

void sld_attempt_stop_skipped(coordinator *c)
{
    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt *a = &c->attempts[i];
        if (a->active && !a->skipped &&
            c->ledger.claims.entries[a->point].mark == SLD_POINT_SKIPPED) {
            a->skipped = true;
            sld_attempt_ask(c, a);
        }
    }
}

void sld_attempt_end_stalled(coordinator *c)
{
    const double now = c->ledger.clock_s(), limit = 60 * c->launch->stall_minutes;

    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt     *a = &c->attempts[i];
        char         run[PATH_MAX], text[SLD_PROGRESS_BYTES];
        sld_progress progress;
        if (!a->active || a->stalled) {
            continue;
        }
        sld_grid_trial_dir(c->grid, a->point, run);
        sld_progress_read(run, a->number, text);
        if (sld_progress_parse(text, &progress)) {
            sld_walltime_learn(c, a, &progress);
        }
        if (strcmp(text, a->progress) != 0) {
            sld_attempt_pass_on(c, a);
            memcpy(a->progress, text, sizeof text);
            a->moved_s = now;
        } else if (limit > 0 && now - a->moved_s > limit) {
            a->stalled = true;
            kill_attempt(a);
        }
        if (!a->rank_seen) {
            watch_start(c, a);
        }
        ask_again(c, a);
    }
}
