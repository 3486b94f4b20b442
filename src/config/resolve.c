/* resolve.c: what every origin sets, the strongest wins: table < method < file < override. */
#include <string.h>

#include "config_state.h"

static const char *copy_text(sld_config *config, const char *text)
{
    return sld_arena_strdup(config->arena, text);
}

static sld_status fail_memory(sld_ctx *ctx)
{
    return SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for the configuration");
}

static sld_status read_table(sld_ctx *ctx, sld_config *config)
{
    const sld_place place = {.source = "default"};

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        sld_layer        *layer  = config->layers[SLD_FROM_DEFAULT];

        SLD_TRY(sld_parse_pair(ctx, config->arena, &place, sld_option_key(option), option->initial,
                               layer));
        memcpy((char *)&config->defaults + option->offset, &layer->settings[i].value, option->size);
    }
    return SLD_OK;
}

static sld_status read_overrides(sld_ctx *ctx, sld_config *config, const char *const *overrides,
                                 size_t n)
{
    const sld_place place = {.source = "command line"};

    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(overrides[i], '=');
        char       *key;

        if (!equals || equals == overrides[i]) {
            char found[SLD_CLIP];
            sld_text_clip(overrides[i], found);
            return sld_place_fail(ctx, &place, NULL, "found %s, wanted key=value", found);
        }
        key = sld_arena_strdup(config->arena, overrides[i]);
        if (!key) {
            return fail_memory(ctx);
        }
        key[equals - overrides[i]] = '\0';
        SLD_TRY(sld_parse_pair(ctx, config->arena, &place, key, equals + 1,
                               config->layers[SLD_FROM_OVERRIDE]));
    }
    return SLD_OK;
}

/* The setting that counts, and where it comes from. */
static const sld_setting *strongest(const sld_config *config, sld_option_id id, sld_origin *origin)
{
    int o = SLD_FROM_OVERRIDE;

    while (o > SLD_FROM_DEFAULT && !config->layers[o]->settings[id].given) {
        o--;
    }
    *origin = (sld_origin)o;
    return &config->layers[o]->settings[id];
}

static sld_status read_method(sld_ctx *ctx, sld_config *config, sld_defaults_find method)
{
    sld_origin         origin;
    const sld_setting *setting = strongest(config, SLD_OPTION_top_method, &origin);
    const char *const(*pairs)[2];
    char      source[SLD_CLIP];
    sld_place place = {0};

    if (!method) {
        return SLD_OK;
    }
    pairs = method(setting->value.text);
    if (!pairs) {
        return sld_place_fail(ctx, &setting->place, "method", "found %s, no method of this name",
                              setting->value.text);
    }
    snprintf(source, sizeof source, "method %s", setting->value.text);
    place.source = copy_text(config, source);
    if (!place.source) {
        return fail_memory(ctx);
    }
    for (size_t i = 0; pairs[i][0]; i++) {
        SLD_TRY(sld_parse_pair(ctx, config->arena, &place, pairs[i][0], pairs[i][1],
                               config->layers[SLD_FROM_METHOD]));
    }
    return SLD_OK;
}

/* teacher_swap is short for correction: the strongest layer that gives one of the two gives both.
 * teacher_swap: false beside correction: random is no contradiction. */
static sld_status couple_teacher_swap(sld_ctx *ctx, sld_config *config)
{
    sld_origin         by_swap, by_correction;
    const sld_setting *swap       = strongest(config, SLD_OPTION_top_teacher_swap, &by_swap);
    const sld_setting *correction = strongest(config, SLD_OPTION_top_correction, &by_correction);
    const sld_origin   origin     = by_swap > by_correction ? by_swap : by_correction;
    sld_setting       *settings   = config->layers[origin]->settings;
    const bool         swaps      = strcmp(correction->value.text, "swap") == 0;

    if (by_swap > by_correction) {
        settings[SLD_OPTION_top_correction]            = *swap;
        settings[SLD_OPTION_top_correction].value.text = swap->value.b ? "swap" : "none";
    } else if (by_correction > by_swap) {
        settings[SLD_OPTION_top_teacher_swap]         = *correction;
        settings[SLD_OPTION_top_teacher_swap].value.b = swaps;
    } else if (swap->value.b != swaps) {
        return sld_place_fail(ctx, &swap->place, "teacher_swap",
                              "%s contradicts correction: %s; give one of them",
                              swap->value.b ? "true" : "false", correction->value.text);
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

static void resolve_seeds(sld_options *o)
{
    int64_t *const seeds[] = {&o->seeds.init, &o->seeds.order, &o->seeds.augment};

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        *seeds[i] = *seeds[i] < 0 ? o->top.seed : *seeds[i];
    }
}

static sld_status build(sld_ctx *ctx, sld_config *config, const void *text, size_t n,
                        const char *const *overrides, size_t n_overrides, sld_defaults_find method)
{
    const sld_place start = {.source = config->path, .line = 1, .column = 1};

    SLD_TRY(read_table(ctx, config));
    SLD_TRY(sld_parse_document(ctx, config->arena, &start, text, n, config->layers[SLD_FROM_FILE]));
    SLD_TRY(read_overrides(ctx, config, overrides, n_overrides));
    SLD_TRY(read_method(ctx, config, method));
    SLD_TRY(couple_teacher_swap(ctx, config));
    merge(config);

    config->text = sld_write_document(config->arena, &config->options); /* seeds as written */
    resolve_seeds(&config->options);
    config->identity = sld_write_identity(config->arena, &config->options, &config->defaults);
    if (!config->text || !config->identity) {
        return fail_memory(ctx);
    }
    return sld_check_options(ctx, config);
}

sld_status sld_config_parse(sld_ctx *ctx, const char *path, const void *text, size_t n,
                            const char *const *overrides, size_t n_overrides,
                            sld_defaults_find method, sld_config **out)
{
    sld_arena  *arena  = NULL;
    sld_config *config = NULL;
    void       *memory = NULL;
    sld_status  st;

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    st = sld_arena_alloc(ctx, arena, sizeof *config, &memory);
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        return st;
    }
    config        = memory;
    config->arena = arena;
    for (size_t i = 0; i < SLD_ORIGIN_COUNT && st == SLD_OK; i++) {
        st                = sld_arena_alloc(ctx, arena, sizeof *config->layers[i], &memory);
        config->layers[i] = memory;
    }
    config->path = copy_text(config, path);
    if (st == SLD_OK && !config->path) {
        st = fail_memory(ctx);
    }
    if (st == SLD_OK) {
        st = build(ctx, config, text, n, overrides, n_overrides, method);
    }
    if (st != SLD_OK) {
        sld_config_destroy(config);
        return st;
    }
    *out = config;
    return SLD_OK;
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

sld_origin sld_config_origin(const sld_config *config, const char *key)
{
    const int id = sld_option_find(key);

    return id < 0 ? SLD_FROM_DEFAULT : config->origins[id];
}

sld_status sld_config_reject(sld_ctx *ctx, const sld_config *config, const char *key,
                             const char *format, ...)
{
    const sld_place whole = {.source = config->path};
    const int       id    = sld_option_find(key);
    sld_status      st;
    va_list         args;

    va_start(args, format);
    st = sld_place_vfail(ctx,
                         id < 0 ? &whole : &config->layers[config->origins[id]]->settings[id].place,
                         key, format, args);
    va_end(args);
    return st;
}
