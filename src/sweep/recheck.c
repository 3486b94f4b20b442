/* recheck.c: checks that ended points still have their results and weights. If a user deleted or
 * damaged them, the points are trained again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coordinator.h"
#include "sld/store.h"

static sld_status train_again(coordinator *c, size_t point, const char *why, size_t *again)
{
    const sld_point *p = sld_grid_point(c->grid, point);

    sld_log(c->ctx, SLD_LOG_WARN, "%s seed %lld (%s) is trained again: %s", p->arm,
            (long long)p->seed, p->id, why);
    SLD_TRY(sld_sweep_set_aside(c->ctx, c->grid, point));
    ++*again;
    return sld_ledger_unmark(&c->ledger, point);
}

static sld_status recheck_results(coordinator *c, size_t point, size_t *again)
{
    const sld_point_state mark = c->ledger.claims.entries[point].mark;
    sld_point_status      now;
    sld_results           results;

    if (mark != SLD_POINT_DONE && mark != SLD_POINT_DIVERGED) {
        return SLD_OK;
    }
    if (sld_grid_results_marked(&c->ledger.claims, point, &results)) {
        return SLD_OK;
    }
    SLD_TRY(sld_grid_judge(&c->ledger.claims, point, false, &now));
    if (now.state == SLD_POINT_WAITING) {
        return train_again(c, point, now.reason, again);
    }
    if (now.state == SLD_POINT_FAILED) { /* unreadable, perhaps only for now: keep the results */
        sld_log(c->ctx, SLD_LOG_WARN, "%s", now.reason);
        c->unreadable++;
        return SLD_OK;
    }
    results = (sld_results){.kind = now.state == SLD_POINT_DONE ? SLD_RESULTS_DONE
                                                                : SLD_RESULTS_DIVERGED};
    memcpy(results.reason, now.reason, sizeof results.reason);
    results.live = now.live;
    memcpy(results.live_reason, now.live_reason, sizeof results.live_reason);
    if (now.state != mark) {
        SLD_TRY(sld_ledger_unmark(&c->ledger, point));
    }
    const sld_status st = sld_attempt_mark_result(c, point, &results, 0, now.attempts);
    if (st == SLD_ERR_IO && now.state == mark) { /* another user owns the mark, and it is right */
        sld_err_clear(c->ctx);
        return SLD_OK;
    }
    return st;
}

/* Checks the teacher's weights file of a student that is still to be trained. why: what is wrong
 * with the file; "" if it is sound. */
static sld_status check_weights(coordinator *c, size_t student, char why[SLD_REASON_BYTES])
{
    sld_doc *doc = NULL;
    char     path[PATH_MAX];

    why[0] = '\0';
    sld_sweep_path(c->dir, sld_grid_point(c->grid, student)->teacher_file, path);
    const sld_status st = sld_doc_open(c->ctx, path, &doc);
    sld_doc_close(doc);
    if (st == SLD_ERR_DATA || (st == SLD_ERR_IO && access(path, F_OK) != 0 && errno == ENOENT)) {
        snprintf(why, SLD_REASON_BYTES, "%.*s", SLD_REASON_BYTES - 1, c->ctx->err.msg);
    }
    if (st != SLD_ERR_NOMEM) {
        sld_err_clear(c->ctx);
        return SLD_OK;
    }
    return st;
}

/* Checks the weights of each teacher that a waiting student needs. */
static sld_status recheck_weights(coordinator *c, size_t *again)
{
    const sld_grid_claim *entries = c->ledger.claims.entries;
    int                   checked = -1; /* students of one teacher mostly stand together */
    char                  why[SLD_REASON_BYTES];

    for (size_t i = 0; i < sld_grid_count(c->grid); i++) {
        const int teacher = sld_grid_point(c->grid, i)->teacher;
        if (teacher < 0 || teacher == checked || entries[i].mark != SLD_POINT_WAITING ||
            entries[teacher].mark != SLD_POINT_DONE) {
            continue;
        }
        checked = teacher;
        SLD_TRY(check_weights(c, i, why));
        if (*why) {
            SLD_TRY(train_again(c, (size_t)teacher, why, again));
        }
    }
    return SLD_OK;
}

sld_status sld_sweep_recheck(coordinator *c, size_t *again)
{
    sld_status st = SLD_OK;

    *again        = 0;
    c->unreadable = 0;
    sld_doc_many(true);
    for (size_t i = 0; i < sld_grid_count(c->grid) && st == SLD_OK; i++) {
        st = recheck_results(c, i, again);
    }
    sld_doc_many(false);
    return st == SLD_OK ? recheck_weights(c, again) : st;
}
