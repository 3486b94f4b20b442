/* identity.c: writes the result options that tell this experiment from others, as canonical text.
 * It leaves out an option that cannot matter here, so that experiments which compute the same have
 * the same identity. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

static int by_key(const void *a, const void *b)
{
    return strcmp(sld_option_key(*(const sld_option *const *)a),
                  sld_option_key(*(const sld_option *const *)b));
}

const char *sld_write_identity(sld_arena *arena, const sld_options *options,
                               const sld_options *defaults)
{
    const sld_option *sorted[SLD_OPTION_COUNT] = {NULL};
    sld_options       plain                    = *defaults;
    size_t            n                        = 0;
    sld_writer        w;

    plain.seeds.init = plain.seeds.order = plain.seeds.augment = options->top.seed;
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->kind == SLD_KIND_result && sld_condition_holds(option->condition, options) &&
            !sld_value_equal(option->type, sld_option_value(options, option),
                             sld_option_value(&plain, option))) {
            sorted[n++] = option;
        }
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    if (!sld_writer_open(&w)) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(w.out, "%s: ", sld_option_key(sorted[i]));
        sld_value_write(w.out, sorted[i], sld_option_value(options, sorted[i]));
        fputc('\n', w.out);
    }
    return sld_writer_close(&w, arena);
}

sld_status sld_config_call(sld_ctx *ctx, sld_config *config, const char *key, const char *name)
{
    const sld_option *option = sld_option_at(sld_option_index(key));
    const char       *copy   = sld_arena_strdup(config->arena, name);

    if (copy) {
        memcpy((char *)&config->options + option->offset, &copy, sizeof copy);
        config->identity = sld_write_identity(config->arena, &config->options, &config->defaults);
    }
    return copy && config->identity
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration");
}
