/* settings.c: what may be said to a sweep that is recorded: how its trials run, not what they are.
 */
#include <string.h>

#include "grid.h"
#include "spec_parts.h"

static sld_status take_launch(sld_ctx *ctx, sld_grid *grid, const char *key, const char *value)
{
    const sld_node *node;

    SLD_TRY(sld_yaml_value(ctx, grid->arena, "command line", key, value, &node));
    return sld_launch_set(ctx, grid->arena, node, key + strlen("launch."), node, &grid->launch);
}

sld_status sld_grid_set_launch(sld_ctx *ctx, sld_grid *grid, const char **words, size_t *n)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n; i++) {
        const char *equals = strchr(words[i], '=');
        char       *key    = sld_arena_strdup(grid->arena, words[i]);
        if (!equals || !key) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "command line: expected key=value, got %.100s",
                            words[i]);
        }
        key[equals - words[i]] = '\0';
        if (strncmp(key, "launch.", 7) == 0) {
            SLD_TRY(take_launch(ctx, grid, key, equals + 1));
        } else if (sld_spec_is_top_key(key)) {
            return SLD_FAIL(
                ctx, SLD_ERR_CONFIG,
                "command line: %s: expected beside the spec of a sweep, got it beside its "
                "folder; give the spec: sld sweep SPEC.yaml %s",
                key, words[i]);
        } else if (!sld_config_is_key(key)) {
            const char *nearest = sld_config_nearest(key);
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "command line: %s: unknown option%s%s", key,
                            nearest ? "; nearest: " : "", nearest ? nearest : "");
        } else if (sld_config_is_result(key)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "command line: %s: expected an option that changes no result of %s, "
                            "got one that does; give the spec with it, for another sweep",
                            key, grid->dir);
        } else {
            words[kept++] = words[i];
        }
    }
    *n = kept;
    return SLD_OK;
}
