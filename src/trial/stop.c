/* stop.c: when a trial saves between epochs, and when it stops. */
#include "parts.h"

int sld_trial_ask(const sld_trial *t)
{
    const double  minutes = t->setup.opt->run.checkpoint_minutes;
    const int64_t limit   = t->setup.opt->run.stop_after_steps;

    if ((t->setup.params->stop && *t->setup.params->stop) ||
        (limit > 0 && t->attempt.steps >= limit)) {
        return SLD_ASK_STOP;
    }
    /* the clock of one rank decides; others follow by the agreement */
    if (sld_comm_rank(t->setup.comm) == 0 && minutes > 0 &&
        sld_clock_s() - t->io.saved_s > 60.0 * minutes) {
        return SLD_ASK_SAVE;
    }
    return SLD_ASK_NOTHING;
}
