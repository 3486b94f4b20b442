/* yaml.c: reads YAML into a tree whose nodes know their location. Tags, merge keys and aliases,
 * which could make a document endless, are refused. The depth is limited. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "location.h"
#include "sld/config.h"
#include "utf8.h"
#include "word.h"

enum { DEPTH_MAX = 16, PATH_BYTES = 256 };

typedef struct builder {
    sld_ctx      *ctx;
    sld_arena    *arena;
    const char   *source;
    bool          has_lines;
    bool          alone; /* nothing may stand beside the value */
    const char   *text;
    size_t        n;
    size_t        begin, end;       /* of the value in the text, characters */
    char          path[PATH_BYTES]; /* the keys above the present one: "train.lr" */
    int           depth;
    yaml_parser_t parser;
} builder;

static sld_location location_of(const builder *b, const yaml_mark_t *mark)
{
    sld_location location = {.source = b->source};

    if (b->has_lines) {
        location.line   = mark->line + 1;
        location.column = mark->column + 1;
    }
    return location;
}

static const char *path_of(const builder *b)
{
    return *b->path ? b->path : NULL;
}

/* Whether line (from 0) holds a tab. libyaml's message about a tab does not help the user. */
static bool line_has_tab(const builder *b, size_t line)
{
    const char *c = b->text, *end = b->text + b->n;

    for (; c < end && line > 0; c++) {
        line -= *c == '\n';
    }
    while (c < end && *c != '\n' && *c != '\t') {
        c++;
    }
    return c < end && *c == '\t';
}

static sld_status fail_memory(const builder *b)
{
    return SLD_FAIL(b->ctx, SLD_ERR_NOMEM, "out of memory: %s", b->source);
}

static sld_status fail_yaml(builder *b)
{
    const yaml_parser_t *p       = &b->parser;
    const sld_location   at      = location_of(b, &p->problem_mark);
    const char          *context = p->context ? p->context : "";

    if (p->error == YAML_MEMORY_ERROR) {
        return fail_memory(b);
    }
    return sld_location_fail(
        b->ctx, &at, b->has_lines ? NULL : b->path, "expected YAML, got something else: %s%s%s%s",
        p->problem ? p->problem : "unreadable", *context ? ", " : "", context,
        line_has_tab(b, p->problem_mark.line) ? " (YAML indents with spaces, not tabs)" : "");
}

static sld_status next_event(builder *b, yaml_event_t *event)
{
    if (!yaml_parser_parse(&b->parser, event)) {
        return fail_yaml(b);
    }
    const size_t end = event->end_mark.index;
    if (end > event->start_mark.index &&
        (event->type == YAML_SCALAR_EVENT || event->type == YAML_SEQUENCE_END_EVENT ||
         event->type == YAML_MAPPING_END_EVENT)) {
        b->end = end;
    }
    return SLD_OK;
}

/* An anchor names a value for aliases, which are refused. In a file it is harmless, as a comment is. */
static sld_status check_anchor(builder *b, const sld_location *at, const void *anchor)
{
    char name[SLD_CLIP];

    if (!anchor || !b->alone) {
        return SLD_OK;
    }
    sld_text_clip(anchor, name);
    return sld_location_fail(b->ctx, at, path_of(b),
                             "expected a value, got the anchor &%s; write the value without it",
                             name);
}

/* Refuses aliases and tags anywhere. */
static sld_status check_form(builder *b, const yaml_event_t *event)
{
    const sld_location at  = location_of(b, &event->start_mark);
    const void        *tag = NULL, *anchor = NULL;
    char               name[SLD_CLIP];

    if (event->type == YAML_ALIAS_EVENT) {
        sld_text_clip((const char *)event->data.alias.anchor, name);
        return sld_location_fail(b->ctx, &at, path_of(b),
                                 "expected a value, got the alias *%s; write the value out", name);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        tag    = event->data.scalar.tag;
        anchor = event->data.scalar.anchor;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        tag    = event->data.sequence_start.tag;
        anchor = event->data.sequence_start.anchor;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        tag    = event->data.mapping_start.tag;
        anchor = event->data.mapping_start.anchor;
    }
    if (tag) {
        sld_text_clip(tag, name);
        return sld_location_fail(b->ctx, &at, path_of(b),
                                 "expected a value, got the tag %s; write the value without it",
                                 name);
    }
    return check_anchor(b, &at, anchor);
}

static sld_status make_node(builder *b, const yaml_event_t *event, sld_node **out)
{
    const sld_location at     = location_of(b, &event->start_mark);
    void              *memory = NULL;

    SLD_TRY(sld_arena_alloc(b->ctx, b->arena, sizeof **out, &memory));
    *out           = memory;
    (*out)->source = at.source;
    (*out)->line   = at.line;
    (*out)->column = at.column;
    (*out)->text   = "";
    return SLD_OK;
}

static sld_status make_scalar(builder *b, const yaml_event_t *event, sld_node *node)
{
    const size_t n    = event->data.scalar.length;
    void        *text = NULL;

    SLD_TRY(sld_arena_alloc(b->ctx, b->arena, n + 1, &text));
    memcpy(text, event->data.scalar.value, n);
    node->kind   = SLD_NODE_SCALAR;
    node->text   = text;
    node->length = n;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return SLD_OK;
}

/* Appends an entry; key NULL: to a list. The arrays double, so that the time is linear in the
 * entries. */
static sld_status add_item(builder *b, sld_node *node, const sld_node *key, const sld_node *item)
{
    void *keys = NULL, *items = NULL;

    if ((node->n & (node->n - 1)) == 0) { /* full: 0, 1, 2, 4, ... */
        const size_t bytes = (node->n > 0 ? 2 * node->n : 1) * sizeof *node->item;
        SLD_TRY(sld_arena_alloc(b->ctx, b->arena, bytes, &keys));
        SLD_TRY(sld_arena_alloc(b->ctx, b->arena, bytes, &items));
        if (node->n > 0) {
            memcpy(keys, node->key, node->n * sizeof *node->key);
            memcpy(items, node->item, node->n * sizeof *node->item);
        }
        node->key  = keys;
        node->item = items;
    }
    node->key[node->n]    = key;
    node->item[node->n++] = item;
    return SLD_OK;
}

static sld_status read_node(builder *b, yaml_event_t *event, sld_node **out);

static sld_status read_list(builder *b, sld_node *list)
{
    yaml_event_t event;
    sld_node    *item;

    while (true) {
        SLD_TRY(next_event(b, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return SLD_OK;
        }
        SLD_TRY(read_node(b, &event, &item));
        SLD_TRY(add_item(b, list, NULL, item));
    }
}

/* event: the key's, deleted here. */
static sld_status read_key(builder *b, yaml_event_t *event, sld_node **out)
{
    const sld_location at    = location_of(b, &event->start_mark);
    const char        *found = NULL;
    sld_status         st    = check_form(b, event);

    if (st == SLD_OK && event->type != YAML_SCALAR_EVENT) {
        found = event->type == YAML_MAPPING_START_EVENT ? "a mapping (key: value)" : "a list";
    } else if (st == SLD_OK && event->data.scalar.length == 0) {
        found = "nothing";
    } else if (st == SLD_OK &&
               strlen((const char *)event->data.scalar.value) != event->data.scalar.length) {
        found = "a NUL character";
    } else if (st == SLD_OK && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               strcmp((const char *)event->data.scalar.value, "<<") == 0) {
        st =
            sld_location_fail(b->ctx, &at, path_of(b),
                              "expected a name as key, got the merge key <<; write the values out");
    }
    if (found) {
        st = sld_location_fail(b->ctx, &at, path_of(b), "expected a name as key, got %s", found);
    }
    if (st == SLD_OK) {
        st = make_node(b, event, out);
    }
    if (st == SLD_OK) {
        st = make_scalar(b, event, *out);
    }
    yaml_event_delete(event);
    return st;
}

static sld_status read_mapping(builder *b, sld_node *map)
{
    const size_t length = strlen(b->path);
    yaml_event_t event;
    sld_node    *key, *item;

    while (true) {
        SLD_TRY(next_event(b, &event));
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return SLD_OK;
        }
        SLD_TRY(read_key(b, &event, &key));
        snprintf(b->path + length, sizeof b->path - length, "%s%s", length ? "." : "", key->text);
        SLD_TRY(next_event(b, &event));
        SLD_TRY(read_node(b, &event, &item));
        b->path[length] = '\0';
        SLD_TRY(add_item(b, map, key, item));
    }
}

/* event: the first of the node, deleted here. */
static sld_status read_node(builder *b, yaml_event_t *event, sld_node **out)
{
    const sld_location      at   = location_of(b, &event->start_mark);
    const yaml_event_type_t type = event->type;
    sld_status              st   = check_form(b, event);

    if (st == SLD_OK) {
        st = make_node(b, event, out);
    }
    if (st == SLD_OK && type == YAML_SCALAR_EVENT) {
        st = make_scalar(b, event, *out);
    }
    yaml_event_delete(event);
    SLD_TRY(st);
    if (type == YAML_SCALAR_EVENT) {
        return SLD_OK;
    }
    if (++b->depth > DEPTH_MAX) {
        return sld_location_fail(b->ctx, &at, path_of(b), "expected at most %d levels, got more",
                                 DEPTH_MAX);
    }
    (*out)->kind = type == YAML_MAPPING_START_EVENT ? SLD_NODE_MAP : SLD_NODE_LIST;
    SLD_TRY(type == YAML_MAPPING_START_EVENT ? read_mapping(b, *out) : read_list(b, *out));
    b->depth--;
    return SLD_OK;
}

/* Reads stream start, document start, the value, document end and stream end. An empty text is an
 * empty scalar at its end. */
static sld_status read_stream(builder *b, sld_node **out)
{
    yaml_event_t event;
    sld_status   st = SLD_OK;

    SLD_TRY(next_event(b, &event)); /* stream start */
    yaml_event_delete(&event);
    SLD_TRY(next_event(b, &event)); /* document start, or the end of an empty text */
    const bool empty = event.type != YAML_DOCUMENT_START_EVENT;
    if (empty) {
        st = make_node(b, &event, out);
    }
    yaml_event_delete(&event);
    if (empty) {
        return st;
    }
    SLD_TRY(next_event(b, &event));
    b->begin = event.start_mark.index;
    SLD_TRY(read_node(b, &event, out));
    SLD_TRY(next_event(b, &event)); /* document end */
    yaml_event_delete(&event);
    SLD_TRY(next_event(b, &event)); /* stream end, or another document */
    const sld_location at      = location_of(b, &event.start_mark);
    const bool         another = event.type == YAML_DOCUMENT_START_EVENT;
    yaml_event_delete(&event);
    return another
               ? sld_location_fail(b->ctx, &at, path_of(b), "expected one document, got a second")
               : SLD_OK;
}

static sld_status read_text(builder *b, sld_node **out)
{
    const sld_location start = {
        .source = b->source, .line = b->has_lines ? 1 : 0, .column = b->has_lines ? 1 : 0};
    sld_status st;

    SLD_TRY(sld_utf8_check(b->ctx, &start, path_of(b), b->text, b->n));
    if (!yaml_parser_initialize(&b->parser)) {
        return fail_memory(b);
    }
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text, b->n);
    st = read_stream(b, out);
    yaml_parser_delete(&b->parser);
    return st;
}

sld_status sld_yaml_document(sld_ctx *ctx, sld_arena *arena, const char *source, const void *text,
                             size_t n, const sld_node **out)
{
    builder   b    = {.ctx = ctx, .arena = arena, .source = source, .text = text, .n = n};
    sld_node *node = NULL;

    b.has_lines = true;
    SLD_TRY(read_text(&b, &node));
    *out = node;
    return SLD_OK;
}

sld_status sld_yaml_value(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *text, const sld_node **out)
{
    builder   b = {.ctx = ctx, .arena = arena, .source = source, .text = text, .n = strlen(text)};
    sld_node *node = NULL;

    snprintf(b.path, sizeof b.path, "%s", key);
    SLD_TRY(read_text(&b, &node));
    *out = node;
    return SLD_OK;
}

/* Whether something else than blanks lies outside the value. */
static bool has_more(const builder *b)
{
    size_t at = 0; /* characters */

    for (size_t i = 0; i < b->n; i++) {
        const bool outside = at < b->begin || at >= b->end;
        if (outside && !strchr(" \t\r\n", b->text[i])) {
            return true;
        }
        at += i + 1 == b->n || ((unsigned char)b->text[i + 1] & 0xC0) != 0x80;
    }
    return false;
}

sld_status sld_yaml_alone(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *text, const sld_node **out)
{
    builder   b = {.ctx = ctx, .arena = arena, .source = source, .text = text, .n = strlen(text)};
    sld_node *node = NULL;
    char      found[SLD_CLIP];

    b.alone = true;
    snprintf(b.path, sizeof b.path, "%s", key);
    SLD_TRY(read_text(&b, &node));
    if (has_more(&b)) {
        sld_text_clip(text, found);
        return sld_node_fail(ctx, node, key,
                             "expected a value alone, got %s; a comment or a document mark is no "
                             "part of a value: leave it out",
                             found);
    }
    *out = node;
    return SLD_OK;
}

const sld_node *sld_node_value(const sld_node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == SLD_NODE_MAP && i < map->n; i++) {
        if (strcmp(map->key[i]->text, key) == 0) {
            return map->item[i];
        }
    }
    return NULL;
}

const char *sld_node_words(const sld_node *node)
{
    switch (node->kind) {
    case SLD_NODE_MAP:
        return "a mapping (key: value)";
    case SLD_NODE_LIST:
        return "a list";
    case SLD_NODE_SCALAR:
        break;
    }
    return node->length > 0 ? "a single value" : "no value";
}

sld_status sld_node_fail(sld_ctx *ctx, const sld_node *node, const char *key, const char *format,
                         ...)
{
    const sld_location at = {.source = node->source, .line = node->line, .column = node->column};
    va_list            args;

    va_start(args, format);
    const sld_status st = sld_location_vfail(ctx, &at, key, format, args);
    va_end(args);
    return st;
}

void sld_config_versions(char *text, size_t n)
{
    snprintf(text, n, "libyaml %s", yaml_get_version_string());
}
