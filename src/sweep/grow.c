/* grow.c: cores that nobody else can use go to a trial that runs: it is stopped with everything
 * saved and goes on with more ranks, which changes none of its bits. */
#include <signal.h>

#include "coordinator.h"
#include "watch.h"

/* Seconds that the trial would end earlier on all that is free. A restart costs some. */
static double gain(const coordinator *c, const attempt *a)
{
    const double share = (double)a->ranks / (double)(a->ranks + c->slots.n_free);
    char         text[160];
    int64_t      epoch, epochs;
    double       left_s;

    sld_watch_progress(c->sweep, a->point, a->number, text, sizeof text);
    return sld_watch_parse(text, &epoch, &epochs, &left_s) ? left_s * (1 - share) : 0;
}

sld_status sld_attempt_grow(coordinator *c)
{
    attempt *best = NULL;
    double   best_s =
        c->launch->grow_s / 2; /* of the gain: with one more core of two, half is left */
    int    point, most;
    size_t waiting;

    if (c->launch->grow_s == 0 || c->launch->ranks > 0 || c->launch->slots > 0 ||
        c->slots.n_free == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_choose_point(c, &point, &waiting));
    for (int i = 0; i < c->slots.most_trials && waiting == 0; i++) {
        attempt *a = &c->attempts[i];
        if (a->active && a->grows) {
            return SLD_OK; /* one at a time: it takes what is free */
        }
        if (!a->active || a->n_cores < a->ranks || gain(c, a) <= best_s) {
            continue;
        }
        SLD_TRY(sld_attempt_most_ranks(c, a->point, &most));
        if (a->ranks < most) {
            best   = a;
            best_s = gain(c, a);
        }
    }
    if (best) {
        best->grows = true;
        kill(best->child.process.pid, SIGUSR1);
    }
    return SLD_OK;
}
