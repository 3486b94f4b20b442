/* cmd_methods.c: sld methods: lists the methods and presets of this build. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "sld/config.h"
#include "sld/distill.h"

/* The value of key among n pairs; "-": the key is not among them. */
static const char *value_of(const char *const (*pairs)[2], size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(pairs[i][0], key) == 0) {
            return pairs[i][1];
        }
    }
    return "-";
}

/* The value that a preset gives to key under a method. */
static const char *preset_value(const char *preset, const char *method, const char *key)
{
    const char  *pairs[SLD_PRESET_PAIRS][2];
    const size_t n = sld_preset_pairs(preset, method, pairs);
    return value_of((const char *const(*)[2])pairs, n, key);
}

static void print_presets(void)
{
    printf("\n%-32s %-18s %-21s %8s %8s %8s %8s\n", "preset", "teacher", "student", "lr kd",
           "lr mlkd", "lr sld", "dkd.beta");
    for (size_t i = 0; i < sld_preset_count(); i++) {
        const char *name = sld_preset_name(i);
        printf("%-32s %-18s %-21s %8s %8s %8s %8s\n", name,
               preset_value(name, "kd", "teacher.network"),
               preset_value(name, "kd", "student.network"), preset_value(name, "kd", "train.lr"),
               preset_value(name, "mlkd", "train.lr"), preset_value(name, "sld", "train.lr"),
               preset_value(name, "dkd", "dkd.beta"));
    }
}

static void print_methods(void)
{
    for (size_t i = 0; i < sld_method_count(); i++) {
        const sld_method *m = sld_method_at(i);
        printf("%s%s: %s\n    source: %s\n", i ? "\n" : "", m->name, m->help, m->source);
        for (size_t d = 0; m->defaults[d][0]; d++) {
            printf("    %s: %s\n", m->defaults[d][0], m->defaults[d][1]);
        }
    }
}

static void print_corrections(void)
{
    printf("\ncorrection, of rows whose maximum m is not the label y: what is lost\n");
    for (int i = 0; i < SLD_CORRECTIONS; i++) {
        const sld_correction_text *c = sld_correction_describe((sld_correction)i);
        printf("%-10s %s\n           lost: %s\n", c->name, c->formula, c->lost);
    }
    printf("\nkd.loss\n");
    for (int i = 0; i < SLD_TEACHER_LOSSES; i++) {
        printf("%-10s %s\n", sld_teacher_loss_name((sld_teacher_loss)i),
               sld_teacher_loss_formula((sld_teacher_loss)i));
    }
}

static sld_status methods(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    (void)ctx;
    (void)args;
    *exit_code = SLD_EXIT_OK;
    print_methods();
    print_corrections();
    print_presets();
    return SLD_OK;
}

const sld_verb sld_verb_methods = {
    .name    = "methods",
    .usage   = "sld methods",
    .summary = "the methods and the options each sets; corrections, losses, presets",
    .help =
        "A method is a set of defaults: every option can be set over it. A preset is a published\n"
        "recipe over the method's: `sld run --show-config` shows what comes of both. The rate of\n"
        "kd is that of all methods on one view: none, kd, lskd, dkd, nkd, rld, rc, lr, ctkd.\n",
    .no_file = true,
    .work    = methods,
};
