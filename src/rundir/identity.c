/* identity.c: what makes two trials the same: options that change results, and what is read. Paths,
 * rank counts and the version of sld do not. */
#include <stdio.h>
#include <string.h>

#include "sld/rundir.h"

sld_status sld_identity_text(sld_ctx *ctx, sld_arena *arena, const char *options,
                             const sld_inputs *in, const char **out)
{
    const struct {
        const char *name, *value;
    } lines[]          = {{"data", in->data},
                          {"teacher", in->teacher},
                          {"teacher_logits", in->teacher_logits},
                          {"student", in->student}};
    const size_t count = sizeof lines / sizeof *lines;
    size_t       bytes = strlen(options) + 1, n;
    char        *text;

    for (size_t i = 0; i < count; i++) {
        bytes += lines[i].value ? strlen(lines[i].name) + strlen(lines[i].value) + 3 : 0;
    }
    SLD_TRY(sld_arena_alloc(ctx, arena, bytes, (void **)&text));
    n = (size_t)snprintf(text, bytes, "%s", options);
    for (size_t i = 0; i < count; i++) {
        if (lines[i].value) {
            n += (size_t)snprintf(text + n, bytes - n, "%s: %s\n", lines[i].name, lines[i].value);
        }
    }
    *out = text;
    return SLD_OK;
}

void sld_identity_id(const char *text, char id[SLD_ID_LENGTH + 1])
{
    sld_sha256 sha;
    char       hex[65];

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, text, strlen(text));
    sld_sha256_hex(&sha, hex);
    snprintf(id, SLD_ID_LENGTH + 1, "%.*s", SLD_ID_LENGTH, hex);
}
