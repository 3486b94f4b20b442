/* ahead.c: the teacher's forwards of two steps, layer by layer, where a rank has the time. */
#include "ahead.h"

#include <string.h>

enum { ALL = 2 * SLD_VIEWS };

/* To the first view from this one on that has a forward. */
static void turn_to(sld_ahead *ahead, int at)
{
    while (at < ALL && !ahead->steps[at / SLD_VIEWS].images[at % SLD_VIEWS]) {
        at++;
    }
    ahead->at = at;
    if (at < ALL) {
        const sld_forwards *step = &ahead->steps[at / SLD_VIEWS];
        const int           view = at % SLD_VIEWS;
        sld_infer_begin(ahead->teacher, step->images[view], step->n, step->logits[view]);
    }
}

static sld_status advance(sld_ctx *ctx, sld_ahead *ahead)
{
    SLD_TRY(sld_infer_advance(ctx, ahead->teacher));
    if (sld_infer_done(ahead->teacher)) {
        turn_to(ahead, ahead->at + 1);
    }
    return SLD_OK;
}

/* sld_work: one layer, shown to whoever watches for stalls. */
static sld_status slice(sld_ctx *ctx, void *own, bool *did)
{
    sld_ahead *ahead = own;
    *did             = ahead->at < ALL;
    if (!*did) {
        return SLD_OK;
    }
    const sld_phase before = sld_enter(ctx, SLD_PHASE_TEACHER);
    SLD_TRY(advance(ctx, ahead));
    sld_enter(ctx, before);
    return SLD_OK;
}

void sld_ahead_init(sld_ahead *ahead, sld_infer *teacher)
{
    *ahead = (sld_ahead){.teacher = teacher, .at = ALL, .work = {.slice = slice, .own = ahead}};
}

void sld_ahead_begin(sld_ahead *ahead, const sld_forwards *step, const sld_forwards *following)
{
    const bool goes_on = memcmp(&ahead->steps[1], step, sizeof *step) == 0;
    const int  at      = ahead->at;

    ahead->steps[0] = *step;
    ahead->steps[1] = *following;
    if (!goes_on || at < SLD_VIEWS) {
        turn_to(ahead, 0);
    } else if (at < ALL) {
        ahead->at = at - SLD_VIEWS; /* under way */
    } else {
        turn_to(ahead, SLD_VIEWS);
    }
}

sld_status sld_ahead_finish(sld_ctx *ctx, sld_ahead *ahead, int view)
{
    while (ahead->at <= view) {
        SLD_TRY(advance(ctx, ahead));
    }
    return SLD_OK;
}
