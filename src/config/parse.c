/* parse.c: YAML to settings, event by event, so that every error knows line and column. A document
 * is at most sections of options: anything deeper is an error where it begins, so the walk needs no
 * depth of its own, and aliases, which could make a document endless, are refused. */
#include <string.h>
#include <yaml.h>

#include "config_state.h"
#include "utf8.h"

typedef struct reader {
    sld_ctx      *ctx;
    sld_arena    *arena;
    sld_layer    *layer;
    sld_place     place; /* of the text's first byte; without lines for overrides and methods */
    const char   *key;   /* set by the whole text; NULL for a document */
    const char   *text;
    size_t        n;
    yaml_parser_t parser;
} reader;

static sld_place place_of(const reader *r, const yaml_mark_t *mark)
{
    sld_place place = r->place;

    if (place.line > 0) {
        place.line   = mark->line + 1;
        place.column = mark->column + 1;
    }
    return place;
}

/* Whether line (from 0) holds a tab: what libyaml says about it does not help. */
static bool line_has_tab(const reader *r, size_t line)
{
    const char *c = r->text, *end = r->text + r->n;

    for (; c < end && line > 0; c++) {
        line -= *c == '\n';
    }
    while (c < end && *c != '\n' && *c != '\t') {
        c++;
    }
    return c < end && *c == '\t';
}

static sld_status fail_yaml(reader *r)
{
    const yaml_parser_t *p       = &r->parser;
    const sld_place      at      = place_of(r, &p->problem_mark);
    const char          *context = p->context ? p->context : "";

    if (p->error == YAML_MEMORY_ERROR) {
        return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "no memory to parse %s", at.source);
    }
    return sld_place_fail(
        r->ctx, &at, r->key, "this is not YAML: %s%s%s%s", p->problem ? p->problem : "unreadable",
        *context ? ", " : "", context,
        line_has_tab(r, p->problem_mark.line) ? " (YAML indents with spaces, not tabs)" : "");
}

static sld_status next_event(reader *r, yaml_event_t *event)
{
    return yaml_parser_parse(&r->parser, event) ? SLD_OK : fail_yaml(r);
}

/* What stands where something else is wanted. */
static const char *found_words(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        return "a mapping (key: value)";
    case YAML_SEQUENCE_START_EVENT:
        return "a list";
    case YAML_SCALAR_EVENT:
        return event->data.scalar.length > 0 ? "a single value" : "no value";
    default:
        return "nothing";
    }
}

/* Aliases and tags, wherever they stand. */
static sld_status check_form(reader *r, const char *key, const yaml_event_t *event)
{
    const sld_place at  = place_of(r, &event->start_mark);
    const void     *tag = NULL;

    if (event->type == YAML_ALIAS_EVENT) {
        char name[SLD_CLIP];
        sld_text_clip((const char *)event->data.alias.anchor, name);
        return sld_place_fail(r->ctx, &at, key, "found the alias *%s; write the value out", name);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        tag = event->data.mapping_start.tag;
    }
    if (tag) {
        char name[SLD_CLIP];
        sld_text_clip(tag, name);
        return sld_place_fail(r->ctx, &at, key, "found the tag %s; write the value without", name);
    }
    return SLD_OK;
}

static sld_scalar scalar_of(const reader *r, const yaml_event_t *event)
{
    return (sld_scalar){
        .text          = (const char *)event->data.scalar.value,
        .n             = event->data.scalar.length,
        .quoted        = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
        .empty_is_text = r->place.line == 0,
        .place         = place_of(r, &event->start_mark),
    };
}

static sld_status fail_twice(reader *r, const sld_place *at, const char *key,
                             const sld_setting *first)
{
    if (first->place.line > 0) {
        return sld_place_fail(r->ctx, at, key, "given twice, first in line %zu", first->place.line);
    }
    return sld_place_fail(r->ctx, at, key, "given twice");
}

static sld_status read_list(reader *r, const sld_option *option, sld_list *list)
{
    yaml_event_t event;
    bool         open = true;

    list->n = 0;
    while (open) {
        sld_status st;
        SLD_TRY(next_event(r, &event));
        st   = check_form(r, sld_option_key(option), &event);
        open = event.type != YAML_SEQUENCE_END_EVENT;
        if (st == SLD_OK && open && event.type != YAML_SCALAR_EVENT) {
            const sld_place at = place_of(r, &event.start_mark);
            st                 = sld_place_fail(r->ctx, &at, sld_option_key(option),
                                                "found %s inside the list, wanted numbers", found_words(&event));
        } else if (st == SLD_OK && open) {
            const sld_scalar scalar = scalar_of(r, &event);
            st                      = sld_value_append(r->ctx, option, &scalar, list);
        }
        yaml_event_delete(&event);
        SLD_TRY(st);
    }
    return SLD_OK;
}

/* event: the first of the value; at: of the key. */
static sld_status read_value(reader *r, const sld_option *option, const sld_place *at,
                             const yaml_event_t *event, sld_setting *setting)
{
    const char *key = sld_option_key(option);

    if (setting->given) {
        return fail_twice(r, at, key, setting);
    }
    SLD_TRY(check_form(r, key, event));
    if (event->type == YAML_SCALAR_EVENT) {
        const sld_scalar scalar = scalar_of(r, event);
        setting->place          = scalar.place;
        SLD_TRY(sld_value_read(r->ctx, r->arena, option, &scalar, &setting->value));
    } else if (event->type == YAML_SEQUENCE_START_EVENT && option->type == SLD_TYPE_list) {
        setting->place = place_of(r, &event->start_mark);
        SLD_TRY(read_list(r, option, &setting->value.list));
    } else {
        const sld_place value_at = place_of(r, &event->start_mark);
        char            wanted[160];
        sld_value_wanted(option, wanted, sizeof wanted);
        return sld_place_fail(r->ctx, &value_at, key, "found %s, wanted %s", found_words(event),
                              wanted);
    }
    setting->given = true;
    return SLD_OK;
}

static sld_status fail_unknown(reader *r, const sld_place *at, const char *key)
{
    const char *nearest = sld_option_nearest(key);

    if (!nearest) {
        return sld_place_fail(r->ctx, at, key, "unknown option");
    }
    return sld_place_fail(r->ctx, at, key, "unknown option; nearest: %s", nearest);
}

static sld_status read_mapping(reader *r, const char *section);

static sld_status read_section(reader *r, const char *name, const sld_place *at,
                               const yaml_event_t *event)
{
    sld_setting *setting = &r->layer->sections[sld_section_find(name)];

    if (setting->given) {
        return fail_twice(r, at, name, setting);
    }
    SLD_TRY(check_form(r, name, event));
    if (event->type != YAML_MAPPING_START_EVENT) {
        const sld_place value_at = place_of(r, &event->start_mark);
        return sld_place_fail(r->ctx, &value_at, name,
                              "found %s, wanted the options of this section, as in %s: {...}",
                              found_words(event), name);
    }
    setting->given = true;
    setting->place = *at;
    return read_mapping(r, name);
}

/* The value of key: event is its first. section: NULL at the top. */
static sld_status read_entry(reader *r, const char *section, const char *key, const sld_place *at,
                             const yaml_event_t *event)
{
    char      full[2 * SLD_KEY_MAX];
    const int length =
        snprintf(full, sizeof full, "%s%s%s", section ? section : "", section ? "." : "", key);
    const int option = length < (int)sizeof full ? sld_option_find(full) : -1;

    if (option >= 0) {
        return read_value(r, sld_option_at((size_t)option), at, event, &r->layer->settings[option]);
    }
    if (!section && sld_section_find(key) >= 0) {
        return read_section(r, key, at, event);
    }
    return fail_unknown(r, at, full);
}

/* A key and its value. key: its event. */
static sld_status read_key(reader *r, const char *section, const yaml_event_t *key)
{
    const sld_place at = place_of(r, &key->start_mark);
    const char     *text;
    yaml_event_t    value;
    sld_status      st;

    SLD_TRY(check_form(r, section, key));
    if (key->type != YAML_SCALAR_EVENT) {
        return sld_place_fail(r->ctx, &at, section, "found %s as a key, wanted a name",
                              found_words(key));
    }
    text = (const char *)key->data.scalar.value;
    if (strlen(text) != key->data.scalar.length || *text == '\0') {
        return sld_place_fail(r->ctx, &at, section, "found %s as a key, wanted a name",
                              *text == '\0' ? "nothing" : "a NUL character");
    }
    if (strcmp(text, "<<") == 0) {
        return sld_place_fail(r->ctx, &at, section, "found the merge key <<; write the values out");
    }
    SLD_TRY(next_event(r, &value));
    st = read_entry(r, section, text, &at, &value);
    yaml_event_delete(&value);
    return st;
}

/* The inside of a mapping, its end included. section: NULL at the top. Two levels deep at most:
 * sections hold no sections. */
static sld_status read_mapping(reader *r, const char *section)
{
    yaml_event_t event;
    bool         open = true;

    while (open) {
        sld_status st = SLD_OK;
        SLD_TRY(next_event(r, &event));
        open = event.type != YAML_MAPPING_END_EVENT;
        if (open) {
            st = read_key(r, section, &event);
        }
        yaml_event_delete(&event);
        SLD_TRY(st);
    }
    return SLD_OK;
}

/* The one value of the text. event: its first, or the end of an empty text. */
static sld_status read_root(reader *r, const yaml_event_t *event)
{
    const sld_place at = place_of(r, &event->start_mark);

    if (r->key) {
        return read_entry(r, NULL, r->key, &r->place, event);
    }
    SLD_TRY(check_form(r, NULL, event));
    if (event->type == YAML_MAPPING_START_EVENT) {
        return read_mapping(r, NULL);
    }
    if (event->type == YAML_SCALAR_EVENT && event->data.scalar.length > 0) {
        char found[SLD_CLIP];
        sld_text_clip((const char *)event->data.scalar.value, found);
        return sld_place_fail(r->ctx, &at, NULL, "found %s, wanted options (key: value)", found);
    }
    return sld_place_fail(r->ctx, &at, NULL, "%s, wanted options (key: value)",
                          event->type == YAML_SEQUENCE_START_EVENT ? "found a list"
                                                                   : "no option in this document");
}

/* Stream start, document start, the value, document end, stream end. */
static sld_status read_stream(reader *r)
{
    yaml_event_t event;
    sld_status   st;

    SLD_TRY(next_event(r, &event)); /* stream start */
    yaml_event_delete(&event);
    SLD_TRY(next_event(r, &event)); /* document start, or the end of an empty text */
    if (event.type == YAML_DOCUMENT_START_EVENT) {
        yaml_event_delete(&event);
        SLD_TRY(next_event(r, &event));
    } else if (r->key) { /* an empty text is an empty value */
        yaml_event_delete(&event);
        if (!yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)"", 0, 1, 1,
                                          YAML_PLAIN_SCALAR_STYLE)) {
            return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "no memory to parse %s", r->place.source);
        }
    }
    st = read_root(r, &event);
    yaml_event_delete(&event);
    SLD_TRY(st);
    SLD_TRY(next_event(r, &event)); /* document end */
    yaml_event_delete(&event);
    SLD_TRY(next_event(r, &event)); /* stream end, or another document */
    const sld_place at      = place_of(r, &event.start_mark);
    const bool      another = event.type == YAML_DOCUMENT_START_EVENT;
    yaml_event_delete(&event);
    return another ? sld_place_fail(r->ctx, &at, r->key, "found a second document, wanted one")
                   : SLD_OK;
}

static sld_status read_text(reader *r)
{
    sld_status st;

    SLD_TRY(sld_utf8_check(r->ctx, &r->place, r->key, r->text, r->n));
    if (!yaml_parser_initialize(&r->parser)) {
        return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "no memory to parse %s", r->place.source);
    }
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->n);
    st = read_stream(r);
    yaml_parser_delete(&r->parser);
    return st;
}

sld_status sld_parse_document(sld_ctx *ctx, sld_arena *arena, const sld_place *place,
                              const void *text, size_t n, sld_layer *layer)
{
    reader r = {.ctx = ctx, .arena = arena, .layer = layer, .place = *place, .text = text, .n = n};

    return read_text(&r);
}

sld_status sld_parse_pair(sld_ctx *ctx, sld_arena *arena, const sld_place *place, const char *key,
                          const char *value, sld_layer *layer)
{
    reader r = {.ctx   = ctx,
                .arena = arena,
                .layer = layer,
                .place = *place,
                .key   = key,
                .text  = value,
                .n     = strlen(value)};

    return read_text(&r);
}
