/* input_names.c: names the weights in a file, and the data set that options choose, for an identity
 * that is made before anything is trained. */
#include <stdio.h>

#include "sld/learn.h"

const char *sld_weights_name(const sld_model_file *file, int version)
{
    return version == 1 ? file->sha : file->made_by[0] ? file->made_by : file->content;
}

sld_status sld_weights_name_of(sld_ctx *ctx, const char *path, int version,
                               char name[SLD_NAME_BYTES])
{
    sld_weights_info info;
    sld_model_file   file  = {.model = NULL};
    sld_doc         *doc   = NULL;
    sld_arena       *arena = NULL;

    SLD_TRY(sld_doc_open(ctx, path, &doc));
    sld_status st = sld_weights_info_get(ctx, doc, &info);
    sld_doc_close(doc);
    if (st == SLD_OK) {
        st = sld_arena_create(ctx, &arena);
    }
    if (st == SLD_OK) {
        st = sld_model_load(ctx, arena, path, info.input_size, info.input_size, &file);
    }
    snprintf(name, SLD_NAME_BYTES, "%s", sld_weights_name(&file, version));
    sld_model_destroy(file.model);
    sld_arena_destroy(arena);
    return st;
}

sld_status sld_data_check_square(sld_ctx *ctx, const sld_options *opt, const sld_dataset *set)
{
    return set->H == set->W
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: expected square images, got %zux%zu; `data.input_size: N` trains on "
                          "squares of side N, and import-data makes a square data set",
                          opt->data.path, (size_t)set->H, (size_t)set->W);
}

void sld_data_origin_of(const sld_dataset *set, sld_data_origin *out)
{
    snprintf(out->hash, sizeof out->hash, "%s", set->hash);
    snprintf(out->name, sizeof out->name, "%s", set->name);
}

sld_status sld_data_name_of(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt, int version,
                            char name[SLD_NAME_BYTES], sld_data_origin *origin)
{
    sld_dataset *set = NULL;

    SLD_TRY(sld_open_data(ctx, comm, opt, &set));
    const sld_status st = sld_data_check_square(ctx, opt, set);
    sld_data_name(opt, set, version, name);
    sld_data_origin_of(set, origin);
    sld_dataset_close(set);
    return st;
}
