/* contents.c: what a trial reads, by the names of the contents, and the ID that follows from it. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sld/grid_id.h"

enum { CONTENTS_MAX = 1024 };

typedef struct content { /* of a file or a data set */
    const char *key;     /* all that its name, its checks and its warnings depend on */
    char        name[SLD_CONTENT_BYTES];
} content;

struct sld_contents {
    sld_arena          *arena;
    sld_contents_params params;
    content             known[CONTENTS_MAX];
    size_t              n;
};

sld_status sld_contents_create(sld_ctx *ctx, sld_arena *arena, const sld_contents_params *params,
                               sld_contents **out)
{
    void *memory = NULL;

    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof **out, &memory));
    *out           = memory;
    (*out)->arena  = arena;
    (*out)->params = *params;
    return SLD_OK;
}

/* Weights are held against the data set too. The same folder may hold two data sets. */
static void key_of(const sld_options *o, const char *weights, char *key, size_t n)
{
    if (weights) {
        snprintf(key, n, "weights\n%d\n%s\n%s", (int)o->data.format, o->data.path, weights);
    } else {
        snprintf(key, n, "data\n%d\n%s\n%lld %.17g", (int)o->data.format, o->data.path,
                 (long long)o->data.input_size, o->data.test_fraction);
    }
}

sld_status sld_contents_name(sld_ctx *ctx, sld_contents *contents, const sld_config *config,
                             const char *weights, const char **name)
{
    const sld_contents_params *p = &contents->params;
    char                       key[2 * PATH_MAX + 64];

    key_of(sld_config_options(config), weights, key, sizeof key);
    for (size_t i = 0; i < contents->n; i++) {
        if (strcmp(contents->known[i].key, key) == 0) {
            *name = contents->known[i].name;
            return SLD_OK;
        }
    }
    if (contents->n == CONTENTS_MAX) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected at most %d data sets and weights files in one sweep, got "
                        "more; make several sweeps of it",
                        p->source, CONTENTS_MAX);
    }
    content *c = &contents->known[contents->n];
    c->key     = sld_arena_strdup(contents->arena, key);
    if (!c->key) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the inputs of %s", p->source);
    }
    SLD_TRY(p->name(ctx, p->user, config, weights, p->version, c->name));
    contents->n++;
    *name = c->name;
    return SLD_OK;
}

/* given: takes the name of a teacher that is yet to be trained: its trial and the file of it. */
static sld_status find_inputs(sld_ctx *ctx, sld_contents *c, const sld_config *config,
                              const char *made, char given[128], sld_inputs *in)
{
    const sld_options *o     = sld_config_options(config);
    const bool         wants = sld_config_wants_teacher(o);

    *in = (sld_inputs){.data = "synthetic"}; /* its options say all */
    if (o->data.format != SLD_FORMAT_SYNTHETIC) {
        SLD_TRY(sld_contents_name(ctx, c, config, NULL, &in->data));
    }
    if (made) {
        snprintf(given, 128, "%s %.110s", c->params.version == 1 ? "point" : "trial",
                 made + strlen("trials/"));
        in->teacher = given;
    } else if (wants && *o->teacher.weights) {
        SLD_TRY(sld_contents_name(ctx, c, config, o->teacher.weights, &in->teacher));
    }
    if (wants && *o->teacher.logits_files) {
        SLD_TRY(sld_contents_name(ctx, c, config, o->teacher.logits_files, &in->teacher_logits));
    }
    return *o->student.weights ? sld_contents_name(ctx, c, config, o->student.weights, &in->student)
                               : SLD_OK;
}

sld_status sld_contents_id(sld_ctx *ctx, sld_contents *contents, const sld_config *config,
                           const char *made, char id[SLD_ID_LENGTH + 1])
{
    sld_inputs  in;
    sld_arena  *arena = NULL;
    char        given[128];
    const char *text = NULL;

    SLD_TRY(find_inputs(ctx, contents, config, made, given, &in));
    SLD_TRY(sld_arena_create(ctx, &arena));
    const sld_status st = sld_identity_text(ctx, arena, sld_config_identity(config), &in, &text);
    if (st == SLD_OK) {
        sld_identity_id(text, id);
    }
    sld_arena_destroy(arena);
    return st;
}
