/* status.c: where each point stands: the marks in claims/ say it, and of running ones their
 * progress. */
#include <stdio.h>
#include <string.h>

#include "sld/grid_folder.h"
#include "sld/rundir.h"

static void read_running(const sld_grid_claims *c, size_t point, sld_point_status *out)
{
    char         run[PATH_MAX], text[SLD_PROGRESS_BYTES];
    sld_progress progress;

    sld_grid_trial_dir(c->grid, point, run);
    sld_progress_read(run, c->entries[point].claim, text);
    sld_progress_parse(text, &progress); /* all 0 before it begins */
    out->epoch  = progress.epoch;
    out->epochs = progress.epochs;
    out->left_s = progress.left_s;
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

static sld_status point_status(sld_grid_claims *c, size_t i, sld_point_status *out)
{
    const sld_grid_claim *e    = &c->entries[i];
    bool                  held = false;

    *out          = (sld_point_status){.state = e->mark};
    out->attempts = (int)e->claim;
    if (e->mark == SLD_POINT_FAILED) {
        sld_grid_claims_text(c, i, "failed", out->reason, sizeof out->reason);
        out->reason[strcspn(out->reason, "\n")] = '\0';
    }
    if (e->mark == SLD_POINT_DONE || e->mark == SLD_POINT_DIVERGED) { /* its claims are gone */
        char text[64];
        sld_grid_claims_text(c, i, sld_point_state_name(e->mark), text, sizeof text);
        if (sscanf(text, "attempt %d", &out->attempts) != 1) {
            out->attempts = (int)e->claim;
        }
    }
    if (e->mark != SLD_POINT_WAITING || e->claim == 0) {
        return SLD_OK;
    }
    SLD_TRY(is_held(c, i, &held));
    if (sld_grid_has_results(c->grid, i)) { /* its coordinator died before it could say so */
        out->state = sld_grid_diverged(c->ctx, c->grid, i) ? SLD_POINT_DIVERGED : SLD_POINT_DONE;
    } else if (held) {
        out->state = SLD_POINT_RUNNING;
        read_running(c, i, out);
    }
    return SLD_OK;
}

sld_status sld_grid_status(sld_ctx *ctx, const sld_grid *grid, sld_point_status *status)
{
    sld_grid_claims c;
    sld_status      st = sld_grid_claims_open(ctx, grid, &c);

    if (st == SLD_OK) {
        st = sld_grid_claims_scan(&c);
    }
    for (size_t i = 0; i < sld_grid_count(grid) && st == SLD_OK; i++) {
        st = point_status(&c, i, &status[i]);
    }
    sld_grid_claims_close(&c);
    return st;
}
