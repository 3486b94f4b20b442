/* spec.c: the document of a sweep and its command line. Grammar: docs/sweeps.md, "The spec". */
#include "spec_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"

#define MAX_BYTES ((size_t)1 << 20)
enum { SEEDS_MAX = 100000 };

/* ---- base: inline, or an experiment file beside the spec ---- */

static sld_status read_base_file(spec_reader *r, const sld_node *node, const sld_node **out)
{
    const char *slash = strrchr(r->params->path, '/');
    const int   head  = *node->text == '/' || !slash ? 0 : (int)(slash - r->params->path + 1);
    char        path[4096];
    void       *text = NULL;
    size_t      n    = 0;

    if (snprintf(path, sizeof path, "%.*s%s", head, r->params->path, node->text) >=
        (int)sizeof path) {
        return sld_node_fail(r->ctx, node, "base", "expected a shorter path");
    }
    const char *kept = sld_arena_strdup(r->arena, path);
    sld_status  st   = kept ? sld_file_read(r->ctx, path, MAX_BYTES, &text, &n)
                            : SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the base");
    if (st == SLD_ERR_DATA || st == SLD_ERR_CONFIG) {
        const sld_err err = r->ctx->err;
        sld_err_clear(r->ctx);
        return sld_node_fail(r->ctx, node, "base",
                             "%s (a relative path starts at the spec's folder)", err.msg);
    }
    if (st == SLD_OK) {
        st = sld_yaml_document(r->ctx, r->arena, kept, text, n, out);
    }
    free(text);
    return st;
}

static sld_status read_base(spec_reader *r, const sld_node *node)
{
    if (node->kind == SLD_NODE_SCALAR && node->length > 0) {
        SLD_TRY(read_base_file(r, node, &node));
    }
    return sld_spec_part(r, node, "base", &r->spec->base);
}

/* ---- seeds: [1, 2, 3], 1..3 or 7 ---- */

static sld_status read_seed_range(spec_reader *r, const sld_node *node)
{
    spec     *s   = r->spec;
    long long low = -1, high = -1;
    int64_t   one;
    char      again[48];

    if (sld_node_whole(node, 0, UINT32_MAX, &one)) { /* 7: one seed */
        low = high = one;
    } else if (sscanf(node->text, "%lld..%lld", &low, &high) != 2 ||
               snprintf(again, sizeof again, "%lld..%lld", low, high) != (int)node->length ||
               strcmp(again, node->text) != 0) { /* +1..3 and 01..3 are no numbers elsewhere */
        high = -1;
    }
    if (low >= 0 && high >= low && high <= UINT32_MAX && high - low >= SEEDS_MAX) {
        return sld_node_fail(r->ctx, node, "seeds", "expected at most %d seeds, got %.40s",
                             SEEDS_MAX, node->text);
    }
    if (low < 0 || high < low || high > UINT32_MAX) {
        return sld_node_fail(
            r->ctx, node, "seeds",
            "expected a seed, a list like [1, 2, 3] or a range like 1..3, got %.40s",
            node->length ? node->text : "no value");
    }
    s->n_seeds = (size_t)(high - low + 1);
    s->seeds   = sld_spec_alloc(r, s->n_seeds * sizeof *s->seeds);
    if (!s->seeds) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < s->n_seeds; i++) {
        s->seeds[i] = low + (int64_t)i;
    }
    return SLD_OK;
}

/* No seed stands twice. */
static sld_status check_seeds(spec_reader *r, const sld_node *node)
{
    const char **texts = sld_spec_alloc(r, (node->n + 1) * sizeof *texts);
    size_t       first, again;

    if (!texts) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < node->n; i++) {
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)r->spec->seeds[i]);
        texts[i] = sld_arena_strdup(r->arena, text);
        if (!texts[i]) {
            return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the seeds");
        }
    }
    SLD_TRY(sld_spec_repeated(r, texts, node->n, &first, &again));
    return again == 0 ? SLD_OK
                      : sld_node_fail(r->ctx, node->item[again], "seeds",
                                      "expected each once, got %s twice", texts[again]);
}

static sld_status read_seeds(spec_reader *r, const sld_node *node)
{
    spec *s = r->spec;

    if (node->kind == SLD_NODE_SCALAR) {
        return read_seed_range(r, node);
    }
    SLD_TRY(sld_spec_want(r, node, "seeds", SLD_NODE_LIST, "a list like [1, 2, 3] or 1..3"));
    SLD_TRY(sld_spec_max(r, node, "seeds", SEEDS_MAX));
    s->n_seeds = node->n;
    s->seeds   = sld_spec_alloc(r, (node->n + 1) * sizeof *s->seeds);
    if (!s->seeds) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(sld_spec_whole(r, node->item[i], "seeds", 0, UINT32_MAX, &s->seeds[i]));
    }
    SLD_TRY(check_seeds(r, node));
    return node->n > 0
               ? SLD_OK
               : sld_node_fail(r->ctx, node, "seeds", "expected at least one seed, got none");
}

/* ---- launch ---- */

static sld_status read_launch(spec_reader *r, const sld_node *node)
{
    SLD_TRY(sld_spec_want(r, node, "launch", SLD_NODE_MAP, "ranks, slots, ... with values"));
    SLD_TRY(sld_spec_once(r, node, "launch"));
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(sld_launch_set(r->ctx, r->arena, node->key[i], node->key[i]->text, node->item[i],
                               &r->spec->launch));
    }
    return SLD_OK;
}

/* ---- the document ---- */

static sld_status read_baseline(spec_reader *r, const sld_node *node)
{
    r->spec->baseline_at = node;
    return sld_spec_text(r, node, "baseline", &r->spec->baseline);
}

static sld_status read_name(spec_reader *r, const sld_node *node)
{
    const char *name;

    SLD_TRY(sld_spec_label(r, node, "name", &name));
    if (*name == '.' || *name == '-' || strchr(name, '/')) {
        return sld_node_fail(
            r->ctx, node, "name",
            "expected the name of a folder (no slash, no . or - at its beginning), got %s", name);
    }
    r->spec->name = name;
    return SLD_OK;
}

/* In the order in which one part needs another, not in the document's. */
static sld_status read_parts(spec_reader *r, const sld_node *root)
{
    static const struct {
        const char *key;
        sld_status (*read)(spec_reader *r, const sld_node *node);
    } parts[] = {{"name", read_name},
                 {"base", read_base},
                 {"teachers", sld_spec_teachers},
                 {"axes", sld_spec_axes},
                 {"exclude", sld_spec_excludes},
                 {"seeds", read_seeds},
                 {"launch", read_launch},
                 {"baseline", read_baseline},
                 {"claims", sld_spec_claims},
                 {"report", sld_spec_report}};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const sld_node *node = sld_node_value(root, parts[i].key);
        if (node) {
            SLD_TRY(parts[i].read(r, node));
        }
    }
    return SLD_OK;
}

/* ---- the command line ---- */

static sld_status read_override(spec_reader *r, const char *pair)
{
    const char     *equals = strchr(pair, '=');
    const sld_node *value;
    char           *key = sld_arena_strdup(r->arena, pair);

    if (!equals || equals == pair || !key) {
        return sld_overlay_override(r->ctx, r->arena, pair, r->spec->override);
    }
    key[equals - pair] = '\0';
    const bool teacher = strncmp(key, "teachers.", 9) == 0,
               launch  = strncmp(key, "launch.", 7) == 0;
    if (!teacher && !launch && strcmp(key, "seeds") != 0 && strcmp(key, "name") != 0 &&
        strcmp(key, "baseline") != 0) {
        return sld_overlay_override(r->ctx, r->arena, pair, r->spec->override);
    }
    SLD_TRY(sld_yaml_word(r->ctx, r->arena, key, equals + 1,
                          strcmp(key, "seeds") != 0 && (!launch || sld_config_is_text(key)),
                          &value));
    return teacher  ? sld_spec_teacher_override(r, pair + 9, value)
           : launch ? sld_launch_set(r->ctx, r->arena, value, key + 7, value, &r->spec->launch)
           : strcmp(key, "seeds") == 0 ? read_seeds(r, value)
           : strcmp(key, "name") == 0  ? read_name(r, value)
                                       : read_baseline(r, value);
}

/* The file's name without folder and ending. It stands in a line of DIR/points and in messages: what
 * breaks lines becomes _. */
static sld_status default_name(spec_reader *r)
{
    const char *slash = strrchr(r->params->path, '/');
    char       *name  = sld_arena_strdup(r->arena, slash ? slash + 1 : r->params->path);
    char       *dot   = name ? strrchr(name, '.') : NULL;

    if (!name) {
        return SLD_FAIL(r->ctx, SLD_ERR_NOMEM, "out of memory: the sweep's name");
    }
    if (dot && dot != name) {
        *dot = '\0';
    }
    for (char *c = name; *c; c++) {
        *c = (unsigned char)*c < 0x20 || *c == 0x7F ? '_' : *c;
    }
    r->spec->name = *name == '.' || *name == '-' || !*name ? "sweep" : name;
    return SLD_OK;
}

sld_status sld_spec_read(sld_ctx *ctx, sld_arena *arena, const sld_grid_params *params, spec *out)
{
    spec_reader     r = {.ctx = ctx, .arena = arena, .params = params, .spec = out};
    const sld_node *root;

    *out = (spec){.baseline = ""};
    SLD_TRY(sld_launch_default(ctx, arena, &out->launch));
    out->source = sld_arena_strdup(arena, params->path);
    if (!out->source) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the sweep");
    }
    SLD_TRY(sld_overlay_create(ctx, arena, &out->override));
    SLD_TRY(sld_overlay_create(ctx, arena, &out->base.overlay));
    SLD_TRY(default_name(&r));
    SLD_TRY(sld_yaml_document(ctx, arena, out->source, params->text, params->n, &root));
    SLD_TRY(sld_spec_check_top(&r, root));
    SLD_TRY(read_parts(&r, root));
    SLD_TRY(sld_settings_once(ctx, params->overrides, params->n_overrides));
    for (size_t i = 0; i < params->n_overrides; i++) {
        SLD_TRY(read_override(&r, params->overrides[i]));
    }
    return SLD_OK;
}
