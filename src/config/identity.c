/* identity.c: the result options that tell this experiment from others, as canonical text. An
 * option that cannot matter here is left out, so that experiments which compute the same are the
 * same. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

static bool never(const sld_options *o)
{
    return false;
}
static bool seeds_init(const sld_options *o)
{
    return o->seeds.init != o->top.seed;
}
static bool seeds_order(const sld_options *o)
{
    return o->seeds.order != o->top.seed;
}
static bool seeds_augment(const sld_options *o)
{
    return o->seeds.augment != o->top.seed;
}
static bool is_synthetic(const sld_options *o)
{
    return strcmp(o->data.format, "synthetic") == 0;
}
static bool is_split(const sld_options *o)
{
    return o->data.train_fraction < 1 || o->data.per_class > 0 || o->data.val_fraction > 0 ||
           o->data.label_noise > 0;
}
static bool has_label_noise(const sld_options *o)
{
    return o->data.label_noise > 0;
}
static bool has_ce(const sld_options *o)
{
    return o->ce.weak > 0 || o->ce.strong > 0;
}
static bool has_kd(const sld_options *o)
{
    return o->kd.weak > 0 || o->kd.strong > 0;
}
bool sld_config_wants_teacher(const sld_options *o)
{
    return has_kd(o);
}
static bool forms(const sld_options *o, const char *loss)
{
    return has_kd(o) && strcmp(o->kd.loss, loss) == 0;
}
static bool is_dkd(const sld_options *o)
{
    return forms(o, "dkd");
}
static bool is_mlkd(const sld_options *o)
{
    return forms(o, "mlkd");
}
static bool is_nkd(const sld_options *o)
{
    return forms(o, "nkd");
}
static bool corrects_by_ga(const sld_options *o)
{
    return has_kd(o) && strcmp(o->top.correction, "ga") == 0;
}
static bool corrects_by_mix(const sld_options *o)
{
    return has_kd(o) && strcmp(o->top.correction, "mix") == 0;
}
static bool has_lss(const sld_options *o)
{
    return o->top.student_swap;
}
static bool has_kd_or_lss(const sld_options *o)
{
    return has_kd(o) || has_lss(o);
}
static bool has_strong_view(const sld_options *o)
{
    return o->ce.strong > 0 || o->kd.strong > 0 || (o->top.student_swap && o->lss.strong > 0);
}
static bool crops_padded(const sld_options *o)
{
    return strcmp(o->augment.crop, "pad") == 0;
}
static bool crops_resized(const sld_options *o)
{
    return strcmp(o->augment.crop, "resized") == 0;
}
static bool boosts_ce(const sld_options *o)
{
    return o->ce.boost != 1 && o->ce.boost_after.word != SLD_WHEN_NEVER;
}
static bool boosts_kd(const sld_options *o)
{
    return o->kd.boost != 1 && o->kd.boost_after.word != SLD_WHEN_NEVER;
}
static bool boosts_lss(const sld_options *o)
{
    return o->lss.boost != 1 && o->lss.boost_after.word != SLD_WHEN_NEVER;
}

/* A key that begins so counts when all its rules say so; a key without a rule always counts. */
static const struct rule {
    const char *prefix;
    bool (*counts)(const sld_options *o);
} rules[] = {
    {"method", never},       /* its defaults count, each by itself */
    {"teacher_swap", never}, /* correction says it */
    {"correction", has_kd},
    {"ga.", corrects_by_ga},
    {"mix.", corrects_by_mix},
    {"zscore", has_kd_or_lss},
    {"student_swap_after", has_lss},
    {"seeds.init", seeds_init},
    {"seeds.order", seeds_order},
    {"seeds.augment", seeds_augment},
    {"data.split_seed", is_split},
    {"data.label_noise_kind", has_label_noise},
    {"synthetic.", is_synthetic},
    {"augment.crop_pad", crops_padded},
    {"augment.area", crops_resized},
    {"augment.ratio", crops_resized},
    {"augment.strong_ops", has_strong_view},
    {"augment.cutout", has_strong_view},
    {"teacher.", has_kd},
    {"ce.", has_ce},
    {"ce.boost", boosts_ce},
    {"kd.", has_kd},
    {"kd.boost", boosts_kd},
    {"dkd.", is_dkd},
    {"mlkd.", is_mlkd},
    {"nkd.", is_nkd},
    {"lss.", has_lss},
    {"lss.boost", boosts_lss},
};

static bool counts(const char *key, const sld_options *options)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strncmp(key, rules[i].prefix, strlen(rules[i].prefix)) == 0 &&
            !rules[i].counts(options)) {
            return false;
        }
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(sld_option_key(*(const sld_option *const *)a),
                  sld_option_key(*(const sld_option *const *)b));
}

const char *sld_write_identity(sld_arena *arena, const sld_options *options,
                               const sld_options *defaults)
{
    const sld_option *sorted[SLD_OPTION_COUNT];
    size_t            n = 0;
    sld_writer        w;

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->result && counts(sld_option_key(option), options) &&
            !sld_value_equal(option->type, sld_option_value(options, option),
                             sld_option_value(defaults, option))) {
            sorted[n++] = option;
        }
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    if (!sld_writer_open(&w)) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(w.out, "%s: ", sld_option_key(sorted[i]));
        sld_value_write(w.out, sorted[i]->type, sld_option_value(options, sorted[i]));
        fputc('\n', w.out);
    }
    return sld_writer_close(&w, arena);
}

sld_status sld_config_call(sld_ctx *ctx, sld_config *config, const char *key, const char *name)
{
    const sld_option *option = sld_option_at((size_t)sld_option_find(key));
    const char       *copy   = sld_arena_strdup(config->arena, name);

    if (copy) {
        memcpy((char *)&config->options + option->offset, &copy, sizeof copy);
        config->identity = sld_write_identity(config->arena, &config->options, &config->defaults);
    }
    return copy && config->identity
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for the configuration");
}
