/* formats.c: the formats of sld's own files and the versions that this build writes and reads. Each
 * stands in CHANGELOG.md, "Versions of file formats"; tables of teacher logits have theirs in table.h,
 * because another version of one is computed anew instead. */
#include <string.h>

#include "internal.h"

static const struct {
    const char *name;
    int64_t     newest;
} formats[] = {
    {"sld-results", 1}, {"sld-checkpoint", 1}, {"sld-study", 1}, {"sld-views", 1}, {"sld-probe", 1},
};

/* 0: no format of ours. */
static int64_t newest_of(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            return formats[i].newest;
        }
    }
    return 0;
}

sld_status sld_doc_put_format(sld_ctx *ctx, sld_doc *doc, const char *name)
{
    const int64_t version = newest_of(name);

    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "format", name));
    return sld_doc_attr(ctx, doc, "/", "format_version", SLD_I64, 0, &version);
}

sld_status doc_check_format(sld_ctx *ctx, sld_doc *doc)
{
    sld_ctx     quiet; /* in files of other programs the attribute may be anything */
    const char *name;
    int64_t     version;

    sld_ctx_init(&quiet);
    if (!sld_doc_has_attr(doc, "/", "format") || !sld_doc_has_attr(doc, "/", "format_version") ||
        sld_doc_get_attr_text(&quiet, doc, "/", "format", &name) != SLD_OK) {
        return SLD_OK;
    }
    const int64_t newest = newest_of(name);
    if (newest == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "format_version", SLD_I64, 0, &version));
    return version <= newest
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: format_version: expected %s of version %lld or older, got %lld; a "
                          "newer sld wrote it: use that one",
                          doc_name(doc), name, (long long)newest, (long long)version);
}
