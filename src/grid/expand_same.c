/* expand_same.c: points that compute the same are one trial. It makes every file that one of them asks
 * for: a student may read what only the other keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expander.h"

enum { KEEP, LOGITS, FEATURES, LABEL_P, OUTPUTS };
static const char *const keys[OUTPUTS] = {"run.keep_epochs", "run.logits", "run.features",
                                          "run.label_p"};

typedef struct outputs { /* what an experiment leaves behind besides what it computes */
    sld_list epochs;     /* ascending once all are there */
    bool     logits, features, label_p;
} outputs;

/* The value of a key in a point's experiment, up to the end of its line; NULL: it is not there. */
static const char *value_of(const char *text, const char *key)
{
    const size_t n = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) == 0 && line[n] == ':') {
            return line + n;
        }
    }
    return NULL;
}

static bool ask_alike(const char *a, const char *b)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char  *mine = value_of(a, keys[i]), *its = value_of(b, keys[i]);
        const size_t n = mine ? strcspn(mine, "\n") : 0, k = its ? strcspn(its, "\n") : 0;
        if (n != k || (n > 0 && strncmp(mine, its, n) != 0)) {
            return false;
        }
    }
    return true;
}

static sld_status add_epochs(const expander *x, const sld_list *more, const char *arm,
                             sld_list *into)
{
    for (size_t i = 0; i < more->n; i++) {
        size_t at = 0;
        while (at < into->n && into->v[at] < more->v[i]) {
            at++;
        }
        if (at < into->n && into->v[at] == more->v[i]) {
            continue;
        }
        if (into->n == SLD_LIST_MAX) {
            return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                            "%s: run.keep_epochs: expected at most %d epochs of all points that "
                            "are one trial, got more in %.80s; keep less",
                            x->spec->source, SLD_LIST_MAX, arm);
        }
        memmove(into->v + at + 1, into->v + at, (into->n - at) * sizeof *into->v);
        into->v[at] = more->v[i];
        into->n++;
    }
    return SLD_OK;
}

static sld_status outputs_of(const expander *x, const sld_point *p, outputs *out)
{
    sld_config *config = NULL;

    *out = (outputs){0};
    SLD_TRY(sld_config_parse(x->ctx, x->spec->source, p->experiment, strlen(p->experiment), NULL, 0,
                             x->params->method, &config));
    const sld_options *o  = sld_config_options(config);
    const sld_status   st = add_epochs(x, &o->run.keep_epochs, p->arm, &out->epochs);
    out->logits           = o->run.logits;
    out->features         = o->run.features == SLD_FEATURES_TEST;
    out->label_p          = o->run.label_p;
    sld_config_destroy(config);
    return st;
}

static sld_status add_outputs(const expander *x, const sld_point *p, outputs *all)
{
    outputs own;

    SLD_TRY(outputs_of(x, p, &own));
    all->logits |= own.logits;
    all->features |= own.features;
    all->label_p |= own.label_p;
    return add_epochs(x, &own.epochs, p->arm, &all->epochs);
}

/* "[1, 2]". */
static void epochs_words(const sld_list *epochs, char *out, size_t n)
{
    size_t used = (size_t)snprintf(out, n, "[");

    for (size_t i = 0; i < epochs->n; i++) {
        used += (size_t)snprintf(out + used, n - used, "%s%.0f", i ? ", " : "", epochs->v[i]);
    }
    snprintf(out + used, n - used, "]");
}

/* Only what it did not ask for itself: the rest of its text stays. */
static sld_status set_outputs(const expander *x, const outputs *all, sld_point *p)
{
    char            epochs[SLD_LIST_MAX * 10 + 3];
    const sld_node *root;
    sld_overlay    *overlay;
    outputs         own;

    SLD_TRY(outputs_of(x, p, &own));
    epochs_words(&all->epochs, epochs, sizeof epochs);
    const char *const values[OUTPUTS] = {[KEEP]     = own.epochs.n < all->epochs.n ? epochs : NULL,
                                         [LOGITS]   = own.logits < all->logits ? "true" : NULL,
                                         [FEATURES] = own.features < all->features ? "test" : NULL,
                                         [LABEL_P]  = own.label_p < all->label_p ? "true" : NULL};
    SLD_TRY(sld_overlay_create(x->ctx, x->arena, &overlay));
    SLD_TRY(sld_yaml_document(x->ctx, x->arena, x->spec->source, p->experiment,
                              strlen(p->experiment), &root));
    SLD_TRY(sld_overlay_read(x->ctx, x->arena, root, overlay));
    for (size_t i = 0; i < OUTPUTS; i++) {
        if (values[i]) {
            SLD_TRY(
                sld_overlay_set(x->ctx, x->arena, x->spec->source, keys[i], values[i], overlay));
        }
    }
    return sld_overlay_text(x->ctx, x->arena, overlay, &p->experiment);
}

/* (n) points of one trial. */
static sld_status unite(const expander *x, sld_point *const *points, size_t n)
{
    outputs all   = {0};
    bool    alike = true;

    for (size_t i = 1; i < n; i++) {
        alike = alike && ask_alike(points[0]->experiment, points[i]->experiment);
    }
    for (size_t i = 0; i < n && !alike; i++) {
        SLD_TRY(add_outputs(x, points[i], &all));
    }
    for (size_t i = 0; i < n && !alike; i++) {
        SLD_TRY(set_outputs(x, &all, points[i]));
    }
    return SLD_OK;
}

static int by_id(const void *a, const void *b)
{
    const sld_point *x = *(sld_point *const *)a, *y = *(sld_point *const *)b;
    const int        order = strcmp(x->id, y->id);

    return order ? order : (x > y) - (x < y);
}

sld_status sld_expand_unite(const expander *x, sld_point *points, size_t n)
{
    void       *memory = NULL;
    sld_point **sorted;
    size_t      first = 0;

    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (n + 1) * sizeof *sorted, &memory));
    sorted = memory;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &points[i];
    }
    qsort(sorted, n, sizeof *sorted, by_id);
    for (size_t i = 1; i <= n; i++) {
        if (i == n || strcmp(sorted[i]->id, sorted[first]->id) != 0) {
            SLD_TRY(unite(x, sorted + first, i - first));
            first = i;
        }
    }
    return SLD_OK;
}
