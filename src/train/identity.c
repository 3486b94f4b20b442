/* identity.c: what makes two trials the same: options that change results, data and weights by
 * content. Paths, rank counts and the version of sld do not. */
#include <stdio.h>
#include <string.h>

#include "trial.h"

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
    snprintf(t->id, sizeof t->id, "%.12s", hex);
    t->identity = text;
    return SLD_OK;
}
