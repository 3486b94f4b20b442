/* study_logits.c: writes the logits of all trials, as virtual data sets or as copies, with
 * labels, class names and the logits of teachers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study.h"

/* The two tables of samples: of test, and of each trial's own validation split. */
typedef enum { TEST, VAL } split;
static const char *const axes[2][3] = {{STUDY_TRIAL, SLD_AXIS_SAMPLE, SLD_AXIS_CLASS},
                                       {STUDY_TRIAL, STUDY_VAL, SLD_AXIS_CLASS}};

static size_t samples_of(const report_trial *t, split of)
{
    return of == TEST ? t->n_samples : t->n_val;
}

static size_t most_samples(const study *s, split of)
{
    return of == TEST ? s->n_samples : s->n_val;
}

static sld_status put_virtual(sld_ctx *ctx, study *s, const char *path, split of)
{
    const report *r       = s->r;
    sld_source   *sources = NULL;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * sizeof *sources, (void **)&sources));
    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        sources[i]            = (sld_source){.dims = {samples_of(t, of), t->n_classes}};
        if (samples_of(t, of) > 0) {
            SLD_TRY(study_source(ctx, s, i, &sources[i].file));
        }
    }
    return sld_doc_put_virtual(ctx, s->doc, path, SLD_F32, 3, axes[of], path, sources);
}

/* Widens (n,k) logits to (N,K) in place, the rest NaN. */
static void pad(float *logits, size_t n, size_t k, size_t N, size_t K)
{
    for (size_t i = N; i-- > 0;) {
        for (size_t c = K; c-- > 0;) {
            logits[i * K + c] = i < n && c < k ? logits[i * k + c] : NAN;
        }
    }
}

/* One trial's table into a row of the study's. logits: (most samples, n_classes), scratch. */
static sld_status copy_row(sld_ctx *ctx, study *s, const char *path, split of, size_t trial,
                           size_t row, float *logits)
{
    const report_trial *t   = &s->r->trials[trial];
    const size_t        n   = samples_of(t, of);
    sld_doc            *doc = NULL;
    sld_status          st  = n > 0 ? study_open(ctx, s, trial, &doc) : SLD_OK;

    if (doc) {
        st = sld_doc_get(ctx, doc, path, SLD_F32, n * t->n_classes, logits);
    }
    if (st == SLD_OK) {
        pad(logits, n, t->n_classes, most_samples(s, of), s->n_classes);
        st = study_put_row(ctx, s, path, SLD_F32, row, logits);
    }
    sld_doc_close(doc);
    return st;
}

static sld_status put_copies(sld_ctx *ctx, study *s, const char *path, split of)
{
    const size_t n      = most_samples(s, of) * s->n_classes;
    float       *logits = malloc(n * sizeof *logits);
    sld_status   st =
        logits ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu logits", n);

    if (st == SLD_OK) {
        st = sld_doc_make_on_axes(ctx, s->doc, path, SLD_F32, 3, axes[of]);
    }
    for (size_t i = 0; i < s->r->n_trials && st == SLD_OK; i++) {
        st = copy_row(ctx, s, path, of, i, i, logits);
    }
    free(logits);
    return st;
}

sld_status study_put_logits(sld_ctx *ctx, study *s)
{
    static const struct {
        const char *path;
        split       of;
    } tables[] = {
        {"/logits/test_last", TEST}, {"/logits/test_best", TEST}, {"/logits/val_last", VAL}};

    for (int i = 0; i < 3; i++) {
        if (most_samples(s, tables[i].of) > 0) {
            SLD_TRY(s->copy_logits ? put_copies(ctx, s, tables[i].path, tables[i].of)
                                   : put_virtual(ctx, s, tables[i].path, tables[i].of));
        }
    }
    return SLD_OK;
}

/* ---- labels ---- */

/* *trial: the first trial whose file has this data set; n_trials: none. */
static sld_status find_holder(sld_ctx *ctx, const study *s, const char *path, size_t *trial)
{
    for (*trial = 0; *trial < s->r->n_trials; (*trial)++) {
        sld_doc *doc = NULL;
        if (s->r->trials[*trial].n_samples == 0) {
            continue;
        }
        SLD_TRY(study_open(ctx, s, *trial, &doc));
        const bool has = sld_doc_has(doc, path);
        sld_doc_close(doc);
        if (has || s->one_data_set) { /* of one data set the files of all trials are alike */
            *trial = has ? *trial : s->r->n_trials;
            return SLD_OK;
        }
    }
    return SLD_OK;
}

/* labels: (n_samples). */
static sld_status read_labels(sld_ctx *ctx, const study *s, const char *path, size_t trial,
                              int32_t *labels)
{
    sld_doc   *doc = NULL;
    sld_status st  = SLD_OK;

    for (size_t i = 0; i < s->n_samples; i++) {
        labels[i] = -1;
    }
    if (s->r->trials[trial].n_samples == 0) {
        return SLD_OK;
    }
    SLD_TRY(study_open(ctx, s, trial, &doc));
    if (sld_doc_has(doc, path)) {
        st = sld_doc_get(ctx, doc, path, SLD_I32, s->r->trials[trial].n_samples, labels);
    }
    sld_doc_close(doc);
    return st;
}

static sld_status put_labels(sld_ctx *ctx, study *s, const char *path, int32_t *labels)
{
    size_t holder = 0;

    SLD_TRY(find_holder(ctx, s, path, &holder));
    if (holder == s->r->n_trials) {
        return SLD_OK;
    }
    if (s->one_test_set) {
        SLD_TRY(read_labels(ctx, s, path, holder, labels));
        return sld_doc_put_labels(ctx, s->doc, path, labels, s->n_samples);
    }
    SLD_TRY(sld_doc_make_on_axes(ctx, s->doc, path, SLD_I32, 2, axes[TEST]));
    for (size_t i = 0; i < s->r->n_trials; i++) {
        SLD_TRY(read_labels(ctx, s, path, i, labels));
        SLD_TRY(study_put_row(ctx, s, path, SLD_I32, i, labels));
    }
    return SLD_OK;
}

static sld_status put_class_names(sld_ctx *ctx, study *s)
{
    size_t       holder = 0;
    sld_doc     *doc    = NULL;
    const char **names  = NULL;

    if (!s->one_data_set) {
        return SLD_OK;
    }
    SLD_TRY(find_holder(ctx, s, "/class_name", &holder));
    if (holder == s->r->n_trials) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_classes * sizeof *names, (void **)&names));
    SLD_TRY(study_open(ctx, s, holder, &doc));
    sld_status st = sld_doc_get_text(ctx, doc, "/class_name", s->n_classes, names);
    if (st == SLD_OK) {
        st = sld_doc_put_class_names(ctx, s->doc, names, s->n_classes);
    }
    sld_doc_close(doc); /* owns the names */
    return st;
}

/* The split is each trial's own. A compact pack leaves it out with its logits. */
static sld_status put_validation_labels(sld_ctx *ctx, study *s)
{
    int32_t *labels = NULL;

    if (s->n_val == 0 || s->compact) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_val * sizeof *labels, (void **)&labels));
    SLD_TRY(sld_doc_axis(ctx, s->doc, STUDY_VAL, 0, s->n_val));
    SLD_TRY(sld_doc_make_on_axes(ctx, s->doc, "/labels/val", SLD_I32, 2, axes[VAL]));
    for (size_t i = 0; i < s->r->n_trials; i++) {
        const size_t n   = s->r->trials[i].n_val;
        sld_doc     *doc = NULL;
        sld_status   st  = n > 0 ? study_open(ctx, s, i, &doc) : SLD_OK;

        for (size_t k = 0; k < s->n_val; k++) {
            labels[k] = -1;
        }
        if (doc) {
            st = sld_doc_get(ctx, doc, "/labels/val", SLD_I32, n, labels);
        }
        sld_doc_close(doc);
        SLD_TRY(st);
        SLD_TRY(study_put_row(ctx, s, "/labels/val", SLD_I32, i, labels));
    }
    return SLD_OK;
}

sld_status study_put_labels(sld_ctx *ctx, study *s)
{
    int32_t *labels = NULL;

    if (s->n_samples == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_samples * sizeof *labels, (void **)&labels));
    SLD_TRY(sld_doc_axis(ctx, s->doc, SLD_AXIS_SAMPLE, 0, s->n_samples));
    SLD_TRY(sld_doc_axis(ctx, s->doc, SLD_AXIS_CLASS, 0, s->n_classes));
    SLD_TRY(put_labels(ctx, s, "/labels/test", labels));
    SLD_TRY(put_labels(ctx, s, "/labels/test_coarse", labels));
    SLD_TRY(put_validation_labels(ctx, s));
    return put_class_names(ctx, s);
}

/* ---- teachers ---- */

/* The row of a trial before this one with the same teacher's logits; -1: none of them has any. */
static int64_t row_before(const report *r, const int64_t *row, size_t trial)
{
    for (size_t i = 0; i < trial; i++) {
        if (row[i] >= 0 && report_same_teacher(&r->trials[i], &r->trials[trial])) {
            return row[i];
        }
    }
    return -1;
}

static sld_status teacher_rows(sld_ctx *ctx, study *s, int64_t *row, size_t *holder, size_t *n)
{
    const report *r = s->r;

    *n = 0;
    for (size_t i = 0; i < r->n_trials; i++) {
        sld_doc *doc = NULL;
        row[i]       = -1;
        if (!r->trials[i].teacher_sha[0] || r->trials[i].n_samples == 0) {
            continue;
        }
        row[i] = row_before(r, row, i);
        if (row[i] >= 0) {
            continue;
        }
        SLD_TRY(study_open(ctx, s, i, &doc));
        if (sld_doc_has(doc, "/logits/test_teacher")) {
            holder[*n] = i;
            row[i]     = (int64_t)(*n)++;
        }
        sld_doc_close(doc);
    }
    return SLD_OK;
}

sld_status study_put_teachers(sld_ctx *ctx, study *s)
{
    static const char *const at[]   = {"/teacher", SLD_AXIS_SAMPLE, SLD_AXIS_CLASS};
    static const char *const one[]  = {STUDY_TRIAL};
    const size_t             room   = s->r->n_trials + 1;
    int64_t                 *row    = NULL;
    size_t                  *holder = NULL, n = 0;
    float                   *logits = NULL;

    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, room * sizeof *row, (void **)&row));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, room * sizeof *holder, (void **)&holder));
    SLD_TRY(teacher_rows(ctx, s, row, holder, &n));
    SLD_TRY(sld_doc_put_on_axes(ctx, s->doc, "/trials/teacher_row", SLD_I64, 1, one, row));
    if (n == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_axis(ctx, s->doc, "/teacher", 0, n));
    if (s->compact) {
        return study_put_compact_teachers(ctx, s, holder, n);
    }
    SLD_TRY(sld_doc_make_on_axes(ctx, s->doc, "/logits/test_teacher", SLD_F32, 3, at));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_samples * s->n_classes * sizeof *logits,
                            (void **)&logits));
    for (size_t i = 0; i < n; i++) {
        SLD_TRY(copy_row(ctx, s, "/logits/test_teacher", TEST, holder[i], i, logits));
    }
    return SLD_OK;
}
