/* results.c: tables and logits with named axes, so that h5py, ncdump and xarray show epoch, sample
 * and class by themselves. netCDF looks for an axis in the data set's own group and in those
 * above: axes that several groups share lie in the root. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The length of the axis at path, which must be one-dimensional. */
static sld_status axis_length(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n)
{
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS];
    SLD_TRY(sld_doc_dims(ctx, doc, path, &n_dims, dims));
    if (n_dims != 1) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "%s: %s: expected an axis of one dimension, got %d",
                        doc_name(doc), path, n_dims);
    }
    *n = dims[0];
    return SLD_OK;
}

sld_status sld_doc_axis(sld_ctx *ctx, sld_doc *doc, const char *path, int64_t first, size_t n)
{
    if (sld_doc_has(doc, path)) {
        size_t found = 0;
        SLD_TRY(axis_length(ctx, doc, path, &found));
        if (found != n) {
            return SLD_FAIL(ctx, SLD_ERR_ARG, "%s: axis %s: expected %zu values, got %zu",
                            doc_name(doc), path, n, found);
        }
        return SLD_OK;
    }
    int64_t *values = malloc((n > 0 ? n : 1) * sizeof *values);
    if (!values) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: axis %s of %zu", path, n);
    for (size_t i = 0; i < n; i++) {
        values[i] = first + (int64_t)i;
    }
    sld_status st = sld_doc_put(ctx, doc, path, SLD_I64, 1, &n, values);
    free(values);
    return st == SLD_OK ? doc_make_scale(ctx, doc, path, last_name(path)) : st;
}

sld_status attach_axes(sld_ctx *ctx, sld_doc *doc, const char *path, int n_axes,
                       const char *const *axes)
{
    for (int a = 0; a < n_axes; a++) {
        SLD_TRY(sld_doc_scale(ctx, doc, path, a, axes[a], last_name(axes[a])));
    }
    return SLD_OK;
}

sld_status axes_dims(sld_ctx *ctx, sld_doc *doc, const char *path, int n_axes,
                     const char *const *axes, size_t dims[SLD_DOC_DIMS])
{
    if (n_axes < 1 || n_axes > SLD_DOC_DIMS) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "%s: %s: expected 1 to %d axes, got %d", doc_name(doc),
                        path, SLD_DOC_DIMS, n_axes);
    }
    for (int a = 0; a < n_axes; a++) {
        SLD_TRY(axis_length(ctx, doc, axes[a], &dims[a]));
    }
    return SLD_OK;
}

sld_status sld_doc_put_on_axes(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                               int n_axes, const char *const *axes, const void *values)
{
    size_t dims[SLD_DOC_DIMS];

    SLD_TRY(axes_dims(ctx, doc, path, n_axes, axes, dims));
    SLD_TRY(sld_doc_put(ctx, doc, path, type, n_axes, dims, values));
    return attach_axes(ctx, doc, path, n_axes, axes);
}

/* "/epoch/lr" lies on the axis "/epoch/epoch": a group of columns is named like its axis. */
static sld_status column_axis(sld_ctx *ctx, const sld_doc *doc, const char *path,
                              char axis[STORE_PATH_MAX])
{
    char        group[STORE_PATH_MAX / 2];
    const char *slash = strrchr(path, '/');

    if (!slash || slash == path || (size_t)(slash - path) >= sizeof group) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "%s: expected a column in a group (\"/epoch/NAME\"), got \"%s\"",
                        doc_name(doc), path);
    }
    memcpy(group, path, (size_t)(slash - path));
    group[slash - path] = '\0';
    snprintf(axis, STORE_PATH_MAX, "%s/%s", group, last_name(group));
    return SLD_OK;
}

sld_status sld_doc_put_column(sld_ctx *ctx, sld_doc *doc, const char *path, const char *units,
                              const double *values, size_t n)
{
    char axis[STORE_PATH_MAX];
    SLD_TRY(column_axis(ctx, doc, path, axis));
    SLD_TRY(sld_doc_axis(ctx, doc, axis, 1, n)); /* epochs are numbered from 1 */
    SLD_TRY(sld_doc_put_on_axes(ctx, doc, path, SLD_F64, 1, (const char *[]){axis}, values));
    return sld_doc_attr_text(ctx, doc, path, "units", units);
}

sld_status sld_doc_put_logits(sld_ctx *ctx, sld_doc *doc, const char *path, const float *logits,
                              size_t n_samples, size_t n_classes)
{
    const char *const axes[] = {SLD_AXIS_SAMPLE, SLD_AXIS_CLASS};
    SLD_TRY(sld_doc_axis(ctx, doc, SLD_AXIS_SAMPLE, 0, n_samples));
    SLD_TRY(sld_doc_axis(ctx, doc, SLD_AXIS_CLASS, 0, n_classes));
    return sld_doc_put_on_axes(ctx, doc, path, SLD_F32, 2, axes, logits);
}

sld_status sld_doc_put_labels(sld_ctx *ctx, sld_doc *doc, const char *path, const int32_t *labels,
                              size_t n_samples)
{
    const char *const axes[] = {SLD_AXIS_SAMPLE};
    SLD_TRY(sld_doc_axis(ctx, doc, SLD_AXIS_SAMPLE, 0, n_samples));
    return sld_doc_put_on_axes(ctx, doc, path, SLD_I32, 1, axes, labels);
}

sld_status sld_doc_put_class_names(sld_ctx *ctx, sld_doc *doc, const char *const *names,
                                   size_t n_classes)
{
    const char *const axes[] = {SLD_AXIS_CLASS};
    SLD_TRY(sld_doc_axis(ctx, doc, SLD_AXIS_CLASS, 0, n_classes));
    SLD_TRY(sld_doc_put_text(ctx, doc, "/class_name", names, n_classes));
    return attach_axes(ctx, doc, "/class_name", 1, axes);
}
