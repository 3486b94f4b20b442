/* walltime.c: the end of the job's time: when trials save and stop for it, and what is too late to
 * begin. What a trial computes between its start and its first step is lost where it is ended. */
#include "coordinator.h"

#define LEAST_START_S 3   /* from a trial's start to its first step, where none was seen */
#define MARGIN_MOST   0.2 /* of the time that is left when the sweep starts: a minute is left 12 s */

void sld_walltime_begin(coordinator *c)
{
    const double left_s = sld_allocation_left_s(&c->allocation), most_s = MARGIN_MOST * left_s;
    double       margin_s = c->launch->margin_s;

    c->stop_at_s = 0;
    if (c->allocation.end_s <= 0 || margin_s == 0) {
        return;
    }
    margin_s     = margin_s < most_s ? margin_s : most_s;
    c->stop_at_s = c->ledger.clock_s() + left_s - margin_s;
    sld_log(c->ctx, SLD_LOG_INFO,
            "%s job %s ends in %.0f s: trials save and stop %.0f s before (launch.margin_s)",
            sld_scheduler_name(c->allocation.scheduler), c->allocation.job, left_s, margin_s);
}

bool sld_walltime_over(const coordinator *c)
{
    return c->stop_at_s != 0 && c->ledger.clock_s() >= c->stop_at_s;
}

bool sld_walltime_allows(coordinator *c)
{
    const double needed_s = c->sign_s > LEAST_START_S ? c->sign_s : LEAST_START_S;
    const double left_s   = c->stop_at_s - c->ledger.clock_s();

    if (c->stop_at_s == 0 || left_s > needed_s) {
        return true;
    }
    if (!c->too_late) {
        c->too_late = true;
        sld_log(c->ctx, SLD_LOG_INFO,
                "nothing more is started: a trial needs %.0f s to what it can save, and %.0f s are "
                "left before the stop",
                needed_s, left_s > 0 ? left_s : 0);
    }
    return false;
}

/* Its first step, or a later one: seen a while after it was made, so that the time is no less. */
void sld_walltime_learn(coordinator *c, attempt *a, const sld_progress *progress)
{
    const int64_t epoch  = a->checkpoint.epoch > 1 ? a->checkpoint.epoch : 1;
    const double  took_s = c->ledger.clock_s() - a->started_s;

    if (!a->stepped && (progress->epoch > epoch ||
                        (progress->epoch == epoch && progress->step > a->checkpoint.step))) {
        a->stepped = true;
        c->sign_s  = took_s > c->sign_s ? took_s : c->sign_s;
    }
}
