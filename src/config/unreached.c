/* unreached.c: settings that the run as it is never comes to, or that make no difference to it: each
 * is told in the log. */
#include <string.h>

#include "config_state.h"
#include "schedule.h"

/* Warns of epochs that the run does not reach. */
static void report_epochs(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;

    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->type != SLD_TYPE_when || config->origins[i] < SLD_FROM_FILE ||
            !sld_condition_holds(option->condition, o)) {
            continue;
        }
        const sld_when_value *when  = sld_option_value(o, option);
        const int64_t         epoch = sld_config_when(o, *when);
        if (when->word != SLD_WHEN_NEVER && epoch >= o->train.epochs) {
            sld_log(
                ctx, SLD_LOG_WARN,
                "%s: %s: changes nothing here: it comes after epoch %lld, and train.epochs is %lld",
                config->path, sld_option_key(option), (long long)epoch, (long long)o->train.epochs);
        }
    }
}

/* A window of a term that lies within the run and holds no epoch. */
static void report_window(sld_ctx *ctx, const sld_config *config, const char *term,
                          const sld_active *active)
{
    static const char *const names[] = {"until", "after", "boost_after", "boost"};
    const sld_options       *o       = &config->options;
    const int64_t            after   = sld_config_when(o, active->after);
    const int64_t            until   = sld_config_when(o, active->until);
    const int64_t boosted = active->boost == 0 ? sld_config_when(o, active->boost_after) : until;

    if (!(active->weak > 0 || active->strong > 0) || sld_active_epochs(o, active) > 0 ||
        after >= o->train.epochs) { /* the last: report_epochs() has told it */
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char key[SLD_KEY_MAX];
        snprintf(key, sizeof key, "%s.%s", term, names[i]);
        if (sld_config_origin(config, key) >= SLD_FROM_FILE) {
            sld_log(ctx, SLD_LOG_WARN,
                    "%s: %s: the term %s changes nothing here: it comes after epoch %lld and ends "
                    "with epoch %lld, so it acts in no epoch, and train.epochs is %lld",
                    config->path, key, term, (long long)after,
                    (long long)(boosted < until ? boosted : until), (long long)o->train.epochs);
            return;
        }
    }
}

/* Growth over one epoch is none: the first epoch has the full weight. Where a method or a file below
 * the command line has another ramp, 1 takes it away. */
static void report_ramp(sld_ctx *ctx, const sld_config *config, sld_option_id id)
{
    const sld_option *option = sld_option_at(id);
    int               origin = (int)config->origins[id];

    if (origin < SLD_FROM_FILE ||
        *(const int64_t *)sld_option_value(&config->options, option) != 1 ||
        !sld_condition_holds(option->condition, &config->options)) {
        return;
    }
    for (origin--; origin > SLD_FROM_DEFAULT && !config->overlays[origin]->settings[id].given;) {
        origin--;
    }
    if (config->overlays[origin]->settings[id].value.i64 == 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: %s: changes nothing here: expected 2 or more epochs of growth, got 1, which is "
            "a step like 0",
            config->path, sld_option_key(option));
    }
}

/* Stages that fall on epoch 0: no epoch has the full rate. */
static void report_no_full_rate(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;
    int64_t            epochs[SLD_LIST_MAX];
    const size_t       n    = sld_config_lr_stages(o, epochs);
    double             rate = o->train.lr;
    size_t             past = 0;

    for (; past < n && epochs[past] <= 0; past++) {
        rate *= o->train.lr_decay;
    }
    if (past > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: train.lr_stages: the stage %g is epoch 0, and train.epochs is %lld: no epoch "
                "has the rate train.lr %g, the first has %g; give later stages or more epochs",
                config->path, o->train.lr_stages.v[past - 1], (long long)o->train.epochs,
                o->train.lr, rate);
    }
}

/* A drop of the rate that the run does not reach. Fractions follow the length. */
static void report_stages(sld_ctx *ctx, const sld_config *config)
{
    const sld_list *stages = &config->options.train.lr_stages;
    const int64_t   epochs = config->options.train.epochs;

    for (size_t i = 0; i < stages->n; i++) {
        if (sld_config_origin(config, "train.lr_stages") >= SLD_FROM_FILE && stages->v[i] >= 1 &&
            stages->v[i] >= (double)epochs) {
            sld_log(ctx, SLD_LOG_WARN,
                    "%s: train.lr_stages: the stage %g changes nothing here: it comes after that "
                    "epoch, and train.epochs is %lld; fractions like 0.75 follow the length",
                    config->path, stages->v[i], (long long)epochs);
            return; /* the later ones neither */
        }
    }
}

/* Shards beyond the samples of a batch, which are empty in every step. */
static void report_shards(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;

    if (sld_config_origin(config, "parallel.shards") >= SLD_FROM_FILE &&
        o->parallel.shards > o->train.batch) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: parallel.shards: more than train.batch does nothing: expected at most %lld, "
                "got %lld, of which %lld have no sample in any step",
                config->path, (long long)o->train.batch, (long long)o->parallel.shards,
                (long long)(o->parallel.shards - o->train.batch));
    }
}

void sld_config_warn_unreached(sld_ctx *ctx, const sld_config *config)
{
    const sld_active ce = sld_active_ce(&config->options), kd = sld_active_kd(&config->options);

    report_epochs(ctx, config);
    report_window(ctx, config, "ce", &ce);
    report_window(ctx, config, "kd", &kd);
    report_ramp(ctx, config, SLD_OPTION_ce_ramp);
    report_ramp(ctx, config, SLD_OPTION_kd_ramp);
    report_ramp(ctx, config, SLD_OPTION_lss_ramp);
    report_no_full_rate(ctx, config);
    report_stages(ctx, config);
    report_shards(ctx, config);
}
