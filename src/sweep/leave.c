/* leave.c: a launcher may stay when all its ranks have left (mpirun waiting for a daemon of its
 * own, for ever). It is given some time, and then ended: what became of the trial its files tell.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "coordinator.h"
#include "watch.h"

#define LOOK_S 5 /* between looks through the process table, at least */

/* A rank of one of ours. A trial without a launcher is its own: its end is told by waitpid(2). */
static void count_rank(pid_t pid, const char *word, void *user)
{
    coordinator *c = user;

    for (int i = 0; i < c->slots.most_trials; i++) {
        attempt *a = &c->attempts[i];
        if (a->active && strcmp(a->word, word) == 0) {
            a->alive += pid != a->child.process.pid && sld_process_runs(pid, c->params->program);
        }
    }
}

static void end_launcher(coordinator *c, attempt *a)
{
    const sld_point *p = sld_sweep_point(c->sweep, a->point);

    sld_log(c->ctx, SLD_LOG_WARN,
            "%s seed %lld (%s, attempt %lld): its launcher stays %g s after its ranks have left "
            "(launch.leave_s): it is ended",
            p->arm, (long long)p->seed, p->id, (long long)a->number, c->launch->leave_s);
    a->stayed = true;
    kill(a->child.process.pid, SIGKILL);
    sld_process_end_marked(a->word);
}

/* Where no rank was ever seen on this machine, the result alone tells that they have left. */
static void judge(coordinator *c, attempt *a, double now)
{
    a->had_ranks = a->had_ranks || a->alive > 0;
    if (a->alive > 0 || !(a->had_ranks || sld_watch_has_results(c->sweep, a->point))) {
        a->left_s = 0;
    } else if (a->left_s == 0) {
        a->left_s = now;
    } else if (now - a->left_s >= c->launch->leave_s) {
        end_launcher(c, a);
    }
}

void sld_attempt_leave(coordinator *c)
{
    const double now = sld_clock_s(), limit = c->launch->leave_s;

    if (limit == 0 || now < c->look_at_s) {
        return;
    }
    c->look_at_s = now + (limit / 2 < LOOK_S ? limit / 2 : LOOK_S);
    for (int i = 0; i < c->slots.most_trials; i++) {
        c->attempts[i].alive = 0;
    }
    sld_process_list(count_rank, c);
    for (int i = 0; i < c->slots.most_trials; i++) {
        if (c->attempts[i].active && !c->attempts[i].stayed) {
            judge(c, &c->attempts[i], now);
        }
    }
}
