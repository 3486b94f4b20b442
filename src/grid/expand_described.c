/* expand_described.c: a teacher that is described beside weights which exist. Nobody trains it, so what the
 * description says of its training is held against what the weights say they were made by. */
#include <stdio.h>
#include <string.h>

#include "expander.h"
#include "sld/store.h"

/* Of the command line: the network is asked of the weights, and weights given there take the place of a
 * spec's use. */
sld_status sld_expand_check_untrained(const expander *x, const spec_teacher *t)
{
    const bool superseded = t->use && t->weights_given && t->use->line > 0;

    if (t->use && !t->described) {
        return sld_node_fail(
            x->ctx, t->use, "use",
            "expected options to train the teacher %s by, got weights alone, which "
            "are one file; leave use out",
            t->name);
    }
    if (t->use && !superseded) {
        return sld_node_fail(x->ctx, t->use, "use",
                             "expected a teacher that is trained, got %.60s beside weights of %s "
                             "that exist, %.200s, and are one file; leave use out; without weights "
                             "the sweep trains the teacher",
                             t->use->text, t->name, t->weights);
    }
    return !t->asked
               ? SLD_OK
               : sld_node_fail(x->ctx, t->asked, NULL,
                               "teachers.%.80s.%.60s: expected a teacher that is trained, got "
                               "weights that exist, %.200s; leave it out; without weights the "
                               "sweep trains the teacher",
                               t->name, t->asked_key, t->weights);
}

/* The experiment that the weights were made by; NULL: they do not say, or as another version of sld. */
static sld_config *made_by(const expander *x, const char *file)
{
    sld_ctx     quiet;
    sld_doc    *doc    = NULL;
    sld_config *config = NULL;
    const char *text;

    sld_ctx_init(&quiet);
    if (sld_doc_open(&quiet, file, &doc) == SLD_OK && sld_doc_has_attr(doc, "/", "config") &&
        sld_doc_get_attr_text(&quiet, doc, "/", "config", &text) == SLD_OK &&
        sld_config_parse(&quiet, file, text, strlen(text), NULL, 0, x->params->method, &config) !=
            SLD_OK) {
        config = NULL;
    }
    sld_doc_close(doc);
    return config;
}

/* Whether the teacher's own settings, or a preset among them, say the option, and it would count. Of the
 * network the weights are asked elsewhere: it may have two names. */
static bool is_said(const spec_teacher *t, const sld_config *described, const char *key)
{
    return (sld_overlay_sets(t->overlay, key) ||
            sld_config_origin(described, key) == SLD_FROM_PRESET) &&
           sld_config_is_result(key) && strcmp(key, "student.network") != 0 &&
           !*sld_config_lacks(described, key);
}

typedef struct difference { /* the first, and how many there are */
    const char *key, *there, *here;
    size_t      n;
} difference;

static sld_status compare(const expander *x, const spec_teacher *t, const sld_config *described,
                          const sld_config *made, difference *out)
{
    const char *key, *there, *here;

    for (size_t i = 0; (key = sld_config_key(i)); i++) {
        if (!sld_config_is_key(key) || !is_said(t, described, key)) {
            continue;
        }
        SLD_TRY(sld_config_value(x->ctx, x->arena, made, key, &there));
        SLD_TRY(sld_config_value(x->ctx, x->arena, described, key, &here));
        if (strcmp(there, here) != 0 && out->n++ == 0) {
            out->key = key, out->there = there, out->here = here;
        }
    }
    return SLD_OK;
}

sld_status sld_expand_tell_described(const expander *x, const spec_teacher *t,
                                     const sld_config *described, const char *file)
{
    sld_config *made     = made_by(x, file);
    difference  first    = {.n = 0};
    char        more[40] = "";

    if (!made) {
        return SLD_OK;
    }
    const sld_status st = compare(x, t, described, made, &first);
    sld_config_destroy(made);
    if (st == SLD_OK && first.n > 0) {
        if (first.n > 1) {
            snprintf(more, sizeof more, ", and %zu more differ%s", first.n - 1,
                     first.n == 2 ? "s" : "");
        }
        sld_log(x->ctx, SLD_LOG_WARN,
                "%s: teachers: %s: %s: expected %.80s, by which %s was made, got %.80s%s; the "
                "weights are used as they are; describe it so; without weights the sweep "
                "trains the teacher",
                x->spec->source, t->name, first.key, first.there, t->weights, first.here, more);
    }
    return st;
}
