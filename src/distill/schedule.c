/* schedule.c: when a term is active and at which share of its weight. Epochs count from 1. */
#include "sld/distill.h"

#include <math.h>

int64_t sld_when_epoch(sld_when when, int64_t epochs, int64_t first_lr_drop)
{
    switch (when.kind) {
    case SLD_AT_EPOCH:
        return (int64_t)when.value;
    case SLD_AT_FRACTION:
        return (int64_t)floor(when.value * (double)epochs + 0.5);
    case SLD_AT_FIRST_LR_DROP:
        return first_lr_drop;
    case SLD_AT_NEVER:
        break;
    }
    return epochs + 1;
}

sld_schedule sld_schedule_from(int64_t after)
{
    return (sld_schedule){
        .after = after, .until = INT64_MAX, .boost_after = INT64_MAX, .boost = 1.0};
}

double sld_schedule_factor(const sld_schedule *s, int64_t epoch)
{
    if (epoch <= s->after || epoch > s->until) return 0.0;

    const int64_t since  = epoch - s->after;
    const double  growth = since < s->ramp ? (double)since / (double)s->ramp : 1.0;
    return epoch > s->boost_after ? growth * s->boost : growth;
}
