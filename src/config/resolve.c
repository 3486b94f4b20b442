/* resolve.c: resolves the settings of all origins. The strongest counts: table < method < preset <
 * file < override. */
#include <limits.h>
#include <string.h>

#include "config_state.h"
#include "preset.h"

enum { SETS_MAX = 128 }; /* sets that a composer keeps; it reads further ones each time */

struct sld_composer {
    sld_arena        *arena;
    sld_defaults_find method;
    sld_overlay      *table;          /* every option's initial value */
    sld_options       defaults;       /* the same */
    const char       *name[SETS_MAX]; /* "method sld", "preset NAME under sld" */
    sld_overlay      *set[SETS_MAX];  /* what it sets */
    size_t            n_sets;
};

static sld_status fail_memory(sld_ctx *ctx)
{
    return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration");
}

static sld_status read_table(sld_ctx *ctx, sld_composer *c)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        const sld_node   *node;

        SLD_TRY(sld_yaml_value(ctx, c->arena, "default", sld_option_key(option), option->initial,
                               &node));
        SLD_TRY(sld_parse_value(ctx, c->arena, option, node, node, &c->table->settings[i]));
        memcpy((char *)&c->defaults + option->offset, &c->table->settings[i].value, option->size);
    }
    return SLD_OK;
}

/* The setting that counts, and its origin. */
static const sld_setting *strongest(const sld_config *config, sld_option_id id, sld_origin *origin)
{
    int o = SLD_FROM_OVERRIDE;

    while (o > SLD_FROM_DEFAULT && !config->overlays[o]->settings[id].given) {
        o--;
    }
    *origin = (sld_origin)o;
    return &config->overlays[o]->settings[id];
}

/* The word of a choice. */
static const char *word_of(sld_option_id id, const sld_setting *setting)
{
    return sld_option_at(id)->words[setting->value.choice];
}

/* Reads the settings of a method or a preset when it is first met. */
static sld_status read_pairs(sld_ctx *ctx, sld_composer *c, const char *name, size_t n,
                             const char *const (*pairs)[2], sld_overlay **out)
{
    for (size_t i = 0; i < c->n_sets; i++) {
        if (strcmp(c->name[i], name) == 0) {
            *out = c->set[i];
            return SLD_OK;
        }
    }
    const char *kept = sld_arena_strdup(c->arena, name);
    if (!kept) {
        return fail_memory(ctx);
    }
    SLD_TRY(sld_overlay_create(ctx, c->arena, out));
    for (size_t i = 0; i < n; i++) {
        SLD_TRY(sld_parse_pair(ctx, c->arena, kept, pairs[i][0], pairs[i][1], *out));
    }
    if (c->n_sets < SETS_MAX) {
        c->name[c->n_sets]  = kept;
        c->set[c->n_sets++] = *out;
    }
    return SLD_OK;
}

static sld_status read_method(sld_ctx *ctx, sld_composer *c, sld_config *config)
{
    sld_origin         origin;
    const sld_setting *setting = strongest(config, SLD_OPTION_top_method, &origin);
    char               source[SLD_CLIP];
    size_t             n = 0;

    if (!c->method) {
        return SLD_OK;
    }
    const char *const(*pairs)[2] = c->method(word_of(SLD_OPTION_top_method, setting));
    if (!pairs) {
        return sld_location_fail(ctx, &setting->location, "method",
                                 "expected a method, got %s; sld methods lists them",
                                 word_of(SLD_OPTION_top_method, setting));
    }
    while (pairs[n][0]) {
        n++;
    }
    snprintf(source, sizeof source, "method %s", word_of(SLD_OPTION_top_method, setting));
    return read_pairs(ctx, c, source, n, pairs, &config->overlays[SLD_FROM_METHOD]);
}

static sld_status read_preset(sld_ctx *ctx, sld_composer *c, sld_config *config)
{
    sld_origin         origin;
    const sld_setting *setting = strongest(config, SLD_OPTION_top_preset, &origin);
    const char        *name    = setting->value.text;
    const char        *method =
        word_of(SLD_OPTION_top_method, strongest(config, SLD_OPTION_top_method, &origin));
    const char *pairs[SLD_PRESET_PAIRS][2];
    char        found[SLD_CLIP], source[2 * SLD_CLIP];

    if (!*name) {
        return SLD_OK;
    }
    const size_t n = sld_preset_pairs(name, method, pairs);
    if (n == 0) {
        const char *nearest = sld_preset_nearest(name);
        sld_text_clip(name, found);
        return sld_location_fail(ctx, &setting->location, "preset",
                                 "expected a preset, got %s%s%s; sld methods lists them", found,
                                 nearest ? "; nearest: " : "", nearest ? nearest : "");
    }
    snprintf(source, sizeof source, "preset %s under %s", name, method);
    return read_pairs(ctx, c, source, n, (const char *const(*)[2])pairs,
                      &config->overlays[SLD_FROM_PRESET]);
}

/* teacher_swap is short for correction: the strongest overlay that sets one of the two sets both.
 * Resolved documents have teacher_swap: false beside correction: random; where a user wrote both,
 * sld_config_check_settings() refuses them. */
static sld_status couple_teacher_swap(sld_ctx *ctx, sld_config *config)
{
    sld_origin         by_swap, by_correction;
    const sld_setting *swap       = strongest(config, SLD_OPTION_top_teacher_swap, &by_swap);
    const sld_setting *correction = strongest(config, SLD_OPTION_top_correction, &by_correction);
    const sld_origin   origin     = by_swap > by_correction ? by_swap : by_correction;
    sld_setting       *settings   = config->overlays[origin]->settings;
    const bool         swaps      = correction->value.choice == SLD_CORRECTION_SWAP;

    if (by_swap > by_correction) {
        settings[SLD_OPTION_top_correction]         = *swap;
        settings[SLD_OPTION_top_correction].implied = true;
        settings[SLD_OPTION_top_correction].value.choice =
            swap->value.b ? SLD_CORRECTION_SWAP : SLD_CORRECTION_NONE;
    } else if (by_correction > by_swap) {
        settings[SLD_OPTION_top_teacher_swap]         = *correction;
        settings[SLD_OPTION_top_teacher_swap].implied = true;
        settings[SLD_OPTION_top_teacher_swap].value.b = swaps;
    } else if (swap->value.b != swaps) {
        return sld_location_fail(
            ctx, &swap->location, "teacher_swap",
            "expected one of the two, got %s, which contradicts correction: %s; leave one out",
            swap->value.b ? "true" : "false", word_of(SLD_OPTION_top_correction, correction));
    }
    return SLD_OK;
}

static void merge(sld_config *config)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option  *option  = sld_option_at(i);
        const sld_setting *setting = strongest(config, (sld_option_id)i, &config->origins[i]);

        memcpy((char *)&config->options + option->offset, &setting->value, option->size);
    }
}

/* Makes the overlays of method and preset, and the options, from those of table, file and
 * override. */
static sld_status lay(sld_ctx *ctx, sld_composer *c, sld_config *config)
{
    SLD_TRY(read_method(ctx, c, config));
    SLD_TRY(read_preset(ctx, c, config));
    SLD_TRY(couple_teacher_swap(ctx, config));
    merge(config);
    return SLD_OK;
}

sld_status sld_resolve_file(sld_ctx *ctx, const sld_config *config, sld_options *out)
{
    sld_config alone = *config;

    for (size_t i = SLD_FROM_METHOD; i < SLD_ORIGIN_COUNT; i++) {
        if (i != SLD_FROM_FILE) {
            SLD_TRY(sld_overlay_create(ctx, config->arena, &alone.overlays[i]));
        }
    }
    SLD_TRY(lay(ctx, config->composer, &alone));
    *out = alone.options;
    return SLD_OK;
}

static void resolve_seeds(sld_options *o)
{
    int64_t *const seeds[] = {&o->seeds.init, &o->seeds.order, &o->seeds.augment};

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        *seeds[i] = *seeds[i] < 0 ? o->top.seed : *seeds[i];
    }
}

/* file and override are borrowed; only a word that is short for another is changed in them.
 * override NULL: a point of a grid, of which nobody reads the resolved text. */
static sld_status build(sld_ctx *ctx, sld_composer *c, sld_overlay *file, sld_overlay *override,
                        sld_config *config)
{
    sld_overlay *none;

    SLD_TRY(sld_overlay_create(ctx, config->arena, &none));
    for (size_t i = 0; i < SLD_ORIGIN_COUNT; i++) {
        config->overlays[i] = none;
    }
    config->overlays[SLD_FROM_DEFAULT]  = c->table;
    config->overlays[SLD_FROM_FILE]     = file;
    config->overlays[SLD_FROM_OVERRIDE] = override ? override : none;
    config->composer                    = c;
    config->defaults                    = c->defaults;
    SLD_TRY(lay(ctx, c, config));

    config->text = override
                       ? sld_write_document(config->arena, &config->options) /* seeds as written */
                       : "";
    resolve_seeds(&config->options);
    config->identity = sld_write_identity(config->arena, &config->options, &config->defaults);
    if (!config->text || !config->identity) {
        return fail_memory(ctx);
    }
    return sld_check_options(ctx, config);
}

/* Makes an empty configuration, which lies in an arena of its own. */
static sld_status make_config(sld_ctx *ctx, const char *path, sld_config **out)
{
    sld_arena *arena  = NULL;
    void      *memory = NULL;

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    if (sld_arena_alloc(ctx, arena, sizeof **out, &memory) == SLD_OK) {
        *out          = memory;
        (*out)->arena = arena;
        (*out)->path  = sld_arena_strdup(arena, path);
        if ((*out)->path) {
            return SLD_OK;
        }
    }
    *out = NULL;
    sld_arena_destroy(arena);
    return fail_memory(ctx);
}

sld_status sld_config_settle(sld_ctx *ctx, sld_config *config, const char *beside, const char *key,
                             const char *value)
{
    const size_t     id       = sld_option_index(beside);
    const sld_origin origin   = config->origins[id];
    const char      *source   = config->overlays[origin]->settings[id].location.source;
    sld_overlay     *override = *config->text ? config->overlays[SLD_FROM_OVERRIDE] : NULL;

    SLD_TRY(sld_overlay_set(ctx, config->arena, source, key, value, config->overlays[origin]));
    config->overlays[origin]->settings[sld_option_index(key)].implied = true;
    return build(ctx, config->composer, config->overlays[SLD_FROM_FILE], override, config);
}

sld_status sld_config_make_whole(sld_ctx *ctx, sld_config *config, const char *folder)
{
    static const sld_option_id inputs[] = {SLD_OPTION_data_path, SLD_OPTION_student_weights,
                                           SLD_OPTION_teacher_weights,
                                           SLD_OPTION_teacher_logits_files};
    sld_overlay *override = *config->text ? config->overlays[SLD_FROM_OVERRIDE] : NULL;
    char         whole[PATH_MAX];

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const sld_option *option = sld_option_at(inputs[i]);
        sld_overlay      *from   = config->overlays[config->origins[inputs[i]]];
        const char       *path   = from->settings[inputs[i]].value.text;
        const char       *slash  = strcmp(folder, "/") == 0 ? "" : "/";

        if (*path && *path != '/' &&
            snprintf(whole, sizeof whole, "%s%s%s", folder, slash, path) < (int)sizeof whole) {
            SLD_TRY(sld_overlay_set_text(ctx, config->arena, sld_option_key(option), whole, from));
        }
    }
    return build(ctx, config->composer, config->overlays[SLD_FROM_FILE], override, config);
}

/* Everything lies in the arena, the composer too. */
static sld_status make_composer(sld_ctx *ctx, sld_arena *arena, sld_defaults_find method,
                                sld_composer **out)
{
    void *memory = NULL;

    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof **out, &memory));
    *out           = memory;
    (*out)->arena  = arena;
    (*out)->method = method;
    SLD_TRY(sld_overlay_create(ctx, arena, &(*out)->table));
    return read_table(ctx, *out);
}

sld_status sld_composer_create(sld_ctx *ctx, sld_defaults_find method, sld_composer **out)
{
    sld_arena *arena = NULL;

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    const sld_status st = make_composer(ctx, arena, method, out);
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        *out = NULL;
    }
    return st;
}

void sld_composer_destroy(sld_composer *composer)
{
    if (composer) {
        sld_arena_destroy(composer->arena); /* the composer itself lives there */
    }
}

sld_status sld_composer_make(sld_ctx *ctx, sld_composer *composer, const char *path,
                             const sld_overlay *overlay, sld_config **out)
{
    sld_overlay *file = NULL;

    SLD_TRY(make_config(ctx, path, out));
    sld_status st = sld_overlay_create(ctx, (*out)->arena, &file);
    if (st == SLD_OK) {
        *file = *overlay;
        st    = build(ctx, composer, file, NULL, *out);
    }
    if (st != SLD_OK) {
        sld_config_destroy(*out);
        *out = NULL;
    }
    return st;
}

static sld_status parse(sld_ctx *ctx, const void *text, size_t n, const char *const *overrides,
                        size_t n_overrides, sld_defaults_find method, sld_config *config)
{
    sld_arena      *arena = config->arena;
    sld_overlay    *file, *override;
    sld_composer   *composer;
    const sld_node *root;

    SLD_TRY(make_composer(ctx, arena, method, &composer));
    SLD_TRY(sld_overlay_create(ctx, arena, &file));
    SLD_TRY(sld_overlay_create(ctx, arena, &override));
    SLD_TRY(sld_yaml_document(ctx, arena, config->path, text, n, &root));
    SLD_TRY(sld_parse_tree(ctx, arena, root, file));
    for (size_t i = 0; i < n_overrides; i++) {
        SLD_TRY(sld_overlay_override(ctx, arena, overrides[i], override));
    }
    return build(ctx, composer, file, override, config);
}

static sld_status defaults(sld_ctx *ctx, sld_config *config, sld_defaults_find method,
                           const char *const *overrides, size_t n)
{
    sld_overlay *none;

    SLD_TRY(make_composer(ctx, config->arena, method, &config->composer));
    SLD_TRY(sld_overlay_create(ctx, config->arena, &none));
    for (size_t i = 0; i < SLD_ORIGIN_COUNT; i++) {
        config->overlays[i] = none;
    }
    config->overlays[SLD_FROM_DEFAULT] = config->composer->table;
    SLD_TRY(sld_overlay_create(ctx, config->arena, &config->overlays[SLD_FROM_OVERRIDE]));
    for (size_t i = 0; i < n; i++) {
        SLD_TRY(sld_overlay_override(ctx, config->arena, overrides[i],
                                     config->overlays[SLD_FROM_OVERRIDE]));
    }
    return lay(ctx, config->composer, config);
}

sld_status sld_config_defaults(sld_ctx *ctx, sld_arena *arena, sld_defaults_find method,
                               const char *const *overrides, size_t n_overrides, const char ***out)
{
    sld_config config = {.arena = arena, .path = "defaults"};
    void      *memory = NULL;

    SLD_TRY(defaults(ctx, &config, method, overrides, n_overrides));
    SLD_TRY(sld_arena_alloc(ctx, arena, SLD_OPTION_COUNT * sizeof **out, &memory));
    *out = memory;
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        sld_writer w;
        if (!sld_writer_open(&w)) {
            return fail_memory(ctx);
        }
        sld_value_write(w.out, sld_option_at(i),
                        sld_option_value(&config.options, sld_option_at(i)));
        (*out)[i] = sld_writer_close(&w, arena);
        if (!(*out)[i]) {
            return fail_memory(ctx);
        }
    }
    return SLD_OK;
}

sld_status sld_config_parse(sld_ctx *ctx, const char *path, const void *text, size_t n,
                            const char *const *overrides, size_t n_overrides,
                            sld_defaults_find method, sld_config **out)
{
    SLD_TRY(make_config(ctx, path, out));
    const sld_status st = parse(ctx, text, n, overrides, n_overrides, method, *out);
    if (st != SLD_OK) {
        sld_config_destroy(*out);
        *out = NULL;
    }
    return st;
}

sld_status sld_config_parse_stored(sld_ctx *ctx, const char *file, const char *text,
                                   const char *const *overrides, size_t n_overrides,
                                   sld_defaults_find method, sld_config **out)
{
    char name[PATH_MAX + 32];

    snprintf(name, sizeof name, "%s (attribute config)", file);
    return sld_config_parse(ctx, name, text, strlen(text), overrides, n_overrides, method, out);
}

void sld_config_destroy(sld_config *config)
{
    if (config) {
        sld_arena_destroy(config->arena); /* the config itself lives there */
    }
}

const sld_options *sld_config_options(const sld_config *config)
{
    return &config->options;
}

const char *sld_config_text(const sld_config *config)
{
    return config->text;
}

const char *sld_config_identity(const sld_config *config)
{
    return config->identity;
}
