/* content.c: names the inputs of an experiment for its identity. All that may change a bit of the
 * result is part of a name, and no path is. */
#include <stdio.h>
#include <string.h>

#include "sld/learn.h"

/* Adds the numbers to their last bit. */
static void add_normalisation(sld_sha256 *sha, const float *mean, const float *std, size_t channels)
{
    char line[128];

    for (size_t c = 0; c < channels; c++) {
        snprintf(line, sizeof line, "channel %a %a\n", (double)mean[c], (double)std[c]);
        sld_sha256_add(sha, line, strlen(line));
    }
}

static void add_text(sld_sha256 *sha, const char *name, const char *value)
{
    char line[256];

    snprintf(line, sizeof line, "%s %s\n", name, value);
    sld_sha256_add(sha, line, strlen(line));
}

void sld_data_name(const sld_options *opt, const sld_dataset *set, int version,
                   char name[SLD_NAME_BYTES])
{
    sld_sha256 sha;

    if (version == 1) {
        snprintf(name, SLD_NAME_BYTES, "%s", set->hash);
    } else if (opt->data.format == SLD_FORMAT_SYNTHETIC) {
        snprintf(name, SLD_NAME_BYTES, "synthetic"); /* its options determine it */
    } else {
        sld_sha256_init(&sha);
        add_text(&sha, "pictures", set->hash);
        add_normalisation(&sha, set->mean, set->std, set->C);
        sld_sha256_hex(&sha, name);
    }
}

void sld_weights_content(const sld_weights_info *info, const char *tensors_sha, char content[65])
{
    const sld_network *network = sld_network_find(info->network);
    sld_sha256         sha;

    sld_sha256_init(&sha);
    add_text(&sha, "network", network ? network->name : info->network);
    add_text(&sha, "tensors", tensors_sha);
    add_normalisation(&sha, info->mean, info->std, (size_t)info->channels);
    sld_sha256_hex(&sha, content);
}

static sld_status check_content(sld_ctx *ctx, sld_doc *doc, const char *content)
{
    const char *told;
    char        shown[40];

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "content_sha256", &told));
    return strcmp(told, content) == 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%.240s: content_sha256: expected that of its network, mean, std and "
                          "tensors, %.12s..., got %.12s...: it is damaged, or was changed; copy it "
                          "again, or, where the change is meant, delete that attribute: h5py, del "
                          "f.attrs[\"content_sha256\"]",
                          sld_doc_path(doc), content,
                          sld_text_printable(told, shown, sizeof shown));
}

/* A trial's files say which trial made them. This is believed only if they say what their content is. */
sld_status sld_weights_maker(sld_ctx *ctx, sld_doc *doc, const char *content,
                             char made_by[SLD_NAME_BYTES])
{
    const char *id, *file;

    made_by[0] = '\0';
    if (!sld_doc_has_attr(doc, "/", "content_sha256")) {
        return SLD_OK;
    }
    SLD_TRY(check_content(ctx, doc, content));
    if (!sld_doc_has_attr(doc, "/", "made_as") || !sld_doc_has_attr(doc, "/", "id")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "id", &id));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "made_as", &file));
    snprintf(made_by, SLD_NAME_BYTES, "trial %.16s/%.32s", id, file);
    return SLD_OK;
}
