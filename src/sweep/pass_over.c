/* pass_over.c: passes over trials that cannot go on here, which uses up no retry. Some began on another
 * kind of machine, or before a library was updated: their bits would change here, and coordinators on
 * fitting machines continue them. Of others the results are there and cannot be read: another user's, or
 * a disk that fails for a moment. */
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

static passed_over *find(const coordinator *c, size_t point)
{
    for (size_t i = 0; i < c->n_passed; i++) {
        if (strcmp(c->passed[i].id, sld_grid_point(c->grid, point)->id) == 0) {
            return &c->passed[i];
        }
    }
    return NULL;
}

static sld_status remember(coordinator *c, size_t point, bool unread)
{
    passed_over *old  = find(c, point);
    void        *more = old ? c->passed : realloc(c->passed, (c->n_passed + 1) * sizeof *c->passed);

    if (!more) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the trials that are passed over");
    }
    c->passed        = more;
    passed_over *new = old ? old : &c->passed[c->n_passed++];
    memcpy(new->id, sld_grid_point(c->grid, point)->id, sizeof new->id);
    new->unread = unread;
    return SLD_OK;
}

sld_status sld_pass_over(coordinator *c, const attempt *a, const char *message)
{
    const sld_point *p = sld_grid_point(c->grid, a->point);

    SLD_TRY(remember(c, a->point, false));
    sld_log(c->ctx, SLD_LOG_WARN,
            "passed over %s seed %lld (%s, attempt %lld): it began with other libraries or another "
            "instruction set, and can only go on where those are; log: %s",
            p->arm, (long long)p->seed, p->id, (long long)a->number, a->log);
    return sld_ledger_give_up(&c->ledger, a->point, message);
}

sld_status sld_pass_over_unread(coordinator *c, size_t point, const char *why)
{
    const sld_point *p = sld_grid_point(c->grid, point);

    sld_log(c->ctx, SLD_LOG_WARN, "passed over %s seed %lld (%s): %s", p->arm, (long long)p->seed,
            p->id, why);
    return remember(c, point, true);
}

/* Tries it: a folder may be opened by its owner meanwhile, and a disk come back. */
static bool still_unread(const coordinator *c, size_t point)
{
    sld_results results;

    if (sld_grid_results(c->ctx, c->grid, point, &results) != SLD_OK) {
        sld_err_clear(c->ctx);
        return true;
    }
    return results.kind == SLD_RESULTS_UNREADABLE;
}

bool sld_passed_over(const coordinator *c, size_t point)
{
    const passed_over *p = find(c, point);

    /* begun no more: after `--retry ID`, which starts it from scratch */
    return p && (p->unread ? still_unread(c, point) : is_begun(c, point));
}

static void say_left(const coordinator *c, const char *ids, size_t n, bool unread)
{
    const char *more = n > SHOWN ? ", ..." : "";

    if (unread) {
        sld_log(
            c->ctx, SLD_LOG_WARN,
            "%zu trial%s ended (%s%s), but the results cannot be read: see above. Once they can, "
            "the same command goes on",
            n, n == 1 ? " has" : "s have", ids, more);
    } else {
        sld_log(c->ctx, SLD_LOG_WARN,
                "%zu trial%s cannot go on here (%s%s): begun with other libraries or another "
                "instruction set. Join the sweep from a machine that has those; or start over, sld "
                "sweep %s --retry ID; or accept other bits from here on, "
                "run.accept_fingerprint=true",
                n, sld_text_plural(n), ids, more, sld_grid_dir(c->grid));
    }
}

/* Names those that wait and are passed over for that reason. Returns their number. */
static size_t name_left(const coordinator *c, bool unread)
{
    char   ids[SHOWN * (SLD_ID_LENGTH + 2) + 1] = "";
    size_t n = 0, at = 0;

    for (size_t i = 0; i < sld_grid_count(c->grid); i++) {
        const passed_over *p = find(c, i);
        if (p && p->unread == unread && c->ledger.claims.entries[i].mark == SLD_POINT_WAITING &&
            sld_passed_over(c, i) && n++ < SHOWN) {
            at += (size_t)snprintf(ids + at, sizeof ids - at, "%s%s", n > 1 ? ", " : "", p->id);
        }
    }
    if (n > 0) {
        say_left(c, ids, n, unread);
    }
    return n;
}

sld_status sld_pass_over_rest(coordinator *c, bool *rest)
{
    size_t waiting;
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
    }
    const size_t unread = name_left(c, true), others = name_left(c, false);
    c->unreadable += unread;
    *rest = unread + others > 0;
    return SLD_OK;
}
