/* launch.c: the options of kind launch, which say how a sweep starts its trials. They are no part
 * of an experiment, so they have no overlays. Their values are read like those of any other
 * option. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

static void *place_in(sld_launch *launch, const sld_option *option)
{
    return (char *)launch + (option->offset - offsetof(sld_options, launch));
}

static const sld_option *find(const char *name)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->kind == SLD_KIND_launch && strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}

static sld_status read_option(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                              const sld_node *at, const sld_node *value, sld_launch *launch)
{
    sld_setting setting = {.given = false};

    SLD_TRY(sld_parse_value(ctx, arena, option, at, value, &setting));
    memcpy(place_in(launch, option), &setting.value, option->size);
    return SLD_OK;
}

sld_status sld_launch_default(sld_ctx *ctx, sld_arena *arena, sld_launch *out)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        const sld_node   *node;
        if (option->kind == SLD_KIND_launch) {
            SLD_TRY(sld_yaml_value(ctx, arena, "default", option->name, option->initial, &node));
            SLD_TRY(read_option(ctx, arena, option, node, node, out));
        }
    }
    return SLD_OK;
}

sld_status sld_launch_set(sld_ctx *ctx, sld_arena *arena, const sld_node *at, const char *name,
                          const sld_node *value, sld_launch *launch)
{
    const sld_option *option = find(name);
    char              key[2 * SLD_KEY_MAX];

    if (option) {
        return read_option(ctx, arena, option, at, value, launch);
    }
    snprintf(key, sizeof key, "launch.%.64s", name);
    const char *nearest = sld_option_nearest(key);
    return sld_node_fail(ctx, at, key, "unknown option%s%s", nearest ? "; nearest: " : "",
                         nearest ? nearest : "");
}

static bool is_text(const sld_option *option)
{
    return option->type == SLD_TYPE_text || option->type == SLD_TYPE_path;
}

void sld_launch_write(FILE *out, const sld_launch *launch)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->kind != SLD_KIND_launch) {
            continue;
        }
        const void *value = (const char *)launch + (option->offset - offsetof(sld_options, launch));
        fprintf(out, "launch\t%s\t", option->name);
        if (is_text(option)) { /* a line without control characters, which needs no quotes */
            fputs(*(const char *const *)value, out);
        } else {
            sld_value_write(out, option, value);
        }
        fputc('\n', out);
    }
}

sld_status sld_launch_recorded(sld_ctx *ctx, sld_arena *arena, const char *path, const char *name,
                               const char *value, sld_launch *launch)
{
    const sld_option *option = find(name);
    const sld_node    node   = {.kind   = SLD_NODE_SCALAR,
                                .source = path,
                                .text   = value,
                                .length = strlen(value),
                                .quoted = option && is_text(option)};

    if (!option) {
        return SLD_OK;
    }
    if (option->type == SLD_TYPE_count && strcmp(value, "0") == 0) { /* version 0.1 wrote auto so */
        *(int64_t *)place_in(launch, option) = 0;
        return SLD_OK;
    }
    return read_option(ctx, arena, option, &node, &node, launch);
}
