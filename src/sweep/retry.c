/* retry.c: `sld sweep --retry` makes a point trainable again; `--skip` leaves one out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "sld/rundir.h"
#include "sld/sweep.h"

/* Deletes the records of failures, so that the point has all its retries again. */
static void forget_errors(const ledger *l, size_t i)
{
    char path[PATH_MAX], suffix[40];

    for (long long k = 1; k <= (long long)l->claims.entries[i].claim; k++) {
        snprintf(suffix, sizeof suffix, "%lld.error", k);
        sld_grid_claims_path(&l->claims, i, suffix, path);
        unlink(path);
    }
}

/* Makes the point wait again. A result that it has is renamed to *.old, and so is what another trial has
 * made. */
static sld_status retry_point(ledger *l, size_t i, size_t *n)
{
    const sld_point_state mark = l->claims.entries[i].mark;

    if (mark == SLD_POINT_WAITING) {
        return SLD_OK;
    }
    SLD_TRY(mark == SLD_POINT_DONE || mark == SLD_POINT_DIVERGED
                ? sld_sweep_set_aside(l->claims.ctx, l->claims.grid, i)
                : sld_sweep_set_aside_others(l->claims.ctx, l->claims.grid, i));
    forget_errors(l, i);
    ++*n;
    return sld_ledger_unmark(l, i);
}

static sld_status refuse_running(ledger *l, const char *which, size_t point)
{
    bool held = false;

    SLD_TRY(sld_ledger_held(l, point, &held));
    return held && l->claims.entries[point].mark == SLD_POINT_WAITING
               ? SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG,
                          "%s: expected a point that has ended, got one that runs; let it end, or "
                          "stop it with --skip %s",
                          which, which)
               : SLD_OK;
}

/* A waiting point can start over once it has checkpoints. */
static sld_status check_begun(const ledger *l, const char *which, size_t point)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(l->claims.grid, point, run);
    return sld_ckpt_newest(run).epoch > 0
               ? SLD_OK
               : SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG,
                          "%s: expected a point that has begun, got one that waits; run the sweep: "
                          "it trains the point",
                          which);
}

/* Makes a waiting point start over, with all its retries, by renaming its checkpoints: it may be
 * unable to continue from them, for instance after an update of a library. */
static sld_status start_over(ledger *l, size_t point)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(l->claims.grid, point, run);
    forget_errors(l, point);
    SLD_TRY(sld_run_set_aside_checkpoints(l->claims.ctx, run));
    return sld_sweep_set_aside_others(l->claims.ctx, l->claims.grid, point);
}

/* Treats a point whose result exists but is not marked yet like one that is marked. */
static sld_status mark_unmarked(ledger *l, size_t point)
{
    sld_results results;

    if (l->claims.entries[point].mark == SLD_POINT_WAITING) {
        SLD_TRY(sld_grid_results(l->claims.ctx, l->claims.grid, point, &results));
        if (results.kind != SLD_RESULTS_NONE) {
            l->claims.entries[point].mark = SLD_POINT_DONE;
        }
    }
    return SLD_OK;
}

/* As status and report say it: by its mark, or because its files are not what the mark was made of. */
static sld_status has_failed(ledger *l, size_t i, bool *failed)
{
    const sld_point_state mark = l->claims.entries[i].mark;
    sld_point_status      now;
    sld_results           results;

    *failed = mark == SLD_POINT_FAILED;
    if ((mark != SLD_POINT_DONE && mark != SLD_POINT_DIVERGED) ||
        sld_grid_results_marked(&l->claims, i, &results)) {
        return SLD_OK;
    }
    SLD_TRY(sld_grid_judge(&l->claims, i, false, &now));
    *failed = now.state == SLD_POINT_FAILED;
    return SLD_OK;
}

static bool is_all(const char *which)
{
    return strcmp(which, "failed") == 0;
}

/* *point: the one that is meant, unless all failed ones are. */
static sld_status check_retry(ledger *l, const char *which, size_t *point)
{
    if (is_all(which)) {
        return SLD_OK;
    }
    SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, which, point));
    SLD_TRY(refuse_running(l, which, *point));
    SLD_TRY(mark_unmarked(l, *point));
    return l->claims.entries[*point].mark == SLD_POINT_WAITING ? check_begun(l, which, *point)
                                                               : SLD_OK;
}

static sld_status retry(ledger *l, const char *which, size_t point, size_t *n)
{
    const bool all = is_all(which);

    if (!all && l->claims.entries[point].mark == SLD_POINT_WAITING) {
        ++*n;
        return start_over(l, point);
    }
    for (size_t i = 0; i < sld_grid_count(l->claims.grid); i++) {
        const int teacher = sld_grid_point(l->claims.grid, i)->teacher;
        bool      failed;
        SLD_TRY(has_failed(l, i, &failed));
        /* the students of a failed teacher failed with it, so they are retried with it */
        if ((all && failed) || (!all && (i == point || (failed && teacher == (int)point)))) {
            SLD_TRY(retry_point(l, i, n));
        }
    }
    return SLD_OK;
}

static sld_status check_skip(ledger *l, const char *which, size_t *point)
{
    SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, which, point));
    const sld_point_state mark = l->claims.entries[*point].mark;
    return mark != SLD_POINT_DONE && mark != SLD_POINT_DIVERGED
               ? SLD_OK
               : SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG,
                          "%s: expected a point without a result, got one that has a result "
                          "already; it stays: leave --skip out, or take the point out of the spec "
                          "(exclude) and give that with --accept-changes",
                          which);
}

static sld_status skip(ledger *l, const char *which, size_t point)
{
    bool held = false;

    SLD_TRY(sld_ledger_held(l, point, &held));
    if (held) {
        sld_log(l->claims.ctx, SLD_LOG_INFO,
                "%s runs: its coordinator stops it at its next beat, in %g s at most; its "
                "checkpoint stays, and --retry %s goes on from there",
                which, sld_ledger_beat_s(l), which);
    }
    if (l->claims.entries[point].mark == SLD_POINT_FAILED) {
        SLD_TRY(sld_ledger_unmark(l, point));
    }
    return sld_ledger_mark(l, point, SLD_POINT_SKIPPED, "skipped by hand\n");
}

/* Two points, unless --retry means all that failed: of these the skipped one is left out. */
static sld_status check_apart(const ledger *l, const char *again, const char *out)
{
    size_t retried, skipped;

    if (!again || !out || is_all(again)) {
        return SLD_OK;
    }
    SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, again, &retried));
    SLD_TRY(sld_grid_which(l->claims.ctx, l->claims.grid, out, &skipped));
    return retried != skipped
               ? SLD_OK
               : SLD_FAIL(l->claims.ctx, SLD_ERR_CONFIG,
                          "sld sweep: --skip: expected another point than that of --retry, got %s "
                          "twice; leave one of them out",
                          sld_grid_point(l->claims.grid, skipped)->id);
}

static sld_status take_back(ledger *l, const char *again, const char *out, size_t *n)
{
    size_t retried = 0, skipped = 0;

    SLD_TRY(sld_ledger_scan(l));
    SLD_TRY(check_apart(l, again, out));
    if (out) {
        SLD_TRY(check_skip(l, out, &skipped));
    }
    if (again) {
        SLD_TRY(check_retry(l, again, &retried));
    }
    if (out) {
        SLD_TRY(skip(l, out, skipped));
    }
    return again ? retry(l, again, retried, n) : SLD_OK;
}

sld_status sld_sweep_take_back(sld_ctx *ctx, const sld_grid *grid, const char *again,
                               const char *out, size_t *n)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, grid, &l);

    *n = 0;
    if (st == SLD_OK) {
        st = take_back(&l, again, out, n);
    }
    sld_ledger_close(&l);
    return st;
}
