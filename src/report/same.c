/* same.c: labels that share another label's trial: in a report, and in the group /same of a
 * study. */
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "study.h"

#define SAME_AXIS "/same/index"

/* ---- in the report ---- */

static const report_trial *trial_of(const report *r, const char *id)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        if (strcmp(r->trials[i].point->id, id) == 0) {
            return &r->trials[i];
        }
    }
    return NULL;
}

sld_status report_copy_same(sld_ctx *ctx, report *r)
{
    for (size_t i = 0; i < r->n_same; i++) {
        report_trial       *t     = &r->trials[r->n_trials + i];
        const sld_point    *label = t->point;
        const report_trial *its   = trial_of(r, label->id);
        if (!its) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: label %.80s: expected the trial %s, got none of that ID", r->dir,
                            label->arm, label->id);
        }
        *t       = *its;
        t->point = label;
        t->same  = its->point;
    }
    return SLD_OK;
}

/* ---- into a study ---- */

static sld_status put_texts(sld_ctx *ctx, study *s, const char *path, const char *const *texts)
{
    SLD_TRY(sld_doc_put_text(ctx, s->doc, path, texts, s->r->n_same));
    return sld_doc_scale(ctx, s->doc, path, 0, SAME_AXIS, "same_index");
}

static sld_status put_integers(sld_ctx *ctx, study *s)
{
    static const char *const names[] = {"/same/seed", "/same/is_teacher"};
    static const char *const axis[]  = {SAME_AXIS};
    int64_t                 *values  = NULL;

    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->r->n_same * sizeof *values, (void **)&values));
    for (int c = 0; c < 2; c++) {
        for (size_t i = 0; i < s->r->n_same; i++) {
            const sld_point *p = s->r->trials[s->r->n_trials + i].point;
            values[i]          = c == 0 ? p->seed : p->is_teacher;
        }
        SLD_TRY(sld_doc_put_on_axes(ctx, s->doc, names[c], SLD_I64, 1, axis, values));
    }
    return SLD_OK;
}

sld_status study_put_same(sld_ctx *ctx, study *s)
{
    const report       *r     = s->r;
    const report_trial *same  = r->trials + r->n_trials;
    const sld_point    *point = report_with_axes(r);
    const char        **texts = NULL;
    char                path[256];

    if (r->n_same == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, r->arena, r->n_same * sizeof *texts, (void **)&texts));
    SLD_TRY(sld_doc_axis(ctx, s->doc, SAME_AXIS, 0, r->n_same));
    SLD_TRY(put_integers(ctx, s));
    for (size_t i = 0; i < r->n_same; i++) {
        texts[i] = same[i].point->id;
    }
    SLD_TRY(put_texts(ctx, s, "/same/id", texts));
    for (size_t i = 0; i < r->n_same; i++) {
        texts[i] = same[i].point->arm;
    }
    SLD_TRY(put_texts(ctx, s, "/same/arm", texts));
    for (size_t a = 0; point && a < point->n_axes; a++) {
        for (size_t i = 0; i < r->n_same; i++) {
            texts[i] = a < same[i].point->n_axes ? same[i].point->value[a] : "";
        }
        snprintf(path, sizeof path, "/same/%s", s->axis_path[a] + strlen("/trials/"));
        SLD_TRY(put_texts(ctx, s, path, texts));
    }
    return SLD_OK;
}

/* ---- out of a study ---- */

sld_status report_count_same(sld_ctx *ctx, sld_doc *doc, size_t *n)
{
    int    n_dims;
    size_t dims[SLD_DOC_DIMS] = {0};

    *n = 0;
    if (!sld_doc_has(doc, "/same/id")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_dims(ctx, doc, "/same/id", &n_dims, dims));
    *n = n_dims == 1 ? dims[0] : 0;
    return SLD_OK;
}

/* Reads texts and copies them, because the file is closed later. out: (n_same). */
static sld_status read_texts(sld_ctx *ctx, report *r, sld_doc *doc, const char *path,
                             const char **out)
{
    SLD_TRY(sld_doc_get_text(ctx, doc, path, r->n_same, out));
    for (size_t i = 0; i < r->n_same; i++) {
        out[i] = sld_arena_strdup(r->arena, out[i]);
        if (!out[i]) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s of %zu labels", path, r->n_same);
        }
    }
    return SLD_OK;
}

static sld_status read_points(sld_ctx *ctx, report *r, sld_doc *doc, sld_point *points)
{
    const size_t n = r->n_same;
    const char **texts;
    int64_t     *values;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, 2 * n * sizeof *texts, (void **)&texts));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, 2 * n * sizeof *values, (void **)&values));
    SLD_TRY(read_texts(ctx, r, doc, "/same/id", texts));
    SLD_TRY(read_texts(ctx, r, doc, "/same/arm", texts + n));
    SLD_TRY(sld_doc_get(ctx, doc, "/same/seed", SLD_I64, n, values));
    SLD_TRY(sld_doc_get(ctx, doc, "/same/is_teacher", SLD_I64, n, values + n));
    for (size_t i = 0; i < n; i++) {
        points[i]                        = (sld_point){.id         = texts[i],
                                                       .arm        = texts[n + i],
                                                       .seed       = values[i],
                                                       .is_teacher = values[n + i] == 1,
                                                       .teacher    = -1,
                                                       .experiment = ""};
        r->trials[r->n_trials + i].point = &points[i];
    }
    return SLD_OK;
}

sld_status report_read_same(sld_ctx *ctx, report *r, sld_doc *doc, const char *const *axes,
                            size_t n_axes)
{
    const size_t     n     = r->n_same;
    const sld_point *named = report_with_axes(r);
    sld_point       *points;
    const char     **column, **rows;
    char             path[256];

    if (n == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *points, (void **)&points));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *column, (void **)&column));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, (n * n_axes + 1) * sizeof *rows, (void **)&rows));
    SLD_TRY(read_points(ctx, r, doc, points));
    for (size_t a = 0; a < n_axes; a++) {
        snprintf(path, sizeof path, "/same/%s", axes[a]);
        SLD_TRY(read_texts(ctx, r, doc, path, column));
        for (size_t i = 0; i < n; i++) {
            rows[i * n_axes + a] = column[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        points[i].n_axes = points[i].is_teacher || !named ? 0 : n_axes;
        points[i].axis   = named ? named->axis : NULL;
        points[i].value  = rows + i * n_axes;
    }
    return report_copy_same(ctx, r);
}
