/* study_curves.c: writes /epoch/COLUMN (trial, epoch), as virtual data sets or as copies. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study.h"

static const char *const axes[] = {STUDY_TRIAL, STUDY_EPOCH};

/* name: of the column in the study; of: its name in the trial's file. *place: its index. */
static sld_status add_column(sld_ctx *ctx, study *s, sld_doc *doc, const char *name, const char *of,
                             size_t *place)
{
    const char *unit = "1";
    char        path[160];

    for (*place = 0; *place < s->n_columns; (*place)++) {
        if (strcmp(s->column[*place], name) == 0) {
            return SLD_OK;
        }
    }
    if (s->n_columns == STUDY_COLUMNS) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: /epoch/%s: expected at most %d different columns in a sweep, got one more",
            sld_doc_path(doc), name, STUDY_COLUMNS);
    }
    snprintf(path, sizeof path, "/epoch/%s", of);
    if (sld_doc_has_attr(doc, path, "units")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, path, "units", &unit));
    }
    s->column[s->n_columns] = sld_arena_strdup(s->r->arena, name);
    s->unit[s->n_columns]   = sld_arena_strdup(s->r->arena, unit);
    if (!s->column[s->n_columns] || !s->unit[s->n_columns]) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for the column %s", name);
    }
    s->n_columns++;
    return SLD_OK;
}

static sld_status find_columns_of(sld_ctx *ctx, study *s, size_t trial)
{
    sld_doc    *doc = NULL;
    const char *name;
    char        stable[96];
    sld_status  st = study_open(ctx, s, trial, &doc);

    for (size_t i = 0; st == SLD_OK && (name = sld_doc_member(doc, "/epoch", i)); i++) {
        size_t place;
        if (strcmp(name, "epoch") == 0) {
            continue; /* the axis, not a curve */
        }
        st = add_column(ctx, s, doc, name, name, &place);
        if (st != SLD_OK) {
            break;
        }
        const char *own      = s->column[place];
        s->has[trial][place] = own;
        if (report_stable_name(own, stable)) {
            st = add_column(ctx, s, doc, stable, own, &place);
        }
        if (st == SLD_OK) {
            s->has[trial][place] = own;
        }
    }
    sld_doc_close(doc);
    return st;
}

sld_status study_find_columns(sld_ctx *ctx, study *s)
{
    const size_t n = s->r->n_trials;

    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, (n + 1) * sizeof *s->has, (void **)&s->has));
    for (size_t i = 0; i < n; i++) {
        if (s->r->trials[i].has_results && s->r->trials[i].n_epochs > 0) {
            SLD_TRY(find_columns_of(ctx, s, i));
        }
    }
    return SLD_OK;
}

static void path_of(const char *column, char path[160])
{
    snprintf(path, 160, "/epoch/%s", column);
}

/* *out: "/epoch/COLUMN" in the report's arena. */
static sld_status own_path(sld_ctx *ctx, const study *s, const char *column, const char **out)
{
    char path[160];

    path_of(column, path);
    *out = sld_arena_strdup(s->r->arena, path);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for the name %s", path);
}

static sld_status put_virtual(sld_ctx *ctx, study *s, const char *const *files)
{
    sld_source *sources = NULL;
    char        path[160];

    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, (s->r->n_trials + 1) * sizeof *sources,
                            (void **)&sources));
    for (size_t c = 0; c < s->n_columns; c++) {
        path_of(s->column[c], path);
        for (size_t i = 0; i < s->r->n_trials; i++) {
            sources[i] = (sld_source){.dims = {s->r->trials[i].n_epochs}};
            if (s->has[i][c]) {
                sources[i].file = files[i];
                SLD_TRY(own_path(ctx, s, s->has[i][c], &sources[i].object));
            }
        }
        SLD_TRY(sld_doc_put_virtual(ctx, s->doc, path, SLD_F64, 2, axes, path, sources));
    }
    return SLD_OK;
}

/* values: (n_epochs), scratch. */
static sld_status copy_trial(sld_ctx *ctx, study *s, size_t trial, double *values)
{
    const size_t n   = s->r->trials[trial].n_epochs;
    sld_doc     *doc = NULL;
    char         path[160];
    sld_status   st = s->r->trials[trial].has_results ? study_open(ctx, s, trial, &doc) : SLD_OK;

    for (size_t c = 0; st == SLD_OK && c < s->n_columns; c++) {
        for (size_t e = 0; e < s->n_epochs; e++) {
            values[e] = NAN;
        }
        if (s->has[trial][c]) {
            path_of(s->has[trial][c], path);
            st = sld_doc_get(ctx, doc, path, SLD_F64, n, values);
        }
        if (st == SLD_OK) {
            path_of(s->column[c], path);
            st = study_put_row(ctx, s, path, SLD_F64, trial, values);
        }
    }
    sld_doc_close(doc);
    return st;
}

static sld_status put_copies(sld_ctx *ctx, study *s)
{
    double *values = NULL;
    char    path[160];

    SLD_TRY(
        sld_arena_alloc(ctx, s->r->arena, (s->n_epochs + 1) * sizeof *values, (void **)&values));
    for (size_t c = 0; c < s->n_columns; c++) {
        path_of(s->column[c], path);
        SLD_TRY(sld_doc_make_on_axes(ctx, s->doc, path, SLD_F64, 2, axes));
    }
    for (size_t i = 0; i < s->r->n_trials; i++) {
        SLD_TRY(copy_trial(ctx, s, i, values));
    }
    return SLD_OK;
}

sld_status study_put_curves(sld_ctx *ctx, study *s)
{
    const char **files = NULL;
    char         path[160];

    if (s->n_epochs == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_axis(ctx, s->doc, STUDY_EPOCH, 1, s->n_epochs));
    if (s->copy_curves) {
        SLD_TRY(put_copies(ctx, s));
    } else {
        SLD_TRY(sld_arena_alloc(ctx, s->r->arena, (s->r->n_trials + 1) * sizeof *files,
                                (void **)&files));
        for (size_t i = 0; i < s->r->n_trials; i++) {
            SLD_TRY(study_source(ctx, s, i, &files[i]));
        }
        SLD_TRY(put_virtual(ctx, s, files));
    }
    for (size_t c = 0; c < s->n_columns; c++) {
        path_of(s->column[c], path);
        SLD_TRY(sld_doc_attr_text(ctx, s->doc, path, "units", s->unit[c]));
    }
    return SLD_OK;
}
