/* fingerprint.c: a trial that goes on where other libraries, another instruction set or other convolutions
 * compute it. That is refused, or, where run.accept_fingerprint says so, told and recorded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

enum { PART_BYTES = 96, PARTS_BYTES = 84 };

/* ---- what two fingerprints differ in ---- */

/* The next part of "a b, c; d e: f g", which are "a b", "c", "d e", "f", "g": behind the colon each word is
 * the name of a convolution. */
static bool next_part(const char **at, bool *in_names, char part[PART_BYTES])
{
    size_t n = 0;

    while (**at == ' ' || **at == ',' || **at == ';' || **at == ':') {
        *in_names = *in_names || **at == ':';
        ++*at;
    }
    while ((*at)[n] && !(*in_names && (*at)[n] == ' ') &&
           !(strchr(",;:", (*at)[n]) && (*at)[n + 1] == ' ')) {
        n++;
    }
    snprintf(part, PART_BYTES, "%.*s", (int)(n < PART_BYTES ? n : PART_BYTES - 1), *at);
    *at += n;
    return n > 0;
}

static bool has_part(const char *text, const char *wanted)
{
    char part[PART_BYTES];
    bool in_names = false, found = false;

    while (!found && next_part(&text, &in_names, part)) {
        found = strcmp(part, wanted) == 0;
    }
    return found;
}

/* The parts of one that the other has not, whole; "..." for those that find no room. */
static void list_own_parts(const char *one, const char *other, char text[PARTS_BYTES])
{
    const size_t room = PARTS_BYTES - sizeof ", ...";
    char         part[PART_BYTES];
    bool         in_names = false;
    size_t       n        = 0;

    snprintf(text, PARTS_BYTES, "nothing more");
    while (next_part(&one, &in_names, part)) {
        if (has_part(other, part)) {
            continue;
        }
        if (n + 2 + strlen(part) > room) {
            snprintf(text + n, PARTS_BYTES - n, "%s...", n ? ", " : "");
            return;
        }
        n += (size_t)snprintf(text + n, PARTS_BYTES - n, "%s%s", n ? ", " : "", part);
    }
}

/* ---- a checkpoint of another fingerprint ---- */

sld_status sld_trial_check_fingerprint(sld_ctx *ctx, const sld_setup *s, sld_doc *doc)
{
    const char *own = s->identity.fingerprint, *then;
    char        here[PARTS_BYTES], there[PARTS_BYTES];

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "fingerprint", &then));
    if (strcmp(then, own) == 0 || s->opt->run.accept_fingerprint) {
        return SLD_OK;
    }
    list_own_parts(own, then, here);
    list_own_parts(then, own, there);
    return SLD_FAIL(ctx, SLD_ERR_KIND,
                    "%s: expected a checkpoint of these libraries and this instruction set (%s), "
                    "got one of others (%s); the bits may differ from here on; "
                    "run.accept_fingerprint: true goes on all the same, another run.dir begins "
                    "anew",
                    sld_doc_path(doc), here, there);
}

/* before: NULL: the trial had one fingerprint so far, then. */
static sld_status add(sld_ctx *ctx, sld_trial *t, const char *before, const char *then)
{
    static const char form[] = "epoch %lld, step %lld: %s";
    const char       *own    = t->setup.identity.fingerprint;
    const size_t      bytes  = strlen(before ? before : then) + strlen(own) + 160;
    char             *text;
    size_t            n;

    SLD_TRY(sld_arena_alloc(ctx, t->setup.arena, bytes, (void **)&text));
    n         = (size_t)(before ? snprintf(text, bytes, "%s", before)
                                : snprintf(text, bytes, form, 1LL, 0LL, then));
    text[n++] = '\n';
    snprintf(text + n, bytes - n, form, (long long)t->state.at.epoch, (long long)t->state.at.step,
             own);
    t->state.fingerprints = text;
    return SLD_OK;
}

sld_status sld_trial_note_fingerprint(sld_ctx *ctx, sld_trial *t, sld_doc *doc)
{
    const char *own = t->setup.identity.fingerprint, *then, *before = NULL;
    char        here[PARTS_BYTES], there[PARTS_BYTES];

    t->state.fingerprints = NULL;
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "fingerprint", &then));
    if (sld_doc_has_attr(doc, "/", "fingerprints")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "fingerprints", &before));
    }
    if (strcmp(then, own) != 0) {
        list_own_parts(own, then, here);
        list_own_parts(then, own, there);
        sld_log(ctx, SLD_LOG_WARN,
                "%s: goes on with other libraries or another instruction set (%s) than it was made "
                "with (%s), as run.accept_fingerprint says: the bits may differ from epoch %lld, "
                "step %lld, on; results.h5 keeps both in its attribute fingerprints",
                sld_doc_path(doc), here, there, (long long)t->state.at.epoch,
                (long long)t->state.at.step);
        return add(ctx, t, before, then);
    }
    if (before && !(t->state.fingerprints = sld_arena_strdup(t->setup.arena, before))) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the fingerprints of %s",
                        sld_doc_path(doc));
    }
    return SLD_OK;
}

sld_status sld_trial_put_fingerprints(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "fingerprint", t->setup.identity.fingerprint));
    return t->state.fingerprints
               ? sld_doc_attr_text(ctx, doc, "/", "fingerprints", t->state.fingerprints)
               : SLD_OK;
}
