/* pinned.c: seeds.* that leave `seed` nothing to move. */
#include "finder.h"

/* Whether the option of a seed says it itself; -1 is that of `seed`. */
static bool is_pinned(const sld_config *config, sld_option_id id)
{
    return config->overlays[config->origins[id]]->settings[id].value.i64 >= 0;
}

bool sld_config_pins_seed(const sld_config *config, char words[SLD_PINNED_BYTES])
{
    const sld_options *o       = &config->options;
    const bool         init    = is_pinned(config, SLD_OPTION_seeds_init);
    const bool         augment = is_pinned(config, SLD_OPTION_seeds_augment);
    const bool         weights = !sld_condition_holds(SLD_IF_random_weights, o);
    const bool         views   = sld_condition_holds(SLD_IF_random_views, o);

    snprintf(words, SLD_PINNED_BYTES, "%s, %sseeds.order%s",
             weights ? "student.weights" : "seeds.init", views ? "" : "views without chance and ",
             views ? " and seeds.augment" : "");
    return is_pinned(config, SLD_OPTION_seeds_order) && (init || weights) && (augment || !views);
}

/* The default of `seed` needs no word: it is no part of the ID. */
void sld_find_pinned_seed(const finder *f)
{
    char words[SLD_PINNED_BYTES];

    if (sld_finder_given(f, "seed") && f->o->top.seed != f->config->defaults.top.seed &&
        sld_config_pins_seed(f->config, words)) {
        sld_found(
            f, "seed", PINNED_SEED,
            "changes nothing here, and gives another ID: %s say all that it would move; leave it "
            "out, or give seeds.* the value -1",
            words);
    }
}
