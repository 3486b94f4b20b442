/* packed.c: gathers a report from a packed study alone, without the sweep's folder. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sld/report.h"
#include "sld/store_large.h"

#define AXIS "axis_"
#define NORM "grad_norm_"
#define LAST "_last"

typedef struct packed {
    report     *r;
    sld_doc    *doc;
    sld_point  *points; /* (n_trials) in the report's arena */
    const char *axis[256];
    size_t      n_axes;
} packed;

static bool has_column(const packed *p, const char *name, char path[256])
{
    snprintf(path, 256, "/trials/%s", name);
    return sld_doc_has(p->doc, path);
}

/* Copies a text of one line into the report's arena. Anybody may have made a packed study: control
 * characters, which a terminal would obey, are escaped. */
static const char *keep_line(packed *p, const char *text)
{
    char shown[4096];

    return sld_arena_strdup(p->r->arena, sld_text_printable(text, shown, sizeof shown));
}

/* *out: (n_trials) in the report's arena; NULL: the file has no such column. */
static sld_status read_texts(sld_ctx *ctx, packed *p, const char *name, const char ***out)
{
    const size_t n = p->r->n_trials;
    char         path[256];

    *out = NULL;
    if (!has_column(p, name, path)) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (n + 1) * sizeof **out, (void **)out));
    SLD_TRY(sld_doc_get_text(ctx, p->doc, path, n, *out));
    for (size_t i = 0; i < n; i++) {
        (*out)[i] = strcmp(name, "config") == 0 ? sld_arena_strdup(p->r->arena, (*out)[i])
                                                : keep_line(p, (*out)[i]);
        if (!(*out)[i]) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s of %zu trials", path, n);
        }
    }
    return SLD_OK;
}

static sld_status read_needed(sld_ctx *ctx, packed *p, const char *name, const char ***out)
{
    SLD_TRY(read_texts(ctx, p, name, out));
    return *out ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_DATA,
                           "%s: /trials/%s: expected one text per trial, got nothing; "
                           "`sld report DIR --pack FILE` makes a study",
                           sld_doc_path(p->doc), name);
}

/* values: (n_trials) whole numbers; all `missing` if the file has no such column. */
static sld_status read_wholes(sld_ctx *ctx, packed *p, const char *name, int64_t missing,
                              int64_t *values)
{
    char path[256];

    for (size_t i = 0; i < p->r->n_trials; i++) {
        values[i] = missing;
    }
    return has_column(p, name, path)
               ? sld_doc_get(ctx, p->doc, path, SLD_I64, p->r->n_trials, values)
               : SLD_OK;
}

/* The same for a column that every study must have. */
static sld_status read_needed_wholes(sld_ctx *ctx, packed *p, const char *name, int64_t *values)
{
    char path[256];

    return has_column(p, name, path)
               ? read_wholes(ctx, p, name, 0, values)
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: %s: expected one whole number per trial, got nothing; "
                          "`sld report DIR --pack FILE` makes a study",
                          sld_doc_path(p->doc), path);
}

static sld_status read_state(sld_ctx *ctx, const packed *p, const char *text, report_trial *t)
{
    for (sld_point_state s = SLD_POINT_WAITING; s <= SLD_POINT_SKIPPED; s++) {
        if (strcmp(text, sld_point_state_name(s)) == 0) {
            t->status.state = s;
            return SLD_OK;
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: /trials/state: expected waiting, running, done, diverged, failed or "
                    "skipped, got %.40s",
                    sld_doc_path(p->doc), text);
}

static sld_status read_names(sld_ctx *ctx, packed *p)
{
    const char **id, **arm, **state, **reason;

    SLD_TRY(read_needed(ctx, p, "id", &id));
    SLD_TRY(read_needed(ctx, p, "arm", &arm));
    SLD_TRY(read_needed(ctx, p, "state", &state));
    SLD_TRY(read_needed(ctx, p, "reason", &reason));
    for (size_t i = 0; i < p->r->n_trials; i++) {
        report_trial *t         = &p->r->trials[i];
        p->points[i].id         = id[i];
        p->points[i].arm        = arm[i];
        p->points[i].experiment = "";
        t->point                = &p->points[i];
        SLD_TRY(read_state(ctx, p, state[i], t));
        snprintf(t->status.reason, sizeof t->status.reason, "%s", reason[i]);
    }
    return SLD_OK;
}

static sld_status read_integers(sld_ctx *ctx, packed *p)
{
    const size_t n = p->r->n_trials;
    int64_t     *values;
    int32_t     *valid;

    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, 5 * (n + 1) * sizeof *values, (void **)&values));
    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (n + 1) * sizeof *valid, (void **)&valid));
    SLD_TRY(read_needed_wholes(ctx, p, "seed", values));
    SLD_TRY(read_needed_wholes(ctx, p, "is_teacher", values + n));
    SLD_TRY(read_wholes(ctx, p, "teacher", -1, values + 2 * n));
    SLD_TRY(read_wholes(ctx, p, "attempts", 0, values + 3 * n));
    SLD_TRY(read_wholes(ctx, p, "best_on_val", 0, values + 4 * n));
    SLD_TRY(sld_doc_get(ctx, p->doc, "/valid", SLD_I32, n, valid));
    for (size_t i = 0; i < n; i++) {
        report_trial *t         = &p->r->trials[i];
        p->points[i].seed       = values[i];
        p->points[i].is_teacher = values[n + i] == 1;
        p->points[i].teacher    = (int)values[2 * n + i];
        t->status.attempts      = (int)values[3 * n + i];
        t->best_on_val          = values[4 * n + i] == 1;
        t->has_results          = valid[i] == 1;
        if ((valid[i] != 0 && valid[i] != 1) ||
            (valid[i] == 0 && t->status.state == SLD_POINT_DONE)) {
            return SLD_FAIL(
                ctx, SLD_ERR_DATA,
                "%s: /valid: trial %s: expected 1 of a trial that is done, else 0 or 1, "
                "got %d; pack the sweep again",
                sld_doc_path(p->doc), p->points[i].id, (int)valid[i]);
        }
        if (values[2 * n + i] < -1 || values[2 * n + i] >= (int64_t)n) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: /trials/teacher: trial %zu: expected the index of a trial, 0 to "
                            "%zu, or -1, got %lld; pack the sweep again",
                            sld_doc_path(p->doc), i, n - 1, (long long)values[2 * n + i]);
        }
    }
    return SLD_OK;
}

/* values: (n_trials) numbers; all NaN if the file has no such column. */
static sld_status read_numbers(sld_ctx *ctx, packed *p, const char *name, double *values)
{
    char path[256];

    for (size_t i = 0; i < p->r->n_trials; i++) {
        values[i] = NAN;
    }
    return has_column(p, name, path)
               ? sld_doc_get(ctx, p->doc, path, SLD_F64, p->r->n_trials, values)
               : SLD_OK;
}

static sld_status read_metrics(sld_ctx *ctx, packed *p)
{
    const size_t n = p->r->n_trials;
    double      *values;

    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (n + 1) * sizeof *values, (void **)&values));
    for (int m = 0; m < REPORT_N_METRICS; m++) {
        SLD_TRY(read_numbers(ctx, p, report_metric_name[m], values));
        for (size_t i = 0; i < n; i++) {
            p->r->trials[i].metric[m] = values[i];
        }
    }
    SLD_TRY(read_numbers(ctx, p, "copy_rate_unseen", values));
    for (size_t i = 0; i < n; i++) {
        report_trial *t = &p->r->trials[i];
        t->control      = values[i];
        t->n_epochs     = t->metric[REPORT_epochs] > 0.0 ? (size_t)t->metric[REPORT_epochs] : 0;
    }
    return SLD_OK;
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

static sld_status keep_norm(sld_ctx *ctx, packed *p, const char *column)
{
    report      *r = p->r;
    double      *values;
    char        *name = sld_arena_strdup(r->arena, column);
    const size_t at   = r->n_norms;

    if (!name) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", column);
    }
    if (at == REPORT_MAX_NORMS) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * sizeof *values, (void **)&values));
    SLD_TRY(read_numbers(ctx, p, name, values));
    for (size_t i = 0; i < r->n_trials; i++) {
        r->trials[i].norm[at] = values[i];
    }
    name[strlen(name) - strlen(LAST)] = '\0';
    r->norm_name[r->n_norms++]        = name;
    return SLD_OK;
}

/* Keeps a column whose name depends on the sweep: a gradient norm or an axis. Ignores all
 * others. */
static sld_status keep_column(sld_ctx *ctx, packed *p, const char *column)
{
    if (strncmp(column, NORM, strlen(NORM)) == 0 && ends_in(column, LAST)) {
        return keep_norm(ctx, p, column);
    }
    if (strncmp(column, AXIS, strlen(AXIS)) == 0 && p->n_axes < sizeof p->axis / sizeof *p->axis) {
        p->axis[p->n_axes] = sld_arena_strdup(p->r->arena, column);
        if (!p->axis[p->n_axes++]) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", column);
        }
    }
    return SLD_OK;
}

/* Reads those columns in the order that the file records, else by name. */
static sld_status read_columns(sld_ctx *ctx, packed *p)
{
    const char *names = NULL, *name;
    char       *own, *next;

    if (!sld_doc_has_attr(p->doc, "/trials", "columns")) {
        for (size_t i = 0; (name = sld_doc_member(p->doc, "/trials", i)); i++) {
            SLD_TRY(keep_column(ctx, p, name));
        }
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, p->doc, "/trials", "columns", &names));
    own = sld_arena_strdup(p->r->arena, names);
    if (!own) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the columns of a study");
    }
    for (char *column = strtok_r(own, "\n", &next); column; column = strtok_r(NULL, "\n", &next)) {
        SLD_TRY(keep_column(ctx, p, column));
    }
    return SLD_OK;
}

/* Reads the experiment of each trial, whose text the pack holds. */
static sld_status read_configs(sld_ctx *ctx, packed *p)
{
    const char **config;

    SLD_TRY(read_texts(ctx, p, "config", &config));
    for (size_t i = 0; config && i < p->r->n_trials; i++) {
        p->r->trials[i].config = config[i];
    }
    return report_find_options(ctx, p->r);
}

/* Reads which data, teacher and libraries each trial had: baselines.c and arms.c compare them, reports
 * ask whether it had a teacher. */
static sld_status read_hashes(sld_ctx *ctx, packed *p)
{
    const char **data, **teacher, **logits, **kinds;

    SLD_TRY(read_texts(ctx, p, "data_sha256", &data));
    SLD_TRY(read_texts(ctx, p, "teacher_sha256", &teacher));
    SLD_TRY(read_texts(ctx, p, "teacher_logits_sha256", &logits));
    SLD_TRY(read_texts(ctx, p, "fingerprint", &kinds));
    for (size_t i = 0; i < p->r->n_trials; i++) {
        report_trial *t = &p->r->trials[i];
        snprintf(t->data_sha, sizeof t->data_sha, "%s", data ? data[i] : "");
        snprintf(t->teacher_sha, sizeof t->teacher_sha, "%s", teacher ? teacher[i] : "");
        t->has_teacher = t->teacher_sha[0] || (logits && logits[i][0]);
        snprintf(t->libraries, sizeof t->libraries, "%s", kinds ? kinds[i] : "");
        t->libraries[strcspn(t->libraries, ";")] = '\0';
    }
    return SLD_OK;
}

/* Reads the labels on the axes. As in a folder, teachers have no axes. */
static sld_status read_axes(sld_ctx *ctx, packed *p)
{
    const size_t  n = p->r->n_trials, A = p->n_axes;
    const char ***values, **names, **rows;

    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (A + 1) * sizeof *values, (void **)&values));
    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (A + 1) * sizeof *names, (void **)&names));
    SLD_TRY(sld_arena_alloc(ctx, p->r->arena, (n * A + 1) * sizeof *rows, (void **)&rows));
    for (size_t a = 0; a < A; a++) {
        names[a] = p->axis[a] + strlen(AXIS);
        SLD_TRY(read_needed(ctx, p, p->axis[a], &values[a]));
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < A; a++) {
            rows[i * A + a] = values[a][i];
        }
        p->points[i].n_axes = p->points[i].is_teacher ? 0 : A;
        p->points[i].axis   = names;
        p->points[i].value  = rows + i * A;
    }
    return SLD_OK;
}

static sld_status read_head_text(sld_ctx *ctx, packed *p, const char *name, const char **out)
{
    const char *text = "";

    if (sld_doc_has_attr(p->doc, "/", name)) {
        SLD_TRY(sld_doc_get_attr_text(ctx, p->doc, "/", name, &text));
    }
    const bool lines = strcmp(name, "sweep") == 0 || strcmp(name, "late_claims") == 0;
    *out             = lines ? sld_arena_strdup(p->r->arena, text) : keep_line(p, text);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s of a study", name);
}

static sld_status read_head(sld_ctx *ctx, packed *p)
{
    const char *format;

    SLD_TRY(read_head_text(ctx, p, "format", &format));
    if (strcmp(format, "sld-study") != 0) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: format: expected sld-study, got %s; `sld report DIR --pack FILE` makes "
            "a study of a sweep",
            sld_doc_path(p->doc), *format ? format : "none");
    }
    const char *spec;
    SLD_TRY(read_head_text(ctx, p, "sweep", &spec));
    SLD_TRY(report_read_pair(ctx, p->r, spec, strlen(spec)));
    SLD_TRY(read_head_text(ctx, p, "late_claims", &p->r->late_claims));
    SLD_TRY(read_head_text(ctx, p, "name", &p->r->name));
    return read_head_text(ctx, p, "baseline", &p->r->baseline_name);
}

static sld_status read_study(sld_ctx *ctx, packed *p)
{
    SLD_TRY(read_head(ctx, p));
    SLD_TRY(read_names(ctx, p));
    SLD_TRY(read_integers(ctx, p));
    SLD_TRY(read_metrics(ctx, p));
    SLD_TRY(report_check_trials(ctx, sld_doc_path(p->doc), p->r));
    SLD_TRY(read_hashes(ctx, p));
    SLD_TRY(read_columns(ctx, p));
    SLD_TRY(read_axes(ctx, p));
    SLD_TRY(read_configs(ctx, p));
    SLD_TRY(report_read_same(ctx, p->r, p->doc, p->axis, p->n_axes));
    return report_make_arms(ctx, p->r);
}

static sld_status open_study(sld_ctx *ctx, const char *path, sld_doc **doc, size_t *n_trials)
{
    int    n_dims;
    size_t dims[SLD_DOC_DIMS];

    SLD_TRY(sld_doc_open_file(ctx, path, doc));
    if (!sld_doc_has(*doc, "/valid")) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: /valid: expected one number per trial, got nothing; sld report takes "
                        "a folder, or a file of `sld report DIR --pack FILE`",
                        path);
    }
    SLD_TRY(sld_doc_dims(ctx, *doc, "/valid", &n_dims, dims));
    *n_trials = n_dims == 1 ? dims[0] : 0;
    return n_dims == 1 ? SLD_OK
                       : SLD_FAIL(ctx, SLD_ERR_DATA,
                                  "%s: /valid: expected 1 axis, got %d; pack the sweep again", path,
                                  n_dims);
}

sld_status report_gather_packed(sld_ctx *ctx, const char *path, report **out)
{
    packed     p        = {0};
    size_t     n_trials = 0, n_same = 0;
    sld_status st = open_study(ctx, path, &p.doc, &n_trials);

    *out = NULL;
    if (st == SLD_OK) {
        st = report_count_same(ctx, p.doc, &n_same);
    }
    if (st == SLD_OK) {
        st = report_create(ctx, n_trials, n_same, &p.r);
    }
    if (st == SLD_OK) {
        p.r->dir = path;
        st =
            sld_arena_alloc(ctx, p.r->arena, (n_trials + 1) * sizeof *p.points, (void **)&p.points);
    }
    if (st == SLD_OK) {
        st = read_study(ctx, &p);
    }
    sld_doc_close(p.doc);
    if (st != SLD_OK) {
        report_destroy(p.r);
        return st;
    }
    *out = p.r;
    return SLD_OK;
}
