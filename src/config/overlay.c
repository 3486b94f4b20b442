/* overlay.c: the settings of one origin, and how they are laid over those of others. */
#include <assert.h>
#include <string.h>

#include "config_state.h"

sld_status sld_overlay_create(sld_ctx *ctx, sld_arena *arena, sld_overlay **out)
{
    void *memory = NULL;

    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof **out, &memory));
    *out = memory;
    return SLD_OK;
}

void sld_overlay_clear(sld_overlay *overlay)
{
    *overlay = (sld_overlay){0};
}

sld_status sld_overlay_read(sld_ctx *ctx, sld_arena *arena, const sld_node *map,
                            sld_overlay *overlay)
{
    return sld_parse_tree(ctx, arena, map, overlay);
}

sld_status sld_overlay_override(sld_ctx *ctx, sld_arena *arena, const char *pair,
                                sld_overlay *overlay)
{
    static const sld_location location = {.source = "command line"};
    const char               *equals   = strchr(pair, '=');
    char                     *key;

    if (!equals || equals == pair) {
        char found[SLD_CLIP];
        sld_text_clip(pair, found);
        return sld_location_fail(ctx, &location, NULL, "expected key=value, got %s", found);
    }
    key = sld_arena_strdup(arena, pair);
    if (!key) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration");
    }
    key[equals - pair] = '\0';
    return sld_parse_word(ctx, arena, key, equals + 1, overlay);
}

sld_status sld_overlay_set(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                           const char *value, sld_overlay *overlay)
{
    const int id = sld_option_find(key);

    if (id >= 0) {
        overlay->settings[id].given = false;
    }
    return sld_parse_pair(ctx, arena, source, key, value, overlay);
}

sld_status sld_overlay_set_text(sld_ctx *ctx, sld_arena *arena, const char *key, const char *text,
                                sld_overlay *overlay)
{
    sld_setting *setting = &overlay->settings[sld_option_index(key)];

    assert(sld_config_is_text(key));
    setting->given      = true;
    setting->value.text = sld_arena_strdup(arena, text);
    return setting->value.text
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the value of %s", key);
}

bool sld_overlay_sets(const sld_overlay *overlay, const char *key)
{
    return overlay->settings[sld_option_index(key)].given;
}

bool sld_overlay_is_empty(const sld_overlay *overlay)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (overlay->settings[i].given) {
            return false;
        }
    }
    return true;
}

void sld_overlay_drop(sld_overlay *overlay, const char *key)
{
    overlay->settings[sld_option_index(key)].given = false;
}

/* teacher_swap is short for correction. If the upper overlay sets one of the two alone, the lower
 * one's other is unset. */
static void silence(sld_overlay *into, const sld_overlay *over, sld_option_id said,
                    sld_option_id other)
{
    if (over->settings[said].given && !over->settings[other].given) {
        into->settings[other].given = false;
    }
}

void sld_overlay_lay(sld_overlay *into, const sld_overlay *over)
{
    silence(into, over, SLD_OPTION_top_teacher_swap, SLD_OPTION_top_correction);
    silence(into, over, SLD_OPTION_top_correction, SLD_OPTION_top_teacher_swap);
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (over->settings[i].given) {
            into->settings[i] = over->settings[i];
        }
    }
}

void sld_overlay_keep(sld_overlay *overlay, const char *const *sections)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        bool kept = false;
        for (size_t k = 0; sections[k]; k++) {
            kept |= strcmp(sections[k], sld_option_at(i)->section) == 0;
        }
        overlay->settings[i].given &= kept;
    }
}

static bool is_swap_and_correction(const sld_overlay *a, const sld_overlay *b)
{
    return a->settings[SLD_OPTION_top_teacher_swap].given &&
           b->settings[SLD_OPTION_top_correction].given;
}

const char *sld_overlay_common(const sld_overlay *a, const sld_overlay *b)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (a->settings[i].given && b->settings[i].given) {
            return sld_option_key(sld_option_at(i));
        }
    }
    return is_swap_and_correction(a, b)   ? "correction"
           : is_swap_and_correction(b, a) ? "teacher_swap"
                                          : NULL;
}

void sld_overlay_all(sld_overlay *into, const sld_overlay *more)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (more->settings[i].given) {
            into->settings[i] = more->settings[i];
        }
    }
}

sld_status sld_overlay_clash(sld_ctx *ctx, sld_arena *arena, const sld_overlay *a,
                             const sld_overlay *b, const char **key)
{
    *key = is_swap_and_correction(a, b) || is_swap_and_correction(b, a) ? "correction" : NULL;
    for (size_t i = 0; i < SLD_OPTION_COUNT && !*key; i++) {
        const char *name = sld_option_key(sld_option_at(i)), *mine = NULL, *its = NULL;
        if (a->settings[i].given && b->settings[i].given) {
            SLD_TRY(sld_overlay_value(ctx, arena, a, name, &mine));
            SLD_TRY(sld_overlay_value(ctx, arena, b, name, &its));
            *key = strcmp(mine, its) != 0 ? name : NULL;
        }
    }
    return SLD_OK;
}

sld_status sld_overlay_value(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                             const char *key, const char **out)
{
    const int  id = sld_option_find(key);
    sld_writer w;

    *out = NULL;
    if (id < 0 || !overlay->settings[id].given) {
        return SLD_OK;
    }
    if (sld_writer_open(&w)) {
        sld_value_write(w.out, sld_option_at((size_t)id), &overlay->settings[id].value);
        *out = sld_writer_close(&w, arena);
    }
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the value of %s", key);
}

sld_status sld_overlay_text(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                            const char **out)
{
    sld_writer w;
    size_t     n = 0;

    *out = NULL;
    if (sld_writer_open(&w)) {
        for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
            if (overlay->settings[i].given) {
                fprintf(w.out, "%s: ", sld_option_key(sld_option_at(i)));
                sld_value_write(w.out, sld_option_at(i), &overlay->settings[i].value);
                fputc('\n', w.out);
                n++;
            }
        }
        if (n == 0) {
            fputs("{}\n", w.out);
        }
        *out = sld_writer_close(&w, arena);
    }
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the experiment's text");
}

bool sld_config_is_result(const char *key)
{
    const int id = sld_option_find(key);

    return id >= 0 && (sld_option_at((size_t)id)->kind == SLD_KIND_result ||
                       sld_option_at((size_t)id)->kind == SLD_KIND_word);
}

bool sld_config_is_key(const char *key)
{
    const int id = sld_option_find(key);

    return id >= 0 && sld_option_at((size_t)id)->kind != SLD_KIND_launch;
}

bool sld_config_is_text(const char *key)
{
    const int id = sld_option_find(key);

    return id >= 0 && (sld_option_at((size_t)id)->type == SLD_TYPE_text ||
                       sld_option_at((size_t)id)->type == SLD_TYPE_path);
}

const char *sld_config_nearest(const char *key)
{
    return sld_option_nearest(key);
}

bool sld_config_is_section(const char *name)
{
    const int id = sld_section_find(name);

    return id >= 0 && id != SLD_SECTION_launch;
}
