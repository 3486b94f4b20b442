/* eval_settings.c: settings of the command line that sld eval does not read. It takes data set and
 * split from the experiment, and nothing of the training. */
#include <string.h>

#include "eval_settings.h"

enum { NONE, TEST, TRAIN, VAL = 4, LEARNT = TRAIN | VAL, ALL = TEST | LEARNT };
static const struct {
    const char *key;
    int         splits; /* those that it can change */
} exceptions[] = {
    {"data.label_noise", NONE}, /* labels are counted as the data set has them */
    {"data.label_noise_kind", NONE}, {"data.train_fraction", LEARNT}, {"data.per_class", LEARNT},
    {"data.val_fraction", LEARNT},   {"data.split_seed", LEARNT},     {"data.test_fraction", TEST},
    {"synthetic.train", LEARNT},     {"synthetic.test", TEST},        {"run.stall_minutes", ALL}};

/* The data set's options change all splits, the others none, but for the exceptions. */
static int splits_of(const char *key)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        if (strcmp(exceptions[i].key, key) == 0) {
            return exceptions[i].splits;
        }
    }
    return strncmp(key, "data.", 5) == 0 || strncmp(key, "synthetic.", 10) == 0 ? ALL : NONE;
}

/* Another split's size decides whether the data set is the one that the weights were trained on. */
static bool is_of_hash(const char *key)
{
    return strcmp(key, "synthetic.train") == 0 || strcmp(key, "synthetic.test") == 0;
}

static sld_status check(sld_ctx *ctx, const sld_config *config, const sld_option_info *option,
                        const char *split, bool hash)
{
    const int given  = strcmp(split, "test") == 0    ? TEST
                       : strcmp(split, "train") == 0 ? TRAIN
                       : strcmp(split, "val") == 0   ? VAL
                                                     : ALL; /* sld_eval_run() refuses it */
    const int splits = splits_of(option->key);

    if (splits == NONE) {
        return sld_config_reject(
            ctx, config, option->key,
            "expected an option of the data set (data, synthetic) or run.stall_minutes, got one "
            "that sld eval does not read; it changes nothing here: leave it out");
    }
    if (!sld_config_matters(config, option->key)) {
        return sld_config_reject(
            ctx, config, option->key,
            "expected %s, got another experiment; without it this setting changes nothing: leave "
            "it out",
            option->needs);
    }
    if (!(splits & given) && !(hash && is_of_hash(option->key))) {
        return sld_config_reject(
            ctx, config, option->key,
            "expected --split %s with it, got %s; it changes nothing there: leave it out",
            splits == TEST ? "test" : "train or val", split);
    }
    return SLD_OK;
}

sld_status sld_eval_check_settings(sld_ctx *ctx, const sld_config *config, const char *split,
                                   bool hash)
{
    sld_option_info option;

    for (size_t i = 0; sld_config_info(i, &option); i++) {
        if (sld_config_is_written(config, option.key)) {
            SLD_TRY(check(ctx, config, &option, split, hash));
        }
    }
    return SLD_OK;
}
