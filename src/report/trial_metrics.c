/* trial_metrics.c: computes the numbers of one trial from its results.h5. */
#include "trial_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "sld/store_large.h"

void trial_metrics_reader_release(trial_metrics_reader *reader)
{
    free(reader->column.values);
    free(reader->seconds.values);
    free(reader->logits.values);
    free(reader->labels.values);
    free(reader->predicted.values);
}

static sld_status grow(sld_ctx *ctx, trial_metrics_buffer *buffer, size_t n, size_t size)
{
    if (buffer->bytes >= n * size) {
        return SLD_OK;
    }
    void *larger = realloc(buffer->values, n * size);
    if (!larger) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu values of a trial", n);
    }
    buffer->values = larger;
    buffer->bytes  = n * size;
    return SLD_OK;
}

/* Reads a column of /epoch into buffer. *out: (n) in the buffer; NULL: the trial has no such
 * column. */
static sld_status read_column(sld_ctx *ctx, trial_metrics_buffer *buffer, sld_doc *doc,
                              const char *name, size_t n, const double **out)
{
    char path[128];

    *out = NULL;
    snprintf(path, sizeof path, "/epoch/%s", name);
    if (n == 0 || !sld_doc_has(doc, path)) {
        return SLD_OK;
    }
    SLD_TRY(grow(ctx, buffer, n, sizeof(double)));
    SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F64, n, buffer->values));
    *out = buffer->values;
    return SLD_OK;
}

/* out: (bytes), "" if there is no such attribute, which older files lack. */
static sld_status read_text(sld_ctx *ctx, sld_doc *doc, const char *name, size_t bytes, char *out)
{
    const char *text = "";

    if (sld_doc_has_attr(doc, "/", name)) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", name, &text));
    }
    snprintf(out, bytes, "%s", text);
    return SLD_OK;
}

static sld_status read_count(sld_ctx *ctx, sld_doc *doc, const char *name, double *out)
{
    int64_t value = 0;

    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", name, SLD_I64, 0, &value));
    *out = (double)value;
    return SLD_OK;
}

static sld_status read_config(sld_ctx *ctx, report *r, sld_doc *doc, report_trial *t)
{
    const char *text = "";

    if (!sld_doc_has_attr(doc, "/", "config")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "config", &text));
    t->config = sld_arena_strdup(r->arena, text);
    return t->config ? SLD_OK
                     : SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: attribute config",
                                sld_doc_path(doc));
}

static sld_status read_attributes(sld_ctx *ctx, report *r, sld_doc *doc, report_trial *t)
{
    const char *best_on = "", *status = "";

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "status", &status));
    if (strcmp(status, "diverged") == 0) {
        t->status.state = SLD_POINT_DIVERGED;
    }
    SLD_TRY(read_config(ctx, r, doc, t));
    SLD_TRY(read_text(ctx, doc, "data", sizeof t->data_name, t->data_name));
    SLD_TRY(read_text(ctx, doc, "version", sizeof t->version, t->version));
    SLD_TRY(read_text(ctx, doc, "fingerprint", sizeof t->libraries, t->libraries));
    t->libraries[strcspn(t->libraries, ";")] = '\0';
    SLD_TRY(read_text(ctx, doc, "data_sha256", sizeof t->data_sha, t->data_sha));
    SLD_TRY(read_text(ctx, doc, "teacher_sha256", sizeof t->teacher_sha, t->teacher_sha));
    if (!t->teacher_sha[0] && sld_doc_has(doc, "/logits/test_teacher")) { /* an outside teacher's */
        SLD_TRY(
            read_text(ctx, doc, "teacher_logits_sha256", sizeof t->teacher_sha, t->teacher_sha));
    }
    t->has_teacher = t->teacher_sha[0] || sld_doc_has_attr(doc, "/", "teacher_logits_sha256");
    SLD_TRY(read_count(ctx, doc, "epochs_done", &t->metric[REPORT_epochs]));
    SLD_TRY(read_count(ctx, doc, "lss_active_epochs", &t->metric[REPORT_lss_active_epochs]));
    SLD_TRY(read_count(ctx, doc, "best_epoch", &t->metric[REPORT_best_epoch]));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "best_on", &best_on));
    t->best_on_val = strcmp(best_on, "val") == 0;
    t->n_epochs    = t->metric[REPORT_epochs] > 0.0 ? (size_t)t->metric[REPORT_epochs] : 0;
    return SLD_OK;
}

/* Reads an attribute of results.h5 and divides it by unit; NaN in older files, which lack it. */
static sld_status read_number(sld_ctx *ctx, sld_doc *doc, const char *name, double unit,
                              double *out)
{
    double value = NAN;

    if (sld_doc_has_attr(doc, "/", name)) {
        SLD_TRY(sld_doc_get_attr(ctx, doc, "/", name, SLD_F64, 0, &value));
    }
    *out = value / unit;
    return SLD_OK;
}

static sld_status read_cost(sld_ctx *ctx, sld_doc *doc, report_trial *t)
{
    SLD_TRY(read_number(ctx, doc, "params", 1.0, &t->metric[REPORT_params]));
    SLD_TRY(read_number(ctx, doc, "multiply_adds", 1.0, &t->metric[REPORT_multiply_adds]));
    return read_number(ctx, doc, "memory_bytes", 1e6, &t->metric[REPORT_memory_mb]);
}

static sld_status keep_curve(sld_ctx *ctx, report *r, const double *x, size_t n, report_trial *t)
{
    double *copy = NULL;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *copy, (void **)&copy));
    memcpy(copy, x, n * sizeof *copy);
    t->top1   = copy;
    t->n_top1 = n;
    return SLD_OK;
}

static sld_status read_accuracy(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                                report_trial *t)
{
    const size_t  n    = t->n_epochs;
    const double  best = t->metric[REPORT_best_epoch];
    const double *x    = NULL;

    SLD_TRY(read_column(ctx, &reader->column, doc, "top1_test", n, &x));
    for (size_t e = 0; x && e < n; e++) {
        if (x[e] < 0.0 || x[e] > 100.0) { /* as a sweep looks at its trials (grid/results.c) */
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: /epoch/top1_test: expected 0 to 100 percent, got %g in epoch %zu",
                            sld_doc_path(doc), x[e], e + 1);
        }
    }
    if (x && reader->report->curves) {
        SLD_TRY(keep_curve(ctx, reader->report, x, n, t));
    }
    if (x) {
        t->metric[REPORT_top1_last]  = x[n - 1];
        t->metric[REPORT_top1_best]  = best >= 1.0 && best <= (double)n ? x[(size_t)best - 1] : NAN;
        t->metric[REPORT_top1_last3] = n < 3 ? NAN : stats_of(x + n - 3, 3).mean;
    }
    SLD_TRY(read_column(ctx, &reader->column, doc, "top1_val", n, &x));
    if (x) {
        t->metric[REPORT_top1_val_last] = x[n - 1];
        t->metric[REPORT_top1_val_best] =
            best >= 1.0 && best <= (double)n ? x[(size_t)best - 1] : NAN;
    }
    SLD_TRY(read_column(ctx, &reader->column, doc, "top5_test", n, &x));
    t->metric[REPORT_top5_last] = x ? x[n - 1] : NAN;
    /* The NLL is the mean cross-entropy. */
    SLD_TRY(read_column(ctx, &reader->column, doc, "loss_test", n, &x));
    t->metric[REPORT_nll_last] = x ? x[n - 1] : NAN;
    return SLD_OK;
}

static sld_status read_speed(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                             report_trial *t)
{
    const double *each = NULL, *rate = NULL;
    double        seconds = 0.0, samples = 0.0;

    SLD_TRY(read_column(ctx, &reader->seconds, doc, "seconds", t->n_epochs, &each));
    SLD_TRY(read_column(ctx, &reader->column, doc, "samples_per_second", t->n_epochs, &rate));
    if (!each) {
        return SLD_OK;
    }
    for (size_t e = 0; e < t->n_epochs; e++) {
        seconds += each[e];
        samples += rate ? rate[e] * each[e] : NAN;
    }
    t->metric[REPORT_minutes]            = seconds / 60.0;
    t->metric[REPORT_samples_per_second] = seconds > 0.0 ? samples / seconds : NAN;
    return SLD_OK;
}

/* The trained temperature, after the first epoch and after the last. */
static sld_status read_temperature(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                                   report_trial *t)
{
    const double *x = NULL;

    SLD_TRY(read_column(ctx, &reader->column, doc, "temperature", t->n_epochs, &x));
    t->metric[REPORT_temperature_first] = x ? x[0] : NAN;
    t->metric[REPORT_temperature_last]  = x ? x[t->n_epochs - 1] : NAN;
    return SLD_OK;
}

/* Shares of swapped rows in the first epoch, the first with the student swap, and the last. */
static sld_status read_swaps(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                             report_trial *t)
{
    static const struct {
        const char   *column;
        report_metric first;
    } swaps[]           = {{"swapped_teacher_weak", REPORT_swapped_teacher_weak_first},
                           {"swapped_teacher_strong", REPORT_swapped_teacher_strong_first},
                           {"swapped_student_weak", REPORT_swapped_student_weak_first},
                           {"swapped_student_strong", REPORT_swapped_student_strong_first}};
    const double *x     = NULL;
    size_t        start = 0;

    SLD_TRY(read_column(ctx, &reader->column, doc, "lss_active", t->n_epochs, &x));
    for (size_t e = t->n_epochs; x && e > 0; e--) {
        start = x[e - 1] > 0.0 ? e : start;
    }
    t->metric[REPORT_lss_start] = start > 0 ? (double)start : NAN;
    for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
        SLD_TRY(read_column(ctx, &reader->column, doc, swaps[i].column, t->n_epochs, &x));
        if (i < 2 && !t->has_teacher) {
            x = NULL; /* files of earlier builds hold 0 there */
        }
        double *at = &t->metric[swaps[i].first];
        at[0]      = x ? x[0] : NAN;
        at[1]      = x && start > 0 ? x[start - 1] : NAN;
        at[2]      = x ? x[t->n_epochs - 1] : NAN;
    }
    return SLD_OK;
}

/* Puts a norm under its name in the report, which gets a place for it if the name is new and the list
 * is not full. A name that sld does not give is no column: it could be a formula or steer a terminal. */
static sld_status put_norm(sld_ctx *ctx, report *r, report_trial *t, const char *name, double x)
{
    size_t i = 0;

    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
        return SLD_OK;
    }
    while (i < r->n_norms && strcmp(r->norm_name[i], name) != 0) {
        i++;
    }
    if (i == REPORT_MAX_NORMS) {
        return SLD_OK;
    }
    if (i == r->n_norms) {
        char *copy = sld_arena_strdup(r->arena, name);
        if (!copy) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for the name of a column");
        }
        r->norm_name[r->n_norms++] = copy;
    }
    t->norm[i] = x;
    return SLD_OK;
}

static sld_status read_norms(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                             report_trial *t)
{
    const char   *name;
    const double *x = NULL;

    for (size_t i = 0; t->n_epochs > 0 && (name = sld_doc_member(doc, "/epoch", i)); i++) {
        if (strncmp(name, "grad_norm_", 10) != 0) {
            continue;
        }
        char stable[96];
        SLD_TRY(read_column(ctx, &reader->column, doc, name, t->n_epochs, &x));
        const double last = x ? x[t->n_epochs - 1] : NAN;
        SLD_TRY(put_norm(ctx, reader->report, t, name, last));
        if (report_stable_name(name, stable)) {
            SLD_TRY(put_norm(ctx, reader->report, t, stable, last));
        }
    }
    return SLD_OK;
}

/* How many validation samples have logits. */
static sld_status read_validation(sld_ctx *ctx, sld_doc *doc, report_trial *t)
{
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS];

    if (!sld_doc_has(doc, "/logits/val_last") || !sld_doc_has(doc, "/labels/val")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_dims(ctx, doc, "/logits/val_last", &n_dims, dims));
    if (n_dims != 2 || dims[1] != t->n_classes) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: /logits/val_last: expected 2 axes (sample, class) with %zu classes, "
                        "got %d axes",
                        sld_doc_path(doc), t->n_classes, n_dims);
    }
    t->n_val = dims[0];
    return SLD_OK;
}

/* Reads the labels and the shape of the logits. n_samples stays 0 if the trial kept no logits. */
static sld_status read_labels(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                              report_trial *t)
{
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS];

    if (!sld_doc_has(doc, "/logits/test_last")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_dims(ctx, doc, "/logits/test_last", &n_dims, dims));
    if (n_dims != 2 || dims[1] < 1) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: /logits/test_last: expected 2 axes (sample, class), got %d",
                        sld_doc_path(doc), n_dims);
    }
    SLD_TRY(grow(ctx, &reader->labels, dims[0], sizeof(int32_t)));
    SLD_TRY(sld_doc_get(ctx, doc, "/labels/test", SLD_I32, dims[0], reader->labels.values));
    const int32_t *labels = reader->labels.values;
    for (size_t i = 0; i < dims[0]; i++) {
        if (labels[i] < 0 || (size_t)labels[i] >= dims[1]) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: /labels/test: sample %zu: expected a class from 0 to %zu, got %d",
                            sld_doc_path(doc), i, dims[1] - 1, (int)labels[i]);
        }
    }
    t->n_samples = dims[0];
    t->n_classes = dims[1];
    return read_validation(ctx, doc, t);
}

/* Reads logits and computes the predicted classes, both into the buffers. */
static sld_status read_logits(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                              const char *path, const report_trial *t)
{
    const size_t N = t->n_samples, K = t->n_classes;

    SLD_TRY(grow(ctx, &reader->logits, N * K, sizeof(float)));
    SLD_TRY(grow(ctx, &reader->predicted, N, sizeof(int32_t)));
    SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F32, N * K, reader->logits.values));
    calibration_predict(reader->logits.values, N, K, reader->predicted.values);
    return SLD_OK;
}

static sld_status read_teacher(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                               const report_trial *t)
{
    if (!t->teacher_sha[0] ||
        copied_errors_has_teacher(reader->copies, t->teacher_sha, t->data_sha, t->n_samples) ||
        !sld_doc_has(doc, "/logits/test_teacher")) {
        return SLD_OK;
    }
    SLD_TRY(read_logits(ctx, reader, doc, "/logits/test_teacher", t));
    return copied_errors_add_teacher(ctx, reader->copies, t->teacher_sha, t->data_sha,
                                     reader->labels.values, reader->predicted.values, t->n_samples);
}

/* Calibration and copied errors, from the logits of the last epoch. */
static sld_status read_predictions(sld_ctx *ctx, trial_metrics_reader *reader, sld_doc *doc,
                                   report_trial *t, size_t trial)
{
    SLD_TRY(read_labels(ctx, reader, doc, t));
    if (t->n_samples == 0) {
        return SLD_OK;
    }
    SLD_TRY(read_teacher(ctx, reader, doc, t));
    SLD_TRY(read_logits(ctx, reader, doc, "/logits/test_last", t));
    t->metric[REPORT_ece_last] =
        calibration_ece(reader->logits.values, reader->labels.values, t->n_samples, t->n_classes);
    if (t->teacher_sha[0]) {
        t->metric[REPORT_copy_rate] = copied_errors_rate(
            reader->copies, t->teacher_sha, t->data_sha, reader->predicted.values, t->n_samples);
        return SLD_OK;
    }
    return t->point->is_teacher || t->has_teacher
               ? SLD_OK
               : copied_errors_add_control(ctx, reader->copies, trial, t->data_sha,
                                           reader->predicted.values, t->n_samples);
}

sld_status trial_metrics_read(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                              size_t trial)
{
    report_trial *t   = &reader->report->trials[trial];
    sld_doc      *doc = NULL;

    SLD_TRY(sld_doc_open_checked(ctx, path, &doc));
    sld_status st = read_attributes(ctx, reader->report, doc, t);
    st            = st == SLD_OK ? read_cost(ctx, doc, t) : st;
    st            = st == SLD_OK ? read_accuracy(ctx, reader, doc, t) : st;
    st            = st == SLD_OK ? read_speed(ctx, reader, doc, t) : st;
    st            = st == SLD_OK ? read_temperature(ctx, reader, doc, t) : st;
    st            = st == SLD_OK ? read_swaps(ctx, reader, doc, t) : st;
    st            = st == SLD_OK ? read_norms(ctx, reader, doc, t) : st;
    if (st == SLD_OK && !reader->report->curves) {
        st = read_predictions(ctx, reader, doc, t, trial);
    }
    sld_doc_close(doc);
    return st;
}

sld_status trial_metrics_read_running(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                                      size_t trial)
{
    report_trial *t      = &reader->report->trials[trial];
    sld_doc      *doc    = NULL;
    double        epochs = 0.0;
    const double *x      = NULL;

    SLD_TRY(sld_doc_open_file(ctx, path, &doc));
    sld_status st = read_count(ctx, doc, "epochs_done", &epochs);
    if (st == SLD_OK && epochs >= 1.0) {
        st = read_column(ctx, &reader->column, doc, "top1_test", (size_t)epochs, &x);
    }
    if (st == SLD_OK && x) {
        st = keep_curve(ctx, reader->report, x, (size_t)epochs, t);
    }
    sld_doc_close(doc);
    return st;
}
