/* weights.c: the parameters of a network as named tensors, with PyTorch's state_dict names and
 * layouts, and the attributes by which a weights file explains itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define CHANNELS_MAX 4

static sld_status tensor_path(sld_ctx *ctx, const sld_doc *doc, const char *group, const char *name,
                              char path[STORE_PATH_MAX])
{
    const int n = snprintf(path, STORE_PATH_MAX, "%s/%s", group, name);
    if (n < 0 || n >= STORE_PATH_MAX) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "%s: tensor name: expected a shorter one, got %zu characters: %.40s...",
                        doc_name(doc), strlen(name), name);
    }
    return SLD_OK;
}

static size_t tensor_size(const sld_named *tensor)
{
    size_t n = 1;
    for (int d = 0; d < tensor->n_dims; d++) {
        n *= tensor->dims[d];
    }
    return n;
}

sld_status sld_tensors_put(sld_ctx *ctx, sld_doc *doc, const char *group, const sld_named *tensors,
                           size_t n)
{
    char path[STORE_PATH_MAX];
    for (size_t i = 0; i < n; i++) {
        const sld_named *t = &tensors[i];
        SLD_TRY(tensor_path(ctx, doc, group, t->name, path));
        SLD_TRY(sld_doc_put(ctx, doc, path, SLD_F32, t->n_dims, t->dims, t->values));
    }
    return SLD_OK;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t n = strlen(name), n_ending = strlen(ending);
    return n >= n_ending && strcmp(name + n - n_ending, ending) == 0;
}

/* Whether all members of the group begin with the first n bytes of name. */
static bool all_begin_with(sld_doc *doc, const char *group, const char *name, size_t n)
{
    const char *other;
    size_t      i = 0;

    while ((other = sld_doc_member(doc, group, i)) && strncmp(other, name, n) == 0) {
        i++;
    }
    return !other;
}

/* What stands before all names of the group, as "module."; "": nothing does. */
static void find_prefix(sld_doc *doc, const char *group, const char *tensor, char *prefix, size_t n)
{
    const char *name;

    prefix[0] = '\0';
    for (size_t i = 0; !prefix[0] && (name = sld_doc_member(doc, group, i)); i++) {
        const size_t before = strlen(name) - strlen(tensor);
        if (ends_with(name, tensor) && before > 0 && name[before - 1] == '.' &&
            all_begin_with(doc, group, name, before)) {
            snprintf(prefix, n, "%.*s", (int)before, name);
        }
    }
}

/* What to do where other programs put such a tensor; "": it is nowhere. */
static void advise(sld_doc *doc, const char *group, const char *tensor, char *text, size_t n)
{
    char prefix[64], shown[64];

    text[0] = '\0';
    find_prefix(doc, group, tensor, prefix, sizeof prefix);
    if (prefix[0]) {
        snprintf(text, n, "; there is %s%.60s: take %s off all names",
                 sld_text_printable(prefix, shown, sizeof shown), tensor, shown);
    }
}

static sld_status tensor_get(sld_ctx *ctx, sld_doc *doc, const char *group, const sld_named *tensor)
{
    char path[STORE_PATH_MAX], wanted[128], advice[240];

    SLD_TRY(tensor_path(ctx, doc, group, tensor->name, path));
    if (!sld_doc_has(doc, path)) {
        advise(doc, group, tensor->name, advice, sizeof advice);
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: tensor %s: expected the shape %s, got no such tensor%s", doc_name(doc),
                        path, shape_text(tensor->n_dims, tensor->dims, wanted, sizeof wanted),
                        advice);
    }
    SLD_TRY(sld_doc_check_shape(ctx, doc, path, tensor->n_dims, tensor->dims));
    return sld_doc_get(ctx, doc, path, SLD_F32, tensor_size(tensor), tensor->values);
}

/* PyTorch's batch norms count their batches; nothing here depends on the count. */
static bool is_batch_counter(const char *name)
{
    return ends_with(name, "num_batches_tracked");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every member of the group must be wanted. names: (n) of the tensors, in name order. */
static sld_status check_members(sld_ctx *ctx, sld_doc *doc, const char *group,
                                const char *const *names, size_t n)
{
    const char *name;

    for (size_t i = 0; (name = sld_doc_member(doc, group, i)); i++) {
        if (!is_batch_counter(name) && !bsearch(&name, names, n, sizeof *names, by_name)) {
            return SLD_FAIL(
                ctx, SLD_ERR_DATA,
                "%s: tensor %s/%.200s: expected a tensor of the network (it has %zu), got one more",
                doc_name(doc), group, name, n);
        }
    }
    return SLD_OK;
}

/* A variance below zero would make every output NaN, and that only in evaluation. */
static sld_status check_variance(sld_ctx *ctx, const sld_doc *doc, const sld_named *tensor)
{
    if (!ends_with(tensor->name, "running_var")) return SLD_OK;
    for (size_t i = 0; i < tensor_size(tensor); i++) {
        if (tensor->values[i] < 0.0F) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: tensor %s: element %zu: expected a variance of at least 0, got %g",
                            doc_name(doc), tensor->name, i, (double)tensor->values[i]);
        }
    }
    return SLD_OK;
}

/* Of a file that has the tensor elsewhere: in another group, or in none. */
static sld_status refuse_group(sld_ctx *ctx, sld_doc *doc, const char *group, const char *tensor)
{
    char        advice[280] = "", path[STORE_PATH_MAX], shown[64];
    const char *name;

    for (size_t i = 0; !advice[0] && (name = sld_doc_member(doc, "/", i)); i++) {
        snprintf(path, sizeof path, "/%.200s/%.200s", name, tensor);
        if (strcmp(name, tensor) == 0) {
            snprintf(advice, sizeof advice,
                     "; there is /%.60s: move all tensors into a group %.20s", tensor, group);
        } else if (sld_doc_has(doc, path)) {
            sld_text_printable(name, shown, sizeof shown);
            snprintf(advice, sizeof advice,
                     "; there is /%s/%.60s: call the group model: h5py, f.move(\"%s\", \"%.20s\")",
                     shown, tensor, shown, group + 1);
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected a group %s of tensors, got none%s",
                    doc_name(doc), group, advice);
}

sld_status sld_tensors_get(sld_ctx *ctx, sld_doc *doc, const char *group, const sld_named *tensors,
                           size_t n)
{
    if (!sld_doc_has(doc, group)) {
        return refuse_group(ctx, doc, group, tensors[0].name);
    }
    for (size_t i = 0; i < n; i++) {
        SLD_TRY(tensor_get(ctx, doc, group, &tensors[i]));
        SLD_TRY(check_variance(ctx, doc, &tensors[i]));
    }
    const char **names = malloc((n + 1) * sizeof *names);
    if (!names) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the names of %zu tensors", n);
    for (size_t i = 0; i < n; i++) {
        names[i] = tensors[i].name;
    }
    qsort(names, n, sizeof *names, by_name);
    const sld_status st = check_members(ctx, doc, group, names, n);
    free(names);
    return st;
}

sld_status sld_weights_put(sld_ctx *ctx, sld_doc *doc, const sld_weights_info *info,
                           const sld_named *tensors, size_t n)
{
    const int32_t classes = info->classes, channels = info->channels, size = info->input_size;

    if (channels < 1 || channels > CHANNELS_MAX) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "weights of %s: expected 1 to %d channels, got %d",
                        info->network, CHANNELS_MAX, (int)channels);
    }
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "network", info->network));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "classes", SLD_I32, 0, &classes));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "channels", SLD_I32, 0, &channels));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "input_size", SLD_I32, 0, &size));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "mean", SLD_F32, (size_t)channels, info->mean));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "std", SLD_F32, (size_t)channels, info->std));
    if (info->data_hash[0]) {
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "data_hash", info->data_hash));
    }
    if (info->data_name[0]) {
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "data_name", info->data_name));
    }
    return sld_tensors_put(ctx, doc, "/model", tensors, n);
}

/* A text attribute of the file into a field of n bytes. An absent optional one leaves it empty. */
static sld_status info_text(sld_ctx *ctx, sld_doc *doc, const char *name, bool optional,
                            char *field, size_t n)
{
    const char *text;

    field[0] = '\0';
    if (optional && !sld_doc_has_attr(doc, "/", name)) return SLD_OK;
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", name, &text));
    if (strlen(text) >= n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: attribute \"%s\": expected at most %zu characters, got %zu",
                        doc_name(doc), name, n - 1, strlen(text));
    }
    memcpy(field, text, strlen(text) + 1);
    return SLD_OK;
}

static sld_status info_count(sld_ctx *ctx, sld_doc *doc, const char *name, int *field)
{
    int32_t value = 0;
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", name, SLD_I32, 0, &value));
    if (value < 1) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: attribute \"%s\": expected a number above 0, got %d", doc_name(doc),
                        name, (int)value);
    }
    *field = (int)value;
    return SLD_OK;
}

static sld_status check_kind(sld_ctx *ctx, sld_doc *doc)
{
    char text[480];

    if (sld_doc_has_attr(doc, "/", "network") || sld_doc_has(doc, "/model")) return SLD_OK;
    sld_doc_describe(doc, text, sizeof text);
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%.180s: expected a weights file, got %.300s", doc_name(doc),
                    text);
}

sld_status sld_weights_info_get(sld_ctx *ctx, sld_doc *doc, sld_weights_info *out)
{
    size_t n_mean = 0;

    memset(out, 0, sizeof *out);
    SLD_TRY(check_kind(ctx, doc));
    SLD_TRY(info_text(ctx, doc, "network", false, out->network, sizeof out->network));
    SLD_TRY(info_count(ctx, doc, "classes", &out->classes));
    SLD_TRY(info_count(ctx, doc, "input_size", &out->input_size));
    SLD_TRY(info_text(ctx, doc, "data_hash", true, out->data_hash, sizeof out->data_hash));
    SLD_TRY(info_text(ctx, doc, "data_name", true, out->data_name, sizeof out->data_name));

    /* Public teachers do not state their channels; the mean has one value for each. */
    SLD_TRY(sld_doc_attr_count(ctx, doc, "/", "mean", &n_mean));
    if (n_mean < 1 || n_mean > CHANNELS_MAX) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: attribute \"mean\": expected 1 to %d values, got %zu", doc_name(doc),
                        CHANNELS_MAX, n_mean);
    }
    out->channels = (int)n_mean;
    return sld_doc_get_moments(ctx, doc, n_mean, out->mean, out->std);
}

/* The tensor whose name follows `after` (NULL: the first) in name order, or NULL. */
static const sld_named *next_in_name_order(const sld_named *tensors, size_t n, const char *after)
{
    const sld_named *next = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *name = tensors[i].name;
        if (after && strcmp(name, after) <= 0) continue;
        if (!next || strcmp(name, next->name) < 0) next = &tensors[i];
    }
    return next;
}

void sld_tensors_sha256(const sld_named *tensors, size_t n, char hex[65])
{
    sld_sha256       sha;
    const sld_named *t = NULL;

    sld_sha256_init(&sha);
    while ((t = next_in_name_order(tensors, n, t ? t->name : NULL))) {
        sld_sha256_add(&sha, t->name, strlen(t->name) + 1); /* the zero ends the name */
        sld_sha256_add(&sha, t->values, tensor_size(t) * sizeof t->values[0]);
    }
    sld_sha256_hex(&sha, hex);
}

bool sld_weights_id(const char *path, char shown[SLD_SHOWN_ID_BYTES])
{
    sld_ctx     quiet;
    sld_doc    *doc   = NULL;
    const char *found = "";

    sld_ctx_init(&quiet);
    if (doc_open_trusting(&quiet, path, &doc) == SLD_OK && sld_doc_has_attr(doc, "/", "id") &&
        sld_doc_get_attr_text(&quiet, doc, "/", "id", &found) != SLD_OK) {
        found = "";
    }
    sld_text_printable(found, shown, SLD_SHOWN_ID_BYTES);
    sld_doc_close(doc);
    return *shown != '\0';
}

sld_status sld_weights_check_id(sld_ctx *ctx, const char *path, const void *id)
{
    char found[SLD_SHOWN_ID_BYTES];

    return !sld_weights_id(path, found) || strcmp(found, id) == 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: id: expected %s, got %s: another trial's weights; put the trial's "
                          "own back, or remove the file",
                          path, (const char *)id, found);
}
