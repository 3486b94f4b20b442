/* study.c: writes the table of trials, and calls the writers of the other parts of a study. */
#include "study.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const trial_axis[] = {STUDY_TRIAL};

sld_status study_open(sld_ctx *ctx, const study *s, size_t i, sld_doc **out)
{
    char path[PATH_MAX];

    report_results_path(s->r, &s->r->trials[i], path);
    return sld_doc_open_checked(ctx, path, out);
}

sld_status study_source(sld_ctx *ctx, const study *s, size_t i, const char **out)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "trials/%s/results.h5", s->r->trials[i].point->id);
    *out = sld_arena_strdup(s->r->arena, path);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for the name %s", path);
}

sld_status study_put_row(sld_ctx *ctx, study *s, const char *path, sld_type type, size_t row,
                         const void *values)
{
    return sld_doc_put_rows(ctx, s->doc, path, type, (sld_range){row, row + 1}, values);
}

uint64_t study_bytes(const study *s)
{
    const uint64_t trials = s->r->n_trials;
    const uint64_t curves = s->copy_curves ? trials * s->n_epochs * s->n_columns * 8 : 0;
    const uint64_t logits =
        s->copy_logits ? trials * (2 * s->n_samples + s->n_val) * s->n_classes * sizeof(float) : 0;
    return curves + (s->compact ? study_compact_bytes(s) : logits);
}

sld_status study_put_texts(sld_ctx *ctx, study *s, const char *path, const char *const *texts)
{
    SLD_TRY(sld_doc_put_text(ctx, s->doc, path, texts, s->r->n_trials));
    return sld_doc_scale(ctx, s->doc, path, 0, STUDY_TRIAL, "trial_index");
}

static sld_status put_integers(sld_ctx *ctx, study *s)
{
    const size_t             n       = s->r->n_trials;
    int64_t                 *values  = NULL;
    int32_t                 *valid   = NULL;
    static const char *const names[] = {"seed", "is_teacher", "teacher", "attempts", "best_on_val"};

    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, (n + 1) * sizeof *values, (void **)&values));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, (n + 1) * sizeof *valid, (void **)&valid));
    for (int c = 0; c < 5; c++) {
        char path[64];
        for (size_t i = 0; i < n; i++) {
            const report_trial *t     = &s->r->trials[i];
            const int64_t       all[] = {t->point->seed, t->point->is_teacher, t->point->teacher,
                                         t->status.attempts, t->best_on_val};
            values[i]                 = all[c];
            valid[i]                  = t->has_results;
        }
        snprintf(path, sizeof path, "/trials/%s", names[c]);
        SLD_TRY(sld_doc_put_on_axes(ctx, s->doc, path, SLD_I64, 1, trial_axis, values));
    }
    return sld_doc_put_on_axes(ctx, s->doc, "/valid", SLD_I32, 1, trial_axis, valid);
}

/* Writes the column of a number: a metric, or from REPORT_N_METRICS on a gradient norm. */
static sld_status put_number(sld_ctx *ctx, study *s, size_t number, double *values)
{
    const report *r    = s->r;
    const bool    norm = number >= REPORT_N_METRICS;
    const size_t  at   = norm ? number - REPORT_N_METRICS : number;
    char          path[160];

    for (size_t i = 0; i < r->n_trials; i++) {
        values[i] = norm ? r->trials[i].norm[at] : r->trials[i].metric[at];
    }
    snprintf(path, sizeof path, "/trials/%s%s", norm ? r->norm_name[at] : report_metric_name[at],
             norm ? "_last" : "");
    SLD_TRY(sld_doc_put_on_axes(ctx, s->doc, path, SLD_F64, 1, trial_axis, values));
    return sld_doc_attr_text(ctx, s->doc, path, "units", norm ? "1" : report_metric_unit[at]);
}

static sld_status put_metrics(sld_ctx *ctx, study *s)
{
    double *values = NULL;

    SLD_TRY(
        sld_arena_alloc(ctx, s->r->arena, (s->r->n_trials + 1) * sizeof *values, (void **)&values));
    for (size_t i = 0; i < REPORT_N_METRICS + s->r->n_norms; i++) {
        SLD_TRY(put_number(ctx, s, i, values));
    }
    for (size_t i = 0; i < s->r->n_trials; i++) {
        values[i] = s->r->trials[i].control;
    }
    SLD_TRY(sld_doc_put_on_axes(ctx, s->doc, "/trials/copy_rate_unseen", SLD_F64, 1, trial_axis,
                                values));
    return sld_doc_attr_text(ctx, s->doc, "/trials/copy_rate_unseen", "units", "percent");
}

static void add_name(char *names, size_t room, const char *before, const char *name,
                     const char *after)
{
    const size_t n = strlen(names);

    snprintf(names + n, room - n, "%s%s%s%s", n ? "\n" : "", before, name, after);
}

/* Records the order of the columns that depend on the sweep, because HDF5 lists members by name. */
static sld_status put_order(sld_ctx *ctx, study *s)
{
    const report    *r     = s->r;
    const sld_point *point = report_with_axes(r);
    size_t           room  = 64;
    char            *names;

    for (size_t a = 0; point && a < point->n_axes; a++) {
        room += strlen(s->axis_path[a]) + 16;
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        room += strlen(r->norm_name[i]) + 16;
    }
    SLD_TRY(sld_arena_alloc(ctx, r->arena, room, (void **)&names));
    names[0] = '\0';
    for (size_t a = 0; point && a < point->n_axes; a++) {
        add_name(names, room, "", s->axis_path[a] + strlen("/trials/"), "");
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        add_name(names, room, "", r->norm_name[i], "_last");
    }
    return sld_doc_attr_text(ctx, s->doc, "/trials", "columns", names);
}

/* Names the column of an axis. A '/' in the axis' name would make a group, so it becomes '_'; if
 * that name is taken, another '_' is added. */
static sld_status name_axis(sld_ctx *ctx, study *s, const char *name, size_t axis)
{
    char path[256];

    snprintf(path, sizeof path, "/trials/axis_%s", name);
    for (char *c = path + strlen("/trials/"); *c; c++) {
        *c = *c == '/' ? '_' : *c;
    }
    for (size_t n = strlen(path); sld_doc_has(s->doc, path) && n + 2 < sizeof path; n++) {
        memcpy(path + n, "_", 2);
    }
    s->axis_path[axis] = sld_arena_strdup(s->r->arena, path);
    return s->axis_path[axis] ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path);
}

/* Writes the labels on one axis of the grid. */
static sld_status put_axis(sld_ctx *ctx, study *s, const char *name, size_t axis,
                           const char **texts)
{
    SLD_TRY(name_axis(ctx, s, name, axis));
    for (size_t i = 0; i < s->r->n_trials; i++) {
        const sld_point *p = s->r->trials[i].point;
        texts[i]           = axis < p->n_axes ? p->value[axis] : "";
    }
    return study_put_texts(ctx, s, s->axis_path[axis], texts);
}

static sld_status put_words(sld_ctx *ctx, study *s)
{
    const report            *r       = s->r;
    const sld_point         *point   = report_with_axes(r);
    const char             **texts   = NULL;
    static const char *const names[] = {"/trials/id", "/trials/arm", "/trials/state",
                                        "/trials/reason"};

    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * sizeof *texts, (void **)&texts));
    for (int c = 0; c < 4; c++) {
        for (size_t i = 0; i < r->n_trials; i++) {
            const report_trial *t     = &r->trials[i];
            const char *const   all[] = {t->point->id, t->point->arm,
                                         sld_point_state_name(t->status.state), t->status.reason};
            texts[i]                  = all[c];
        }
        SLD_TRY(study_put_texts(ctx, s, names[c], texts));
    }
    if (point) {
        SLD_TRY(sld_arena_alloc(ctx, r->arena, point->n_axes * sizeof *s->axis_path,
                                (void **)&s->axis_path));
    }
    for (size_t a = 0; point && a < point->n_axes; a++) {
        SLD_TRY(put_axis(ctx, s, point->axis[a], a, texts));
    }
    for (size_t o = 0; o < r->n_options; o++) {
        char path[160];
        for (size_t i = 0; i < r->n_trials; i++) {
            texts[i] = r->trials[i].option[o];
        }
        snprintf(path, sizeof path, "/trials/option_%s", r->option_name[o]);
        SLD_TRY(study_put_texts(ctx, s, path, texts));
    }
    return SLD_OK;
}

static void find_shapes(study *s)
{
    const report_trial *first = NULL;

    s->one_data_set = s->one_test_set = true;
    for (size_t i = 0; i < s->r->n_trials; i++) {
        const report_trial *t = &s->r->trials[i];
        if (!t->has_results) {
            continue;
        }
        s->n_epochs  = t->n_epochs > s->n_epochs ? t->n_epochs : s->n_epochs;
        s->n_samples = t->n_samples > s->n_samples ? t->n_samples : s->n_samples;
        s->n_classes = t->n_classes > s->n_classes ? t->n_classes : s->n_classes;
        s->n_val     = t->n_val > s->n_val ? t->n_val : s->n_val;
        if (t->n_samples > 0) {
            first = first ? first : t;
            s->one_data_set &= strcmp(first->data_sha, t->data_sha) == 0;
            s->one_test_set &= report_same_test_set(first, t);
        }
    }
}

static sld_status put_head(sld_ctx *ctx, study *s)
{
    SLD_TRY(sld_doc_put_format(ctx, s->doc, "sld-study"));
    SLD_TRY(sld_doc_attr_text(ctx, s->doc, "/", "name", s->r->name));
    if (s->r->late_claims[0]) {
        SLD_TRY(sld_doc_attr_text(ctx, s->doc, "/", "late_claims", s->r->late_claims));
    }
    return sld_doc_attr_text(ctx, s->doc, "/", "baseline", s->r->baseline_name);
}

sld_status study_put(sld_ctx *ctx, study *s)
{
    SLD_TRY(put_head(ctx, s));
    SLD_TRY(sld_doc_axis(ctx, s->doc, STUDY_TRIAL, 0, s->r->n_trials));
    SLD_TRY(put_words(ctx, s));
    SLD_TRY(put_integers(ctx, s));
    SLD_TRY(put_metrics(ctx, s));
    SLD_TRY(put_order(ctx, s));
    SLD_TRY(study_put_same(ctx, s));
    SLD_TRY(study_put_curves(ctx, s));
    SLD_TRY(study_put_labels(ctx, s));
    return s->compact ? study_put_compact(ctx, s) : study_put_logits(ctx, s);
}

sld_status study_measure(sld_ctx *ctx, study *s)
{
    find_shapes(s);
    return study_find_columns(ctx, s);
}
