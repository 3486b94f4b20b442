/* choose.c: which point comes next. Teachers are points: students wait for theirs. */
#include <stdio.h>
#include <string.h>

#include "coordinator.h"

static bool runs_here(const coordinator *c, size_t point)
{
    for (int i = 0; i < c->slots.most_trials; i++) {
        if (c->attempts[i].active && c->attempts[i].point == point) {
            return true;
        }
    }
    return false;
}

static sld_status may_start(coordinator *c, size_t point, bool *may)
{
    const sld_point      *p    = sld_sweep_point(c->sweep, point);
    const sld_grid_claim *e    = &c->ledger.claims.entries[point];
    bool                  held = false;

    *may = e->mark == SLD_POINT_WAITING && !runs_here(c, point) &&
           (p->teacher < 0 || c->ledger.claims.entries[p->teacher].mark == SLD_POINT_DONE);
    if (!*may || e->claim == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_ledger_held(&c->ledger, point, &held));
    /* one of our own that has ended without a result is free again */
    const bool ours =
        e->known == e->claim && strcmp(c->ledger.claims.leases[e->lease].id, c->ledger.id) == 0;
    *may = !held || ours;
    return SLD_OK;
}

sld_status sld_choose_point(coordinator *c, int *point, size_t *waiting)
{
    const size_t n = sld_sweep_count(c->sweep);

    *point   = -1;
    *waiting = 0;
    for (size_t i = 0; i < n && *waiting <= (size_t)c->slots.most_trials; i++) {
        bool may;
        SLD_TRY(may_start(c, i, &may));
        if (may) {
            *point = *point < 0 ? (int)i : *point;
            ++*waiting;
        }
    }
    return SLD_OK;
}

/* A teacher that cannot give weights takes its students along. */
static sld_status fail_student(coordinator *c, size_t point)
{
    const sld_point      *p                        = sld_sweep_point(c->sweep, point);
    const sld_point      *teacher                  = sld_sweep_point(c->sweep, (size_t)p->teacher);
    const sld_grid_claim *e                        = &c->ledger.claims.entries[p->teacher];
    char                  reason[SLD_REASON_BYTES] = "", text[2 * SLD_REASON_BYTES];

    if (e->mark == SLD_POINT_FAILED) {
        sld_grid_claims_text(&c->ledger.claims, (size_t)p->teacher, "failed", reason,
                             sizeof reason);
        reason[strcspn(reason, "\n")] = '\0';
    }
    snprintf(text, sizeof text, "its teacher %.80s (%s) %s%s%.200s\n", teacher->arm, teacher->id,
             e->mark == SLD_POINT_FAILED    ? "failed"
             : e->mark == SLD_POINT_SKIPPED ? "is skipped"
                                            : "diverged",
             *reason ? ": " : "", reason);
    return sld_ledger_mark(&c->ledger, point, SLD_POINT_FAILED, text);
}

sld_status sld_choose_settle(coordinator *c, bool *all_ended, bool *some_failed)
{
    const sld_grid_claim *entries = c->ledger.claims.entries;

    *all_ended   = true;
    *some_failed = false;
    for (size_t i = 0; i < sld_sweep_count(c->sweep); i++) {
        const int teacher = sld_sweep_point(c->sweep, i)->teacher;
        if (entries[i].mark == SLD_POINT_WAITING && teacher >= 0 &&
            entries[teacher].mark != SLD_POINT_WAITING && entries[teacher].mark != SLD_POINT_DONE) {
            SLD_TRY(fail_student(c, i));
        }
        *all_ended &= entries[i].mark != SLD_POINT_WAITING;
        *some_failed |= entries[i].mark == SLD_POINT_FAILED;
    }
    return SLD_OK;
}
