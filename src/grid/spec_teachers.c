/* spec_teachers.c: the experiments that are trained first, because others need their weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec_parts.h"

static sld_status set_use(spec_reader *r, const sld_node *node, spec_teacher *t)
{
    static const char *const words[] = {"last", "best"};
    const char              *word;

    SLD_TRY(sld_spec_text(r, node, "use", &word));
    t->use = node;
    if (strspn(word, "0123456789") == strlen(word) && node->length > 0 && node->length < 9) {
        char file[32]; /* as run.keep_epochs names it, which has no leading zeros */
        snprintf(file, sizeof file, "epoch-%ld.h5", strtol(word, NULL, 10));
        t->file = sld_arena_strdup(r->arena, file);
        return t->file ? SLD_OK : SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the teachers");
    }
    if (strcmp(word, "last") != 0 && strcmp(word, "best") != 0) {
        return sld_spec_unknown(r, node, "use", word, words, 2);
    }
    t->file = *word == 'l' ? "last.h5" : "best.h5";
    return SLD_OK;
}

/* Takes weights and use out of *map, and leaves the options of an experiment. */
static sld_status take_own(spec_reader *r, const sld_node **map, spec_teacher *t)
{
    const sld_node *weights = NULL, *use = NULL;

    for (size_t i = 0; i < (*map)->n;) {
        const sld_node *key = (*map)->key[i], *item = (*map)->item[i];
        if (strcmp(key->text, "weights") == 0) {
            SLD_TRY(sld_spec_first(r, key, &weights));
            SLD_TRY(sld_spec_text(r, item, "weights", &t->weights));
        } else if (strcmp(key->text, "use") == 0) {
            SLD_TRY(sld_spec_first(r, key, &use));
            SLD_TRY(set_use(r, item, t));
        } else {
            i++;
            continue;
        }
        SLD_TRY(sld_spec_without(r, *map, i, map));
    }
    return SLD_OK;
}

static sld_status read_teacher(spec_reader *r, const sld_node *key, const sld_node *map,
                               spec_teacher *t)
{
    SLD_TRY(sld_spec_label(r, key, "teachers", &t->name));
    if (strcmp(t->name, "none") == 0 || strchr(t->name, '.')) {
        return sld_node_fail(r->ctx, key, "teachers",
                             "expected a teacher's name without a dot, other than none, got %s",
                             t->name);
    }
    SLD_TRY(sld_spec_want(r, map, t->name, SLD_NODE_MAP, "options of an experiment"));
    t->at      = key;
    t->weights = "";
    t->file    = "last.h5";
    SLD_TRY(take_own(r, &map, t));
    t->described = map->n > 0;
    SLD_TRY(sld_overlay_create(r->ctx, r->arena, &t->overlay));
    return sld_overlay_read(r->ctx, r->arena, map, t->overlay);
}

sld_status sld_spec_teachers(spec_reader *r, const sld_node *node)
{
    spec *s = r->spec;

    SLD_TRY(sld_spec_want(r, node, "teachers", SLD_NODE_MAP, "teachers by name"));
    SLD_TRY(sld_spec_max(r, node, "teachers", NAMED_MAX));
    SLD_TRY(sld_spec_once(r, node, "teachers"));
    s->teachers = sld_spec_alloc(r, (node->n + 1) * sizeof *s->teachers);
    if (!s->teachers) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(read_teacher(r, node->key[i], node->item[i], &s->teachers[i]));
        s->n_teachers++;
    }
    return SLD_OK;
}

sld_status sld_spec_teacher_override(spec_reader *r, const char *rest, const sld_node *value)
{
    spec        *s      = r->spec;
    const size_t length = strcspn(rest, ".=");
    const char  *pair   = rest + length + (rest[length] == '.');
    char        *key    = sld_arena_strdup(r->arena, pair);
    const char  *names[64];
    char         name[LABEL_MAX];
    size_t       n = 0;

    if (!key) {
        return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the teachers");
    }
    key[strcspn(key, "=")] = '\0';

    for (size_t i = 0; i < s->n_teachers; i++) {
        spec_teacher *t = &s->teachers[i];
        if (n < 64) {
            names[n++] = t->name;
        }
        if (strlen(t->name) != length || strncmp(t->name, rest, length) != 0) {
            continue;
        }
        if (strcmp(key, "weights") == 0) {
            t->weights_given = true;
            return sld_spec_text(r, value, "weights", &t->weights);
        }
        if (strcmp(key, "use") == 0) {
            return set_use(r, value, t);
        }
        if (!sld_config_is_key(key)) {
            const char *nearest = sld_config_nearest(key);
            return sld_node_fail(r->ctx, value, key, "unknown option of a teacher%s%s",
                                 nearest ? "; nearest: " : "", nearest ? nearest : "");
        }
        t->described = true;
        if (strcmp(key, "student.network") != 0) { /* of which weights that exist are, too */
            t->asked = value, t->asked_key = key;
        }
        sld_overlay_drop(t->overlay, key);
        return sld_overlay_override(r->ctx, r->arena, pair, t->overlay);
    }
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), rest);
    return sld_spec_unknown(r, value, "teachers", name, names, n);
}
