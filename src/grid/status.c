/* status.c: where each point stands: marks in claims/ and results say it, and of running ones their
 * progress. */
#include <stdio.h>
#include <string.h>

#include "sld/grid_folder.h"
#include "sld/rundir.h"
#include "sld/store.h"

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
    out->ranks  = (int)progress.ranks;
}

/* An observer has no time to time a lease: a beat that is there is a coordinator that lives, unless
 * it was on this machine and is gone. */
static sld_status is_held(sld_grid_claims *c, size_t point, bool *held)
{
    sld_lease *lease = NULL;

    SLD_TRY(sld_grid_claims_lease(c, point, &lease));
    if (lease && !lease->dead && !lease->unread) {
        lease->dead = !sld_grid_claims_look(c, lease) || sld_grid_claims_gone(c, lease);
    }
    *held = lease && !lease->dead;
    return SLD_OK;
}

static void describe(const sld_grid_claims *c, const sld_results *results, bool held,
                     sld_point_status *out)
{
    const char *dir = sld_grid_dir(c->grid);

    if (results->kind == SLD_RESULTS_NONE && out->state != SLD_POINT_WAITING) {
        snprintf(out->reason, sizeof out->reason,
                 "its results are gone; sld sweep %.150s trains it anew", dir);
    } else if (results->kind == SLD_RESULTS_BAD) {
        snprintf(out->reason, sizeof out->reason, "%.170s; sld sweep %.50s trains it anew",
                 results->reason, dir);
    } else {
        memcpy(out->reason, results->reason, sizeof out->reason);
    }
    out->live = results->live;
    memcpy(out->live_reason, results->live_reason, sizeof out->live_reason);
    out->reason[0] = held && results->kind == SLD_RESULTS_BAD ? '\0' : out->reason[0];
    out->state     = results->kind == SLD_RESULTS_DONE         ? SLD_POINT_DONE
                     : results->kind == SLD_RESULTS_DIVERGED   ? SLD_POINT_DIVERGED
                     : results->kind == SLD_RESULTS_UNREADABLE ? SLD_POINT_FAILED
                     : held                                    ? SLD_POINT_RUNNING
                                                               : SLD_POINT_WAITING;
}

/* Failed and skipped is what a mark says; done and diverged is what results say. */
sld_status sld_grid_judge(sld_grid_claims *c, size_t i, bool held, sld_point_status *out)
{
    const sld_point_state mark = c->entries[i].mark;
    sld_results           results;

    *out = (sld_point_status){.state = mark, .attempts = (int)c->entries[i].claim};
    if (mark == SLD_POINT_FAILED) {
        sld_grid_claims_text(c, i, "failed", out->reason, sizeof out->reason);
        out->reason[strcspn(out->reason, "\n")] = '\0';
    }
    if (mark == SLD_POINT_DONE || mark == SLD_POINT_DIVERGED) { /* its claims are gone */
        char text[64];
        sld_grid_claims_text(c, i, sld_point_state_name(mark), text, sizeof text);
        if (sscanf(text, "attempt %d", &out->attempts) != 1) {
            out->attempts = (int)c->entries[i].claim;
        }
    }
    if (mark == SLD_POINT_FAILED || mark == SLD_POINT_SKIPPED) {
        return SLD_OK;
    }
    if (mark == SLD_POINT_WAITING || !sld_grid_results_marked(c, i, &results)) {
        SLD_TRY(sld_grid_results(c->ctx, c->grid, i, &results));
    }
    describe(c, &results, held, out);
    if (out->state == SLD_POINT_WAITING && !*out->reason && c->entries[i].left > 0 &&
        c->entries[i].left == c->entries[i].claim) {
        snprintf(out->reason, sizeof out->reason,
                 "begun with other libraries or another instruction set, and left to machines that "
                 "have those; --retry %s begins it anew",
                 sld_grid_point(c->grid, i)->id);
    }
    return SLD_OK;
}

static sld_status point_status(sld_grid_claims *c, size_t i, sld_point_status *out)
{
    bool held = false;

    if (c->entries[i].claim > 0) {
        SLD_TRY(is_held(c, i, &held));
    }
    SLD_TRY(sld_grid_judge(c, i, held, out));
    if (out->state == SLD_POINT_RUNNING) {
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
    sld_doc_many(true);
    for (size_t i = 0; i < sld_grid_count(grid) && st == SLD_OK; i++) {
        st = point_status(&c, i, &status[i]);
    }
    sld_doc_many(false);
    sld_grid_claims_close(&c);
    return st;
}

/* The trials that run take, in the mean, half of what is left to the slowest; those that wait take
 * their turns: a guess from what is known without opening a result. */
void sld_grid_count_states(const sld_point_status *status, size_t n, sld_grid_totals *out)
{
    double whole = 0;
    size_t begun = 0;

    *out = (sld_grid_totals){.n = n};
    for (size_t i = 0; i < n; i++) {
        const sld_point_status *s = &status[i];
        out->count[s->state]++;
        if (s->live > 0 && out->live++ == 0) {
            out->live_first = i;
        }
        if (s->state != SLD_POINT_RUNNING) {
            continue;
        }
        out->ranks += s->ranks;
        out->slowest_s = s->left_s > out->slowest_s ? s->left_s : out->slowest_s;
        if (s->epoch > 1 && s->epochs >= s->epoch) {
            whole += s->left_s * (double)s->epochs / (double)(s->epochs - s->epoch + 1);
            begun++;
        }
    }
    if (begun > 0) {
        out->left_s = out->slowest_s +
                      whole / (double)begun * (double)out->count[SLD_POINT_WAITING] / (double)begun;
    }
}
