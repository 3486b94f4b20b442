/* spec_axes.c: the axes of the grid, and the points that are left out of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec_parts.h"

static const char *text_of(spec_reader *r, const char *format, const char *a, const char *b)
{
    char text[2 * LABEL_MAX];

    snprintf(text, sizeof text, format, a, b);
    return sld_arena_strdup(r->arena, text);
}

/* "[1, 2]" for a list, the text for a scalar: an unlabelled value is its own label. */
static sld_status label_of(spec_reader *r, const sld_node *node, const char *axis, const char **out)
{
    char   text[LABEL_MAX] = "[";
    size_t n               = 1;

    if (node->kind == SLD_NODE_SCALAR) {
        return sld_spec_label(r, node, axis, out);
    }
    for (size_t i = 0; i < node->n && n < sizeof text; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? "," : "", node->item[i]->text);
    }
    if (node->kind != SLD_NODE_LIST || n + 2 > sizeof text) {
        return sld_node_fail(r->ctx, node, axis,
                             "expected a label for this value, as in %s: {LABEL: value}, got none",
                             axis);
    }
    memcpy(text + n, "]", 2);
    *out = sld_arena_strdup(r->arena, text);
    return *out ? SLD_OK : SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the axes");
}

/* The options {name: value}, or the teacher of that name. */
static sld_status read_option(spec_reader *r, const char *name, const sld_node *value,
                              spec_part *out)
{
    sld_node        key  = {.source = value->source,
                            .line   = value->line,
                            .column = value->column,
                            .text   = name,
                            .length = strlen(name)};
    const sld_node *keys = &key;
    const sld_node  map  = {.kind   = SLD_NODE_MAP,
                            .source = value->source,
                            .line   = value->line,
                            .column = value->column,
                            .text   = "",
                            .n      = 1,
                            .key    = &keys,
                            .item   = &value};

    return sld_spec_part(r, &map, name, out);
}

/* An axis over an option (or over `teacher`): a list of values, or labels with values. */
static sld_status read_option_axis(spec_reader *r, const sld_node *node, spec_axis *axis)
{
    const bool labelled = node->kind == SLD_NODE_MAP;

    if (node->kind == SLD_NODE_SCALAR) {
        return sld_node_fail(r->ctx, node, axis->name,
                             "expected a list of values, or labels with values, got %s",
                             sld_node_words(node));
    }
    for (size_t i = 0; i < node->n; i++) {
        spec_entry *entry = &axis->entries[i];
        if (labelled) {
            SLD_TRY(sld_spec_label(r, node->key[i], axis->name, &entry->label));
            entry->shown = entry->label;
        } else {
            SLD_TRY(label_of(r, node->item[i], axis->name, &entry->label));
        }
        SLD_TRY(read_option(r, axis->name, node->item[i], &entry->part));
    }
    axis->bare = !labelled;
    return SLD_OK;
}

static const char *last_word(const char *key)
{
    const char *dot = strrchr(key, '.');

    return dot ? dot + 1 : key;
}

/* Values without a label are shown in an arm's name by the last word of their key: lr=0.05. Where two
 * axes share that word, as kd.weak and lss.weak do, by the whole key. */
static sld_status show_values(spec_reader *r, spec_axis *axis)
{
    const spec *s    = r->spec;
    const char *name = last_word(axis->name);

    for (size_t a = 0; a < s->n_axes; a++) {
        const spec_axis *other = &s->axes[a];
        if (other != axis && other->bare &&
            strcmp(last_word(other->name), last_word(axis->name)) == 0) {
            name = axis->name;
        }
    }
    for (size_t i = 0; axis->bare && i < axis->n; i++) {
        axis->entries[i].shown = text_of(r, "%s=%s", name, axis->entries[i].label);
        if (!axis->entries[i].shown) {
            return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the axes");
        }
    }
    return SLD_OK;
}

/* What is meant by a name that is no option's and has values. nearest: a key or section, or NULL. */
static void advise(const char *name, const char *nearest, char *out, size_t n)
{
    const char *launch =
        "; launch holds for a sweep as a whole: write launch: {ranks: 2} beside axes";

    if (strcmp(name, "seeds") == 0) {
        snprintf(out, n, "; seeds is a key of its own: write seeds: [1, 2, 3] beside axes");
    } else if (nearest && strncmp(nearest, "launch", 6) == 0) {
        snprintf(out, n, "%s%s%s", strcmp(name, nearest) == 0 ? "" : "; nearest: ",
                 strcmp(name, nearest) == 0 ? "" : nearest, launch);
    } else if (sld_config_is_section(name)) {
        snprintf(out, n, ", a section; name one of its options: %s.OPTION", name);
    } else {
        snprintf(out, n, "%s%s", nearest ? "; nearest: " : "", nearest ? nearest : "");
    }
}

/* An axis of any other name: labels, each with options that belong together. */
static sld_status read_named_axis(spec_reader *r, const sld_node *at, const sld_node *node,
                                  spec_axis *axis)
{
    const char *nearest = sld_config_nearest(axis->name);
    bool        values  = nearest && node->n > 0 && /* labels with values: an option is meant */
                  (sld_config_is_key(nearest) || strcmp(axis->name, nearest) == 0 ||
                   strncmp(nearest, "launch.", 7) == 0);

    for (size_t i = 0; i < node->n; i++) {
        values = values && node->item[i]->kind != SLD_NODE_MAP;
    }
    if (values || node->kind != SLD_NODE_MAP) {
        char advice[160];
        advise(axis->name, nearest, advice, sizeof advice);
        return sld_node_fail(r->ctx, at, "axes",
                             "expected an option's key with values, or labels with options as in "
                             "LABEL: {train.lr: 0.1}, got %s%s",
                             axis->name, advice);
    }
    for (size_t i = 0; i < node->n; i++) {
        spec_entry *entry = &axis->entries[i];
        SLD_TRY(sld_spec_label(r, node->key[i], axis->name, &entry->label));
        entry->shown = entry->label;
        SLD_TRY(sld_spec_part(r, node->item[i], axis->name, &entry->part));
    }
    return SLD_OK;
}

static sld_status check_labels(spec_reader *r, const sld_node *node, const spec_axis *axis)
{
    const char **labels = sld_spec_alloc(r, (axis->n + 1) * sizeof *labels);
    size_t       first, again;

    if (!labels) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < axis->n; i++) {
        labels[i] = axis->entries[i].label;
    }
    SLD_TRY(sld_spec_repeated(r, labels, axis->n, &first, &again));
    return again == 0
               ? SLD_OK
               : sld_node_fail(r->ctx,
                               node->kind == SLD_NODE_MAP ? node->key[again] : node->item[again],
                               axis->name, "expected each once, got %s twice", labels[again]);
}

static sld_status read_axis(spec_reader *r, const sld_node *key, const sld_node *node,
                            spec_axis *axis)
{
    SLD_TRY(sld_spec_label(r, key, "axes", &axis->name));
    if (strcmp(axis->name, "seed") == 0 || strcmp(axis->name, "name") == 0) {
        return sld_node_fail(r->ctx, key, "axes", "expected an axis, got %s%s", axis->name,
                             *axis->name == 's' ? "; write seeds: [1, 2, 3] beside axes" : "");
    }
    SLD_TRY(sld_spec_max(r, node, axis->name, VALUES_MAX));
    axis->n       = node->n;
    axis->entries = sld_spec_alloc(r, (node->n + 1) * sizeof *axis->entries);
    if (!axis->entries) {
        return SLD_ERR_NOMEM;
    }
    const bool option = sld_config_is_key(axis->name) || strcmp(axis->name, "teacher") == 0;
    SLD_TRY(option ? read_option_axis(r, node, axis) : read_named_axis(r, key, node, axis));
    if (axis->n == 0) {
        return sld_node_fail(r->ctx, node, axis->name, "expected an axis with values, got none");
    }
    return check_labels(r, node, axis);
}

sld_status sld_spec_axes(spec_reader *r, const sld_node *node)
{
    spec *s = r->spec;

    SLD_TRY(sld_spec_want(r, node, "axes", SLD_NODE_MAP, "axes by name"));
    SLD_TRY(sld_spec_once(r, node, "axes"));
    if (node->n > AXES_MAX) {
        return sld_node_fail(r->ctx, node, "axes", "expected at most %d, got %zu", AXES_MAX,
                             node->n);
    }
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(read_axis(r, node->key[i], node->item[i], &s->axes[i]));
        s->n_axes++;
    }
    for (size_t a = 0; a < s->n_axes; a++) {
        SLD_TRY(show_values(r, &s->axes[a]));
    }
    return SLD_OK;
}

/* One label of an exclusion. */
static sld_status mark(spec_reader *r, const spec_axis *axis, const sld_node *node, bool *hit)
{
    const char *label, *labels[256];
    size_t      n = axis->n < 256 ? axis->n : 256;

    SLD_TRY(label_of(r, node, axis->name, &label));
    for (size_t i = 0; i < axis->n; i++) {
        if (strcmp(axis->entries[i].label, label) == 0) {
            hit[i] = true;
            return SLD_OK;
        }
    }
    for (size_t i = 0; i < n; i++) {
        labels[i] = axis->entries[i].label;
    }
    return sld_spec_unknown(r, node, axis->name, label, labels, n);
}

static sld_status exclude_axis(spec_reader *r, const sld_node *key, const sld_node *node,
                               spec_exclude *out)
{
    const char *names[AXES_MAX + 1] = {"seed"};

    for (size_t a = 0; a < r->spec->n_axes; a++) {
        const spec_axis *axis = &r->spec->axes[a];
        names[a + 1]          = axis->name;
        if (strcmp(axis->name, key->text) != 0) {
            continue;
        }
        bool *hit = sld_spec_alloc(r, axis->n * sizeof *hit);
        if (!hit) {
            return SLD_ERR_NOMEM;
        }
        out->hit[a] = hit;
        /* a list is any of its labels, unless the labels are lists themselves */
        const bool any =
            node->kind == SLD_NODE_LIST && (node->n == 0 || node->item[0]->kind == SLD_NODE_LIST ||
                                            axis->entries[0].label[0] != '[');
        for (size_t i = 0; any && i < node->n; i++) {
            SLD_TRY(mark(r, axis, node->item[i], hit));
        }
        return any ? SLD_OK : mark(r, axis, node, hit);
    }
    return sld_spec_unknown(r, key, "exclude", key->text, names, r->spec->n_axes + 1);
}

static sld_status exclude_seeds(spec_reader *r, const sld_node *node, spec_exclude *out)
{
    const bool list = node->kind == SLD_NODE_LIST;

    if (list && node->n == 0) {
        return sld_node_fail(
            r->ctx, node, "seed",
            "expected a seed or a list of them, got an empty list; leave it out to "
            "exclude all seeds");
    }
    int64_t *seeds = sld_spec_alloc(r, (node->n + 1) * sizeof *seeds);
    if (!seeds) {
        return SLD_ERR_NOMEM;
    }
    out->seeds   = seeds;
    out->n_seeds = list ? node->n : 1;
    for (size_t i = 0; i < out->n_seeds; i++) {
        SLD_TRY(sld_spec_whole(r, list ? node->item[i] : node, "seed", 0, UINT32_MAX, &seeds[i]));
    }
    qsort(seeds, out->n_seeds, sizeof *seeds, sld_spec_by_seed);
    return SLD_OK;
}

sld_status sld_spec_excludes(spec_reader *r, const sld_node *node)
{
    spec *s = r->spec;

    SLD_TRY(sld_spec_want(r, node, "exclude", SLD_NODE_LIST, "a list of {axis: label}"));
    SLD_TRY(sld_spec_max(r, node, "exclude", EXCLUDES_MAX));
    s->excludes = sld_spec_alloc(r, (node->n + 1) * sizeof *s->excludes);
    if (!s->excludes) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < node->n; i++) {
        const sld_node *map = node->item[i];
        SLD_TRY(sld_spec_want(r, map, "exclude", SLD_NODE_MAP, "{axis: label}"));
        SLD_TRY(sld_spec_once(r, map, "exclude"));
        s->excludes[i].at = map;
        if (map->n == 0) {
            return sld_node_fail(r->ctx, map, "exclude",
                                 "expected {axis: label}, got nothing, which leaves no point");
        }
        for (size_t k = 0; k < map->n; k++) {
            SLD_TRY(strcmp(map->key[k]->text, "seed") == 0
                        ? exclude_seeds(r, map->item[k], &s->excludes[i])
                        : exclude_axis(r, map->key[k], map->item[k], &s->excludes[i]));
        }
        s->n_excludes++;
    }
    return SLD_OK;
}
