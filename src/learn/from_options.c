/* from_options.c: turns options into the parameters of data set, subset, augmentation and
 * objective. */
#include <assert.h>
#include <string.h>

#include "sld/learn.h"

const char *const sld_view_name[SLD_VIEWS] = {"weak", "strong"};

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

/* sld/config_choices.h lists the same names. */
static sld_correction correction_of(const sld_options *opt)
{
    sld_correction correction = SLD_CORRECT_NONE;
    const bool     known = sld_correction_find(sld_config_word(opt, "correction"), &correction);

    assert(known);
    (void)known;
    return correction;
}

static sld_teacher_loss loss_of(const sld_options *opt)
{
    sld_teacher_loss loss  = SLD_TEACHER_LOSS_KL;
    const bool       known = sld_teacher_loss_find(sld_config_word(opt, "kd.loss"), &loss);

    assert(known);
    (void)known;
    return loss;
}

void sld_objective_of(const sld_options *opt, size_t classes, sld_objective_params *out)
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
            opt->top.correction == SLD_CORRECTION_GA ? opt->ga.always : opt->mix.always,
        .seed                    = (uint64_t)opt->seeds.augment,
        .zscore                  = opt->top.zscore,
        .loss                    = loss_of(opt),
        .dkd_alpha               = opt->dkd.alpha,
        .dkd_beta                = opt->dkd.beta,
        .nkd_gamma               = opt->nkd.gamma,
        .rld_alpha               = opt->rld.alpha,
        .rld_beta                = opt->rld.beta,
        .rld_confidence_tau      = opt->rld.confidence_tau,
        .rc_weight               = opt->rc.weight,
        .lr_logits               = opt->revision.logits,
        .lr_soft                 = opt->revision.soft,
        .lr_eta                  = opt->revision.eta,
        .ctkd_start              = opt->ctkd.start,
        .ctkd_range              = opt->ctkd.range,
        .ctkd_initial            = opt->ctkd.initial,
        .ctkd_ramp               = opt->ctkd.ramp,
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

void sld_views_of(const sld_objective_params *o, bool views[SLD_VIEWS])
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        views[v] = o->ce.weight[v] > 0 || o->kd.weight[v] > 0 || o->lss.weight[v] > 0;
    }
}

sld_data_params sld_data_params_of(const sld_options *opt)
{
    const sld_data_params p = {.format        = sld_config_word(opt, "data.format"),
                               .path          = opt->data.path,
                               .input_size    = (size_t)opt->data.input_size,
                               .test_fraction = opt->data.test_fraction,
                               .synth         = {.superclasses = (int)opt->synthetic.superclasses,
                                                 .subclasses   = (int)opt->synthetic.subclasses,
                                                 .n_train      = (size_t)opt->synthetic.train,
                                                 .n_test       = (size_t)opt->synthetic.test,
                                                 .separation   = opt->synthetic.separation,
                                                 .noise        = opt->synthetic.noise,
                                                 .distractors  = opt->synthetic.distractors,
                                                 .seed         = (uint64_t)opt->synthetic.seed}};
    return p;
}

sld_status sld_open_data(sld_ctx *ctx, const sld_comm *comm, const sld_options *opt,
                         sld_dataset **out)
{
    const sld_data_params params = sld_data_params_of(opt);
    return sld_dataset_open(ctx, comm, &params, out);
}

sld_subset_params sld_subset_of(const sld_options *opt)
{
    return (sld_subset_params){.train_fraction = opt->data.train_fraction,
                               .val_fraction   = opt->data.val_fraction,
                               .seed           = (uint64_t)opt->data.split_seed,
                               .per_class      = (size_t)opt->data.per_class};
}

sld_augment_params sld_augment_of(const sld_options *opt)
{
    return (sld_augment_params){.crop_pad   = (int)opt->augment.crop_pad,
                                .resized    = opt->augment.crop == SLD_CROP_RESIZED,
                                .area       = opt->augment.area,
                                .ratio      = opt->augment.ratio,
                                .flip       = opt->augment.flip,
                                .strong_ops = (int)opt->augment.strong_ops,
                                .cutout     = opt->augment.cutout,
                                .seed       = (uint64_t)opt->seeds.augment};
}
