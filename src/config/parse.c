/* parse.c: reads a YAML tree into settings. The tree has options and sections of options, all of
 * which the table must know. */
#include <string.h>

#include "config_state.h"

typedef struct reader {
    sld_ctx     *ctx;
    sld_arena   *arena;
    sld_overlay *overlay;
} reader;

static sld_location location_of(const sld_node *node)
{
    return (sld_location){.source = node->source, .line = node->line, .column = node->column};
}

static sld_scalar scalar_of(const sld_node *node)
{
    return (sld_scalar){
        .text          = node->text,
        .n             = node->length,
        .quoted        = node->quoted,
        .empty_is_text = node->line == 0,
        .location      = location_of(node),
    };
}

static sld_status fail_twice(reader *r, const sld_node *at, const char *key,
                             const sld_setting *first)
{
    if (first->location.line > 0) {
        return sld_node_fail(r->ctx, at, key,
                             "expected once, got twice, first in line %zu; leave one out",
                             first->location.line);
    }
    return sld_node_fail(r->ctx, at, key, "expected once, got twice; leave one out");
}

static sld_status read_list(reader *r, const sld_option *option, const sld_node *node,
                            sld_list *list)
{
    list->n = 0;
    for (size_t i = 0; i < node->n; i++) {
        const sld_node *item = node->item[i];
        if (item->kind != SLD_NODE_SCALAR) {
            return sld_node_fail(r->ctx, item, sld_option_key(option),
                                 "expected numbers in the list, got %s", sld_node_words(item));
        }
        const sld_scalar scalar = scalar_of(item);
        SLD_TRY(sld_value_append(r->ctx, option, &scalar, list));
    }
    return SLD_OK;
}

/* at: the location of the key. */
static sld_status read_value(reader *r, const sld_option *option, const sld_node *at,
                             const sld_node *node, sld_setting *setting)
{
    const char *key = sld_option_key(option);

    if (setting->given) {
        return fail_twice(r, at, key, setting);
    }
    setting->location = location_of(node);
    if (node->kind == SLD_NODE_SCALAR) {
        const sld_scalar scalar = scalar_of(node);
        SLD_TRY(sld_value_read(r->ctx, r->arena, option, &scalar, &setting->value));
    } else if (node->kind == SLD_NODE_LIST && option->type == SLD_TYPE_list) {
        SLD_TRY(read_list(r, option, node, &setting->value.list));
    } else {
        char wanted[160];
        sld_value_wanted(option, wanted, sizeof wanted);
        return sld_node_fail(r->ctx, node, key, "expected %s, got %s", wanted,
                             sld_node_words(node));
    }
    setting->given = true;
    return SLD_OK;
}

sld_status sld_parse_value(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                           const sld_node *at, const sld_node *node, sld_setting *setting)
{
    reader r = {.ctx = ctx, .arena = arena};

    return read_value(&r, option, at, node, setting);
}

/* Refuses a key that only the file of a sweep may have at its top. */
static sld_status fail_launch(reader *r, const sld_node *at, const char *key)
{
    return sld_node_fail(
        r->ctx, at, key,
        "expected in a sweep (at the top of its file, or on the command line of sld "
        "sweep), got it in an experiment: it says how trials are started");
}

static sld_status fail_unknown(reader *r, const sld_node *at, const char *key)
{
    const char *nearest = sld_option_nearest(key);

    if (!nearest) {
        return sld_node_fail(r->ctx, at, key, "unknown option");
    }
    return sld_node_fail(r->ctx, at, key, "unknown option; nearest: %s", nearest);
}

static sld_status read_mapping(reader *r, const char *section, const sld_node *map);

static sld_status read_section(reader *r, const char *name, const sld_node *at,
                               const sld_node *node)
{
    sld_setting *setting = &r->overlay->sections[sld_section_find(name)];

    if (setting->given) {
        return fail_twice(r, at, name, setting);
    }
    if (node->kind != SLD_NODE_MAP) {
        return sld_node_fail(r->ctx, node, name,
                             "expected the options of this section, as in %s: {...}, got %s", name,
                             sld_node_words(node));
    }
    setting->given    = true;
    setting->location = location_of(at);
    return read_mapping(r, name, node);
}

/* Reads the value of key. section: NULL at the top. at: the location of the key, or of the value if
 * there is no key in the text. */
static sld_status read_entry(reader *r, const char *section, const char *key, const sld_node *at,
                             const sld_node *node)
{
    char      full[2 * SLD_KEY_MAX];
    const int length =
        snprintf(full, sizeof full, "%s%s%s", section ? section : "", section ? "." : "", key);
    const int option = length < (int)sizeof full ? sld_option_find(full) : -1;

    if (option >= 0 && sld_option_at((size_t)option)->kind == SLD_KIND_launch) {
        return fail_launch(r, at, full);
    }
    if (option >= 0) {
        return read_value(r, sld_option_at((size_t)option), at, node,
                          &r->overlay->settings[option]);
    }
    if (!section && sld_section_find(key) == SLD_SECTION_launch) {
        return fail_launch(r, at, key);
    }
    if (!section && sld_section_find(key) >= 0) {
        return read_section(r, key, at, node);
    }
    return fail_unknown(r, at, full);
}

/* Reads a mapping. It is two levels deep at most, because sections hold no sections. */
static sld_status read_mapping(reader *r, const char *section, const sld_node *map)
{
    for (size_t i = 0; i < map->n; i++) {
        SLD_TRY(read_entry(r, section, map->key[i]->text, map->key[i], map->item[i]));
    }
    return SLD_OK;
}

sld_status sld_parse_tree(sld_ctx *ctx, sld_arena *arena, const sld_node *root,
                          sld_overlay *overlay)
{
    reader r = {.ctx = ctx, .arena = arena, .overlay = overlay};

    if (root->kind == SLD_NODE_MAP) {
        return read_mapping(&r, NULL, root);
    }
    if (root->kind == SLD_NODE_SCALAR && root->length > 0) {
        char found[SLD_CLIP];
        sld_text_clip(root->text, found);
        return sld_node_fail(ctx, root, NULL, "expected options (key: value), got %s", found);
    }
    return sld_node_fail(ctx, root, NULL, "expected options (key: value), got %s",
                         root->kind == SLD_NODE_LIST ? "a list" : "no option");
}

sld_status sld_parse_pair(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *value, sld_overlay *overlay)
{
    reader          r = {.ctx = ctx, .arena = arena, .overlay = overlay};
    const sld_node *node;

    SLD_TRY(sld_yaml_value(ctx, arena, source, key, value, &node));
    return read_entry(&r, NULL, key, node, node);
}

sld_status sld_parse_word(sld_ctx *ctx, sld_arena *arena, const char *key, const char *word,
                          sld_overlay *overlay)
{
    reader          r = {.ctx = ctx, .arena = arena, .overlay = overlay};
    const sld_node *node;

    SLD_TRY(sld_yaml_word(ctx, arena, key, word, sld_config_is_text(key), &node));
    return read_entry(&r, NULL, key, node, node);
}
