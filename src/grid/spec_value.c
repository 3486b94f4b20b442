/* spec_value.c: single values of a spec, and the parts of an experiment that it holds. */
#include <string.h>

#include "spec.h"

void *sld_spec_alloc(spec_reader *r, size_t bytes)
{
    void *memory = NULL;

    (void)sld_arena_alloc(r->ctx, r->arena, bytes, &memory);
    return memory;
}

sld_status sld_spec_want(spec_reader *r, const sld_node *node, const char *key, sld_node_kind kind,
                         const char *wanted)
{
    return node->kind == kind ? SLD_OK
                              : sld_node_fail(r->ctx, node, key, "found %s, wanted %s",
                                              sld_node_words(node), wanted);
}

sld_status sld_spec_text(spec_reader *r, const sld_node *node, const char *key, const char **out)
{
    SLD_TRY(sld_spec_want(r, node, key, SLD_NODE_SCALAR, "a text"));
    for (size_t i = 0; i < node->length; i++) {
        if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7F) {
            return sld_node_fail(r->ctx, node, key, "found a control character, wanted a text");
        }
    }
    *out = node->text;
    return SLD_OK;
}

/* Labels stand in tables and in the arm's name. */
sld_status sld_spec_label(spec_reader *r, const sld_node *node, const char *key, const char **out)
{
    SLD_TRY(sld_spec_text(r, node, key, out));
    if (node->length == 0 || node->length >= LABEL_MAX) {
        return sld_node_fail(r->ctx, node, key, "found %zu bytes, wanted a label of 1 to %d",
                             node->length, LABEL_MAX - 1);
    }
    return SLD_OK;
}

sld_status sld_spec_whole(spec_reader *r, const sld_node *node, const char *key, int64_t low,
                          int64_t high, int64_t *out)
{
    SLD_TRY(sld_spec_want(r, node, key, SLD_NODE_SCALAR, "a whole number"));
    if (!sld_node_whole(node, low, high, out)) {
        return sld_node_fail(r->ctx, node, key,
                             "found %.40s, wanted a whole number from %lld to %lld", node->text,
                             (long long)low, (long long)high);
    }
    return SLD_OK;
}

sld_status sld_spec_unknown(spec_reader *r, const sld_node *at, const char *what, const char *word,
                            const char *const *known, size_t n)
{
    const int nearest = sld_text_nearest(word, known, n);

    return sld_node_fail(r->ctx, at, what, "unknown: %.60s%s%s", word,
                         nearest >= 0 ? "; nearest: " : "", nearest >= 0 ? known[nearest] : "");
}

sld_status sld_spec_once(spec_reader *r, const sld_node *map, const char *where)
{
    for (size_t i = 0; i < map->n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(map->key[i]->text, map->key[k]->text) == 0) {
                return sld_node_fail(r->ctx, map->key[i], where,
                                     "%.60s given twice, first in line %zu", map->key[i]->text,
                                     map->key[k]->line);
            }
        }
    }
    return SLD_OK;
}

sld_status sld_spec_without(spec_reader *r, const sld_node *map, size_t i, const sld_node **out)
{
    const size_t     tail  = map->n - i - 1;
    const sld_node **items = sld_spec_alloc(r, 2 * map->n * sizeof *items);
    sld_node        *copy  = sld_spec_alloc(r, sizeof *copy);

    if (!items || !copy) {
        return SLD_ERR_NOMEM;
    }
    *copy      = *map;
    copy->key  = items;
    copy->item = items + map->n;
    copy->n    = map->n - 1;
    memcpy(copy->key, map->key, i * sizeof *items);
    memcpy(copy->item, map->item, i * sizeof *items);
    memcpy(copy->key + i, map->key + i + 1, tail * sizeof *items);
    memcpy(copy->item + i, map->item + i + 1, tail * sizeof *items);
    *out = copy;
    return SLD_OK;
}

sld_status sld_spec_part(spec_reader *r, const sld_node *map, const char *key, spec_part *out)
{
    *out = (spec_part){0};
    SLD_TRY(sld_spec_want(r, map, key, SLD_NODE_MAP, "options of an experiment"));
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->key[i]->text, "teacher") == 0 && map->item[i]->kind == SLD_NODE_SCALAR) {
            SLD_TRY(sld_spec_label(r, map->item[i], "teacher", &out->teacher));
            out->teacher = strcmp(out->teacher, "none") == 0 ? "" : out->teacher;
            out->at      = map->item[i];
            SLD_TRY(sld_spec_without(r, map, i, &map));
            i--;
        }
    }
    SLD_TRY(sld_layer_create(r->ctx, r->arena, &out->layer));
    return sld_layer_read(r->ctx, r->arena, map, out->layer);
}
