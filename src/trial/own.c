/* own.c: whether the folder in which a trial has worked is this trial's. Results, checkpoints, weights and
 * config.yaml say so, each for itself: what another trial has made is not written over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

/* What a file says of its trial, in the arena; NULL: nothing. */
typedef struct claims {
    char *identity, *contents, *id; /* a former version's ID is another */
} claims;

typedef struct evidence {
    const char
        *id; /* of results.h5, else of a checkpoint: the trial's; NULL: there is none of these */
    char own[SLD_ID_LENGTH + 1];    /* this trial's, */
    char of_old[SLD_ID_LENGTH + 1]; /* and as sld 0.1 had it */
    bool lone;                      /* no id, nor a sweep, which writes over nothing */
} evidence;

/* Weights without results and checkpoints beside them have either of the trial's IDs; in a run's folder
 * they have one, for nothing else says that sld has made them. */
static sld_status check_weights(sld_ctx *ctx, const char *path, const void *user)
{
    const evidence *e = user;
    char            found[SLD_SHOWN_ID_BYTES];

    if (e->id) {
        return sld_weights_check_id(ctx, path, e->id);
    }
    const bool says = sld_weights_id(path, found);
    if (says && strcmp(found, e->own) != 0 && strcmp(found, e->of_old) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: id: expected %s, got %s: another trial's weights; choose another "
                        "run.dir, or move it away",
                        path, e->own, found);
    }
    if (e->lone && !says) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: id: expected the weights of trial %s, got a file that names no trial; "
                        "choose another run.dir, or move it away",
                        path, e->own);
    }
    return SLD_OK;
}

/* One that cannot be parsed may be of another version of sld, where other files say that the folder is
 * this trial's. */
static sld_status compare_config(sld_ctx *ctx, const sld_setup *s, const char *path,
                                 const void *text, size_t n, bool lone)
{
    sld_ctx     quiet;
    sld_config *stored = NULL;
    char        difference[320];
    sld_status  st = SLD_OK;

    sld_ctx_init(&quiet);
    if (sld_config_parse(&quiet, path, text, n, NULL, 0, sld_method_defaults, &stored) != SLD_OK) {
        return !lone ? SLD_OK
                     : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                "%s: expected the experiment of this trial, got what is none "
                                "(%.200s); choose another run.dir, or move it away",
                                path, quiet.err.msg);
    }
    const char *there = sld_config_identity(stored), *here = sld_config_identity(s->params->config);
    if (strcmp(there, here) != 0) {
        sld_trial_describe_difference(there, here, difference, sizeof difference);
        st = SLD_FAIL(ctx, SLD_ERR_CONFIG,
                      "%s: expected this trial, got another trial: %s; choose another run.dir, or "
                      "move this away",
                      path, difference);
    }
    sld_config_destroy(stored);
    return st;
}

static sld_status check_config(sld_ctx *ctx, const sld_setup *s, const sld_io *io, bool lone)
{
    enum { MAX = 1 << 20 };
    char   path[PATH_MAX];
    void  *text = NULL;
    size_t n    = 0;

    if (!sld_run_has(io->dir, SLD_RUN_CONFIG)) {
        return SLD_OK;
    }
    sld_run_path(io->dir, SLD_RUN_CONFIG, 0, path);
    SLD_TRY(sld_file_read(ctx, path, MAX, &text, &n));
    const sld_status st = compare_config(ctx, s, path, text, n, lone);
    free(text);
    return st;
}

static sld_status copy_attribute(sld_ctx *ctx, sld_arena *arena, sld_doc *doc, const char *name,
                                 char **out)
{
    const char *text;

    if (!sld_doc_has_attr(doc, "/", name)) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", name, &text));
    *out = sld_arena_strdup(arena, text);
    return *out ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s of %s", name, sld_doc_path(doc));
}

static sld_status read_claims(sld_ctx *ctx, sld_arena *arena, const char *path, claims *out)
{
    sld_doc *doc = NULL;

    SLD_TRY(sld_doc_open(ctx, path, &doc));
    sld_status st = copy_attribute(ctx, arena, doc, "identity", &out->identity);
    st            = st == SLD_OK ? copy_attribute(ctx, arena, doc, "contents", &out->contents) : st;
    st            = st == SLD_OK ? copy_attribute(ctx, arena, doc, "id", &out->id) : st;
    sld_doc_close(doc);
    return st;
}

/* Of the newest checkpoint that says whose it is. One that cannot be read is reported where it is to be gone
 * on from. */
static sld_status of_checkpoints(sld_ctx *ctx, const sld_setup *s, const sld_io *io,
                                 char where[PATH_MAX], claims *out)
{
    sld_ckpt_list all;

    SLD_TRY(sld_ckpt_list_read(ctx, io->dir, &all));
    for (size_t i = 0; i < all.n && !(out->identity && out->id); i++) {
        *out = (claims){0};
        sld_ckpt_path(io->dir, &all.at[i], where);
        if (read_claims(ctx, s->arena, where, out) != SLD_OK) {
            sld_err_clear(ctx);
            *out = (claims){0};
        }
    }
    sld_ckpt_list_free(&all);
    return SLD_OK;
}

sld_status sld_trial_check_own(sld_ctx *ctx, sld_setup *s, const sld_io *io)
{
    claims   stored = {0};
    evidence e      = {.id = NULL};
    char     where[PATH_MAX];

    snprintf(where, sizeof where, "%s", io->dir);
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "identity", &stored.identity));
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "contents", &stored.contents));
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "id", &stored.id));
    if (!stored.identity || !stored.id) {
        SLD_TRY(of_checkpoints(ctx, s, io, where, &stored));
    }
    if (stored.identity && stored.id) {
        SLD_TRY(sld_trial_check_same(ctx, &s->identity, where, stored.identity, stored.contents));
        e.id = stored.id;
    }
    sld_identity_id(s->identity.text, e.own);
    sld_identity_id(s->identity.old_text, e.of_old);
    e.lone = !e.id && !sld_trial_is_attempt(io);
    SLD_TRY(sld_run_each_weights(ctx, io->dir, check_weights, &e));
    return check_config(ctx, s, io, e.lone);
}
