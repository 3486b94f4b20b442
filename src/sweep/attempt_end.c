/* attempt_end.c: handles the end of an attempt: a result, a stop, a failure of the trial, or a
 * failure of its launcher, which does not count against the trial. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "coordinator.h"

enum { ALIKE_MAX = 3, PAUSE_FACTOR = 3 };

sld_status sld_attempt_mark_result(coordinator *c, size_t point, const sld_results *results,
                                   double seconds, int64_t number)
{
    const double all = sld_grid_seconds(c->grid, point);
    char         text[SLD_MARK_BYTES + 128], run[PATH_MAX];

    sld_trial_dir(c->dir, sld_grid_point(c->grid, point)->id, run);
    const int n = snprintf(text, sizeof text, "attempt %lld seconds %.1f\n", (long long)number,
                           all > seconds ? all : seconds);
    sld_grid_results_mark(c->grid, point, results, text + n);
    SLD_TRY(sld_ledger_mark(
        &c->ledger, point,
        results->kind == SLD_RESULTS_DIVERGED ? SLD_POINT_DIVERGED : SLD_POINT_DONE, text));
    sld_ledger_forget(&c->ledger, point);
    sld_run_remove_attempts(run, number);
    return SLD_OK;
}

/* *stuck: failures of this trial in which it made no new checkpoint. *alike: those of them that
 * came before the first step and for this reason. */
static void count_errors(const coordinator *c, const attempt *a, const char *reason, int *stuck,
                         int *alike)
{
    char suffix[40], text[3 * SLD_REASON_BYTES];

    *stuck = *alike = 0;
    for (int64_t n = 1; n <= a->number; n++) {
        snprintf(suffix, sizeof suffix, "%lld.error", (long long)n);
        sld_grid_claims_text(&c->ledger.claims, a->point, suffix, text, sizeof text);
        const char *line = strchr(text, '\n');
        *stuck += strncmp(text, "start", 5) == 0 || strncmp(text, "stuck", 5) == 0;
        *alike += line && strncmp(text, "start", 5) == 0 &&
                  strcspn(line + 1, "\n") == strlen(reason) &&
                  strncmp(line + 1, reason, strlen(reason)) == 0;
    }
}

/* The reason without the trial's ID, which is in paths of its files. */
static void without_id(const char *reason, const char *id, char out[SLD_REASON_BYTES])
{
    const char *found = strstr(reason, id);

    snprintf(out, SLD_REASON_BYTES, "%.*s%s", found ? (int)(found - reason) : SLD_REASON_BYTES,
             reason, found ? found + strlen(id) : "");
}

/* Stops the sweep when attempts at several trials fail one after the other at their start and for one
 * reason: further ones would fail too. start: this attempt failed before its first step, and was not
 * killed. */
static void notice_alike(coordinator *c, const attempt *a, const char *reason, bool start)
{
    const char *id = sld_grid_point(c->grid, a->point)->id;
    char        plain[SLD_REASON_BYTES];

    without_id(reason, id, plain);
    const bool more = start && c->n_alike > 0 && strcmp(c->alike, plain) == 0;

    if (!more) {
        snprintf(c->alike_id, sizeof c->alike_id, "%s", id);
    }
    c->n_alike       = more ? c->n_alike + 1 : start;
    c->alike_several = more && (c->alike_several || strcmp(c->alike_id, id) != 0);
    memcpy(c->alike, plain, sizeof c->alike);
    if (c->n_alike >= ALIKE_MAX && c->alike_several) {
        c->broken = true;
        sld_log(c->ctx, SLD_LOG_ERROR,
                "%d attempts failed at their start for the same reason, so the sweep stops: %s; "
                "log: %s",
                c->n_alike, reason, a->log);
    }
}

/* Waits longer after each failed start: a missing file system or machine may come back. */
static void pause_starts(coordinator *c)
{
    const int n       = c->n_alike > c->n_unlaunched ? c->n_alike : c->n_unlaunched;
    double    pause_s = 1;

    for (int i = 1; i < n; i++) {
        pause_s *= PAUSE_FACTOR;
    }
    c->start_at_s = c->ledger.clock_s() + pause_s;
}

/* The launcher ended before any rank wrote anything. The trial was not tried, so none of its
 * retries is used. */
static sld_status fail_launcher(coordinator *c, const attempt *a, const char *reason)
{
    sld_log(c->ctx, SLD_LOG_WARN, "%s (%s, attempt %lld) did not start: %s; log: %s",
            sld_grid_point(c->grid, a->point)->arm, sld_grid_point(c->grid, a->point)->id,
            (long long)a->number, reason, a->log);
    c->n_unlaunched++;
    pause_starts(c);
    if (c->n_unlaunched >= ALIKE_MAX) {
        const bool alone = !*c->command && a->ranks == 1;
        c->broken        = true;
        sld_log(c->ctx, SLD_LOG_ERROR,
                "trials cannot be started from here, %d launches failed, so the sweep stops: %s; "
                "log: %s; %s%s%s",
                ALIKE_MAX, reason, a->log,
                alone ? "try one by hand: sld selftest" : "try the launcher by hand (",
                alone         ? ""
                : *c->command ? c->command
                              : "mpirun -n 2 true",
                alone ? "" : "), or --ranks 1, which needs none");
    }
    return SLD_OK;
}

static sld_status fail_attempt(coordinator *c, attempt *a, const char *how, const char *reason,
                               bool by_itself)
{
    const sld_point *p = sld_grid_point(c->grid, a->point);
    char             text[PATH_MAX + 2 * SLD_REASON_BYTES];
    int              stuck, alike;

    snprintf(text, sizeof text, "%s\n%s\ntrials/%s/log-a%lld.txt\n", how, reason, p->id,
             (long long)a->number);
    SLD_TRY(sld_ledger_error(&c->ledger, a->point, a->number, text));
    count_errors(c, a, reason, &stuck, &alike);
    sld_log(c->ctx, SLD_LOG_WARN, "failed %s seed %lld (%s, attempt %lld): %s", p->arm,
            (long long)p->seed, p->id, (long long)a->number, reason);
    const bool start = strcmp(how, "start") == 0;
    notice_alike(c, a, reason, by_itself && start);
    if (start) {
        pause_starts(c);
    }
    if (stuck <= c->launch->retries && !(by_itself && start && alike >= ALIKE_MAX)) {
        return SLD_OK;
    }
    c->start_at_s = c->ledger.clock_s(); /* another trial need not wait for what this one lacks */
    sld_log(c->ctx, SLD_LOG_ERROR, "given up %s seed %lld (%s) after %d attempts: %s; log: %s",
            p->arm, (long long)p->seed, p->id, stuck, reason, a->log);
    snprintf(text, sizeof text, "%s\ntrials/%s/log-a%lld.txt\n", reason, p->id,
             (long long)a->number);
    return sld_ledger_mark(&c->ledger, a->point, SLD_POINT_FAILED, text);
}

/* Returns "start" if the attempt failed before its first step, "moved" if it made a new checkpoint,
 * else "stuck". */
static const char *how_far(const coordinator *c, const attempt *a)
{
    char run[PATH_MAX], progress[SLD_PROGRESS_BYTES];

    sld_grid_trial_dir(c->grid, a->point, run);
    sld_progress_read(run, a->number, progress);
    const sld_ckpt now = sld_ckpt_newest(run), then = a->checkpoint;
    if (now.epoch > then.epoch || (now.epoch == then.epoch && now.step > then.step)) {
        return "moved";
    }
    return *progress ? "stuck" : "start";
}

/* Shells and launchers tell a signal as 128 and its number; a code beyond, as 255, is their own. */
static bool is_signal(int code)
{
    return code > 128 && code <= 128 + SIGRTMAX;
}

/* Whether an attempt without a result ended because it was stopped; then the log says so. When a
 * job ends, its batch system kills launchers too: their exit codes are no failures of trials. */
static bool was_stopped(const coordinator *c, const attempt *a, int code,
                        const sld_run_outcome *outcome)
{
    const char *what = NULL;

    if (code == SLD_EXIT_UNFINISHED) {
        what = "another attempt has taken over";
    } else if (code == SLD_EXIT_STOPPED || outcome->end == SLD_END_STOPPED) {
        what = a->skipped    ? "skipped: stopped and saved"
               : a->shrinks  ? "goes back to fewer ranks"
               : a->rescales ? "goes on with more ranks"
                             : "stopped and saved";
    } else if (c->stops > 0 || c->broken) {
        what = "ended by the stop; it goes on from its last checkpoint";
    } else if (a->skipped && is_signal(code)) {
        what = "skipped: ended before it could save";
    } else if (a->rescales && is_signal(code)) {
        what = "ended before it could save; it goes on with more ranks from its last checkpoint";
    } else {
        return false;
    }
    sld_log(c->ctx, SLD_LOG_INFO, "%s (%s, attempt %lld): %s",
            sld_grid_point(c->grid, a->point)->arm, sld_grid_point(c->grid, a->point)->id,
            (long long)a->number, what);
    return true;
}

/* A disk that is full here is no trial's failure, and fails all that would be started. reason "":
 * not even the log could be written. */
static bool disk_is_full(int code, const char *reason)
{
    return code == SLD_EXIT_STORAGE &&
           (!*reason || strstr(reason, strerror(ENOSPC)) || strstr(reason, strerror(EDQUOT)));
}

/* Handles the end of an attempt without a result: finds the reason and who is to blame. */
static sld_status judge(coordinator *c, attempt *a, int wait_status, const sld_run_outcome *outcome)
{
    const int code =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    const bool  killed = is_signal(code) && !a->reaped;
    const char *how    = how_far(c, a);
    char        reason[SLD_REASON_BYTES];
    bool        rank_began = true;

    if (was_stopped(c, a, code, outcome)) {
        return SLD_OK;
    }
    if (outcome->end == SLD_END_FAILED) {
        snprintf(reason, sizeof reason, "%.250s", outcome->message);
    } else {
        rank_began = sld_attempt_log_reason(a->log, reason);
    }
    if (disk_is_full(code, reason)) {
        return SLD_FAIL(c->ctx, SLD_ERR_IO,
                        "%s (attempt %lld): %s; the sweep stops, and the attempt does not count: "
                        "make room, and give the same command",
                        sld_grid_point(c->grid, a->point)->id, (long long)a->number,
                        *reason ? reason : "nothing can be written");
    }
    if (a->stalled) {
        snprintf(reason, sizeof reason, "no step for %g minutes (launch.stall_minutes)",
                 c->launch->stall_minutes);
    } else if (killed) {
        snprintf(reason, sizeof reason, "killed by signal %d", code - 128);
    } else if (!*reason) {
        snprintf(reason, sizeof reason,
                 a->reaped ? "its ranks ended without a message" : "exit code %d", code);
    }
    if (!rank_began && (!killed || a->stalled) && !a->reaped && strcmp(how, "start") == 0) {
        return fail_launcher(c, a, reason);
    }
    c->n_unlaunched = 0;
    return fail_attempt(c, a, how, reason, !killed);
}

sld_status sld_attempt_end(coordinator *c, attempt *a, int wait_status)
{
    const sld_point *p       = sld_grid_point(c->grid, a->point);
    const double     seconds = c->ledger.clock_s() - a->started_s;
    char             run[PATH_MAX], all[64] = "";
    sld_run_outcome  outcome;
    sld_results      results;

    a->active = false;
    sld_attempt_pass_on(c, a);
    sld_slots_give(&c->slots, a->cores, a->n_cores);
    sld_trial_dir(c->dir, p->id, run);
    sld_outcome_read(run, a->number, &outcome);
    SLD_TRY(sld_grid_results(c->ctx, c->grid, a->point, &results));
    if (results.kind != SLD_RESULTS_DONE && results.kind != SLD_RESULTS_DIVERGED) {
        sld_outcome_remove(run, a->number);
        if (outcome.end == SLD_END_KIND) {
            return sld_pass_over(c, a, outcome.message);
        }
        if (results.kind ==
            SLD_RESULTS_UNREADABLE) { /* it has ended, and nobody need wait for it */
            SLD_TRY(sld_pass_over_unread(c, a->point, results.reason));
            return sld_ledger_give_up(&c->ledger, a->point, results.reason);
        }
        return judge(c, a, wait_status, &outcome);
    }
    if (c->ledger.claims.entries[a->point].mark == SLD_POINT_SKIPPED) {
        sld_log(c->ctx, SLD_LOG_INFO,
                "%s seed %lld (%s) ended before it could be stopped: skipped; --retry %s accepts "
                "its results",
                p->arm, (long long)p->seed, p->id, p->id);
        return SLD_OK;
    }
    c->ended++;
    c->ended_s += seconds * a->ranks;
    c->n_alike = c->n_unlaunched = 0;
    SLD_TRY(sld_attempt_mark_result(c, a->point, &results, seconds, a->number));
    if (a->number > 1 && sld_grid_seconds(c->grid, a->point) > seconds) {
        snprintf(all, sizeof all, " (%.0f s in %lld attempts)", sld_grid_seconds(c->grid, a->point),
                 (long long)a->number);
    }
    sld_log(c->ctx, SLD_LOG_INFO, "%s %s seed %lld (%s) in %.0f s%s: %s",
            sld_point_state_name(c->ledger.claims.entries[a->point].mark), p->arm,
            (long long)p->seed, p->id, seconds, all, outcome.message);
    return SLD_OK;
}
