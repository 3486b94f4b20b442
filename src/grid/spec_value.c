/* spec_value.c: single values of a spec, and the parts of an experiment that it holds. */
#include <stdlib.h>
#include <string.h>

#include "spec_parts.h"

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
                              : sld_node_fail(r->ctx, node, key, "expected %s, got %s", wanted,
                                              sld_node_words(node));
}

sld_status sld_spec_text(spec_reader *r, const sld_node *node, const char *key, const char **out)
{
    SLD_TRY(sld_spec_want(r, node, key, SLD_NODE_SCALAR, "a text"));
    for (size_t i = 0; i < node->length; i++) {
        if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7F) {
            return sld_node_fail(r->ctx, node, key, "expected a text, got a control character");
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
        return sld_node_fail(r->ctx, node, key, "expected a label of 1 to %d bytes, got %zu",
                             LABEL_MAX - 1, node->length);
    }
    if (node->text[0] == ' ' || node->text[node->length - 1] == ' ') {
        return sld_node_fail(r->ctx, node, key,
                             "expected a label without blanks at its ends, got \"%s\"", node->text);
    }
    return SLD_OK;
}

sld_status sld_spec_whole(spec_reader *r, const sld_node *node, const char *key, int64_t low,
                          int64_t high, int64_t *out)
{
    SLD_TRY(sld_spec_want(r, node, key, SLD_NODE_SCALAR, "a whole number"));
    if (!sld_node_whole(node, low, high, out)) {
        return sld_node_fail(
            r->ctx, node, key, "expected a whole number from %lld to %lld%s, got %.40s",
            (long long)low, (long long)high, node->quoted ? " without quotes" : "", node->text);
    }
    return SLD_OK;
}

sld_status sld_spec_unknown(spec_reader *r, const sld_node *at, const char *what, const char *word,
                            const char *const *known, size_t n)
{
    char choices[SLD_CHOICES_BYTES];

    return sld_node_fail(r->ctx, at, what, "unknown: %.60s%s", word,
                         sld_text_choices(word, known, n, choices));
}

sld_status sld_spec_max(spec_reader *r, const sld_node *node, const char *key, size_t max)
{
    return node->n <= max
               ? SLD_OK
               : sld_node_fail(r->ctx, node, key,
                               "expected at most %zu entries, got %zu; make several sweeps of it",
                               max, node->n);
}

int sld_spec_by_seed(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* By text, and texts that are equal by their place. */
static int by_text(const void *a, const void *b)
{
    const char *const *x = *(const char *const *const *)a, *const *y =
                                                               *(const char *const *const *)b;
    const int order = strcmp(*x, *y);

    return order ? order : (x > y) - (x < y);
}

sld_status sld_spec_repeated(spec_reader *r, const char *const *texts, size_t n, size_t *first,
                             size_t *again)
{
    const char *const **at = sld_spec_alloc(r, (n + 1) * sizeof *at);

    *first = *again = 0;
    if (!at) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        at[i] = &texts[i];
    }
    qsort(at, n, sizeof *at, by_text);
    for (size_t i = 1; i < n; i++) {
        const size_t here = (size_t)(at[i] - texts);
        if (strcmp(*at[i], *at[i - 1]) == 0 && (*again == 0 || here < *again)) {
            *first = (size_t)(at[i - 1] - texts);
            *again = here;
        }
    }
    return SLD_OK;
}

sld_status sld_spec_once(spec_reader *r, const sld_node *map, const char *where)
{
    const char **keys = sld_spec_alloc(r, (map->n + 1) * sizeof *keys);
    size_t       first, again;

    if (!keys) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < map->n; i++) {
        keys[i] = map->key[i]->text;
    }
    SLD_TRY(sld_spec_repeated(r, keys, map->n, &first, &again));
    return again == 0 ? SLD_OK
                      : sld_node_fail(
                            r->ctx, map->key[again], where,
                            "expected each once, got %.60s twice, first in line %zu; leave one out",
                            keys[again], map->key[first]->line);
}

sld_status sld_spec_first(spec_reader *r, const sld_node *key, const sld_node **first)
{
    const sld_node *before = *first;

    *first = key;
    return !before ? SLD_OK
                   : sld_node_fail(r->ctx, key, key->text,
                                   "expected once, got twice, first in line %zu; leave one out",
                                   before->line);
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

/* A teacher by name and one by its file are two. */
static sld_status check_one_teacher(spec_reader *r, const spec_part *part)
{
    return !part->teacher || !sld_overlay_sets(part->overlay, "teacher.weights")
               ? SLD_OK
               : sld_node_fail(r->ctx, part->at, "teacher",
                               "expected one teacher, got %s and teacher.weights; leave one out",
                               *part->teacher ? part->teacher : "none");
}

sld_status sld_spec_part(spec_reader *r, const sld_node *map, const char *key, spec_part *out)
{
    const sld_node *first = NULL;

    *out = (spec_part){0};
    SLD_TRY(sld_spec_want(r, map, key, SLD_NODE_MAP, "options of an experiment"));
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->key[i]->text, "teacher") == 0 && map->item[i]->kind == SLD_NODE_SCALAR) {
            SLD_TRY(sld_spec_first(r, map->key[i], &first));
            SLD_TRY(sld_spec_label(r, map->item[i], "teacher", &out->teacher));
            out->teacher = strcmp(out->teacher, "none") == 0 ? "" : out->teacher;
            out->at      = map->item[i];
            SLD_TRY(sld_spec_without(r, map, i, &map));
            i--;
        }
    }
    SLD_TRY(sld_overlay_create(r->ctx, r->arena, &out->overlay));
    SLD_TRY(sld_overlay_read(r->ctx, r->arena, map, out->overlay));
    return check_one_teacher(r, out);
}
