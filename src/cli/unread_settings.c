/* unread_settings.c: settings of the command line that a verb does not read. sld eval takes data set
 * and split from the experiment and nothing of the training, sld data info the data set alone, sld data
 * views what makes the training views too, sld probe what a step computes and no data set. */
#include <string.h>

#include "unread_settings.h"

enum {
    NONE   = 0,
    TEST   = SLD_MAKES_TEST,
    LEARNT = SLD_MAKES_TRAIN | SLD_MAKES_VAL,
    EVAL   = SLD_MAKES_EVAL,
    INFO   = SLD_MAKES_INFO,
    VIEWS  = SLD_MAKES_VIEWS,
    STEPS  = SLD_MAKES_STEPS,
    BOTH   = VIEWS | STEPS,
    ALL    = EVAL | INFO | VIEWS
};

/* Options, or all of a section ("augment."), and what they can change. The first that fits counts. */
static const struct {
    const char *key;
    int         changes;
} readers[] = {
    {"data.label_noise", NONE}, /* labels are counted as the data set has them */
    {"data.label_noise_kind", NONE},
    {"data.train_fraction", LEARNT | INFO | VIEWS},
    {"data.per_class", LEARNT | INFO | VIEWS},
    {"data.val_fraction", LEARNT | INFO | VIEWS},
    {"data.split_seed", LEARNT | INFO | VIEWS},
    {"data.test_fraction", TEST | INFO},
    {"synthetic.train", LEARNT | INFO | VIEWS},
    {"synthetic.test", TEST | INFO | VIEWS}, /* its images are part of the hash in the file */
    {"data.", ALL},
    {"synthetic.", ALL},
    {"run.stall_minutes", EVAL | STEPS},
    {"augment.", VIEWS},
    {"seed", BOTH},
    {"seeds.augment", BOTH}, /* random corrections are drawn from it too */
    {"seeds.init", STEPS},
    /* which views there are: their weights, and what an experiment with such weights needs */
    {"method", BOTH},
    {"preset", BOTH},
    {"ce.weak", BOTH},
    {"ce.strong", BOTH},
    {"kd.weak", BOTH},
    {"kd.strong", BOTH},
    {"lss.weak", BOTH},
    {"lss.strong", BOTH},
    {"lss.allow_inactive", BOTH},
    {"student_swap", BOTH},
    {"student_swap_after", BOTH},
    {"teacher.weights", BOTH},
    {"teacher.logits_files", BOTH}, /* sld probe says why it takes none */
    {"train.epochs", BOTH},         /* the last that --epoch may name */
    /* the step */
    {"correction", STEPS},
    {"teacher_swap", STEPS},
    {"zscore", STEPS},
    {"ce.", STEPS},
    {"kd.", STEPS},
    {"lss.", STEPS},
    {"dkd.", STEPS},
    {"mlkd.", STEPS},
    {"nkd.", STEPS},
    {"rld.", STEPS},
    {"rc.", STEPS},
    {"revision.", STEPS},
    {"ctkd.", STEPS},
    {"ga.", STEPS},
    {"mix.", STEPS},
    {"student.", STEPS},
    {"teacher.network", STEPS},
    {"teacher.precision", STEPS},
    {"train.batch", NONE}, /* as many as the file has */
    {"train.best_on", NONE},
    {"train.", STEPS},
    {"parallel.shards", STEPS},
    {"parallel.isa", EVAL | STEPS},
};

static int changes(const char *key)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        const size_t n = strlen(readers[i].key);
        if (strncmp(key, readers[i].key, n) == 0 &&
            (key[n] == '\0' || readers[i].key[n - 1] == '.')) {
            return readers[i].changes;
        }
    }
    return NONE;
}

/* Another split's size decides whether the data set is the one that the weights were trained on. */
static bool is_of_hash(const char *key)
{
    return strcmp(key, "synthetic.train") == 0 || strcmp(key, "synthetic.test") == 0;
}

static const char *what_is_read(int makes)
{
    return makes == INFO    ? "an option of the data set (data, synthetic), got one that sld data "
                              "info does not read"
           : makes == VIEWS ? "an option of the data set (data, synthetic) or of the views "
                              "(augment, seed, method and the weights of ce, kd and lss), got one "
                              "that sld data views does not read"
           : makes == STEPS ? "an option of the step (method and terms, student, teacher, train, "
                              "seed, parallel.isa), got one that sld probe does not read"
                            : "an option of the data set (data, synthetic), parallel.isa or "
                              "run.stall_minutes, got one that sld eval does not read";
}

static sld_status check(sld_ctx *ctx, const sld_config *config, const sld_option_info *option,
                        int makes, bool hash)
{
    const int changed = changes(option->key);
    const int verb    = makes & EVAL ? EVAL : makes;

    if (!(changed & verb)) {
        return sld_config_reject(ctx, config, option->key,
                                 "expected %s; it changes nothing here: leave it out",
                                 what_is_read(makes));
    }
    if (*sld_config_lacks(config, option->key)) {
        return sld_config_reject(
            ctx, config, option->key,
            "expected %s, got another experiment; without it this setting changes nothing: leave "
            "it out",
            sld_config_lacks(config, option->key));
    }
    if (!(changed & makes) && !(hash && is_of_hash(option->key))) {
        return sld_config_reject(
            ctx, config, option->key,
            "expected --split %s with it, got %s; it changes nothing there: leave it out",
            (changed & EVAL) == TEST ? "test" : "train or val",
            makes == TEST              ? "test"
            : makes == SLD_MAKES_TRAIN ? "train"
                                       : "val");
    }
    return SLD_OK;
}

int sld_eval_makes(const char *split)
{
    return strcmp(split, "test") == 0    ? SLD_MAKES_TEST
           : strcmp(split, "train") == 0 ? SLD_MAKES_TRAIN
           : strcmp(split, "val") == 0   ? SLD_MAKES_VAL
                                         : SLD_MAKES_EVAL;
}

sld_status sld_unread_check(sld_ctx *ctx, const sld_config *config, int makes, bool hash)
{
    sld_option_info option;

    for (size_t i = 0; sld_config_info(i, &option); i++) {
        if (sld_config_is_written(config, option.key)) {
            SLD_TRY(check(ctx, config, &option, makes, hash));
        }
    }
    return SLD_OK;
}
