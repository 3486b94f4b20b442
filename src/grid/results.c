/* results.c: are the results of a point's trial there, whole, and its own? What the answer is, status,
 * report, sweep.h5 and the coordinator all take from here. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/grid_folder.h"
#include "sld/rundir.h"
#include "sld/store.h"

/* ---- what a report will read ---- */

static sld_status check_columns(sld_ctx *ctx, sld_doc *doc, int64_t epochs)
{
    const char *name;

    for (size_t i = 0; epochs > 0 && (name = sld_doc_member(doc, "/epoch", i)); i++) {
        char   path[256];
        int    n_dims;
        size_t dims[SLD_DOC_DIMS];
        snprintf(path, sizeof path, "/epoch/%s", name);
        SLD_TRY(sld_doc_dims(ctx, doc, path, &n_dims, dims));
        if (n_dims != 1 || dims[0] != (size_t)epochs) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected %lld epochs, got another number",
                            sld_doc_path(doc), path, (long long)epochs);
        }
    }
    return SLD_OK;
}

/* What every table begins with. NaN: not measured. */
static sld_status check_accuracy(sld_ctx *ctx, sld_doc *doc, int64_t epochs)
{
    const char *path = "/epoch/top1_test";
    int         n_dims;
    size_t      dims[SLD_DOC_DIMS];

    if (epochs <= 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_dims(ctx, doc, path, &n_dims, dims)); /* its length was looked at */
    double    *top1 = malloc(dims[0] * sizeof *top1);
    sld_status st   = top1 ? sld_doc_get(ctx, doc, path, SLD_F64, dims[0], top1)
                           : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path);
    for (size_t e = 0; st == SLD_OK && e < dims[0]; e++) {
        if (top1[e] < 0.0 || top1[e] > 100.0) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: %s: expected 0 to 100 percent, got %g in epoch %zu",
                          sld_doc_path(doc), path, top1[e], e + 1);
        }
    }
    free(top1);
    return st;
}

static sld_status check_label_values(sld_ctx *ctx, sld_doc *doc, size_t n, size_t classes)
{
    int32_t   *labels = malloc((n + 1) * sizeof *labels);
    sld_status st     = labels ? sld_doc_get(ctx, doc, "/labels/test", SLD_I32, n, labels)
                               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu labels", n);

    for (size_t i = 0; i < n && st == SLD_OK; i++) {
        if (labels[i] < 0 || (size_t)labels[i] >= classes) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: /labels/test: expected 0 to %zu, got %d",
                          sld_doc_path(doc), classes - 1, (int)labels[i]);
        }
    }
    free(labels);
    return st;
}

static sld_status check_logits(sld_ctx *ctx, sld_doc *doc)
{
    static const char *const others[] = {"/logits/test_best", "/logits/test_teacher"};
    int                      n_dims, n_other;
    size_t                   dims[SLD_DOC_DIMS], other[SLD_DOC_DIMS];

    if (!sld_doc_has(doc, "/logits/test_last")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_dims(ctx, doc, "/logits/test_last", &n_dims, dims));
    SLD_TRY(sld_doc_dims(ctx, doc, "/labels/test", &n_other, other));
    if (n_dims != 2 || dims[1] == 0 || n_other != 1 || other[0] != dims[0]) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: /logits/test_last: expected (sample, class) with a label for each "
                        "sample, got another shape",
                        sld_doc_path(doc));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!sld_doc_has(doc, others[i])) {
            continue;
        }
        SLD_TRY(sld_doc_dims(ctx, doc, others[i], &n_other, other));
        if (n_other != 2 || other[0] != dims[0] || other[1] != dims[1]) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected the shape of /logits/test_last",
                            sld_doc_path(doc), others[i]);
        }
    }
    return check_label_values(ctx, doc, dims[0], dims[1]);
}

static sld_status describe_divergence(sld_ctx *ctx, sld_doc *doc, sld_results *out)
{
    const char *what  = "the loss is";
    int64_t     epoch = 0, step = 0;

    if (sld_doc_has_attr(doc, "/", "diverged_in")) { /* files of 0.1 have none */
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "diverged_in", &what));
    }
    if (sld_doc_has_attr(doc, "/", "diverged_epoch")) {
        SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "diverged_epoch", SLD_I64, 0, &epoch));
        SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "diverged_step", SLD_I64, 0, &step));
        snprintf(out->reason, sizeof out->reason, "%s not finite at epoch %lld, step %lld", what,
                 (long long)epoch, (long long)step);
    }
    return SLD_OK;
}

static sld_status read_live(sld_ctx *ctx, sld_doc *doc, sld_results *out)
{
    const char *why = "";

    if (sld_doc_has_attr(doc, "/", "teacher_tables_live")) {
        SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "teacher_tables_live", SLD_I64, 0, &out->live));
    }
    if (sld_doc_has_attr(doc, "/", "teacher_live_reason")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "teacher_live_reason", &why));
    }
    sld_text_printable(why, out->live_reason, sizeof out->live_reason);
    return SLD_OK;
}

/* Of an open results.h5. */
static sld_status check(sld_ctx *ctx, sld_doc *doc, const char *id, sld_results *out)
{
    const char *text;
    int64_t     epochs, number;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "id", &text));
    if (strcmp(text, id) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: id: expected %s, got %.40s: another trial's results",
                        sld_doc_path(doc), id, text);
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "status", &text));
    out->kind = strcmp(text, "done") == 0       ? SLD_RESULTS_DONE
                : strcmp(text, "diverged") == 0 ? SLD_RESULTS_DIVERGED
                                                : SLD_RESULTS_BAD;
    if (out->kind == SLD_RESULTS_BAD) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: status: expected done or diverged, got %.40s",
                        sld_doc_path(doc), text);
    }
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "epochs_done", SLD_I64, 0, &epochs));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "lss_active_epochs", SLD_I64, 0, &number));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "best_epoch", SLD_I64, 0, &number));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "best_on", &text));
    for (int i = 0; i < 2; i++) {
        const char *sha = i == 0 ? "data_sha256" : "teacher_sha256";
        if (sld_doc_has_attr(doc, "/", sha)) {
            SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", sha, &text));
        }
    }
    SLD_TRY(check_columns(ctx, doc, epochs));
    SLD_TRY(check_accuracy(ctx, doc, epochs));
    SLD_TRY(check_logits(ctx, doc));
    SLD_TRY(read_live(ctx, doc, out));
    return out->kind == SLD_RESULTS_DIVERGED ? describe_divergence(ctx, doc, out) : SLD_OK;
}

/* ---- the file ---- */

static void take_reason(sld_ctx *ctx, sld_results *out)
{
    snprintf(out->reason, sizeof out->reason, "%.*s", (int)sizeof out->reason - 1, ctx->err.msg);
    sld_err_clear(ctx);
}

sld_status sld_grid_results(sld_ctx *ctx, const sld_grid *grid, size_t point, sld_results *out)
{
    char     run[PATH_MAX], path[PATH_MAX];
    sld_doc *doc = NULL;

    *out = (sld_results){.kind = SLD_RESULTS_NONE};
    sld_grid_trial_dir(grid, point, run);
    if (!sld_run_has(run, SLD_RUN_RESULTS) && (errno == ENOENT || errno == ENOTDIR)) {
        return SLD_OK;
    }
    sld_run_path(run, SLD_RUN_RESULTS, 0, path);
    sld_status st = sld_doc_open(ctx, path, &doc);
    if (st == SLD_OK) {
        st = check(ctx, doc, sld_grid_point(grid, point)->id, out);
    }
    sld_doc_close(doc);
    if (st == SLD_OK) { /* weights of another trial are nobody's reason to train this one anew */
        st = sld_run_each_weights(ctx, run, sld_weights_check_id, sld_grid_point(grid, point)->id);
    }
    if (st == SLD_OK || st == SLD_ERR_NOMEM) {
        return st;
    }
    out->kind = st == SLD_ERR_IO || st == SLD_ERR_CONFIG ? SLD_RESULTS_UNREADABLE : SLD_RESULTS_BAD;
    take_reason(ctx, out);
    return SLD_OK;
}

/* ---- what a mark says of the file that was looked at when it was made ---- */

/* Empty: there is no file. */
static void stamp_of(const sld_grid *grid, size_t point, sld_run_file file,
                     char stamp[SLD_STAMP_BYTES])
{
    char run[PATH_MAX], path[PATH_MAX];

    sld_grid_trial_dir(grid, point, run);
    sld_run_path(run, file, 0, path);
    sld_file_stamp(path, stamp);
}

/* Of the weights that every trial leaves. */
static void stamp_of_weights(const sld_grid *grid, size_t point, char stamps[2 * SLD_STAMP_BYTES])
{
    char last[SLD_STAMP_BYTES], best[SLD_STAMP_BYTES];

    stamp_of(grid, point, SLD_RUN_LAST, last);
    stamp_of(grid, point, SLD_RUN_BEST, best);
    snprintf(stamps, 2 * SLD_STAMP_BYTES, "%s/%s", last, best);
}

void sld_grid_results_mark(const sld_grid *grid, size_t point, const sld_results *results,
                           char text[SLD_MARK_BYTES])
{
    char stamp[SLD_STAMP_BYTES], weights[2 * SLD_STAMP_BYTES];

    stamp_of(grid, point, SLD_RUN_RESULTS, stamp);
    stamp_of_weights(grid, point, weights);
    const int n = snprintf(text, SLD_MARK_BYTES, "results %s\nweights %s\nreason %s\n", stamp,
                           weights, results->reason);

    if (results->live > 0 && n > 0 && n < SLD_MARK_BYTES) {
        snprintf(text + n, (size_t)(SLD_MARK_BYTES - n), "live %lld %s\n", (long long)results->live,
                 results->live_reason);
    }
}

bool sld_grid_results_marked(const sld_grid_claims *c, size_t point, sld_results *out)
{
    const sld_point_state mark = c->entries[point].mark;
    char                  stamp[SLD_STAMP_BYTES], weights[2 * SLD_STAMP_BYTES];
    char                  text[SLD_MARK_BYTES + 128], value[SLD_REASON_BYTES];
    int                   n = 0;

    *out = (sld_results){.kind = mark == SLD_POINT_DONE ? SLD_RESULTS_DONE : SLD_RESULTS_DIVERGED};
    stamp_of(c->grid, point, SLD_RUN_RESULTS, stamp);
    stamp_of_weights(c->grid, point, weights);
    sld_grid_claims_text(c, point, sld_point_state_name(mark), text, sizeof text);
    sld_grid_claims_value(text, "live", value, sizeof value);
    if (sscanf(value, "%" SCNd64 " %n", &out->live, &n) == 1) {
        snprintf(out->live_reason, sizeof out->live_reason, "%.*s", SLD_LIVE_BYTES - 1, value + n);
    }
    sld_grid_claims_value(text, "reason", out->reason, sizeof out->reason);
    sld_grid_claims_value(text, "weights", value, sizeof value);
    const bool same =
        !*value || strcmp(weights, value) == 0; /* none: a mark of an earlier version */
    sld_grid_claims_value(text, "results", value, sizeof value);
    return same && *stamp && strcmp(stamp, value) == 0;
}
