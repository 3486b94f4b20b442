/* objective.c: from options to the objective. */
#include <string.h>

#include "trial.h"

static sld_temperatures temperatures_of(const sld_list *list)
{
    sld_temperatures t = {.n = list->n < SLD_MAX_TEMPERATURES ? list->n : SLD_MAX_TEMPERATURES};

    memcpy(t.t, list->v, t.n * sizeof *t.t);
    return t;
}

#define SCHEDULE(opt, section, begins)                                                             \
    {                                                                                              \
        .after = sld_config_when((opt), (begins)),                                                 \
        .until = sld_config_when((opt), (opt)->section.until), .ramp = (opt)->section.ramp,        \
        .boost       = (opt)->section.boost,                                                       \
        .boost_after = sld_config_when((opt), (opt)->section.boost_after),                         \
    }

void sld_trial_objective(const sld_options *opt, size_t classes, sld_objective_params *out)
{
    const double         on = opt->top.student_swap ? 1.0 : 0.0;
    const char          *c  = opt->top.correction;
    sld_objective_params o  = {
         .classes         = classes,
         .label_smoothing = opt->ce.label_smoothing,
         .lss_detach      = opt->lss.detach,
         .correction      = strcmp(c, "swap") == 0     ? SLD_CORRECT_SWAP
                            : strcmp(c, "random") == 0 ? SLD_CORRECT_RANDOM
                                                       : SLD_CORRECT_NONE,
         .seed            = (uint64_t)opt->seeds.augment,
         .ce              = {.weight   = {opt->ce.weak, opt->ce.strong},
                             .schedule = SCHEDULE(opt, ce, opt->ce.after)},
         .kd              = {.weight       = {opt->kd.weak, opt->kd.strong},
                             .temperatures = temperatures_of(&opt->kd.temperatures),
                             .schedule     = SCHEDULE(opt, kd, opt->kd.after)},
         .lss             = {.weight       = {on * opt->lss.weak, on * opt->lss.strong},
                             .temperatures = temperatures_of(&opt->lss.temperatures),
                             .schedule     = SCHEDULE(opt, lss, opt->top.student_swap_after)},
    };
    *out = o;
}

void sld_trial_views(const sld_objective_params *o, bool views[SLD_VIEWS])
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        views[v] = o->ce.weight[v] > 0 || o->kd.weight[v] > 0 || o->lss.weight[v] > 0;
    }
}
