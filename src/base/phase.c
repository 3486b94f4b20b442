/* phase.c: keeps the present phase of this rank, for the watchdog, and counts the time of each
 * phase. */
#define _GNU_SOURCE /* CLOCK_REALTIME_COARSE */
#include <string.h>
#include <time.h>

#include "sld/base.h"

/* Counts the time since the last call for the phase that ends. A phase that is entered from a wait
 * is overlapped work: `interrupted` keeps the phase before the wait, because the wait will go
 * on. */
static void keep_account(sld_times *t, sld_phase phase)
{
    const double now_s   = sld_clock_s();
    const double spent_s = now_s - t->since_s;
    const bool   waited  = sld_phase_waits((int)t->phase);

    t->spent_s[t->phase] += spent_s;
    if (waited) {
        t->waited_s[t->interrupted] += spent_s;
    }
    if (!waited && !sld_phase_waits((int)phase)) {
        t->interrupted = phase;
    }
    t->phase   = phase;
    t->since_s = now_s;
}

static void show(sld_pulse *pulse, sld_phase phase)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* COARSE is as cheap as reading memory */
    atomic_store_explicit(&pulse->phase, (int)phase, memory_order_relaxed);
    atomic_store_explicit(&pulse->since, now.tv_sec, memory_order_relaxed);
    atomic_fetch_add_explicit(&pulse->beats, 1, memory_order_relaxed);
}

sld_phase sld_enter(sld_ctx *ctx, sld_phase phase)
{
    const sld_phase before = ctx->times.phase;

    keep_account(&ctx->times, phase);
    if (ctx->pulse) {
        show(ctx->pulse, phase);
    }
    return before;
}

void sld_beat(sld_ctx *ctx)
{
    sld_enter(ctx, ctx->times.phase);
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

void sld_times_start(sld_ctx *ctx)
{
    sld_times *t = &ctx->times;

    memset(t->spent_s, 0, sizeof t->spent_s);
    memset(t->waited_s, 0, sizeof t->waited_s);
    t->since_s = sld_clock_s();
}

const sld_times *sld_times_now(sld_ctx *ctx)
{
    keep_account(&ctx->times, ctx->times.phase);
    return &ctx->times;
}

double sld_times_waited(const sld_times *times)
{
    double sum = 0.0;

    for (int i = 0; i < SLD_PHASE_COUNT; i++) {
        sum += sld_phase_waits(i) ? times->spent_s[i] : 0.0;
    }
    return sum;
}
