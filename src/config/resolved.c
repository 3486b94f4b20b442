/* resolved.c: resolved documents, which sld writes as config.yaml and for --show-config, and what cannot be
 * set over them. */
#include "config_state.h"

bool sld_overlay_is_resolved(const sld_overlay *overlay)
{
    size_t n = 0;

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        n += overlay->settings[i].given;
    }
    return 2 * n > SLD_OPTION_COUNT;
}

const void *sld_below_file(const sld_config *config, size_t i)
{
    int origin = SLD_FROM_PRESET;

    while (origin > SLD_FROM_DEFAULT && !config->overlays[origin]->settings[i].given) {
        origin--;
    }
    return &config->overlays[origin]->settings[i].value;
}

/* The words of a method or a preset. */
static const char *word_of(const sld_option *option, const sld_setting *setting)
{
    return option->type == SLD_TYPE_choice ? option->words[setting->value.choice]
                                           : setting->value.text;
}

sld_status sld_overlay_check_method(sld_ctx *ctx, const sld_overlay *base, const sld_overlay *over)
{
    static const sld_option_id sets[] = {SLD_OPTION_top_method, SLD_OPTION_top_preset};

    for (size_t i = 0; i < sizeof sets / sizeof *sets && sld_overlay_is_resolved(base); i++) {
        const sld_option  *option = sld_option_at(sets[i]);
        const sld_setting *below = &base->settings[sets[i]], *above = &over->settings[sets[i]];
        char               found[SLD_CLIP], wanted[SLD_CLIP];

        if (!above->given ||
            (below->given && sld_value_equal(option->type, &above->value, &below->value))) {
            continue;
        }
        sld_text_clip(word_of(option, above), found);
        sld_text_clip(below->given ? word_of(option, below) : "", wanted);
        return sld_location_fail(
            ctx, &above->location, sld_option_key(option),
            "expected '%s', as in the resolved document below it, got '%s': that document says "
            "every option itself, so another %s changes nothing but the name; start from an "
            "experiment "
            "file, or change the options one by one",
            wanted, found, sld_option_key(option));
    }
    return SLD_OK;
}
