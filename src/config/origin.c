/* origin.c: the origin of a setting, and its refusal with its location in front; the refusal of paths that
 * only a shell or a browser understands. */
#include <stdarg.h>

#include "config_state.h"

sld_origin sld_config_origin(const sld_config *config, const char *key)
{
    const int id = sld_option_find(key);

    return id < 0 ? SLD_FROM_DEFAULT : config->origins[id];
}

sld_status sld_config_reject(sld_ctx *ctx, const sld_config *config, const char *key,
                             const char *format, ...)
{
    const sld_location whole = {.source = config->path};
    const int          id    = sld_option_find(key);
    sld_status         st;
    va_list            args;

    va_start(args, format);
    st = sld_location_vfail(
        ctx, id < 0 ? &whole : &config->overlays[config->origins[id]]->settings[id].location, key,
        format, args);
    va_end(args);
    return st;
}

sld_status sld_config_check_paths(sld_ctx *ctx, const sld_config *config, sld_origin from)
{
    char why[SLD_PATH_WHY_BYTES];

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);

        if (option->type == SLD_TYPE_path && config->origins[i] >= from &&
            sld_path_is_odd(*(const char *const *)sld_option_value(&config->options, option),
                            why)) {
            return sld_config_reject(ctx, config, sld_option_key(option), "%s", why);
        }
    }
    return SLD_OK;
}
