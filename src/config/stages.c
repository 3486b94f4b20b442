/* stages.c: stages of the rate that do not do, in a run of this length, what their list seems to say. */
#include <math.h>

#include "finder.h"

/* Stages that fall on epoch 0: no epoch has the full rate. */
static void find_no_full_rate(const finder *f, const int64_t *epochs, size_t n)
{
    double rate = f->o->train.lr;
    size_t past = 0;

    for (; past < n && epochs[past] <= 0; past++) {
        rate *= f->o->train.lr_decay;
    }
    if (past > 0) {
        sld_found(f, "train.lr_stages", NO_FULL_RATE,
                  "the stage %g is epoch 0, and train.epochs is %lld: no epoch has the rate "
                  "train.lr %g, the first has %g; give later stages or more epochs",
                  f->o->train.lr_stages.v[past - 1], (long long)f->o->train.epochs, f->o->train.lr,
                  rate);
    }
}

/* A drop of the rate that the run does not reach. Nothing is said of stages that the user has not set. */
static void find_late(const finder *f, const int64_t *epochs, size_t n)
{
    const sld_list *stages = &f->o->train.lr_stages;
    size_t          i      = 0;

    while (i < n && epochs[i] < f->o->train.epochs) {
        i++;
    }
    if (i == n || !sld_finder_given(f, "train.lr_stages")) {
        return; /* of several the first is told: the later ones come neither */
    }
    if (stages->v[i] >= 1) {
        sld_found(f, "train.lr_stages", LATE_STAGE,
                  "the stage %g changes nothing here: it comes after that epoch, and train.epochs "
                  "is %lld; fractions like 0.75 follow the length",
                  stages->v[i], (long long)f->o->train.epochs);
    } else {
        sld_found(f, "train.lr_stages", LATE_STAGE,
                  "the stage %g changes nothing here: it is epoch %lld, the last of this run; give "
                  "an earlier stage or more epochs",
                  stages->v[i], (long long)epochs[i]);
    }
}

/* Stages that come to one epoch within the run, as fractions of a short one may, the default's too. */
static void find_meeting(const finder *f, const int64_t *epochs, size_t n)
{
    const sld_list *stages = &f->o->train.lr_stages;

    for (size_t i = 1; i < n && sld_condition_holds(SLD_IF_rate, f->o); i++) {
        size_t last = i;
        if (epochs[i] != epochs[i - 1] || epochs[i] <= 0 || epochs[i] >= f->o->train.epochs ||
            f->o->train.lr_decay == 1) {
            continue;
        }
        while (last + 1 < n && epochs[last + 1] == epochs[i]) {
            last++;
        }
        sld_found(f, "train.lr_stages", MEETING_STAGES,
                  "the stages %g and %g are both epoch %lld of %lld: the rate falls to %g of "
                  "train.lr at once; give other stages or more epochs",
                  stages->v[i - 1], stages->v[i], (long long)epochs[i],
                  (long long)f->o->train.epochs, pow(f->o->train.lr_decay, (double)(last + 1)));
        return;
    }
}

/* A preset's stages and the start of its student swap are epochs of its own length. */
static void find_other_length(const finder *f, const int64_t *epochs, size_t n)
{
    const sld_overlay *preset = f->config->overlays[SLD_FROM_PRESET];
    const sld_setting *length = &preset->settings[SLD_OPTION_train_epochs];
    const int64_t      after  = sld_config_when(f->o, f->o->top.student_swap_after);

    if (f->config->origins[SLD_OPTION_train_lr_stages] == SLD_FROM_PRESET && length->given &&
        length->value.i64 != f->o->train.epochs && n > 0) {
        sld_found(f, "train.lr_stages", OTHER_LENGTH,
                  "the preset's stages are epochs of its own %lld, and train.epochs is %lld: the "
                  "rate first drops after epoch %lld all the same; give train.lr_stages too, "
                  "fractions like [0.625, 0.75, 0.875] keep the proportions",
                  (long long)length->value.i64, (long long)f->o->train.epochs,
                  (long long)epochs[0]);
    }
    if (f->config->origins[SLD_OPTION_top_student_swap_after] == SLD_FROM_PRESET &&
        sld_condition_holds(SLD_IF_lss, f->o) && n > 0 && after != epochs[0]) {
        sld_found(f, "student_swap_after", OTHER_LENGTH,
                  "the preset lets the student swap begin after epoch %lld, its own first drop of "
                  "the rate, and here the rate first drops after epoch %lld; give "
                  "student_swap_after: first_lr_drop, or the epoch that you mean",
                  (long long)after, (long long)epochs[0]);
    }
}

void sld_find_stages(const finder *f)
{
    int64_t      epochs[SLD_LIST_MAX];
    const size_t n = sld_config_lr_stages(f->o, epochs);

    find_no_full_rate(f, epochs, n);
    find_late(f, epochs, n);
    find_meeting(f, epochs, n);
    find_other_length(f, epochs, n);
}
