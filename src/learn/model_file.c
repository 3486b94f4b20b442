/* model_file.c: reads a model's tensors from HDF5 documents and lists them for writing. */
#include "sld/learn.h"

#include <math.h>
#include <string.h>

sld_status sld_model_named(sld_ctx *ctx, sld_arena *arena, const sld_model *model, float *values,
                           bool trained_only, sld_named **out, size_t *n)
{
    const size_t count = sld_model_tensor_count(model);
    size_t       at    = 0;

    *n = 0;
    SLD_TRY(sld_arena_alloc(ctx, arena, count * sizeof **out, (void **)out));
    for (size_t i = 0; i < count; i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        if (trained_only && !t->trained) {
            continue;
        }
        sld_named *named = &(*out)[(*n)++];
        named->name      = t->name;
        named->n_dims    = t->n_dims;
        named->values    = values ? values + at : t->values;
        memcpy(named->dims, t->dims, sizeof named->dims);
        at += t->n;
    }
    return SLD_OK;
}

size_t sld_model_floats(const sld_model *model)
{
    size_t n = 0;

    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        n += sld_model_tensor(model, i)->n;
    }
    return n;
}

void sld_model_copy_out(const sld_model *model, float *values)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        memcpy(values, t->values, t->n * sizeof *values);
        values += t->n;
    }
}

void sld_model_copy_in(sld_model *model, const float *values)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        memcpy(t->values, values, t->n * sizeof *values);
        values += t->n;
    }
}

static sld_status read_config(sld_ctx *ctx, sld_arena *arena, sld_doc *doc, const char **out)
{
    const char *text = NULL;

    *out = NULL;
    if (!sld_doc_has_attr(doc, "/", "config")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "config", &text));
    *out = sld_arena_strdup(arena, text);
    return *out ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration in %s",
                           sld_doc_path(doc));
}

/* Without this check a weight that is not finite would show as another run's diverged training. */
static sld_status check_finite(sld_ctx *ctx, sld_doc *doc, const sld_named *tensors, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t count = 1;
        for (int d = 0; d < tensors[i].n_dims; d++) {
            count *= tensors[i].dims[d];
        }
        for (size_t j = 0; j < count; j++) {
            if (!isfinite(tensors[i].values[j])) {
                return SLD_FAIL(ctx, SLD_ERR_DATA,
                                "%s: /model/%s: element %zu: expected a finite value, got %g",
                                sld_doc_path(doc), tensors[i].name, j,
                                (double)tensors[i].values[j]);
            }
        }
    }
    return SLD_OK;
}

static sld_status check_size(sld_ctx *ctx, sld_doc *doc, const sld_weights_info *info, int height,
                             int width)
{
    if (info->input_size == height && info->input_size == width) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s: attribute input_size: expected the size of the images, %dx%d, got %d",
                    sld_doc_path(doc), height, width, info->input_size);
}

static sld_status check_network(sld_ctx *ctx, sld_doc *doc, const char *name)
{
    enum { MAX = 256 };
    const char *names[MAX] = {NULL};
    char        shown[80];
    size_t      n = 0;

    if (sld_network_find(name)) {
        return SLD_OK;
    }
    for (; n < sld_network_count() && n < MAX; n++) {
        names[n] = sld_network_at(n)->name;
    }
    const int near = sld_text_nearest(name, names, n);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s: attribute network: expected a network of this build, got %s%s%s",
                    sld_doc_path(doc), sld_text_printable(name, shown, sizeof shown),
                    near >= 0 ? "; nearest: " : "; sld models lists those that are",
                    near >= 0 ? names[near] : "");
}

static sld_status load_from(sld_ctx *ctx, sld_arena *arena, sld_doc *doc, int height, int width,
                            sld_model_file *out)
{
    sld_named *named = NULL;
    size_t     n     = 0;

    SLD_TRY(sld_weights_info_get(ctx, doc, &out->info));
    SLD_TRY(check_network(ctx, doc, out->info.network));
    SLD_TRY(check_size(ctx, doc, &out->info, height, width));
    SLD_TRY(read_config(ctx, arena, doc, &out->config_text));
    SLD_TRY(sld_model_create(ctx, out->info.network, height, width, out->info.channels,
                             out->info.classes, &out->model));
    SLD_TRY(sld_model_named(ctx, arena, out->model, NULL, false, &named, &n));
    SLD_TRY(sld_tensors_get(ctx, doc, "/model", named, n));
    SLD_TRY(check_finite(ctx, doc, named, n));
    sld_tensors_sha256(named, n, out->sha);
    sld_weights_content(&out->info, out->sha, out->content);
    return sld_weights_maker(ctx, doc, out->content, out->made_by);
}

sld_status sld_model_load(sld_ctx *ctx, sld_arena *arena, const char *path, int height, int width,
                          sld_model_file *out)
{
    sld_doc *doc = NULL;

    memset(out, 0, sizeof *out);
    SLD_TRY(sld_doc_open(ctx, path, &doc));
    const sld_status st = load_from(ctx, arena, doc, height, width, out);
    sld_doc_close(doc);
    if (st != SLD_OK) {
        sld_model_destroy(out->model);
        out->model = NULL;
    }
    return st;
}
