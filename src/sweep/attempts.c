/* attempts.c: one attempt at one point, from its claim to what is said of its end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "coordinator.h"

enum { ALIKE_MAX = 3 };

/* ---- the start ---- */

sld_status sld_attempt_most_ranks(coordinator *c, size_t point, int *most)
{
    const sld_point *p      = sld_grid_point(c->grid, point);
    sld_config      *config = NULL;

    SLD_TRY(sld_config_parse(c->ctx, p->id, p->experiment, strlen(p->experiment),
                             c->params->settings, c->params->n_settings, c->params->method,
                             &config));
    *most = (int)sld_config_options(config)->parallel.shards;
    sld_config_destroy(config);
    return SLD_OK;
}

/* trials/ID with its experiment. */
static sld_status make_folder(coordinator *c, size_t point, char experiment[PATH_MAX])
{
    const sld_point *p = sld_grid_point(c->grid, point);

    if (snprintf(experiment, PATH_MAX, "%s/trials/%s", c->dir, p->id) >= PATH_MAX - 32) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG, "%.200s...: the path is too long", c->dir);
    }
    SLD_TRY(sld_file_mkdirs(c->ctx, experiment));
    strcat(experiment, "/experiment.yaml");
    return sld_file_publish(c->ctx, experiment, p->experiment, strlen(p->experiment), true);
}

static sld_status launch(coordinator *c, attempt *a, const char *experiment, const char *cpus,
                         bool *got)
{
    const sld_grid_claim *e  = &c->ledger.claims.entries[a->point];
    const char           *id = sld_grid_point(c->grid, a->point)->id;
    attempt_settings      s  = {.n = 0};

    *got = false;
    sld_process_word(id, e->claim + 1, c->ledger.id, a->word);
    sld_status       st  = sld_attempt_settings(c, a->point, e->claim + 1, cpus, &s);
    const launch_job job = {.program    = c->params->program,
                            .experiment = experiment,
                            .settings   = (const char *const *)s.list,
                            .n_settings = s.n,
                            .ranks      = a->ranks,
                            .crowded    = a->n_cores < a->ranks,
                            .cpus       = cpus,
                            .command    = c->launch->command,
                            .host       = c->ledger.host,
                            .log        = a->log,
                            .word       = a->word};
    if (st == SLD_OK) {
        st = sld_launch_prepare(c->ctx, &job, &a->child);
    }
    if (st == SLD_OK) {
        st = sld_ledger_claim(&c->ledger, a->point, a->child.process, got);
        if (st == SLD_OK && *got) {
            sld_launch_release(&a->child);
        } else {
            sld_launch_cancel(&a->child);
        }
    }
    sld_attempt_settings_free(&s);
    return st;
}

static sld_status mark_result(coordinator *c, size_t point, double seconds, int64_t number)
{
    const bool diverged = sld_grid_diverged(c->ctx, c->grid, point);
    char       text[128], run[PATH_MAX];

    sld_trial_dir(c->dir, sld_grid_point(c->grid, point)->id, run);
    snprintf(text, sizeof text, "attempt %lld seconds %.1f\n", (long long)number, seconds);
    SLD_TRY(
        sld_ledger_mark(&c->ledger, point, diverged ? SLD_POINT_DIVERGED : SLD_POINT_DONE, text));
    sld_ledger_forget(&c->ledger, point);
    sld_run_remove_attempts(run, number);
    return SLD_OK;
}

/* A result that is there, but that nobody has marked. *found: was it there? */
static sld_status adopt(coordinator *c, size_t point, bool *found)
{
    *found = sld_grid_has_results(c->grid, point);
    return *found ? mark_result(c, point, 0, c->ledger.claims.entries[point].claim) : SLD_OK;
}

static attempt *free_attempt(coordinator *c)
{
    for (int i = 0; i < c->slots.most_trials; i++) {
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
    char             run[PATH_MAX], experiment[PATH_MAX], cpus[4096];
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
    a->checkpoint       = sld_ckpt_newest(run);
    a->n_cores          = sld_slots_take(&c->slots, ranks, a->cores, cpus, sizeof cpus);
    const sld_status st = launch(c, a, experiment, cpus, got);
    if (st != SLD_OK || !*got) {
        sld_slots_give(&c->slots, a->cores, a->n_cores);
        return st;
    }
    a->active    = true;
    a->started_s = a->moved_s = c->ledger.clock_s();
    sld_log(c->ctx, SLD_LOG_INFO, "start %s seed %lld (%s, attempt %lld) on %d rank%s, CPUs %s",
            p->arm, (long long)p->seed, p->id, (long long)a->number, ranks, ranks == 1 ? "" : "s",
            cpus);
    return SLD_OK;
}

/* ---- the end ---- */

/* Counts the failures that brought the trial no further, and those at its start for one reason. */
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
                  strncmp(line + 1, reason, strlen(reason)) == 0;
    }
}

/* Where attempts fail alike, one after the other, before their first step, others would too. */
static void notice_alike(coordinator *c, const attempt *a, const char *reason, bool start,
                         int alike)
{
    c->n_alike = start && strcmp(c->alike, reason) == 0 ? c->n_alike + 1 : start;
    snprintf(c->alike, sizeof c->alike, "%s", reason);
    if (start && (alike >= ALIKE_MAX || c->n_alike >= ALIKE_MAX)) {
        c->broken = true;
        sld_log(c->ctx, SLD_LOG_ERROR,
                "%d attempts failed at their start alike, so the sweep stops: %s; log: %s",
                ALIKE_MAX, reason, a->log);
    }
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
    notice_alike(c, a, reason, by_itself && strcmp(how, "start") == 0, alike);
    if (stuck <= c->launch->retries) {
        return SLD_OK;
    }
    sld_log(c->ctx, SLD_LOG_ERROR, "given up %s seed %lld (%s) after %d attempts: %s; log: %s",
            p->arm, (long long)p->seed, p->id, stuck, reason, a->log);
    snprintf(text, sizeof text, "%s\ntrials/%s/log-a%lld.txt\n", reason, p->id,
             (long long)a->number);
    return sld_ledger_mark(&c->ledger, a->point, SLD_POINT_FAILED, text);
}

/* "start": before its first step; "stuck": no further than the one before it; "moved". */
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

/* What is known of an end without a result. */
static sld_status judge(coordinator *c, attempt *a, int wait_status, const sld_run_outcome *outcome)
{
    const int code =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    const bool killed = code > 128 && !a->reaped;
    char       reason[SLD_REASON_BYTES];

    if (code == SLD_EXIT_STOPPED || code == SLD_EXIT_UNFINISHED) {
        sld_log(c->ctx, SLD_LOG_INFO, "%s (%s, attempt %lld): %s",
                sld_grid_point(c->grid, a->point)->arm, sld_grid_point(c->grid, a->point)->id,
                (long long)a->number,
                code == SLD_EXIT_UNFINISHED ? "another attempt has taken over"
                : a->rescales               ? "goes on with more ranks"
                                            : "stopped and saved");
        return SLD_OK;
    }
    if (code > 128 && (c->stops > 0 || c->broken || a->rescales)) {
        return SLD_OK; /* our own doing: it had not come to where it can be asked */
    }
    if (outcome->end == SLD_END_FAILED) {
        snprintf(reason, sizeof reason, "%.250s", outcome->message);
    } else {
        sld_attempt_log_reason(a->log, reason);
    }
    if (a->stalled) {
        snprintf(reason, sizeof reason, "no step for %g minutes (launch.stall_minutes)",
                 c->launch->stall_minutes);
    } else if (killed) {
        snprintf(reason, sizeof reason, "killed by signal %d", code - 128);
    } else if (!*reason) {
        snprintf(reason, sizeof reason,
                 a->reaped ? "its ranks left without a word" : "exit code %d", code);
    }
    return fail_attempt(c, a, how_far(c, a), reason, !killed);
}

sld_status sld_attempt_end(coordinator *c, attempt *a, int wait_status)
{
    const sld_point *p       = sld_grid_point(c->grid, a->point);
    const double     seconds = c->ledger.clock_s() - a->started_s;
    char             run[PATH_MAX];
    sld_run_outcome  outcome;

    a->active = false;
    sld_slots_give(&c->slots, a->cores, a->n_cores);
    sld_trial_dir(c->dir, p->id, run);
    sld_outcome_read(run, a->number, &outcome);
    if (!sld_grid_has_results(c->grid, a->point)) {
        sld_outcome_remove(run, a->number);
        return judge(c, a, wait_status, &outcome);
    }
    c->ended++;
    c->ended_s += seconds * a->ranks;
    c->n_alike = 0;
    SLD_TRY(mark_result(c, a->point, seconds, a->number));
    sld_log(c->ctx, SLD_LOG_INFO, "%s %s seed %lld (%s) in %.0f s: %s",
            sld_point_state_name(c->ledger.claims.entries[a->point].mark), p->arm,
            (long long)p->seed, p->id, seconds, outcome.message);
    return SLD_OK;
}

/* ---- meanwhile ---- */

void sld_attempt_watch(coordinator *c)
{
    const double now = c->ledger.clock_s(), limit = 60 * c->launch->stall_minutes;

    for (int i = 0; i < c->slots.most_trials && limit > 0; i++) {
        attempt *a = &c->attempts[i];
        char     run[PATH_MAX], text[SLD_PROGRESS_BYTES];
        if (!a->active || a->stalled) {
            continue;
        }
        sld_grid_trial_dir(c->grid, a->point, run);
        sld_progress_read(run, a->number, text);
        if (strcmp(text, a->progress) != 0) {
            memcpy(a->progress, text, sizeof text);
            a->moved_s = now;
        } else if (now - a->moved_s > limit) {
            a->stalled = true;
            kill(a->child.process.pid, SIGKILL);
            sld_process_end_marked(a->word);
        }
    }
}
