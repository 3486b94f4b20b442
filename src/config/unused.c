/* unused.c: settings that change nothing. conditions.def says when an option matters. A setting of
 * the user that does not matter is refused, or named in a warning; it is never ignored in
 * silence. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

/* Whether the value asks for nothing, as false, "" and never do. Then the user misses nothing. */
static bool asks_for_nothing(const sld_option *option, const void *value)
{
    switch (option->type) {
    case SLD_TYPE_bool:
        return !*(const bool *)value;
    case SLD_TYPE_text:
    case SLD_TYPE_path:
        return **(const char *const *)value == '\0';
    case SLD_TYPE_choice:
        return *(const int *)value == 0; /* each set begins with its plain case */
    case SLD_TYPE_when: {
        const sld_when_value *when = value;
        return when->word == SLD_WHEN_NEVER || (when->word == SLD_WHEN_EPOCH && when->value == 0);
    }
    case SLD_TYPE_i64:
        return *(const int64_t *)value < 0; /* a seed of -1 is that of `seed` */
    case SLD_TYPE_count:
    case SLD_TYPE_f64:
    case SLD_TYPE_list:
        return false;
    }
    return false;
}

/* Sets a number to its largest value, a "when" to the first epoch. */
static void provoke(sld_options *o, const sld_option *option)
{
    char       *at   = (char *)o + option->offset;
    const char *dots = strstr(option->limits, "..");

    if (option->type == SLD_TYPE_f64 && dots) {
        *(double *)(void *)at = strtod(dots + 2, NULL);
    } else if (option->type == SLD_TYPE_i64 && dots) {
        *(int64_t *)(void *)at = strtoll(dots + 2, NULL, 10);
    } else if (option->type == SLD_TYPE_when) {
        *(sld_when_value *)(void *)at = (sld_when_value){SLD_WHEN_EPOCH, 1};
    }
}

/* What an option needs beyond its condition of options.def, which says when it is in the identity. A
 * factor of 0 can leave an option nothing to do that is in the identity all the same: of all folders
 * so far. Such an option is named and never refused, because without it the ID would be another. */
static const struct {
    sld_option_id    option;
    sld_condition_id needs;
} more_needs[] = {
    {SLD_OPTION_seeds_init, SLD_IF_random_weights},
    {SLD_OPTION_seeds_augment, SLD_IF_random_views},
    {SLD_OPTION_synthetic_separation, SLD_IF_siblings},
    {SLD_OPTION_ga_always, SLD_IF_ga_omega},
    {SLD_OPTION_mix_always, SLD_IF_mix_share},
    {SLD_OPTION_kd_temperatures, SLD_IF_dkd_parts},
    {SLD_OPTION_kd_temperatures, SLD_IF_nkd_non_target},
    {SLD_OPTION_kd_temperatures, SLD_IF_rld_correlation},
    {SLD_OPTION_mlkd_cc, SLD_IF_mlkd_consistency},
    {SLD_OPTION_mlkd_bc, SLD_IF_mlkd_consistency},
    {SLD_OPTION_mlkd_as_described, SLD_IF_mlkd_masks},
    {SLD_OPTION_mlkd_strong_consistency, SLD_IF_mlkd_strong},
    {SLD_OPTION_rld_confidence_tau, SLD_IF_rld_confidence},
    {SLD_OPTION_revision_eta, SLD_IF_revision_soft},
    {SLD_OPTION_ctkd_initial, SLD_IF_ctkd_range},
    {SLD_OPTION_ctkd_ramp, SLD_IF_ctkd_range},
    {SLD_OPTION_train_lr_stages, SLD_IF_rate_drops},
    {SLD_OPTION_train_lr_decay, SLD_IF_rate},
    {SLD_OPTION_train_momentum, SLD_IF_rate},
    {SLD_OPTION_train_weight_decay, SLD_IF_rate},
};

/* Whether the condition holds, or would with another value of the option. kd.weak: 0 matters, because
 * another value would bring the teacher term in. */
static bool can_hold(const sld_options *options, const sld_option *option,
                     sld_condition_id condition)
{
    if (sld_condition_holds(condition, options)) {
        return true;
    }
    if (!strstr(sld_condition_keys(condition), sld_option_key(option))) {
        return false;
    }
    sld_options other = *options;
    provoke(&other, option);
    return sld_condition_holds(condition, &other);
}

/* The condition without which no value of the option would change something; SLD_IF_always: one
 * would. */
static sld_condition_id lacking(const sld_options *options, const sld_option *option)
{
    if (!can_hold(options, option, option->condition)) {
        return option->condition;
    }
    for (size_t i = 0; i < sizeof more_needs / sizeof *more_needs; i++) {
        if (option == sld_option_at(more_needs[i].option) &&
            !can_hold(options, option, more_needs[i].needs)) {
            return more_needs[i].needs;
        }
    }
    return SLD_IF_always;
}

static bool matters(const sld_options *options, const sld_option *option)
{
    return lacking(options, option) == SLD_IF_always;
}

static bool is_idle(const sld_options *options, const sld_option *option)
{
    return !asks_for_nothing(option, sld_option_value(options, option)) &&
           !matters(options, option);
}

/* Writes the values of the keys that decide the condition: "method: none, kd.weak: 0.0". */
static void found_words(const sld_options *options, sld_condition_id condition, char *out, size_t n)
{
    char  keys[128], *rest = NULL;
    FILE *text = fmemopen(out, n, "w");

    out[0] = '\0';
    if (!text) {
        return;
    }
    snprintf(keys, sizeof keys, "%s", sld_condition_keys(condition));
    for (char *key = strtok_r(keys, " ", &rest), *first = key; key;
         key = strtok_r(NULL, " ", &rest)) {
        const sld_option *option = sld_option_at(sld_option_index(key));
        fprintf(text, "%s%s: ", key == first ? "" : ", ", key);
        sld_value_write(text, option, sld_option_value(options, option));
    }
    fclose(text);
}

typedef struct idle { /* settings that change nothing */
    sld_option_id id[SLD_OPTION_COUNT];
    size_t        n;
} idle;

/* Writes "; the same holds for KEY, KEY" with all but the first, as far as they fit. */
static void others_words(const idle *list, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 1; i < list->n && used + SLD_KEY_MAX < n; i++) {
        used +=
            (size_t)snprintf(out + used, n - used, "%s%s", i == 1 ? "; the same holds for " : ", ",
                             sld_option_key(sld_option_at(list->id[i])));
    }
}

static sld_status refuse(sld_ctx *ctx, const sld_config *config, const idle *list)
{
    const sld_option      *option = sld_option_at(list->id[0]);
    const sld_condition_id needs  = lacking(&config->options, option);
    char                   found[160], others[200];

    found_words(&config->options, needs, found, sizeof found);
    others_words(list, others, sizeof others);
    return sld_config_reject(
        ctx, config, sld_option_key(option),
        "expected %s, got %s; without it this setting changes nothing: leave it out%s",
        sld_condition_words(needs), *found ? found : "none of them", others);
}

/* Idle settings: some are refused, and some named, together or each with what it needs. */
typedef struct idle_settings {
    idle refused, reported, reported_alone;
} idle_settings;

static void add(idle *list, size_t id)
{
    list->id[list->n++] = (sld_option_id)id;
}

static sld_status find_idle(sld_ctx *ctx, const sld_config *config, idle_settings *out)
{
    const bool  resolved = sld_overlay_is_resolved(config->overlays[SLD_FROM_FILE]);
    bool        asked    = false;
    sld_options file     = config->options;

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option  *option  = sld_option_at(i);
        const sld_origin   origin  = config->origins[i];
        const sld_setting *setting = &config->overlays[origin]->settings[i];

        if (origin < SLD_FROM_FILE || setting->implied || !is_idle(&config->options, option) ||
            asks_for_nothing(option, &setting->value)) {
            continue;
        }
        const bool in_identity = lacking(&config->options, option) != option->condition;
        if (origin == SLD_FROM_FILE && resolved) {
            if (!sld_value_equal(option->type, &setting->value, sld_below_file(config, i))) {
                add(in_identity ? &out->reported_alone : &out->reported, i);
            }
            continue;
        }
        if (in_identity || origin == SLD_FROM_OVERRIDE) {
            add(in_identity ? &out->reported_alone : &out->refused, i);
            continue;
        }
        if (!asked) {
            SLD_TRY(sld_resolve_file(ctx, config, &file));
            asked = true;
        }
        add(is_idle(&file, option) ? &out->refused : &out->reported, i);
    }
    return SLD_OK;
}

static void report_unused(sld_ctx *ctx, const sld_config *config, const idle *list)
{
    const sld_option      *option = sld_option_at(list->id[0]);
    const sld_condition_id needs  = lacking(&config->options, option);
    char                   found[160], others[400];

    found_words(&config->options, needs, found, sizeof found);
    others_words(list, others, sizeof others);
    sld_log(ctx, SLD_LOG_WARN,
            "%s: %s: changes nothing here: it needs %s, and this experiment has %s%s", config->path,
            sld_option_key(option), sld_condition_words(needs), *found ? found : "none of them",
            others);
}

/* teacher_swap: false says correction: none, beside another correction of the same origin. A
 * resolved document has both. */
static sld_status check_swap(sld_ctx *ctx, const sld_overlay *overlay)
{
    const sld_setting *swap       = &overlay->settings[SLD_OPTION_top_teacher_swap];
    const sld_setting *correction = &overlay->settings[SLD_OPTION_top_correction];
    const sld_option  *option     = sld_option_at(SLD_OPTION_top_correction);

    if (!swap->given || swap->implied || swap->value.b || !correction->given ||
        correction->implied || correction->value.choice == SLD_CORRECTION_NONE ||
        sld_overlay_is_resolved(overlay)) {
        return SLD_OK;
    }
    return sld_location_fail(
        ctx, &swap->location, "teacher_swap",
        "expected one of the two, got false, which contradicts correction: %s; leave one out",
        option->words[correction->value.choice]);
}

typedef struct log_of {
    sld_ctx          *ctx;
    const sld_config *config;
} log_of;

static void warn_unreached(void *user, const char *key, int kind, const char *text)
{
    const log_of *to = user;

    sld_log(to->ctx, SLD_LOG_WARN, "%s: %s: %s", to->config->path, key, text);
}

sld_status sld_config_check_settings(sld_ctx *ctx, const sld_config *config)
{
    idle_settings found = {0};

    SLD_TRY(check_swap(ctx, config->overlays[SLD_FROM_FILE]));
    SLD_TRY(check_swap(ctx, config->overlays[SLD_FROM_OVERRIDE]));
    SLD_TRY(sld_overlay_check_method(ctx, config->overlays[SLD_FROM_FILE],
                                     config->overlays[SLD_FROM_OVERRIDE]));
    SLD_TRY(find_idle(ctx, config, &found));
    if (found.refused.n > 0) {
        return refuse(ctx, config, &found.refused);
    }
    if (found.reported.n > 0) {
        report_unused(ctx, config, &found.reported);
    }
    for (size_t i = 0; i < found.reported_alone.n; i++) {
        const idle alone = {.id = {found.reported_alone.id[i]}, .n = 1};
        report_unused(ctx, config, &alone);
    }
    sld_config_each_unreached(config, warn_unreached, &(log_of){ctx, config});
    return SLD_OK;
}

const char *sld_config_lacks(const sld_config *config, const char *key)
{
    return sld_condition_words(lacking(&config->options, sld_option_at(sld_option_index(key))));
}

bool sld_config_is_written(const sld_config *config, const char *key)
{
    const size_t i = sld_option_index(key);

    return config->origins[i] == SLD_FROM_OVERRIDE &&
           !config->overlays[SLD_FROM_OVERRIDE]->settings[i].implied;
}

struct sld_usage {
    bool             matters[SLD_OPTION_COUNT];
    sld_condition_id lacking[SLD_OPTION_COUNT]; /* where it matters in no point */
    bool             any;                       /* whether there is any point */
};

sld_status sld_usage_create(sld_ctx *ctx, sld_arena *arena, sld_usage **out)
{
    void *memory = NULL;

    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof **out, &memory));
    *out = memory;
    return SLD_OK;
}

void sld_usage_add(sld_usage *usage, const sld_options *options)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (usage->matters[i]) {
            continue;
        }
        const sld_condition_id needs = lacking(options, option);
        usage->matters[i]            = needs == SLD_IF_always;
        if (!usage->any || needs != option->condition) { /* one of these is in the identity */
            usage->lacking[i] = needs;
        }
    }
    usage->any = true;
}

bool sld_usage_has(const sld_usage *usage, const char *key)
{
    return !usage->any || usage->matters[sld_option_index(key)];
}

/* Whether the value is the table's own, or given by the preset of a resolved document. */
static bool is_repeated(const sld_overlay *overlay, const sld_option *option, const void *value)
{
    const sld_setting *preset = &overlay->settings[SLD_OPTION_top_preset];
    const sld_setting *method = &overlay->settings[SLD_OPTION_top_method];
    const char        *pairs[SLD_PRESET_PAIRS][2];
    char               text[512];
    FILE              *out = fmemopen(text, sizeof text, "w");
    size_t             n   = 0;

    if (!out) {
        return true;
    }
    sld_value_write(out, option, value);
    fclose(out);
    if (preset->given && method->given) {
        n = sld_preset_pairs(preset->value.text,
                             sld_option_at(SLD_OPTION_top_method)->words[method->value.choice],
                             pairs);
    }
    while (n > 0 && (strcmp(pairs[n - 1][0], sld_option_key(option)) != 0 ||
                     strcmp(pairs[n - 1][1], text) != 0)) {
        n--;
    }
    return n > 0 || strcmp(text, option->initial) == 0;
}

sld_status sld_usage_check(sld_ctx *ctx, const sld_usage *usage, const sld_overlay *overlay,
                           const char *where)
{
    const bool resolved = sld_overlay_is_resolved(overlay);

    SLD_TRY(check_swap(ctx, overlay));
    for (size_t i = 0; usage->any && i < SLD_OPTION_COUNT; i++) {
        const sld_option  *option  = sld_option_at(i);
        const sld_setting *setting = &overlay->settings[i];
        const char        *needs   = sld_condition_words(usage->lacking[i]);

        if (!setting->given || setting->implied || usage->matters[i] ||
            asks_for_nothing(option, &setting->value)) {
            continue;
        }
        if (resolved && is_repeated(overlay, option, &setting->value)) {
            continue;
        }
        if (resolved || usage->lacking[i] != option->condition) {
            sld_log(ctx, SLD_LOG_WARN, "%s: changes nothing in %s: it needs %s",
                    sld_option_key(option), where, needs);
        } else {
            return sld_location_fail(ctx, &setting->location, sld_option_key(option),
                                     "expected %s in %s, got none; without it this setting changes "
                                     "nothing: leave it out",
                                     needs, where);
        }
    }
    return SLD_OK;
}
