/* conditions.c: conditions.def as functions and words. */
#include "options.h"

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
