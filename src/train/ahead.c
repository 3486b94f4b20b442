/* ahead.c: the teacher's forwards of a step, layer by layer, where a rank has the time. */
#include "ahead.h"

/* To the first view from this one on that has a forward. */
static void turn_to(sld_ahead *ahead, int view)
{
    while (view < SLD_VIEWS && !ahead->images[view]) {
        view++;
    }
    ahead->view = view;
    if (view < SLD_VIEWS) {
        sld_infer_begin(ahead->teacher, ahead->images[view], ahead->n, ahead->logits[view]);
    }
}

static sld_status advance(sld_ctx *ctx, sld_ahead *ahead)
{
    SLD_TRY(sld_infer_advance(ctx, ahead->teacher));
    if (sld_infer_done(ahead->teacher)) {
        turn_to(ahead, ahead->view + 1);
    }
    return SLD_OK;
}

/* sld_work: one layer, shown to whoever watches for stalls. */
static sld_status slice(sld_ctx *ctx, void *own, bool *did)
{
    sld_ahead *ahead = own;
    *did             = ahead->view < SLD_VIEWS;
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
    *ahead =
        (sld_ahead){.teacher = teacher, .view = SLD_VIEWS, .work = {.slice = slice, .own = ahead}};
}

void sld_ahead_begin(sld_ahead *ahead, const float *const *images, float *const *logits, size_t n)
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        ahead->images[v] = images[v];
        ahead->logits[v] = logits[v];
    }
    ahead->n = n;
    turn_to(ahead, 0);
}

sld_status sld_ahead_finish(sld_ctx *ctx, sld_ahead *ahead, int view)
{
    while (ahead->view <= view) {
        SLD_TRY(advance(ctx, ahead));
    }
    return SLD_OK;
}
