/* survey.c: where each point stands: the marks in claims/ say it, and of running ones their
 * progress. */
#include <stdio.h>
#include <string.h>

#include "sld/grid_folder.h"

static void read_running(const sld_grid_claims *c, size_t point, sld_standing *out)
{
    char text[160];

    sld_watch_progress(c->sweep, point, c->entries[point].claim, text, sizeof text);
    sld_watch_parse(text, &out->epoch, &out->epochs, &out->left_s);
}

/* An observer has no time to time a lease: a beat that is there is a coordinator that lives, unless
 * it was on this machine and is gone. */
static sld_status is_held(sld_grid_claims *c, size_t point, bool *held)
{
    sld_lease *lease = NULL;

    SLD_TRY(sld_grid_claims_lease(c, point, &lease));
    if (lease && !lease->dead) {
        lease->dead = !sld_grid_claims_look(c, lease) || sld_grid_claims_gone(c, lease);
    }
    *held = lease && !lease->dead;
    return SLD_OK;
}

static sld_status survey_point(sld_grid_claims *c, size_t i, sld_standing *out)
{
    const sld_grid_claim *e    = &c->entries[i];
    bool                  held = false;

    *out          = (sld_standing){.state = e->mark};
    out->attempts = (int)e->claim;
    if (e->mark == SLD_POINT_FAILED) {
        sld_grid_claims_text(c, i, "failed", out->reason, sizeof out->reason);
        out->reason[strcspn(out->reason, "\n")] = '\0';
    }
    if (e->mark != SLD_POINT_WAITING || e->claim == 0) {
        return SLD_OK;
    }
    SLD_TRY(is_held(c, i, &held));
    if (sld_watch_has_results(c->sweep, i)) { /* its coordinator died before it could say so */
        out->state = sld_watch_diverged(c->ctx, c->sweep, i) ? SLD_POINT_DIVERGED : SLD_POINT_DONE;
    } else if (held) {
        out->state = SLD_POINT_RUNNING;
        read_running(c, i, out);
    }
    return SLD_OK;
}

sld_status sld_sweep_survey(sld_ctx *ctx, const sld_sweep *sweep, sld_standing *standing)
{
    sld_grid_claims c;
    sld_status      st = sld_grid_claims_open(ctx, sweep, &c);

    if (st == SLD_OK) {
        st = sld_grid_claims_scan(&c);
    }
    for (size_t i = 0; i < sld_sweep_count(sweep) && st == SLD_OK; i++) {
        st = survey_point(&c, i, &standing[i]);
    }
    sld_grid_claims_close(&c);
    return st;
}
