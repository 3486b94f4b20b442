/* overlap.c: computes the teacher's forwards of two steps, layer by layer, while a rank waits. */
#include "overlap.h"

#include <string.h>

enum { ALL = 2 * SLD_VIEWS };

/* Moves to the first view, from this one on, that has a forward. */
static void turn_to(sld_overlap *overlap, int at)
{
    while (at < ALL && !overlap->steps[at / SLD_VIEWS].images[at % SLD_VIEWS]) {
        at++;
    }
    overlap->at = at;
    if (at < ALL) {
        const sld_forwards *step = &overlap->steps[at / SLD_VIEWS];
        const int           view = at % SLD_VIEWS;
        sld_infer_begin(overlap->teacher, step->images[view], step->n, step->logits[view]);
    }
}

static sld_status advance(sld_ctx *ctx, sld_overlap *overlap)
{
    SLD_TRY(sld_infer_advance(ctx, overlap->teacher));
    if (sld_infer_done(overlap->teacher)) {
        turn_to(overlap, overlap->at + 1);
    }
    return SLD_OK;
}

/* sld_work: computes one layer, and shows this to the watchdog. */
static sld_status advance_meanwhile(sld_ctx *ctx, void *own, bool *did)
{
    sld_overlap *overlap = own;
    *did                 = overlap->at < ALL;
    if (!*did) {
        return SLD_OK;
    }
    const sld_phase before = sld_enter(ctx, SLD_PHASE_TEACHER);
    SLD_TRY(advance(ctx, overlap));
    sld_enter(ctx, before);
    return SLD_OK;
}

void sld_overlap_init(sld_overlap *overlap, sld_infer *teacher)
{
    *overlap = (sld_overlap){
        .teacher = teacher, .at = ALL, .work = {.advance = advance_meanwhile, .own = overlap}};
}

void sld_overlap_begin(sld_overlap *overlap, const sld_forwards *step,
                       const sld_forwards *following)
{
    const bool goes_on = memcmp(&overlap->steps[1], step, sizeof *step) == 0;
    const int  at      = overlap->at;

    overlap->steps[0] = *step;
    overlap->steps[1] = *following;
    if (!goes_on || at < SLD_VIEWS) {
        turn_to(overlap, 0);
    } else if (at < ALL) {
        overlap->at = at - SLD_VIEWS; /* under way */
    } else {
        turn_to(overlap, SLD_VIEWS);
    }
}

sld_status sld_overlap_finish(sld_ctx *ctx, sld_overlap *overlap, int view)
{
    while (overlap->at <= view) {
        SLD_TRY(advance(ctx, overlap));
    }
    return SLD_OK;
}
