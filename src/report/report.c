/* report.c: gathers a report: reads the status and results of every trial, then makes the arms. */
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sld/report.h"
#include "sld/rundir.h"
#include "sld/store_large.h"
#include "trial_metrics.h"

#define REPORT_NAME_(name, unit) #name,
#define REPORT_UNIT_(name, unit) unit,
const char *const report_metric_name[REPORT_N_METRICS] = {REPORT_METRICS(REPORT_NAME_)};
const char *const report_metric_unit[REPORT_N_METRICS] = {REPORT_METRICS(REPORT_UNIT_)};

const char *const *sld_report_metrics(size_t *n)
{
    static const char *const names[] = {REPORT_METRICS(REPORT_NAME_) "copy_rate_unseen"};

    *n = sizeof names / sizeof *names;
    return names;
}

void report_results_path(const report *r, const report_trial *t, char path[PATH_MAX])
{
    char run[PATH_MAX];

    if (!t->run_dir) {
        sld_trial_dir(r->dir, t->point->id, run);
    }
    sld_run_path(t->run_dir ? t->run_dir : run, SLD_RUN_RESULTS, 0, path);
}

const sld_point *report_with_axes(const report *r)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        if (r->trials[i].point->n_axes > 0) {
            return r->trials[i].point;
        }
    }
    return NULL;
}

static void set_missing(report_trial *t)
{
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        t->metric[i] = NAN;
    }
    for (int i = 0; i < REPORT_MAX_NORMS; i++) {
        t->norm[i] = NAN;
    }
}

/* Reads the curve of a running trial. Its file exists from the first checkpoint until the trial
 * ends, so it may be missing at any time. */
static sld_status read_running(sld_ctx *ctx, trial_metrics_reader *reader, size_t trial)
{
    const report_trial *t = &reader->report->trials[trial];
    char                run[PATH_MAX], path[PATH_MAX];

    sld_trial_dir(reader->report->dir, t->point->id, run);
    sld_run_path(run, SLD_RUN_RESULTS, t->status.attempts, path);
    if (access(path, R_OK) != 0) {
        return SLD_OK;
    }
    const sld_status st = trial_metrics_read_running(ctx, reader, path, trial);
    if (st == SLD_OK || st == SLD_ERR_NOMEM) {
        return st;
    }
    sld_err_clear(ctx);
    return SLD_OK;
}

/* A trial whose results cannot be read is reported as failed; the other trials are still read. Of a
 * single run that has not ended the numbers so far are read, and count in no mean. */
static sld_status read_trial(sld_ctx *ctx, trial_metrics_reader *reader, size_t trial)
{
    report_trial *t = &reader->report->trials[trial];
    char          path[PATH_MAX];

    if (t->status.state == SLD_POINT_RUNNING && reader->report->curves) {
        return read_running(ctx, reader, trial);
    }
    const bool so_far = t->status.state == SLD_POINT_RUNNING && t->run_dir;
    if (t->status.state != SLD_POINT_DONE && t->status.state != SLD_POINT_DIVERGED && !so_far) {
        return SLD_OK;
    }
    report_results_path(reader->report, t, path);
    const sld_status st = trial_metrics_read(ctx, reader, path, trial);
    t->has_results      = st == SLD_OK;
    if (st == SLD_OK || st == SLD_ERR_NOMEM) {
        return st;
    }
    set_missing(t);
    t->n_epochs = t->n_samples = t->n_classes = t->n_val = 0; /* of what was read of them */
    t->status.state                                      = SLD_POINT_FAILED;
    snprintf(t->status.reason, sizeof t->status.reason, "%.*s", (int)sizeof t->status.reason - 1,
             ctx->err.msg);
    sld_err_clear(ctx);
    return SLD_OK;
}

static sld_status read_states(sld_ctx *ctx, const sld_grid *grid, report *r)
{
    sld_point_status *status = calloc(r->n_trials + 1, sizeof *status);

    if (!status) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu points", r->n_trials);
    }
    const sld_status st = sld_grid_status(ctx, grid, status);
    for (size_t i = 0; i < r->n_same; i++) {
        r->trials[r->n_trials + i].point = sld_grid_same(grid, i);
    }
    for (size_t i = 0; st == SLD_OK && i < r->n_trials; i++) {
        r->trials[i].point  = sld_grid_point(grid, i);
        r->trials[i].status = status[i];
    }
    free(status);
    return st;
}

bool report_same_test_set(const report_trial *a, const report_trial *b)
{
    return strcmp(a->data_sha, b->data_sha) == 0 && a->n_samples == b->n_samples;
}

bool report_same_teacher(const report_trial *a, const report_trial *b)
{
    return strcmp(a->teacher_sha, b->teacher_sha) == 0 && report_same_test_set(a, b);
}

/* Leaves out of the controls those trials that are a teacher of others, as an arm without a teacher is
 * where a teacher has its network and options. */
static void leave_out_teachers(report *r, copied_errors *c)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        if (r->trials[i].point->teacher >= 0) {
            copied_errors_leave_out(c, (size_t)r->trials[i].point->teacher);
        }
    }
}

/* Sets the copy rate of each control if the sweep has one teacher, and for each trial the rate at
 * which controls copy its teacher. */
static void put_control(report *r, const copied_errors *c)
{
    size_t trial;
    double rate;

    for (size_t i = 0; copied_errors_control_at(c, i, &trial, &rate); i++) {
        r->trials[trial].metric[REPORT_copy_rate] = rate;
    }
    for (size_t i = 0; i < r->n_trials; i++) {
        report_trial *t = &r->trials[i];
        size_t        j = 0;
        while (!report_same_teacher(&r->trials[j], t)) {
            j++; /* at the latest t itself */
        }
        t->control = !t->teacher_sha[0] && t->has_teacher ? NAN
                     : t->teacher_sha[0] == '\0'          ? t->metric[REPORT_copy_rate]
                     : j < i
                         ? r->trials[j].control
                         : copied_errors_control_mean(c, t->teacher_sha, t->data_sha, t->n_samples);
    }
}

sld_status report_read_trials(sld_ctx *ctx, report *r)
{
    trial_metrics_reader reader = {.report = r};
    sld_status           st     = copied_errors_create(ctx, &reader.copies);

    for (size_t i = 0; st == SLD_OK && i < r->n_trials; i++) {
        st = read_trial(ctx, &reader, i);
    }
    if (st == SLD_OK) {
        leave_out_teachers(r, reader.copies);
        put_control(r, reader.copies);
        st = report_find_options(ctx, r);
    }
    if (st == SLD_OK) {
        st = report_copy_same(ctx, r);
    }
    if (st == SLD_OK) {
        st = report_make_arms(ctx, r);
    }
    trial_metrics_reader_release(&reader);
    copied_errors_destroy(reader.copies);
    return st;
}

sld_status report_create(sld_ctx *ctx, size_t n_trials, size_t n_same, report **out)
{
    sld_arena *arena = NULL;
    report    *r     = NULL;

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_arena_alloc(ctx, arena, sizeof *r, (void **)&r);
    if (st == SLD_OK) {
        r->arena       = arena;
        r->n_trials    = n_trials;
        r->n_same      = n_same;
        r->late_claims = "";
        st             = sld_arena_alloc(ctx, arena, (n_trials + n_same + 1) * sizeof *r->trials,
                                         (void **)&r->trials);
    }
    for (size_t i = 0; st == SLD_OK && i < n_trials; i++) {
        set_missing(&r->trials[i]);
    }
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        return st;
    }
    sld_doc_many(true);
    *out = r;
    return SLD_OK;
}

sld_status report_finish(sld_status st, report *r, report **out)
{
    if (st != SLD_OK) {
        report_destroy(r);
        r = NULL;
    }
    *out = r;
    return st;
}

static sld_status read_spec(sld_ctx *ctx, report *r)
{
    char   path[PATH_MAX];
    void  *text = NULL;
    size_t n    = 0;

    sld_sweep_path(r->dir, "sweep.yaml", path);
    if (access(path, F_OK) != 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: cannot open: %s; without it a report knows no claims, and a pack has no spec: "
                "give the spec to sld sweep again",
                path, strerror(errno));
        return SLD_OK;
    }
    SLD_TRY(sld_file_read(ctx, path, (size_t)1 << 28, &text, &n));
    const sld_status st = report_read_pair(ctx, r, text, n);
    free(text);
    return st;
}

static sld_status read_late(sld_ctx *ctx, report *r)
{
    char   path[PATH_MAX];
    void  *text = NULL;
    size_t n    = 0;

    snprintf(path, sizeof path, "%s/" SLD_LATE_CLAIMS, r->dir);
    if (access(path, F_OK) != 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_file_read(ctx, path, (size_t)1 << 28, &text, &n));
    char            *copy = NULL;
    const sld_status st   = sld_arena_alloc(ctx, r->arena, n + 1, (void **)&copy);
    if (st == SLD_OK) {
        memcpy(copy, text, n);
        copy[n]        = '\0';
        r->late_claims = copy;
    }
    free(text);
    return st;
}

static sld_status gather(sld_ctx *ctx, const sld_grid *grid, bool curves, report **out)
{
    report *r = NULL;

    SLD_TRY(report_create(ctx, sld_grid_count(grid), sld_grid_count_same(grid), &r));
    r->name          = sld_grid_name(grid);
    r->dir           = sld_grid_dir(grid);
    r->baseline_name = sld_grid_baseline(grid);
    r->curves        = curves;
    sld_status st    = read_spec(ctx, r);
    st               = st == SLD_OK ? read_late(ctx, r) : st;
    st               = st == SLD_OK ? read_states(ctx, grid, r) : st;
    if (st == SLD_OK) {
        st = report_read_trials(ctx, r);
    }
    return report_finish(st, r, out);
}

sld_status report_gather(sld_ctx *ctx, const sld_grid *grid, report **out)
{
    return gather(ctx, grid, false, out);
}

sld_status report_gather_curves(sld_ctx *ctx, const sld_grid *grid, report **out)
{
    return gather(ctx, grid, true, out);
}

void report_destroy(report *r)
{
    if (r) {
        sld_doc_many(false);
        sld_arena_destroy(r->arena);
    }
}

static sld_status print(sld_ctx *ctx, const report *r, sld_report_format format, FILE *to)
{
    switch (format) {
    case SLD_REPORT_CSV:
        report_print_csv(r, to);
        return SLD_OK;
    case SLD_REPORT_JSON:
        report_print_json(r, to);
        return SLD_OK;
    default:
        return report_print_text(ctx, r, to);
    }
}

sld_status sld_report_print(sld_ctx *ctx, const sld_grid *grid, sld_report_format format, FILE *to)
{
    report *r = NULL;

    SLD_TRY(report_gather(ctx, grid, &r));
    const sld_status st = print(ctx, r, format, to);
    report_destroy(r);
    return st;
}

sld_status sld_report_print_runs(sld_ctx *ctx, const char *const *dirs, size_t n,
                                 sld_report_format format, FILE *to)
{
    report *r = NULL;

    SLD_TRY(report_gather_runs(ctx, dirs, n, &r));
    const sld_status st = print(ctx, r, format, to);
    report_destroy(r);
    return st;
}

sld_status sld_report_print_packed(sld_ctx *ctx, const char *path, sld_report_format format,
                                   FILE *to)
{
    report *r = NULL;

    SLD_TRY(report_gather_packed(ctx, path, &r));
    const sld_status st = print(ctx, r, format, to);
    report_destroy(r);
    return st;
}
