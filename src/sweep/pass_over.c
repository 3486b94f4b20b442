/* pass_over.c: passes over trials that began on another kind of machine, or before a library was
 * updated: their bits would change here. Coordinators on fitting machines continue them, and no
 * retry is used up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

enum { SHOWN = 3 };

static bool is_begun(const coordinator *c, size_t point)
{
    char run[PATH_MAX];

    sld_trial_dir(c->dir, sld_grid_point(c->grid, point)->id, run);
    return sld_ckpt_newest(run).epoch > 0;
}

sld_status sld_pass_over(coordinator *c, const attempt *a, const char *message)
{
    const sld_point *p    = sld_grid_point(c->grid, a->point);
    void            *more = realloc(c->passed, (c->n_passed + 1) * sizeof *c->passed);

    if (!more) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the trials that are passed over");
    }
    c->passed = more;
    memcpy(c->passed[c->n_passed++], p->id, sizeof *c->passed);
    sld_log(c->ctx, SLD_LOG_WARN,
            "passed over %s seed %lld (%s, attempt %lld): it began with other libraries or another "
            "instruction set, and can only go on where those are; log: %s",
            p->arm, (long long)p->seed, p->id, (long long)a->number, a->log);
    return sld_ledger_give_up(&c->ledger, a->point, message);
}

bool sld_passed_over(const coordinator *c, size_t point)
{
    for (size_t i = 0; i < c->n_passed; i++) {
        if (strcmp(c->passed[i], sld_grid_point(c->grid, point)->id) == 0) {
            return is_begun(c, point); /* false after `--retry ID`, which starts it from scratch */
        }
    }
    return false;
}

static void say_left(const coordinator *c, const char *ids, size_t n)
{
    sld_log(c->ctx, SLD_LOG_WARN,
            "%zu trial%s cannot go on here (%s%s): begun with other libraries or another "
            "instruction set. Join the sweep from a machine that has those; or start over, sld "
            "sweep %s --retry ID; or accept other bits from here on, run.accept_fingerprint=true",
            n, sld_text_plural(n), ids, n > SHOWN ? ", ..." : "", sld_grid_dir(c->grid));
}

sld_status sld_pass_over_rest(coordinator *c, bool *rest)
{
    char   ids[SHOWN * (SLD_ID_LENGTH + 2) + 1] = "";
    size_t n = 0, waiting, at = 0;
    int    next;

    *rest = false;
    if (c->n_passed == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_schedule_next(c, &next, &waiting));
    for (size_t i = 0; i < sld_grid_count(c->grid); i++) {
        bool held = false;
        if (c->ledger.claims.entries[i].mark != SLD_POINT_WAITING) {
            continue;
        }
        SLD_TRY(sld_ledger_held(&c->ledger, i, &held));
        if (next >= 0 || held) { /* a living coordinator may also continue the passed-over ones */
            return SLD_OK;
        }
        if (sld_passed_over(c, i) && n++ < SHOWN) {
            at += (size_t)snprintf(ids + at, sizeof ids - at, "%s%s", n > 1 ? ", " : "",
                                   sld_grid_point(c->grid, i)->id);
        }
    }
    *rest = n > 0;
    if (n > 0) {
        say_left(c, ids, n);
    }
    return SLD_OK;
}
