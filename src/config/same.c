/* same.c: settings that compute what another setting does. Both have an ID, and the user is told
 * (docs/determinism.md, "Identity"). */
#include "finder.h"

/* A factor of 0 on all that a correction or a loss adds to a plainer one. */
static void find_nothing_added(const finder *f)
{
    const struct {
        sld_condition_id needs;
        double           factor;
        const char      *key, *same;
    } added[] = {
        {SLD_IF_ga, f->o->ga.omega, "ga.omega", "correction: none"},
        {SLD_IF_mix, f->o->mix.share, "mix.share", "correction: none"},
        {SLD_IF_rc, f->o->rc.weight, "rc.weight", "kd.loss: kl"},
    };
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        if (sld_finder_given(f, added[i].key) && added[i].factor == 0 &&
            sld_condition_holds(added[i].needs, f->o)) {
            sld_found(
                f, added[i].key, SAME_AS,
                "is 0, so it adds nothing: this computes what %s does, under another ID; give "
                "it a value, or take %s",
                added[i].same, added[i].same);
        }
    }
}

static bool corrects_by_label(const sld_options *o)
{
    switch (o->top.correction) {
    case SLD_CORRECTION_NONE:
        return false;
    case SLD_CORRECTION_GA:
        return o->ga.omega != 0;
    case SLD_CORRECTION_MIX:
        return o->mix.share > 0;
    default:
        return true;
    }
}

/* Whether a term of the objective depends on the label. The KL to the teacher, with or without a
 * trained temperature, and the terms of mlkd do not. */
static bool reads_labels(const sld_options *o)
{
    const bool plain = o->kd.loss == SLD_LOSS_KL || o->kd.loss == SLD_LOSS_MLKD ||
                       o->kd.loss == SLD_LOSS_CTKD ||
                       (o->kd.loss == SLD_LOSS_RC && o->rc.weight == 0);

    return sld_condition_holds(SLD_IF_ce, o) || sld_condition_holds(SLD_IF_lss, o) ||
           (sld_condition_holds(SLD_IF_kd, o) && (!plain || corrects_by_label(o)));
}

static void find_unread_labels(const finder *f)
{
    if (sld_finder_given(f, "data.label_noise") && f->o->data.label_noise > 0 &&
        !reads_labels(f->o)) {
        sld_found(f, "data.label_noise", UNREAD_LABELS,
                  "changes no weight here, and gives another ID: no term of this experiment reads "
                  "the labels of train (ce.weak and ce.strong are 0, and neither kd.loss nor "
                  "correction takes them); leave it out, or give ce a weight");
    }
}

/* The word for what auto is. */
static void find_best_on(const finder *f)
{
    const int  on  = (int)f->o->train.best_on;
    const bool val = f->o->data.val_fraction > 0;

    if (sld_finder_given(f, "train.best_on") &&
        on == (int)(val ? SLD_BEST_ON_VAL : SLD_BEST_ON_TEST)) {
        sld_found(f, "train.best_on", SAME_AS,
                  "computes what auto does %s a validation split, under another ID; leave it out",
                  val ? "beside" : "without");
    }
}

/* The update is computed in float32 (src/learn/sgd.c), in which the smallest numbers are 0. */
static void find_rounded(const finder *f)
{
    const struct {
        const char *key;
        double      value;
    } rounded[] = {{"train.lr", f->o->train.lr},
                   {"train.momentum", f->o->train.momentum},
                   {"train.weight_decay", f->o->train.weight_decay}};

    for (size_t i = 0; i < sizeof rounded / sizeof *rounded; i++) {
        if (rounded[i].value > 0 && (float)rounded[i].value == 0) {
            sld_found(
                f, rounded[i].key, SAME_AS,
                "%g is 0 in float32, in which weights are updated: this computes what 0 does, "
                "under another ID; give a larger value, or 0",
                rounded[i].value);
        }
    }
}

static void find_no_rate(const finder *f)
{
    if (f->o->train.lr == 0) {
        sld_found(
            f, "train.lr", NO_RATE,
            "is 0: no step changes a weight, whatever the terms of the loss, the momentum and "
            "the stages are; the running statistics of batch norm alone move");
    }
}

void sld_find_same(const finder *f)
{
    find_nothing_added(f);
    find_unread_labels(f);
    find_best_on(f);
    find_rounded(f);
    find_no_rate(f);
}
