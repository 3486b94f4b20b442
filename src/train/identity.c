/* identity.c: what makes two trials the same: options that change results, data and weights by
 * content. Paths, rank counts and the version of sld do not. */
#include <stdio.h>
#include <string.h>

#include "trial.h"

/* A trial of a sweep bears the ID of its point, as its folder does: its claim is called ID.ATTEMPT.
 * That one names a teacher by its trial, before there are weights to hash. */
static void name_trial(sld_trial *t, const char *sha)
{
    const char *slash = strrchr(t->opt->run.claim, '/');
    const char *name  = slash ? slash + 1 : t->opt->run.claim;

    if (sld_trial_is_attempt(t) && *name) {
        snprintf(t->id, sizeof t->id, "%.*s", (int)strcspn(name, "."), name);
    } else {
        snprintf(t->id, sizeof t->id, "%.12s", sha);
    }
}

sld_status sld_trial_identify(sld_ctx *ctx, sld_trial *t)
{
    const char  *options = sld_config_identity(t->params->config);
    const size_t bytes   = strlen(options) + 512;
    char        *text;
    sld_sha256   sha;
    char         hex[65];

    SLD_TRY(sld_arena_alloc(ctx, t->arena, bytes, (void **)&text));
    int n = snprintf(text, bytes, "%sdata: %s\n", options, t->set->hash);
    if (t->teacher.model) {
        n += snprintf(text + n, bytes - (size_t)n, "teacher: %s\n", t->teacher.sha);
    }
    if (t->teacher_files.sha[0]) {
        n += snprintf(text + n, bytes - (size_t)n, "teacher_logits: %s\n", t->teacher_files.sha);
    }
    if (t->start.model) {
        snprintf(text + n, bytes - (size_t)n, "student: %s\n", t->start.sha);
    }
    sld_sha256_init(&sha);
    sld_sha256_add(&sha, text, strlen(text));
    sld_sha256_hex(&sha, hex);
    name_trial(t, hex);
    t->identity = text;
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
