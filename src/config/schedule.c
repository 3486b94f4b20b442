/* schedule.c: stages and "when" values as epochs. Epochs are numbered from 1. */
#include <math.h>

#include "schedule.h"

/* A value below 1 is a fraction of the run, any other an epoch. */
static int64_t epoch_of(const sld_options *options, double v)
{
    return (int64_t)(v < 1 ? floor(v * (double)options->train.epochs + 0.5) : v);
}

size_t sld_config_lr_stages(const sld_options *options, int64_t out[SLD_LIST_MAX])
{
    const sld_list *stages = &options->train.lr_stages;

    for (size_t i = 0; i < stages->n; i++) {
        out[i] = epoch_of(options, stages->v[i]);
    }
    return stages->n;
}

int64_t sld_config_when(const sld_options *options, sld_when_value when)
{
    switch (when.word) {
    case SLD_WHEN_EPOCH:
    case SLD_WHEN_FRACTION:
        return epoch_of(options, when.value);
    case SLD_WHEN_FIRST_LR_DROP: {
        int64_t stages[SLD_LIST_MAX];
        return sld_config_lr_stages(options, stages) > 0 ? stages[0] : INT64_MAX;
    }
    case SLD_WHEN_NEVER:
        break;
    }
    return INT64_MAX;
}

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t sld_active_epochs(const sld_options *options, const sld_active *term)
{
    const int64_t after = sld_config_when(options, term->after);
    int64_t       last  = min_i64(options->train.epochs, sld_config_when(options, term->until));

    if (!(term->weak > 0 || term->strong > 0)) {
        return 0;
    }
    if (term->boost == 0) { /* the term ends when the factor 0 begins */
        last = min_i64(last, sld_config_when(options, term->boost_after));
    }
    return last > after ? last - after : 0;
}

sld_active sld_active_ce(const sld_options *o)
{
    return (sld_active){o->ce.weak,  o->ce.strong, o->ce.after,
                        o->ce.until, o->ce.boost,  o->ce.boost_after};
}

sld_active sld_active_kd(const sld_options *o)
{
    return (sld_active){o->kd.weak,  o->kd.strong, o->kd.after,
                        o->kd.until, o->kd.boost,  o->kd.boost_after};
}

sld_active sld_active_lss(const sld_options *o)
{
    return (sld_active){o->top.student_swap ? o->lss.weak : 0,
                        o->top.student_swap ? o->lss.strong : 0,
                        o->top.student_swap_after,
                        o->lss.until,
                        o->lss.boost,
                        o->lss.boost_after};
}

int64_t sld_config_lss_active_epochs(const sld_options *options)
{
    const sld_active lss = sld_active_lss(options);

    return sld_active_epochs(options, &lss);
}
