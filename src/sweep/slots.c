/* slots.c: shares the cores of this machine out among trials. Many trials get one core each,
 * because one rank needs no reductions; when fewer trials than cores are left, each gets more. */
#include "slots.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void sld_slots_find(const sld_launch *launch, slots *out)
{
    *out            = (slots){0};
    out->n_cores    = (int)sld_cpus_cores(out->cpu);
    out->n_free     = out->n_cores;
    out->max_trials = (int)launch->slots;
    if (out->max_trials == 0) {
        out->max_trials = launch->ranks > 0 ? out->n_cores / (int)launch->ranks : out->n_cores;
        out->max_trials = out->max_trials > 0 ? out->max_trials : 1;
    }
}

void sld_slots_look(slots *s)
{
    if (!s->locks) {
        return;
    }
    s->n_free = 0;
    for (int i = 0; i < s->n_cores; i++) {
        s->others[i] = !s->taken[i] && !sld_core_locks_is_free(s->locks, s->cpu[i]);
        s->n_free += !s->taken[i] && !s->others[i];
    }
}

/* text: "process 17, 18", the coordinators that use the cores. */
static void name_holders(const slots *s, char *text, size_t n)
{
    pid_t  last = 0;
    size_t at   = 0;

    text[0] = '\0';
    for (int i = 0; i < s->n_cores && at + 16 < n; i++) {
        const pid_t pid = s->others[i] ? sld_core_locks_holder(s->locks, s->cpu[i]) : 0;
        if (pid > 0 && pid != last) {
            at += (size_t)snprintf(text + at, n - at, "%s%ld", last ? ", " : "process ", (long)pid);
            last = pid;
        }
    }
}

void sld_slots_wait(slots *s, const sld_launch *launch, char *text, size_t n)
{
    sld_core_locks_wait(s->locks, s->cpu, s->n_cores, launch->ranks > 0 ? (int)launch->ranks : 1);
    name_holders(s, text, n);
}

/* Whether a trial of launch.ranks ranks waits until so many cores are free. It does not wait if the
 * machine has too few, or if the user set --slots, which holds whatever other sweeps do. */
static bool must_wait(const slots *s, const sld_launch *launch)
{
    return s->locks && launch->slots == 0 && launch->ranks > s->n_free &&
           launch->ranks <= s->n_cores;
}

int sld_slots_ranks(const slots *s, const sld_launch *launch, size_t waiting, int max)
{
    const int places = s->max_trials - s->running;
    int       ranks;

    if (places <= 0) {
        return 0;
    }
    if (launch->ranks > 0) {
        return must_wait(s, launch) ? 0 : (int)launch->ranks;
    }
    if (s->n_free <= 0) {
        return launch->slots > 0 ? 1 : 0; /* --slots holds even if all cores are in use */
    }
    ranks = s->n_free / (waiting < (size_t)places ? (int)waiting : places);
    ranks = ranks > 0 ? ranks : 1;
    return ranks < max ? ranks : max;
}

int sld_slots_take(slots *s, int ranks, int *cores, char *text, size_t n)
{
    int    taken = 0;
    size_t at    = 0;

    s->running++;
    snprintf(text, n, "none");
    if (ranks > s->n_free) {
        return 0;
    }
    for (int i = 0; i < s->n_cores && taken < ranks; i++) {
        if (!s->taken[i] && !s->others[i] && at < n) {
            if (s->locks && !sld_core_locks_take(s->locks, s->cpu[i])) {
                s->n_free -= taken;
                sld_slots_give(s, cores, taken);
                return -1;
            }
            s->taken[i]    = true;
            cores[taken++] = i;
            at += (size_t)snprintf(text + at, n - at, "%s%d", taken > 1 ? "," : "", s->cpu[i]);
        }
    }
    s->n_free -= taken;
    if (s->locks) {
        sld_core_locks_wait_no_more(s->locks);
    }
    return taken;
}

void sld_slots_give(slots *s, const int *cores, int n_cores)
{
    s->running--;
    for (int i = 0; i < n_cores; i++) {
        s->taken[cores[i]] = false;
        if (s->locks) {
            sld_core_locks_give(s->locks, s->cpu[cores[i]]);
        }
    }
    s->n_free += n_cores;
}
