/* walltime.c: stops trials before the batch job's time limit and starts none that is too late. A
 * trial that is stopped before its first step has nothing to save. */
#include "coordinator.h"

#define MIN_STARTUP_S 3   /* from a trial's start to its first step, until one was measured */
#define MAX_MARGIN    0.2 /* share of the time left at the sweep's start, for short jobs */

void sld_walltime_begin(coordinator *c)
{
    const double left_s = sld_allocation_left_s(&c->allocation), max_s = MAX_MARGIN * left_s;
    double       margin_s = c->launch->margin_s;

    c->stop_at_s = 0;
    if (c->allocation.end_s <= 0 || margin_s == 0) {
        return;
    }
    margin_s     = margin_s < max_s ? margin_s : max_s;
    c->stop_at_s = c->ledger.clock_s() + left_s - margin_s;
    sld_log(c->ctx, SLD_LOG_INFO,
            "%s job %s ends in %.0f s: trials save and stop %.0f s before that (launch.margin_s)",
            sld_scheduler_name(c->allocation.scheduler), c->allocation.job, left_s, margin_s);
}

bool sld_walltime_over(const coordinator *c)
{
    return c->stop_at_s != 0 && c->ledger.clock_s() >= c->stop_at_s;
}

bool sld_walltime_allows(coordinator *c)
{
    const double needed_s = c->startup_s > MIN_STARTUP_S ? c->startup_s : MIN_STARTUP_S;
    const double left_s   = c->stop_at_s - c->ledger.clock_s();

    if (c->stop_at_s == 0 || left_s > needed_s) {
        return true;
    }
    if (!c->too_late) {
        c->too_late = true;
        sld_log(
            c->ctx, SLD_LOG_INFO,
            "no more trials are started: a trial needs %.0f s to its first step, and %.0f s are "
            "left before trials must stop",
            needed_s, left_s > 0 ? left_s : 0);
    }
    return false;
}

/* Measures the time from a trial's start to its first step. The step is seen up to a beat after it
 * was made, so the measured time is never too short. */
void sld_walltime_learn(coordinator *c, attempt *a, const sld_progress *progress)
{
    const int64_t epoch  = a->checkpoint.epoch > 1 ? a->checkpoint.epoch : 1;
    const double  took_s = c->ledger.clock_s() - a->started_s;

    if (!a->stepped && (progress->epoch > epoch ||
                        (progress->epoch == epoch && progress->step > a->checkpoint.step))) {
        a->stepped   = true;
        c->startup_s = took_s > c->startup_s ? took_s : c->startup_s;
    }
}
