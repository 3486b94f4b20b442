/* origin.c: what a weights file says of its own making that is seldom meant: another data set than the one
 * that they are used on, or a run that had not ended. */
#include <limits.h>
#include <string.h>

#include "sld/learn.h"

static bool has_text(sld_ctx *ctx, sld_doc *doc, const char *name, const char **text)
{
    return sld_doc_has_attr(doc, "/", name) &&
           sld_doc_get_attr_text(ctx, doc, "/", name, text) == SLD_OK;
}

/* train.epochs of the experiment that the file stores; 0: it does not say. */
static int64_t planned_epochs(sld_ctx *ctx, sld_doc *doc)
{
    const char     *text;
    sld_arena      *arena = NULL;
    const sld_node *root, *train, *epochs;
    int64_t         n = 0;

    if (has_text(ctx, doc, "config", &text) && sld_arena_create(ctx, &arena) == SLD_OK &&
        sld_yaml_document(ctx, arena, "config", text, strlen(text), &root) == SLD_OK &&
        (train = sld_node_value(root, "train")) && (epochs = sld_node_value(train, "epochs")) &&
        !sld_node_whole(epochs, 1, INT_MAX, &n)) {
        n = 0;
    }
    sld_arena_destroy(arena);
    return n;
}

/* Final weights say under which name they were made; those of a running trial do not. */
static void warn_unfinished(sld_ctx *ctx, sld_ctx *quiet, sld_doc *doc, const char *key)
{
    const int64_t planned = planned_epochs(quiet, doc);
    int64_t       epoch   = 0;

    if (sld_doc_has_attr(doc, "/", "id") && sld_doc_has_attr(doc, "/", "content_sha256") &&
        !sld_doc_has_attr(doc, "/", "made_as") && sld_doc_has_attr(doc, "/", "epoch") &&
        sld_doc_get_attr(quiet, doc, "/", "epoch", SLD_I64, 0, &epoch) == SLD_OK &&
        epoch < planned) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %s: its run had not ended: weights after epoch %lld of %lld; let the same sld "
                "run end it first, unless these are meant",
                key, sld_doc_path(doc), (long long)epoch, (long long)planned);
    }
}

static void warn_other_data(sld_ctx *ctx, sld_ctx *quiet, sld_doc *doc, const char *key,
                            const sld_data_origin *data)
{
    const char *hash, *name = "one without a name";
    char        shown[80];

    if (data && has_text(quiet, doc, "data_hash", &hash) && *hash &&
        strcmp(hash, data->hash) != 0) {
        (void)has_text(quiet, doc, "data_name", &name);
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %s: trained on the data set %s (%.12s...), and used here on %s (%.12s...); "
                "where that is not meant, give weights trained on it",
                key, sld_doc_path(doc), sld_text_printable(name, shown, sizeof shown), hash,
                data->name, data->hash);
    }
}

void sld_weights_warn(sld_ctx *ctx, const char *key, const char *path, const sld_data_origin *data,
                      bool ended)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    sld_ctx_init(&quiet);
    if (ctx->rank == 0 && sld_doc_open_file(&quiet, path, &doc) == SLD_OK) {
        warn_other_data(ctx, &quiet, doc, key, data);
        if (!ended) {
            warn_unfinished(ctx, &quiet, doc, key);
        }
    }
    sld_doc_close(doc);
}
