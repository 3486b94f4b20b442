/* phase.c: what this rank is doing, where others can see it. */
#define _GNU_SOURCE /* CLOCK_REALTIME_COARSE */
#include <time.h>

#include "sld/base.h"

sld_phase sld_enter(sld_ctx *ctx, sld_phase phase)
{
    sld_pulse      *pulse = ctx->pulse;
    struct timespec now;

    if (!pulse) {
        return SLD_PHASE_PREPARE;
    }
    const int before = atomic_load_explicit(&pulse->phase, memory_order_relaxed);
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* coarse: no more than reading memory */
    atomic_store_explicit(&pulse->phase, (int)phase, memory_order_relaxed);
    atomic_store_explicit(&pulse->since, now.tv_sec, memory_order_relaxed);
    atomic_fetch_add_explicit(&pulse->beats, 1, memory_order_relaxed);
    return (sld_phase)before;
}

void sld_beat(sld_ctx *ctx)
{
    if (ctx->pulse) {
        sld_enter(ctx, (sld_phase)atomic_load_explicit(&ctx->pulse->phase, memory_order_relaxed));
    }
}

const char *sld_phase_text(int phase)
{
#define SLD_PHASE_TEXT_(name, text) text,
    static const char *const texts[] = {SLD_PHASE_LIST(SLD_PHASE_TEXT_)};
    return (unsigned)phase < SLD_PHASE_COUNT ? texts[phase] : "an unknown phase";
}

bool sld_phase_waits(int phase)
{
    return phase >= SLD_PHASE_REDUCE;
}
