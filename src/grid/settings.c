/* settings.c: what may be said to a sweep that is recorded: how its trials run, not what they are.
 */
#include <string.h>

#include "grid.h"
#include "spec_parts.h"

/* What a sweep sets for each trial by itself. */
static const char *const own_keys[] = {"run.dir", "run.claim", "run.attempt", "parallel.cpus"};

const char *sld_grid_own_key(size_t i)
{
    return i < sizeof own_keys / sizeof *own_keys ? own_keys[i] : NULL;
}

const char *sld_grid_own_cure(const char *key)
{
    return strcmp(key, "parallel.cpus") == 0 ? "; `taskset -c LIST sld sweep ...` says which CPUs "
                                               "the sweep uses"
                                             : "";
}

static sld_status check_own(sld_ctx *ctx, const char *key)
{
    const char *own;

    for (size_t i = 0; (own = sld_grid_own_key(i)); i++) {
        if (strcmp(key, own) == 0) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "command line: %s: expected in a single experiment, got it beside a "
                            "sweep's folder; a sweep sets it for each trial: leave it out%s",
                            key, sld_grid_own_cure(key));
        }
    }
    return SLD_OK;
}

sld_status sld_settings_once(sld_ctx *ctx, const char *const *words, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const size_t length = strcspn(words[i], "=");
        for (size_t k = 0; k < i; k++) {
            if (strncmp(words[k], words[i], length) == 0 && words[k][length] == '=') {
                return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                "command line: %.*s: expected once, got twice; leave one out",
                                (int)length, words[i]);
            }
        }
    }
    return SLD_OK;
}

static sld_status take_launch(sld_ctx *ctx, sld_grid *grid, const char *key, const char *value)
{
    const sld_node *node;

    SLD_TRY(sld_yaml_word(ctx, grid->arena, key, value, sld_config_is_text(key), &node));
    return sld_launch_set(ctx, grid->arena, node, key + strlen("launch."), node, &grid->launch);
}

sld_status sld_grid_set_launch(sld_ctx *ctx, sld_grid *grid, const char **words, size_t *n)
{
    size_t kept = 0;

    SLD_TRY(sld_settings_once(ctx, words, *n));
    for (size_t i = 0; i < *n; i++) {
        const char *equals = strchr(words[i], '=');
        char       *key    = sld_arena_strdup(grid->arena, words[i]);
        if (!key) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "command line: out of memory: %.100s", words[i]);
        }
        if (!equals) {
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
            SLD_TRY(check_own(ctx, key));
            words[kept++] = words[i];
        }
    }
    *n = kept;
    return SLD_OK;
}
