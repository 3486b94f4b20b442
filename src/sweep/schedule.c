/* schedule.c: chooses the next point to start, the running trial to restart on more ranks, and the
 * launchers to kill because their ranks have ended. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "coordinator.h"

#define LOOK_S 5 /* between two looks through the process table, which costs CPU time */

/* ---- the next point: a student waits for its teacher, which is a point too ---- */

static bool runs_here(const coordinator *c, size_t point)
{
    for (int i = 0; i < c->slots.max_trials; i++) {
        if (c->attempts[i].active && c->attempts[i].point == point) {
            return true;
        }
    }
    return false;
}

static sld_status may_start(coordinator *c, size_t point, bool *may)
{
    const sld_point      *p    = sld_grid_point(c->grid, point);
    const sld_grid_claim *e    = &c->ledger.claims.entries[point];
    bool                  held = false;

    *may = e->mark == SLD_POINT_WAITING && !runs_here(c, point) && !sld_passed_over(c, point) &&
           (p->teacher < 0 || c->ledger.claims.entries[p->teacher].mark == SLD_POINT_DONE);
    if (!*may || e->claim == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_ledger_held(&c->ledger, point, &held));
    /* a claim of this coordinator whose attempt runs no more does not block the point */
    const bool ours =
        e->known == e->claim && strcmp(c->ledger.claims.leases[e->lease].id, c->ledger.id) == 0;
    *may = !held || ours;
    return SLD_OK;
}

sld_status sld_schedule_next(coordinator *c, int *point, size_t *waiting)
{
    const size_t n = sld_grid_count(c->grid);

    *point   = -1;
    *waiting = 0;
    for (size_t i = 0; i < n && *waiting <= (size_t)c->slots.max_trials; i++) {
        bool may;
        SLD_TRY(may_start(c, i, &may));
        if (may) {
            *point = *point < 0 ? (int)i : *point;
            ++*waiting;
        }
    }
    return SLD_OK;
}

/* Marks a student as failed because its teacher failed, diverged or is skipped: it gives no
 * weights. */
static sld_status fail_student(coordinator *c, size_t point)
{
    const sld_point      *p                        = sld_grid_point(c->grid, point);
    const sld_point      *teacher                  = sld_grid_point(c->grid, (size_t)p->teacher);
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
    sld_log(c->ctx, SLD_LOG_WARN, "failed %s seed %lld (%s): %.*s", p->arm, (long long)p->seed,
            p->id, (int)strcspn(text, "\n"), text);
    return sld_ledger_mark(&c->ledger, point, SLD_POINT_FAILED, text);
}

sld_status sld_schedule_settle(coordinator *c, bool *all_ended, bool *some_failed)
{
    const sld_grid_claim *entries = c->ledger.claims.entries;

    *all_ended   = true;
    *some_failed = false;
    for (size_t i = 0; i < sld_grid_count(c->grid); i++) {
        const int teacher = sld_grid_point(c->grid, i)->teacher;
        if (entries[i].mark == SLD_POINT_WAITING && teacher >= 0 &&
            entries[teacher].mark != SLD_POINT_WAITING && entries[teacher].mark != SLD_POINT_DONE) {
            SLD_TRY(fail_student(c, i));
        }
        *all_ended &= entries[i].mark != SLD_POINT_WAITING;
        *some_failed |= entries[i].mark == SLD_POINT_FAILED;
    }
    return SLD_OK;
}

/* ---- rescale: when there are fewer trials than cores, a running one is checkpointed and restarted
 * on the idle cores too, which changes none of its bits ---- */

#define SETTLE_S 30   /* an attempt runs so long before its pace is judged */
#define SLOWER   0.05 /* slower: it needs more than this share of the former estimate on top */

/* Seconds that the attempt still needs by its own estimate; below 0: it has none yet. */
static double left_of(const coordinator *c, const attempt *a)
{
    char         run[PATH_MAX], text[SLD_PROGRESS_BYTES];
    sld_progress progress;

    sld_grid_trial_dir(c->grid, a->point, run);
    sld_progress_read(run, a->number, text);
    return sld_progress_parse(text, &progress) ? progress.left_s : -1;
}

/* Returns the record of the point's growth; NULL: it was never given more ranks. */
static growth *growth_of(coordinator *c, size_t point)
{
    for (size_t i = 0; i < GROWTHS_MAX; i++) {
        if (strcmp(c->grown[i].id, sld_grid_point(c->grid, point)->id) == 0) {
            return &c->grown[i];
        }
    }
    return NULL;
}

/* Returns an entry for the point: its own, an unused one or that of an ended point. NULL: none. */
static growth *place_for(coordinator *c, size_t point)
{
    growth *found = growth_of(c, point);

    for (size_t i = 0; !found && i < GROWTHS_MAX; i++) {
        growth   *g  = &c->grown[i];
        const int at = sld_grid_find(c->grid, g->id);
        if (at < 0 || c->ledger.claims.entries[at].mark != SLD_POINT_WAITING) {
            found = g;
        }
    }
    return found;
}

int sld_schedule_most(const coordinator *c, size_t point)
{
    return c->one_rank ? 1 : sld_grid_point(c->grid, point)->max_ranks;
}

int sld_schedule_ranks(coordinator *c, size_t point, int ranks)
{
    const growth *g = growth_of(c, point);

    return g && g->back && ranks > g->ranks ? g->ranks : ranks;
}

void sld_schedule_set_back(coordinator *c)
{
    const double now = c->ledger.clock_s();

    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt *a = &c->attempts[i];
        growth  *g = a->active && !a->rescales && !a->skipped ? growth_of(c, a->point) : NULL;
        if (!g || g->back || a->ranks <= g->ranks || now - a->started_s < SETTLE_S) {
            continue;
        }
        const double without = g->left_s - (now - g->asked_s);
        if (left_of(c, a) > without + SLOWER * g->left_s) {
            const sld_point *p = sld_grid_point(c->grid, a->point);
            sld_log(
                c->ctx, SLD_LOG_INFO,
                "%s seed %lld (%s) is slower on %d ranks than on %d, because other programs use "
                "the cores: it goes back",
                p->arm, (long long)p->seed, p->id, a->ranks, g->ranks);
            g->back = a->rescales = a->shrinks = true;
            sld_attempt_ask(c, a);
        }
    }
}

/* Seconds by which the trial would end earlier if it got all free cores; its restart not
 * counted. */
static double gain(const coordinator *c, const attempt *a)
{
    const double share = (double)a->ranks / (double)(a->ranks + c->slots.n_free);

    return left_of(c, a) * (1 - share);
}

sld_status sld_schedule_rescale(coordinator *c)
{
    attempt *best   = NULL;
    double   best_s = c->launch->grow_s / 2; /* what growing from 1 core to 2 saves of grow_s */
    int      point;
    size_t   waiting;

    sld_slots_look(&c->slots);
    if (c->launch->grow_s == 0 || c->launch->ranks > 0 || c->launch->slots > 0 ||
        c->slots.n_free == 0 || !sld_walltime_allows(c)) {
        return SLD_OK;
    }
    SLD_TRY(sld_schedule_next(c, &point, &waiting));
    for (int i = 0; i < c->slots.max_trials && waiting == 0; i++) {
        attempt *a = &c->attempts[i];
        if (!a->active) {
            continue; /* its point may be one of a grid before */
        }
        if (a->rescales) {
            return SLD_OK; /* one at a time: that trial will take all free cores */
        }
        const growth *g = growth_of(c, a->point);
        if (a->n_cores < a->ranks || (g && g->back) || gain(c, a) <= best_s) {
            continue;
        }
        if (a->ranks < sld_schedule_most(c, a->point)) {
            best   = a;
            best_s = gain(c, a);
        }
    }
    growth *g = best ? place_for(c, best->point) : NULL;
    if (g) {
        *g = (growth){
            .ranks = best->ranks, .left_s = left_of(c, best), .asked_s = c->ledger.clock_s()};
        snprintf(g->id, sizeof g->id, "%s", sld_grid_point(c->grid, best->point)->id);
        best->rescales = true;
        sld_attempt_ask(c, best);
    }
    return SLD_OK;
}

/* ---- reap: mpirun sometimes hangs after all its ranks have ended, waiting for one of its daemons.
 * After a grace period it is killed; the trial's files tell how the trial ended ---- */

/* Counts the process if it is a rank of one of this coordinator's attempts. */
static void count_rank(pid_t pid, const char *word, void *user)
{
    coordinator *c = user;

    for (int i = 0; i < c->slots.max_trials; i++) {
        attempt *a = &c->attempts[i];
        if (a->active && strcmp(a->word, word) == 0) {
            a->alive += pid != a->child.process.pid && sld_process_runs(pid, c->params->program);
        }
    }
}

static void end_launcher(coordinator *c, attempt *a)
{
    const sld_point *p = sld_grid_point(c->grid, a->point);

    sld_log(c->ctx, SLD_LOG_WARN,
            "%s seed %lld (%s, attempt %lld): its launcher still runs %g s after its ranks ended "
            "(launch.leave_s): it is killed",
            p->arm, (long long)p->seed, p->id, (long long)a->number, c->launch->leave_s);
    a->reaped = true;
    kill(a->child.process.pid, SIGKILL);
    sld_process_end_marked(a->word);
}

/* Kills the launcher if its ranks have been gone for launch.leave_s. Without a launcher the child
 * is the trial itself, and waitpid(2) reports its end; its helper processes are no ranks. If no
 * rank was ever seen on this machine, only results.h5 shows that the ranks have ended. */
static void judge_launcher(coordinator *c, attempt *a, double now)
{
    if (sld_process_runs(a->child.process.pid, c->params->program)) {
        a->missed_s = 0;
        return;
    }
    a->had_ranks = a->had_ranks || a->alive > 0;
    if (a->alive > 0 || !(a->had_ranks || sld_grid_has_results(c->grid, a->point))) {
        a->missed_s = 0;
    } else if (a->missed_s == 0) {
        a->missed_s = now;
    } else if (now - a->missed_s >= c->launch->leave_s) {
        end_launcher(c, a);
    }
}

void sld_schedule_reap(coordinator *c)
{
    const double now = c->ledger.clock_s(), limit = c->launch->leave_s;

    if (limit == 0 || now < c->reap_at_s) {
        return;
    }
    c->reap_at_s = now + (limit / 2 < LOOK_S ? limit / 2 : LOOK_S);
    for (int i = 0; i < c->slots.max_trials; i++) {
        c->attempts[i].alive = 0;
    }
    sld_process_list(count_rank, c);
    for (int i = 0; i < c->slots.max_trials; i++) {
        if (c->attempts[i].active && !c->attempts[i].reaped) {
            judge_launcher(c, &c->attempts[i], now);
        }
    }
}
