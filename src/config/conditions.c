/* conditions.c: conditions.def as functions and words. */
#include "config_state.h"

/* Whether some start or end is first_lr_drop, which the stages of the rate decide. */
static bool names_first_drop(const sld_options *o)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->type == SLD_TYPE_when &&
            ((const sld_when_value *)sld_option_value(o, option))->word == SLD_WHEN_FIRST_LR_DROP &&
            sld_condition_holds(option->condition, o)) {
            return true;
        }
    }
    return false;
}

#define SLD_HOLDS(name) holds_##name(o)
#define SLD_CONDITION(name, expression, words, keys)                                               \
    static bool holds_##name(const sld_options *o)                                                 \
    {                                                                                              \
        return expression;                                                                         \
    }
#include "conditions.def"

static const struct {
    bool (*holds)(const sld_options *o);
    const char *words, *keys;
} conditions[SLD_CONDITION_COUNT] = {
#define SLD_CONDITION(name, expression, words, keys) {holds_##name, words, keys},
#include "conditions.def"
};

bool sld_condition_holds(sld_condition_id id, const sld_options *o)
{
    return conditions[id].holds(o);
}

const char *sld_condition_words(sld_condition_id id)
{
    return conditions[id].words;
}

const char *sld_condition_keys(sld_condition_id id)
{
    return conditions[id].keys;
}

bool sld_config_wants_teacher(const sld_options *options)
{
    return sld_condition_holds(SLD_IF_kd, options);
}

bool sld_config_wants_ce(const sld_options *options)
{
    return sld_condition_holds(SLD_IF_ce, options);
}

bool sld_config_wants_weak_view(const sld_options *options)
{
    return sld_condition_holds(SLD_IF_weak_view, options);
}

bool sld_config_wants_strong_view(const sld_options *options)
{
    return sld_condition_holds(SLD_IF_strong_view, options);
}
