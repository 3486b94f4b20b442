/* survey.c: where each point stands: the marks in claims/ say it, and of running ones their
 * progress. */
#include <stdio.h>
#include <string.h>

#include "ledger.h"
#include "watch.h"

static void read_running(const ledger *l, size_t point, sld_standing *out)
{
    char text[160];

    sld_watch_progress(l->sweep, point, l->entries[point].claim, text, sizeof text);
    sld_watch_parse(text, &out->epoch, &out->epochs, &out->left_s);
}

static sld_status survey_point(ledger *l, size_t i, sld_standing *out)
{
    const ledger_entry *e    = &l->entries[i];
    bool                held = false;

    *out          = (sld_standing){.state = e->mark};
    out->attempts = (int)e->claim;
    if (e->mark == SLD_POINT_FAILED) {
        sld_ledger_text(l, i, "failed", out->reason, sizeof out->reason);
        out->reason[strcspn(out->reason, "\n")] = '\0';
    }
    if (e->mark != SLD_POINT_WAITING || e->claim == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_ledger_held(l, i, &held));
    if (sld_watch_has_results(l->sweep, i)) { /* its coordinator died before it could say so */
        out->state = sld_watch_diverged(l->ctx, l->sweep, i) ? SLD_POINT_DIVERGED : SLD_POINT_DONE;
    } else if (held) {
        out->state = SLD_POINT_RUNNING;
        read_running(l, i, out);
    }
    return SLD_OK;
}

sld_status sld_sweep_survey(sld_ctx *ctx, const sld_sweep *sweep, sld_standing *standing)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, sweep, &l);

    if (st == SLD_OK) {
        st = sld_ledger_scan(&l);
    }
    for (size_t i = 0; i < sld_sweep_count(sweep) && st == SLD_OK; i++) {
        st = survey_point(&l, i, &standing[i]);
    }
    sld_ledger_close(&l);
    return st;
}
