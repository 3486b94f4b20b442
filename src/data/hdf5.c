/* hdf5.c: a general layout, so that any labelled image set becomes usable by a few lines of h5py:
 *
 *   /train/images   (N,H,W,C) or (N,H,W), whole numbers 0 to 255; C is 1 or 3 and comes last
 *   /train/labels   (N) or (N,1) whole numbers 0 to K-1
 *   /test/images, /test/labels   the same sizes but for N; a network's input may be smaller
 *   /train/coarse, /test/coarse  optional, both or none: (N) superclasses
 *   /class_names    optional: (K) texts; without it K is 1 + the largest label of train
 *   /coarse_names   optional: texts of the superclasses
 *   attributes mean, std of the file   optional, both or none: C numbers each, of pixel/255;
 *                   without them they are measured on train
 *   attribute name  optional: what results call the set
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "files.h"
#include "hdf5_pixels.h"
#include "unread.h"

static const struct {
    const char *images, *labels, *coarse;
} PATHS[SPLITS] = {{"/train/images", "/train/labels", "/train/coarse"},
                   {"/test/images", "/test/labels", "/test/coarse"}};

static sld_status shape_images(sld_ctx *ctx, sld_doc *doc, int split, data_shape *shape)
{
    int    n_dims;
    size_t dims[SLD_DOC_DIMS] = {0};

    SLD_TRY(sld_doc_dims(ctx, doc, PATHS[split].images, &n_dims, dims));
    if (n_dims != 3 && n_dims != 4) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected the shape (N,H,W,C) or (N,H,W), got %d dimensions",
                        sld_doc_path(doc), PATHS[split].images, n_dims);
    }
    const size_t C = n_dims == 4 ? dims[3] : 1;
    if (split == SPLIT_TRAIN) {
        shape->H = dims[1];
        shape->W = dims[2];
        shape->C = C;
    } else if (dims[1] != shape->H || dims[2] != shape->W || C != shape->C) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected images of %zux%zux%zu as in train, got %zux%zux%zu",
                        sld_doc_path(doc), PATHS[split].images, (size_t)shape->H, (size_t)shape->W,
                        (size_t)shape->C, dims[1], dims[2], C);
    }
    shape->n[split] = dims[0];
    return SLD_OK;
}

/* Labels stand in a row, or in a column (n,1) as some programs store them. */
static sld_status check_label_shape(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n)
{
    int    n_dims;
    size_t dims[SLD_DOC_DIMS] = {0};

    SLD_TRY(sld_doc_dims(ctx, doc, path, &n_dims, dims));
    if (n_dims == 2 && dims[0] == n && dims[1] > 1) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected one class per sample, got rows of %zu numbers; "
                        "labels.argmax(1) makes classes of one-hot rows",
                        sld_doc_path(doc), path, dims[1]);
    }
    return n_dims == 2 && dims[0] == n ? SLD_OK : sld_doc_check_shape(ctx, doc, path, 1, &n);
}

/* Reads n values. A failure of the kind that the store's message marks has a cure, which replaces
 * what the store expected. */
static sld_status get_values(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, size_t n,
                             void *values, const char *mark, const char *expected)
{
    const sld_status st = sld_doc_get(ctx, doc, path, type, n, values);

    if (st != SLD_ERR_DATA || !strstr(ctx->err.msg, mark)) {
        return st;
    }
    sld_err_clear(ctx);
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected %s", sld_doc_path(doc), path, expected);
}

/* Names the first label that is none. */
static sld_status refuse_label(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n)
{
    double    *values = malloc(n * sizeof *values);
    size_t     i      = 0;
    sld_status st     = SLD_OK;

    if (!values) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for %zu labels", sld_doc_path(doc),
                        n);
    }
    st = sld_doc_get(ctx, doc, path, SLD_F64, n, values);
    while (st == SLD_OK && i + 1 < n && values[i] >= 0 && values[i] <= INT32_MAX &&
           values[i] == floor(values[i])) {
        i++;
    }
    if (st == SLD_OK) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: %s[%zu]: expected a whole number from 0 to %d, got %.15g; "
                      "numpy.unique(labels, return_inverse=True) numbers the classes from 0 on",
                      sld_doc_path(doc), path, i, INT32_MAX, values[i]);
    }
    free(values);
    return st;
}

/* Reads n labels and checks that they are not negative; *classes: 1 + the largest. */
static sld_status read_labels(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n,
                              int32_t *labels, uint64_t *classes)
{
    *classes = 0;
    SLD_TRY(check_label_shape(ctx, doc, path, n));
    const sld_status st =
        get_values(ctx, doc, path, SLD_I32, n, labels, SLD_NO_NUMBERS,
                   "whole numbers from 0 on, got no numbers; numpy.unique(labels, "
                   "return_inverse=True) gives the names for /class_names, and the numbers");
    if (st == SLD_ERR_DATA && strstr(ctx->err.msg, SLD_DOES_NOT_FIT)) {
        sld_err_clear(ctx);
        return refuse_label(ctx, doc, path, n);
    }
    SLD_TRY(st);
    for (size_t i = 0; i < n; i++) {
        if (labels[i] < 0) {
            return refuse_label(ctx, doc, path, n);
        }
        *classes = (uint64_t)labels[i] + 1 > *classes ? (uint64_t)labels[i] + 1 : *classes;
    }
    return SLD_OK;
}

/* Classes of train, counted from the labels at `path`. They are read again by hdf5_fill(), which then
 * tells from where. */
static sld_status count_classes(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n,
                                uint64_t *classes)
{
    int32_t *labels = malloc((n ? n : 1) * sizeof *labels);

    if (!labels) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for %zu labels", sld_doc_path(doc),
                        n);
    }
    const sld_log_level level = ctx->log_level;
    ctx->log_level            = level > SLD_LOG_WARN ? SLD_LOG_WARN : level;
    const sld_status st       = read_labels(ctx, doc, path, n, labels, classes);
    ctx->log_level            = level;
    free(labels);
    return st;
}

/* Appends the texts at `path` to source->names and counts them. */
static sld_status read_names(sld_ctx *ctx, sld_doc *doc, const char *path, data_source *source,
                             uint64_t *count)
{
    enum { MAX = 1 << 20 };
    data_shape  *shape = &source->shape;
    int          n_dims;
    size_t       dims[SLD_DOC_DIMS] = {0}, bytes = 0;
    const char **texts;
    char        *names;
    sld_status   st;

    SLD_TRY(sld_doc_dims(ctx, doc, path, &n_dims, dims));
    if (n_dims != 1 || dims[0] < 1 || dims[0] > MAX) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected one dimension of 1 to %d texts, got %d dimensions",
                        sld_doc_path(doc), path, MAX, n_dims);
    }
    texts = malloc(dims[0] * sizeof *texts);
    if (!texts) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for names", sld_doc_path(doc));
    }
    st = sld_doc_get_text(ctx, doc, path, dims[0], texts);
    if (st != SLD_OK) {
        goto done;
    }
    for (size_t i = 0; i < dims[0]; i++) {
        bytes += strlen(texts[i]) + 1;
    }
    names = realloc(source->names, shape->names_bytes + bytes);
    if (!names) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for names", sld_doc_path(doc));
        goto done;
    }
    source->names = names;
    for (size_t i = 0; i < dims[0]; i++) {
        const size_t size = strlen(texts[i]) + 1;
        memcpy(names + shape->names_bytes, texts[i], size);
        shape->names_bytes += size;
    }
    *count = dims[0];
done:
    free(texts);
    return st;
}

/* K and n_coarse: from the names where there are any, else from train's labels. */
static sld_status shape_classes(sld_ctx *ctx, sld_doc *doc, data_source *source)
{
    data_shape *shape   = &source->shape;
    const bool  coarse  = sld_doc_has(doc, PATHS[SPLIT_TRAIN].coarse);
    const char *missing = PATHS[coarse ? SPLIT_TEST : SPLIT_TRAIN].coarse;

    if (coarse != sld_doc_has(doc, PATHS[SPLIT_TEST].coarse)) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: expected coarse labels of train and test or of neither, got none in %s",
            sld_doc_path(doc), missing);
    }
    if (sld_doc_has(doc, "/class_names")) {
        SLD_TRY(read_names(ctx, doc, "/class_names", source, &shape->K));
        shape->has_class_names = 1;
    } else {
        SLD_TRY(
            count_classes(ctx, doc, PATHS[SPLIT_TRAIN].labels, shape->n[SPLIT_TRAIN], &shape->K));
    }
    if (coarse && sld_doc_has(doc, "/coarse_names")) {
        SLD_TRY(read_names(ctx, doc, "/coarse_names", source, &shape->n_coarse));
        shape->has_coarse_names = 1;
    } else if (coarse) {
        SLD_TRY(count_classes(ctx, doc, PATHS[SPLIT_TRAIN].coarse, shape->n[SPLIT_TRAIN],
                              &shape->n_coarse));
    }
    return SLD_OK;
}

static sld_status read_moments(sld_ctx *ctx, sld_doc *doc, data_shape *shape)
{
    const bool mean = sld_doc_has_attr(doc, "/", "mean"), std = sld_doc_has_attr(doc, "/", "std");

    if (mean != std) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected the attributes mean and std or neither, got no %s",
                        sld_doc_path(doc), mean ? "std" : "mean");
    }
    if (!mean) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_moments(ctx, doc, shape->C, shape->mean, shape->std));
    shape->has_moments = 1;
    return SLD_OK;
}

static sld_status read_name(sld_ctx *ctx, sld_doc *doc, data_shape *shape)
{
    const char *name = "hdf5";

    if (sld_doc_has_attr(doc, "/", "name")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "name", &name));
    }
    sld_data_name_set(ctx, sld_doc_path(doc), name, shape->name);
    return SLD_OK;
}

static sld_status hdf5_open(sld_ctx *ctx, const sld_data_params *params, data_source *source)
{
    data_shape *shape = &source->shape;
    sld_doc    *doc   = NULL;
    data_file   file;

    /* Missing, empty, compressed or no file at all: said in the words of the other formats. */
    SLD_TRY(sld_data_file_open(ctx, params->path, NULL, &file));
    sld_data_file_close(&file);
    SLD_TRY(sld_doc_open(ctx, params->path, &doc));
    source->own = doc;

    for (int split = 0; split < SPLITS; split++) {
        SLD_TRY(shape_images(ctx, doc, split, shape));
    }
    if (shape->C != 1 && shape->C != 3) { /* before mean[C] is read */
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: /train/images: expected 1 or 3 channels in the last dimension, got "
                        "%zu%s",
                        sld_doc_path(doc), (size_t)shape->C,
                        shape->H == 1 || shape->H == 3
                            ? "; channels seem to come first, images.transpose(0, 2, 3, 1) puts "
                              "them last"
                        : shape->C == 4 ? "; images[..., :3] leaves the transparency out"
                                        : "");
    }
    SLD_TRY(shape_classes(ctx, doc, source));
    SLD_TRY(read_moments(ctx, doc, shape));
    return read_name(ctx, doc, shape);
}

/* n: images. */
static sld_status read_images(sld_ctx *ctx, sld_doc *doc, const char *path, const data_shape *shape,
                              size_t n, uint8_t *pixels)
{
    const size_t     all = n * shape->H * shape->W * shape->C;
    const sld_status st  = sld_doc_get(ctx, doc, path, SLD_U8, all, pixels);

    if (st != SLD_ERR_DATA || !strstr(ctx->err.msg, SLD_DOES_NOT_FIT)) {
        return st;
    }
    sld_err_clear(ctx);
    return sld_hdf5_refuse_pixels(ctx, doc, path, shape, n);
}

static sld_status check_enums(sld_ctx *ctx, sld_doc *doc, const data_shape *shape)
{
    const char *const labels[] = {PATHS[SPLIT_TRAIN].labels, PATHS[SPLIT_TEST].labels};
    const char *const coarse[] = {PATHS[SPLIT_TRAIN].coarse, PATHS[SPLIT_TEST].coarse};

    SLD_TRY(sld_data_check_enums(ctx, doc, labels, shape->has_class_names));
    return shape->n_coarse ? sld_data_check_enums(ctx, doc, coarse, true) : SLD_OK;
}

static sld_status hdf5_fill(sld_ctx *ctx, const data_source *source,
                            const data_target target[SPLITS])
{
    sld_doc          *doc   = source->own;
    const data_shape *shape = &source->shape;

    SLD_TRY(check_enums(ctx, doc, shape));
    sld_data_warn_unread(ctx, doc, shape);
    for (int split = 0; split < SPLITS; split++) {
        const size_t n = shape->n[split];
        uint64_t     classes;

        SLD_TRY(read_images(ctx, doc, PATHS[split].images, shape, n, target[split].pixels));
        SLD_TRY(read_labels(ctx, doc, PATHS[split].labels, n, target[split].labels, &classes));
        if (shape->n_coarse) {
            SLD_TRY(read_labels(ctx, doc, PATHS[split].coarse, n, target[split].coarse, &classes));
        }
    }
    return SLD_OK;
}

static void hdf5_close(data_source *source)
{
    sld_doc_close(source->own);
}

const data_format sld_format_hdf5 = {"hdf5", true, hdf5_open, hdf5_fill, hdf5_close};
