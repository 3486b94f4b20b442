/* objective.c: from options to the objective. */
#include <assert.h>
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

/* options.def lists the same names. */
static sld_correction correction_of(const sld_options *opt)
{
    sld_correction correction = SLD_CORRECT_NONE;
    const bool     known      = sld_correction_find(opt->top.correction, &correction);

    assert(known);
    (void)known;
    return correction;
}

static sld_form form_of(const sld_options *opt)
{
    sld_form   form  = SLD_FORM_KL;
    const bool known = sld_form_find(opt->kd.loss, &form);

    assert(known);
    (void)known;
    return form;
}

void sld_trial_objective(const sld_options *opt, size_t classes, sld_objective_params *out)
{
    const double on = opt->top.student_swap ? 1.0 : 0.0;

    *out = (sld_objective_params){
        .classes         = classes,
        .label_smoothing = opt->ce.label_smoothing,
        .lss_detach      = opt->lss.detach,
        .correction      = correction_of(opt),
        .ga_omega        = opt->ga.omega,
        .mix_share       = opt->mix.share,
        .correct_every_row =
            strcmp(opt->top.correction, "ga") == 0 ? opt->ga.always : opt->mix.always,
        .seed                    = (uint64_t)opt->seeds.augment,
        .zscore                  = opt->top.zscore,
        .form                    = form_of(opt),
        .dkd_alpha               = opt->dkd.alpha,
        .dkd_beta                = opt->dkd.beta,
        .nkd_gamma               = opt->nkd.gamma,
        .mlkd_cc                 = opt->mlkd.cc,
        .mlkd_bc                 = opt->mlkd.bc,
        .mlkd_as_described       = opt->mlkd.as_described,
        .mlkd_strong_consistency = opt->mlkd.strong_consistency,
        .ce                      = {.weight   = {opt->ce.weak, opt->ce.strong},
                                    .schedule = SCHEDULE(opt, ce, opt->ce.after)},
        .kd                      = {.weight       = {opt->kd.weak, opt->kd.strong},
                                    .temperatures = temperatures_of(&opt->kd.temperatures),
                                    .schedule     = SCHEDULE(opt, kd, opt->kd.after)},
        .lss                     = {.weight       = {on * opt->lss.weak, on * opt->lss.strong},
                                    .temperatures = temperatures_of(&opt->lss.temperatures),
                                    .schedule     = SCHEDULE(opt, lss, opt->top.student_swap_after)},
    };
}

void sld_trial_views(const sld_objective_params *o, bool views[SLD_VIEWS])
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        views[v] = o->ce.weight[v] > 0 || o->kd.weight[v] > 0 || o->lss.weight[v] > 0;
    }
}
