/* check.c: rules that the resolved options must keep together. An error names the key that the user
 * most probably has just set: the one of the strongest origin. */
#include <math.h>
#include <string.h>

#include "config_state.h"
#include "schedule.h"

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The key of the strongest origin; of equals the first. If an override contradicts a file, the user
 * must look at the override. */
static const char *strongest(const sld_config *config, const char *const *keys)
{
    const char *found = keys[0];

    for (size_t i = 1; keys[i]; i++) {
        if (sld_config_origin(config, keys[i]) > sld_config_origin(config, found)) {
            found = keys[i];
        }
    }
    return found;
}

/* Refuses keys[0], at the location of the strongest of keys. */
static sld_status reject(sld_ctx *ctx, const sld_config *config, const char *const *keys,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
static sld_status reject(sld_ctx *ctx, const sld_config *config, const char *const *keys,
                         const char *format, ...)
{
    const char *at   = strongest(config, keys);
    const bool  same = at == keys[0];
    char        message[320];
    va_list     args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return sld_config_reject(ctx, config, at, "%s%s%s", same ? "" : keys[0], same ? "" : ": ",
                             message);
}

/* The name becomes the name of a folder. */
static sld_status check_name(sld_ctx *ctx, const sld_config *config)
{
    const char *name = config->options.top.name;
    char        found[SLD_CLIP];

    if (*name == '.' || *name == '-' || strchr(name, '/') || strlen(name) > 100) {
        sld_text_clip(name, found);
        return sld_config_reject(ctx, config, "name",
                                 "expected the name of a folder (at most 100 bytes, no slash, no . "
                                 "or - at its beginning), got %s",
                                 found);
    }
    return SLD_OK;
}

static sld_status check_data(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o         = &config->options;
    const bool         synthetic = o->data.format == SLD_FORMAT_SYNTHETIC;

    if (!synthetic && *o->data.path == '\0') {
        return reject(ctx, config, KEYS("data.format", "data.path"),
                      "expected a path for data.format: %s, got none",
                      sld_config_word(o, "data.format"));
    }
    if (synthetic && o->synthetic.superclasses * o->synthetic.subclasses < 2) {
        return reject(ctx, config, KEYS("synthetic.superclasses", "synthetic.subclasses"),
                      "expected at least 2 classes, got %lld outlines of %lld siblings each",
                      (long long)o->synthetic.superclasses, (long long)o->synthetic.subclasses);
    }
    if (synthetic && o->synthetic.subclasses == 1 && o->data.label_noise > 0 &&
        o->data.label_noise_kind == SLD_NOISE_SIBLINGS) {
        return reject(
            ctx, config, KEYS("data.label_noise_kind", "synthetic.subclasses"),
            "expected uniform where synthetic.subclasses is 1 and no class has a sibling, "
            "got siblings: no label would change");
    }
    if (o->data.per_class > 0 && o->data.train_fraction < 1) {
        return reject(ctx, config, KEYS("data.per_class", "data.train_fraction"),
                      "expected either this or data.train_fraction, got %lld and %g; leave one out",
                      (long long)o->data.per_class, o->data.train_fraction);
    }
    if (o->data.per_class == 1 && o->data.val_fraction > 0) {
        return reject(ctx, config, KEYS("data.val_fraction", "data.per_class"),
                      "expected data.per_class above 1, so that each class keeps a sample to train "
                      "on, got %g of 1; give more, or leave one of the two out",
                      o->data.val_fraction);
    }
    if (o->train.best_on == SLD_BEST_ON_VAL && o->data.val_fraction == 0) {
        return reject(
            ctx, config, KEYS("train.best_on", "data.val_fraction"),
            "expected test without data.val_fraction, got val; set data.val_fraction above 0");
    }
    return SLD_OK;
}

static sld_status check_kept(sld_ctx *ctx, const sld_config *config)
{
    const sld_list *kept   = &config->options.run.keep_epochs;
    const int64_t   epochs = config->options.train.epochs;

    for (size_t i = 0; i < kept->n; i++) {
        if (kept->v[i] != floor(kept->v[i]) || kept->v[i] > (double)epochs) {
            return reject(ctx, config, KEYS("run.keep_epochs", "train.epochs"),
                          "expected whole epochs of 1 to %lld, got %g", (long long)epochs,
                          kept->v[i]);
        }
        for (size_t k = 0; k < i; k++) {
            if (kept->v[k] == kept->v[i]) {
                return sld_config_reject(ctx, config, "run.keep_epochs",
                                         "expected each epoch once, got %g twice", kept->v[i]);
            }
        }
    }
    return SLD_OK;
}

/* Stages must ascend. Only those of one kind are compared, because a fraction and an epoch may meet
 * in a short run. */
static sld_status check_stages(sld_ctx *ctx, const sld_config *config)
{
    const sld_list *stages = &config->options.train.lr_stages;
    int64_t         epochs[SLD_LIST_MAX];

    sld_config_lr_stages(&config->options, epochs);
    for (size_t i = 0; i < stages->n; i++) {
        const double v = stages->v[i];
        if (v >= 1 && v != floor(v)) {
            return sld_config_reject(ctx, config, "train.lr_stages",
                                     "expected whole epochs or fractions below 1, got %g", v);
        }
        if (i == 0) {
            continue;
        }
        const double before    = stages->v[i - 1];
        const bool   same_kind = (v < 1) == (before < 1);
        if (epochs[i] < epochs[i - 1] || (same_kind && v <= before)) {
            return reject(ctx, config, KEYS("train.lr_stages", "train.epochs"),
                          "expected ascending stages, got %g after %g in a run of %lld epochs", v,
                          before, (long long)config->options.train.epochs);
        }
    }
    return SLD_OK;
}

/* A preset gives its stages as epochs of its own length. In a shorter run the rate would never
 * drop. */
static sld_status check_preset_length(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o      = &config->options;
    const sld_list    *stages = &o->train.lr_stages;

    if (sld_config_origin(config, "train.lr_stages") != SLD_FROM_PRESET || stages->n == 0 ||
        stages->v[stages->n - 1] < (double)o->train.epochs) {
        return SLD_OK;
    }
    return sld_config_reject(ctx, config, "train.epochs",
                             "expected more epochs than the preset's last stage of the rate, %g, "
                             "got %lld; give train.lr_stages too: fractions like [0.625, 0.75, "
                             "0.875] keep the proportions (and student_swap_after: first_lr_drop)",
                             stages->v[stages->n - 1], (long long)o->train.epochs);
}

static sld_status check_teacher(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;

    if (o->kd.weak == 0 && o->kd.strong == 0) {
        return SLD_OK;
    }
    const char *weight  = o->kd.weak > 0 ? "kd.weak" : "kd.strong";
    const bool  network = *o->teacher.weights != '\0', files = *o->teacher.logits_files != '\0';
    if (!network && !files) {
        return reject(ctx, config, KEYS(weight, "teacher.weights", "method"),
                      "expected teacher.weights for a weight of %g, got none",
                      o->kd.weak > 0 ? o->kd.weak : o->kd.strong);
    }
    if (network && files) {
        return reject(ctx, config, KEYS("teacher.logits_files", "teacher.weights"),
                      "expected one teacher, got this beside teacher.weights; leave one out");
    }
    if (o->kd.temperatures.n == 0 && sld_condition_holds(SLD_IF_kd_temperatures, o)) {
        return reject(ctx, config, KEYS("kd.temperatures", weight),
                      "expected at least one temperature, got an empty list");
    }
    return SLD_OK;
}

/* Refuses what label revision cannot be combined with. */
static sld_status check_revision(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;

    if (!sld_condition_holds(SLD_IF_revision, o)) {
        return SLD_OK;
    }
    if (o->top.zscore) {
        return reject(
            ctx, config, KEYS("zscore", "kd.loss", "method"),
            "expected false with kd.loss: lr, got true; lr holds the student to the scale "
            "of the teacher's logits, which standardising takes away");
    }
    if (o->top.correction != SLD_CORRECTION_NONE) {
        return reject(
            ctx, config, KEYS("correction", "teacher_swap", "kd.loss", "method"),
            "expected none with kd.loss: lr, got %s; lr revises the rows that the teacher "
            "gets wrong, and a correction leaves it none of them or others",
            sld_config_word(o, "correction"));
    }
    return SLD_OK;
}

/* Writes the value as YAML has it: "150", "0.625", "first_lr_drop". */
static void when_words(const sld_options *options, sld_when_value when, char *out, size_t n)
{
    const int64_t epoch = sld_config_when(options, when);
    FILE         *text  = fmemopen(out, n, "w");

    out[0] = '\0';
    if (!text) {
        return;
    }
    sld_value_write_when(text, &when);
    if (when.word == SLD_WHEN_FIRST_LR_DROP && epoch == INT64_MAX) {
        fputs(" (train.lr_stages is empty)", text);
    } else if (when.word == SLD_WHEN_FIRST_LR_DROP || when.word == SLD_WHEN_FRACTION) {
        fprintf(text, " (epoch %lld)", (long long)epoch);
    }
    fclose(text);
}

/* Epochs of the shortest run with these options in which the student swap acts; 0: more than a
 * hundred. */
static int64_t shortest_run(const sld_options *options)
{
    sld_options longer = *options;

    for (longer.train.epochs = 1; longer.train.epochs <= 100; longer.train.epochs++) {
        if (sld_config_lss_active_epochs(&longer) > 0) {
            return longer.train.epochs;
        }
    }
    return 0;
}

/* If the user has set only the length of the run, the message is about the length. */
static sld_status check_swap_length(sld_ctx *ctx, const sld_config *config)
{
    static const char *const schedule[] = {"student_swap_after", "train.lr_stages", "lss.until",
                                           "lss.boost", "lss.boost_after"};
    const sld_options       *o          = &config->options;
    const int64_t            shortest   = shortest_run(o);

    for (size_t i = 0; i < sizeof schedule / sizeof *schedule; i++) {
        if (sld_config_origin(config, schedule[i]) > SLD_FROM_METHOD) {
            return SLD_OK;
        }
    }
    return shortest == 0
               ? SLD_OK
               : sld_config_reject(
                     ctx, config, "train.epochs",
                     "expected %lld or more with student_swap: true, got %lld; the swap "
                     "begins after the first drop of the rate, which so short a run never "
                     "sees; student_swap_after: 0 begins at once, lss.allow_inactive: true "
                     "accepts a run without it",
                     (long long)shortest, (long long)o->train.epochs);
}

/* Refuses a student swap that never acts: docs/protocol.md, "LSS that never acts". */
static sld_status check_student_swap(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o = &config->options;
    char               after[80], until[80], ends[120] = "";

    if (!o->top.student_swap) {
        return SLD_OK;
    }
    if (o->lss.weak == 0 && o->lss.strong == 0) {
        return reject(ctx, config, KEYS("student_swap", "lss.weak", "lss.strong"),
                      "expected lss.weak or lss.strong above 0, got 0 for both; set student_swap: "
                      "false to train without the term");
    }
    if (o->lss.temperatures.n == 0) {
        return reject(ctx, config, KEYS("lss.temperatures", "student_swap"),
                      "expected at least one temperature, got an empty list");
    }
    if (o->lss.allow_inactive || sld_config_lss_active_epochs(o) > 0) {
        return SLD_OK;
    }
    SLD_TRY(check_swap_length(ctx, config));
    when_words(o, o->top.student_swap_after, after, sizeof after);
    if (o->lss.until.word != SLD_WHEN_NEVER) {
        when_words(o, o->lss.until, until, sizeof until);
        snprintf(ends, sizeof ends, " (lss.until: %s)", until);
    }
    return reject(
        ctx, config,
        KEYS("student_swap_after", "train.epochs", "train.lr_stages", "lss.until", "lss.boost",
             "lss.boost_after", "student_swap"),
        "expected a swap that begins within the run, got %s in a run of %lld epoch%s%s; let it "
        "begin earlier, set student_swap: false, or accept it with lss.allow_inactive: true",
        after, (long long)o->train.epochs, sld_text_plural(o->train.epochs), ends);
}

static sld_status check_some_term(sld_ctx *ctx, const sld_config *config)
{
    const sld_options *o  = &config->options;
    const sld_active   ce = sld_active_ce(o);
    const sld_active   kd = sld_active_kd(o);

    if (sld_active_epochs(o, &ce) + sld_active_epochs(o, &kd) + sld_config_lss_active_epochs(o) >
        0) {
        return SLD_OK;
    }
    return sld_config_reject(
        ctx, config,
        strongest(config, KEYS("ce.weak", "ce.strong", "ce.after", "ce.until", "kd.weak",
                               "kd.strong", "kd.after", "kd.until", "train.epochs", "student_swap",
                               "student_swap_after", "method")),
        "expected a weight above 0 in ce, kd or (with student_swap) lss, got no term that is "
        "active in any epoch");
}

sld_status sld_check_options(sld_ctx *ctx, const sld_config *config)
{
    SLD_TRY(check_name(ctx, config));
    SLD_TRY(check_data(ctx, config));
    SLD_TRY(check_kept(ctx, config));
    SLD_TRY(check_stages(ctx, config));
    SLD_TRY(check_preset_length(ctx, config));
    SLD_TRY(check_teacher(ctx, config));
    SLD_TRY(check_revision(ctx, config));
    SLD_TRY(check_student_swap(ctx, config));
    return check_some_term(ctx, config);
}
