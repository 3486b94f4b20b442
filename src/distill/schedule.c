/* schedule.c: when a term is active and at which share of its weight. Epochs count from 1. */
#include "sld/distill.h"

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
