/* selftest_made.c: makes input files for sld selftest: a data set in every format, with images from
 * a formula; batches for sld probe; logits of an outside teacher. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "selftest.h"
#include "sld/store.h"

enum { TRAIN = 40, TEST = 20, CLASSES = 10, SIDE = 32, RECORD = 3 * SIDE * SIDE };

void sld_selftest_path(const sld_selftest *t, const char *path, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", t->dir, path);
}

bool sld_selftest_write(sld_selftest *t, const char *path, const void *bytes, size_t n)
{
    char whole[PATH_MAX], *slash;

    sld_selftest_path(t, path, whole);
    if (strchr(path, '/') && (slash = strrchr(whole, '/'))) {
        *slash = '\0';
        if (sld_file_mkdirs(t->ctx, whole) != SLD_OK) {
            return sld_selftest_report(t, false, "%s", t->ctx->err.msg);
        }
        *slash = '/';
    }
    return sld_file_publish(t->ctx, whole, bytes, n, true) == SLD_OK ||
           sld_selftest_report(t, false, "%s", t->ctx->err.msg);
}

bool sld_selftest_text(sld_selftest *t, const char *path, const char *text)
{
    return sld_selftest_write(t, path, text, strlen(text));
}

static uint8_t pixel(size_t image, size_t at)
{
    return (uint8_t)(image * 37 + at * (image % CLASSES + 1));
}

/* ---- data sets ---- */

static sld_status put_split(sld_ctx *ctx, sld_doc *doc, const char *split, size_t n,
                            uint8_t *images, int32_t *labels)
{
    char         path[64];
    const size_t dims[] = {n, SIDE, SIDE, 3};

    for (size_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i % CLASSES);
        for (size_t k = 0; k < RECORD; k++) {
            images[i * RECORD + k] = pixel(i, k);
        }
    }
    snprintf(path, sizeof path, "/%s/images", split);
    SLD_TRY(sld_doc_put(ctx, doc, path, SLD_U8, 4, dims, images));
    snprintf(path, sizeof path, "/%s/labels", split);
    return sld_doc_put(ctx, doc, path, SLD_I32, 1, dims, labels);
}

bool sld_selftest_make_hdf5(sld_selftest *t, const char *path)
{
    char       whole[PATH_MAX];
    int32_t    labels[TRAIN];
    sld_doc   *doc    = NULL;
    uint8_t   *images = malloc(TRAIN * RECORD);
    sld_status st     = images ? sld_doc_create(t->ctx, &doc)
                               : SLD_FAIL(t->ctx, SLD_ERR_NOMEM, "no memory for images");

    sld_selftest_path(t, path, whole);
    if (st == SLD_OK) {
        st = put_split(t->ctx, doc, "train", TRAIN, images, labels);
    }
    if (st == SLD_OK) {
        st = put_split(t->ctx, doc, "test", TEST, images, labels);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(t->ctx, &doc, whole, true);
    }
    sld_doc_close(doc);
    free(images);
    return st == SLD_OK || sld_selftest_report(t, false, "%s", t->ctx->err.msg);
}

/* Makes an IDX file: images if n_dims is 3, labels if it is 1. */
static bool make_idx_file(sld_selftest *t, const char *path, uint32_t n, int n_dims)
{
    const size_t   each = n_dims == 3 ? SIDE * SIDE : 1, head = 4 + 4 * (size_t)n_dims;
    const uint32_t dims[] = {n, SIDE, SIDE};
    uint8_t       *bytes  = calloc(head + n * each, 1);

    if (!bytes) {
        return sld_selftest_report(t, false, "no memory for %s", path);
    }
    bytes[2] = 8; /* type: unsigned bytes */
    bytes[3] = (uint8_t)n_dims;
    for (int d = 0; d < n_dims; d++) {
        for (int b = 0; b < 4; b++) {
            bytes[4 + 4 * d + b] = (uint8_t)(dims[d] >> (24 - 8 * b));
        }
    }
    for (size_t i = 0; i < n * each; i++) {
        bytes[head + i] = n_dims == 3 ? pixel(i / each, i % each) : (uint8_t)(i % CLASSES);
    }
    const bool ok = sld_selftest_write(t, path, bytes, head + n * each);
    free(bytes);
    return ok;
}

bool sld_selftest_make_idx(sld_selftest *t, const char *folder)
{
    static const struct {
        const char *name;
        uint32_t    n;
        int         n_dims;
    } files[] = {{"train-images-idx3-ubyte", TRAIN, 3},
                 {"train-labels-idx1-ubyte", TRAIN, 1},
                 {"t10k-images-idx3-ubyte", TEST, 3},
                 {"t10k-labels-idx1-ubyte", TEST, 1}};
    char path[128];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        if (!make_idx_file(t, path, files[i].n, files[i].n_dims)) {
            return false;
        }
    }
    return true;
}

bool sld_selftest_make_cifar10(sld_selftest *t, const char *folder)
{
    enum { FILES = 6, EACH = TRAIN / (FILES - 1) };
    char     path[128];
    uint8_t *records = malloc(TEST * (1 + RECORD));

    for (int f = 0; records && f < FILES; f++) {
        const size_t n = f < FILES - 1 ? EACH : TEST;
        for (size_t i = 0; i < n; i++) {
            uint8_t *record = records + i * (1 + RECORD);
            record[0]       = (uint8_t)((i + (size_t)f) % CLASSES);
            for (size_t k = 0; k < RECORD; k++) {
                record[1 + k] = pixel(i + (size_t)f, k);
            }
        }
        if (f < FILES - 1) {
            snprintf(path, sizeof path, "%s/data_batch_%d.bin", folder, f + 1);
        } else {
            snprintf(path, sizeof path, "%s/test_batch.bin", folder);
        }
        if (!sld_selftest_write(t, path, records, n * (1 + RECORD))) {
            free(records);
            return false;
        }
    }
    free(records);
    return records || sld_selftest_report(t, false, "no memory for images");
}

/* ---- batches, logits ---- */

bool sld_selftest_make_batches(sld_selftest *t, const char *path)
{
    enum { STEPS = 2, N = 8, VALUES = STEPS * N * RECORD };
    const size_t dims[] = {STEPS, N, 3, SIDE, SIDE};
    char         whole[PATH_MAX];
    int32_t      labels[STEPS * N];
    sld_doc     *doc    = NULL;
    float       *images = malloc(VALUES * sizeof *images);
    sld_status   st     = images ? sld_doc_create(t->ctx, &doc)
                                 : SLD_FAIL(t->ctx, SLD_ERR_NOMEM, "no memory for batches");

    for (size_t i = 0; images && i < VALUES; i++) {
        images[i] = (float)pixel(i / RECORD, i % RECORD) / 64 - 2;
    }
    for (int i = 0; i < STEPS * N; i++) {
        labels[i] = i % CLASSES;
    }
    sld_selftest_path(t, path, whole);
    for (int view = 0; st == SLD_OK && view < 2; view++) {
        st = sld_doc_put(t->ctx, doc, view ? "/image_strong" : "/image_weak", SLD_F32, 5, dims,
                         images);
    }
    if (st == SLD_OK) {
        st = sld_doc_put(t->ctx, doc, "/labels", SLD_I32, 2, dims, labels);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(t->ctx, &doc, whole, true);
    }
    sld_doc_close(doc);
    free(images);
    return st == SLD_OK || sld_selftest_report(t, false, "%s", t->ctx->err.msg);
}

/* Copies the attributes that identify the views, then writes logits from a formula. */
static sld_status put_logits(sld_ctx *ctx, sld_doc *views, sld_doc *out)
{
    static const char *const texts[] = {"data", "data_sha256", "views_weak", "views_strong"};
    static const char *const whole[] = {"epoch", "classes"};
    const char              *text;
    int64_t                  number = 0;
    int                      n_dims;
    size_t                   dims[SLD_DOC_DIMS];
    int32_t                  sample[256];
    float                    logits[256 * 32];

    for (size_t i = 0; i < 4; i++) {
        SLD_TRY(sld_doc_get_attr_text(ctx, views, "/", texts[i], &text));
        SLD_TRY(sld_doc_attr_text(ctx, out, "/", texts[i], text));
    }
    for (size_t i = 0; i < 2; i++) {
        SLD_TRY(sld_doc_get_attr(ctx, views, "/", whole[i], SLD_I64, 1, &number));
        SLD_TRY(sld_doc_attr(ctx, out, "/", whole[i], SLD_I64, 0, &number));
    }
    SLD_TRY(sld_doc_dims(ctx, views, "/sample", &n_dims, dims));
    dims[1] = (size_t)number;
    if (dims[0] > 256 || dims[1] > 32) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "views: expected at most 256 samples of 32 classes");
    }
    SLD_TRY(sld_doc_get(ctx, views, "/sample", SLD_I32, dims[0], sample));
    for (size_t i = 0; i < dims[0] * dims[1]; i++) {
        logits[i] = (float)((i * 7 + i / dims[1]) % 13) - 6;
    }
    SLD_TRY(sld_doc_put(ctx, out, "/sample", SLD_I32, 1, dims, sample));
    for (int view = 0; view < 2; view++) {
        if (sld_doc_has(views, view ? "/image_strong" : "/image_weak")) {
            SLD_TRY(sld_doc_put(ctx, out, view ? "/logits_strong" : "/logits_weak", SLD_F32, 2,
                                dims, logits));
        }
    }
    return SLD_OK;
}

bool sld_selftest_make_logits(sld_selftest *t, const char *views, const char *path)
{
    char       whole[PATH_MAX], *slash;
    sld_doc   *in = NULL, *out = NULL;
    sld_status st;

    sld_selftest_path(t, path, whole);
    slash  = strrchr(whole, '/');
    *slash = '\0';
    st     = sld_file_mkdirs(t->ctx, whole);
    *slash = '/';
    if (st == SLD_OK) {
        char from[PATH_MAX];
        sld_selftest_path(t, views, from);
        st = sld_doc_open(t->ctx, from, &in);
    }
    if (st == SLD_OK) {
        st = sld_doc_create(t->ctx, &out);
    }
    if (st == SLD_OK) {
        st = put_logits(t->ctx, in, out);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(t->ctx, &out, whole, true);
    }
    sld_doc_close(in);
    sld_doc_close(out);
    return st == SLD_OK || sld_selftest_report(t, false, "%s", t->ctx->err.msg);
}
