/* identity.c: what a trial is made of, data and weights by content, and its name. */
#include <string.h>

#include "parts.h"

/* A trial of a sweep bears the ID of its point, as its folder and its claim do. That one names a
 * teacher by its trial, before there are weights to hash. */
sld_status sld_trial_identify(sld_ctx *ctx, sld_trial *t)
{
    const sld_inputs inputs = {.data    = t->set->hash,
                               .teacher = t->teacher.model ? t->teacher.sha : NULL,
                               .teacher_logits =
                                   t->teacher_files.sha[0] ? t->teacher_files.sha : NULL,
                               .student = t->start.model ? t->start.sha : NULL};
    int64_t          attempt;

    SLD_TRY(sld_identity_text(ctx, t->arena, sld_config_identity(t->params->config), &inputs,
                              &t->identity));
    if (!sld_trial_is_attempt(t) || !sld_claim_parse(t->opt->run.claim, t->id, &attempt)) {
        sld_identity_id(t->identity, t->id);
    }
    return SLD_OK;
}

sld_status sld_weights_sha256(sld_ctx *ctx, const char *path, char sha[65])
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
    memcpy(sha, file.sha, sizeof file.sha);
    sld_model_destroy(file.model);
    sld_arena_destroy(arena);
    return st;
}

sld_status sld_data_sha256(sld_ctx *ctx, const sld_comm *comm, const sld_config *config,
                           char sha[65])
{
    sld_dataset *set = NULL;

    SLD_TRY(sld_open_data(ctx, comm, sld_config_options(config), &set));
    memcpy(sha, set->hash, sizeof set->hash);
    sld_dataset_close(set);
    return SLD_OK;
}
