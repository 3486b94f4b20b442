/* study_compact.c: writes the summary of test logits in a compact pack. For each sample: the
 * largest log-probabilities with their classes, and the label's with its rank. For each trial:
 * numbers that these do not give exactly (compact_metrics.h). See docs/files.md, "Compact packs". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "compact_metrics.h"
#include "study.h"

#define PLACES  5
#define MIN_F16 (-65504.0) /* the smallest number in half precision */
#define PLACE   "/place"

typedef struct compactor {
    study      *s;
    const char *set; /* data set of logits, such as "test_last" */
    const char *row; /* the first axis in the file: trials or teachers */
    size_t      max; /* log-probabilities kept for each sample */
    sld_type class;  /* type of classes and ranks in the file */
    /* Buffers for one trial: logits and teacher (n_samples, n_classes); top and top_class
     * (n_samples, max); the others (n_samples). */
    float   *logits, *teacher, *top, *label;
    int32_t *top_class, *rank, *labels;
} compactor;

typedef enum { TOP, TOP_CLASS, LABEL, LABEL_RANK } part;

static void path_of(const compactor *c, part which, char path[64])
{
    static const char *const ends[] = {"top", "top_class", "label", "label_rank"};

    snprintf(path, 64, "/log_p/%s_%s", c->set, ends[which]);
}

static sld_status make_parts(sld_ctx *ctx, const compactor *c)
{
    const char *const axes[]  = {c->row, SLD_AXIS_SAMPLE, PLACE};
    const sld_type    types[] = {SLD_F16, c->class, SLD_F16, c->class};

    for (part which = TOP; which <= LABEL_RANK; which++) {
        char path[64];
        path_of(c, which, path);
        SLD_TRY(sld_doc_make_on_axes(ctx, c->s->doc, path, types[which], which <= TOP_CLASS ? 3 : 2,
                                     axes));
    }
    return SLD_OK;
}

static float log_p(float z, double sum)
{
    return (float)fmax(z - sum, MIN_F16);
}

/* classes: (max) those with the largest logits, in falling order; of equal logits the lower
 * class. */
static void largest(const float *z, size_t K, size_t max, int32_t *classes)
{
    size_t n = 0;

    for (size_t k = 0; k < K; k++) {
        size_t at = n < max ? n++ : max;
        for (; at > 0 && z[k] > z[classes[at - 1]]; at--) {
            if (at < max) {
                classes[at] = classes[at - 1];
            }
        }
        if (at < max) {
            classes[at] = (int32_t)k;
        }
    }
}

static bool is_finite(const float *z, size_t K)
{
    size_t k = 0;

    while (k < K && isfinite(z[k])) {
        k++;
    }
    return k == K;
}

/* Summarises the logits z (K) of sample i. z NULL: the trial has no such sample. */
static void take_sample(compactor *c, size_t i, const float *z, size_t K)
{
    float   *top       = c->top + i * c->max;
    int32_t *top_class = c->top_class + i * c->max;

    for (size_t p = 0; p < c->max; p++) {
        top[p]       = NAN;
        top_class[p] = 0;
    }
    c->label[i] = NAN;
    c->rank[i]  = 0;
    if (!z || !is_finite(z, K)) {
        return;
    }
    const double sum = calibration_log_sum_exp(z, K);
    const size_t max = K < c->max ? K : c->max;
    const float  own = z[c->labels[i]];
    largest(z, K, max, top_class);
    for (size_t p = 0; p < max; p++) {
        top[p] = log_p(z[top_class[p]], sum);
    }
    c->label[i] = log_p(own, sum);
    c->rank[i]  = 1;
    for (size_t k = 0; k < K; k++) {
        c->rank[i] += z[k] > own;
    }
}

static sld_status put_parts(sld_ctx *ctx, const compactor *c, size_t row)
{
    const void *const values[] = {c->top, c->top_class, c->label, c->rank};

    for (part which = TOP; which <= LABEL_RANK; which++) {
        char path[64];
        path_of(c, which, path);
        SLD_TRY(study_put_row(ctx, c->s, path, which == TOP || which == LABEL ? SLD_F32 : SLD_I32,
                              row, values[which]));
    }
    return SLD_OK;
}

/* Reads labels and logits of a trial into the buffers. */
static sld_status read_trial(sld_ctx *ctx, compactor *c, sld_doc *doc, const report_trial *t)
{
    const size_t n = t->n_samples * t->n_classes;
    char         path[64];

    snprintf(path, sizeof path, "/logits/%s", c->set);
    SLD_TRY(sld_doc_get(ctx, doc, "/labels/test", SLD_I32, t->n_samples, c->labels));
    SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F32, n, c->logits));
    if (!c->teacher || !sld_doc_has(doc, "/logits/test_teacher")) {
        return SLD_OK;
    }
    return sld_doc_get(ctx, doc, "/logits/test_teacher", SLD_F32, n, c->teacher);
}

static sld_status put_trial(sld_ctx *ctx, compactor *c, sld_doc *doc, size_t trial, size_t row)
{
    const report_trial *t = &c->s->r->trials[trial];

    if (doc) {
        SLD_TRY(read_trial(ctx, c, doc, t));
    }
    for (size_t i = 0; i < c->s->n_samples; i++) {
        take_sample(c, i, doc && i < t->n_samples ? c->logits + i * t->n_classes : NULL,
                    t->n_classes);
    }
    return put_parts(ctx, c, row);
}

/* values: (COMPACT_N_METRICS, n_trials); answers: (n_samples) scratch. */
static sld_status put_students(sld_ctx *ctx, compactor *c, compact_answer *answers, double *values)
{
    const size_t n = c->s->r->n_trials;

    for (size_t i = 0; i < n; i++) {
        const report_trial *t                      = &c->s->r->trials[i];
        sld_doc            *doc                    = NULL;
        double              all[COMPACT_N_METRICS] = {0};

        if (t->n_samples > 0) {
            SLD_TRY(study_open(ctx, c->s, i, &doc));
        }
        const sld_status st = put_trial(ctx, c, doc, i, i);
        if (st == SLD_OK && doc) {
            const bool taught = sld_doc_has(doc, "/logits/test_teacher");
            compact_metrics_of(&(compact_logits){c->logits, taught ? c->teacher : NULL, c->labels,
                                                 t->n_samples, t->n_classes},
                               answers, all);
        }
        for (size_t m = 0; m < COMPACT_N_METRICS; m++) {
            values[m * n + i] = doc ? all[m] : NAN;
        }
        sld_doc_close(doc);
        SLD_TRY(st);
    }
    return SLD_OK;
}

static sld_status put_metrics(sld_ctx *ctx, study *s, const double *values)
{
    static const char *const axis[] = {STUDY_TRIAL};

    for (size_t m = 0; m < COMPACT_N_METRICS; m++) {
        char path[64];
        snprintf(path, sizeof path, "/trials/%s", compact_metric_name[m]);
        SLD_TRY(
            sld_doc_put_on_axes(ctx, s->doc, path, SLD_F64, 1, axis, values + m * s->r->n_trials));
        SLD_TRY(sld_doc_attr_text(ctx, s->doc, path, "units", compact_metric_unit[m]));
    }
    return SLD_OK;
}

/* The type of classes and ranks. */
static sld_type class_type(size_t K, size_t *bytes)
{
    *bytes = K <= UINT8_MAX ? 1 : K <= UINT16_MAX ? 2 : 4;
    return K <= UINT8_MAX ? SLD_U8 : K <= UINT16_MAX ? SLD_U16 : SLD_I32;
}

static sld_status make(sld_ctx *ctx, study *s, const char *set, const char *row, compactor *c)
{
    const size_t N = s->n_samples, K = s->n_classes;
    size_t       bytes;

    *c = (compactor){.s     = s,
                     .set   = set,
                     .row   = row,
                     .max   = K < PLACES ? K : PLACES,
                     .class = class_type(K, &bytes)};
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, N * K * sizeof(float), (void **)&c->logits));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, N * c->max * sizeof(float), (void **)&c->top));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, N * sizeof(float), (void **)&c->label));
    SLD_TRY(
        sld_arena_alloc(ctx, s->r->arena, N * c->max * sizeof(int32_t), (void **)&c->top_class));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, N * sizeof(int32_t), (void **)&c->rank));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, N * sizeof(int32_t), (void **)&c->labels));
    SLD_TRY(sld_doc_axis(ctx, s->doc, PLACE, 1, c->max));
    return make_parts(ctx, c);
}

uint64_t study_compact_bytes(const study *s)
{
    size_t class_bytes;

    (void)class_type(s->n_classes, &class_bytes);
    return (uint64_t)s->r->n_trials * s->n_samples * (PLACES + 1) * (2 + class_bytes);
}

sld_status study_put_compact(sld_ctx *ctx, study *s)
{
    const size_t    n = (s->r->n_trials + 1) * COMPACT_N_METRICS;
    compactor       c;
    compact_answer *answers = NULL;
    double         *values  = NULL;

    SLD_TRY(sld_doc_attr_text(
        ctx, s->doc, "/", "left_out",
        "compact: /logits/test_last, /logits/test_best and /logits/test_teacher are left out; "
        "/log_p "
        "has the label's and the largest log-probabilities of the last epoch in half precision"));
    if (s->n_samples == 0) {
        return SLD_OK;
    }
    SLD_TRY(make(ctx, s, "test_last", STUDY_TRIAL, &c));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_samples * s->n_classes * sizeof(float),
                            (void **)&c.teacher));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, s->n_samples * sizeof *answers, (void **)&answers));
    SLD_TRY(sld_arena_alloc(ctx, s->r->arena, n * sizeof *values, (void **)&values));
    SLD_TRY(put_students(ctx, &c, answers, values));
    return put_metrics(ctx, s, values);
}

sld_status study_put_compact_teachers(sld_ctx *ctx, study *s, const size_t *holder, size_t n)
{
    compactor c;

    SLD_TRY(make(ctx, s, "test_teacher", "/teacher", &c));
    for (size_t i = 0; i < n; i++) {
        sld_doc *doc = NULL;
        SLD_TRY(study_open(ctx, s, holder[i], &doc));
        const sld_status st = put_trial(ctx, &c, doc, holder[i], i);
        sld_doc_close(doc);
        SLD_TRY(st);
    }
    return SLD_OK;
}
