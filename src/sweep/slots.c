/* slots.c: the cores of this machine, shared out for throughput: while there are trials enough, one
 * core each, because a trial alone needs no reductions; at the end more for those that are left. */
#include "slots.h"

#include <stdio.h>
#include <string.h>

void sld_slots_find(const sld_launch *launch, slots *out)
{
    sld_cpu      cpus[SLD_CPUS_MAX];
    const size_t n = sld_cpus_allowed(cpus), quota = sld_cpus_quota();

    *out = (slots){0};
    for (size_t i = 0; i < n; i++) { /* of a core's threads the first */
        if (i == 0 || cpus[i].core != cpus[i - 1].core || cpus[i].package != cpus[i - 1].package) {
            out->cpu[out->n_cores++] = cpus[i].number;
        }
    }
    /* Where the kernel tells no cores apart all CPUs seem to be one. */
    if (out->n_cores == 1 && n > 1 && cpus[0].core == 0) {
        out->n_cores = 0;
        for (size_t i = 0; i < n; i++) {
            out->cpu[out->n_cores++] = cpus[i].number;
        }
    }
    if (quota > 0 && (size_t)out->n_cores > quota) {
        out->n_cores = (int)quota;
    }
    out->n_cores    = out->n_cores > 0 ? out->n_cores : 1;
    out->n_free     = out->n_cores;
    out->max_trials = (int)launch->slots;
    if (out->max_trials == 0) {
        out->max_trials = launch->ranks > 0 ? out->n_cores / (int)launch->ranks : out->n_cores;
        out->max_trials = out->max_trials > 0 ? out->max_trials : 1;
    }
}

int sld_slots_ranks(const slots *s, const sld_launch *launch, size_t waiting, int max)
{
    const int places = s->max_trials - s->running;
    int       ranks;

    if (places <= 0) {
        return 0;
    }
    if (launch->ranks > 0) {
        return (int)launch->ranks;
    }
    if (s->n_free <= 0) {
        return launch->slots > 0 ? 1 : 0; /* told to run so many, on whatever cores */
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
        if (!s->taken[i] && at < n) {
            s->taken[i]    = true;
            cores[taken++] = i;
            at += (size_t)snprintf(text + at, n - at, "%s%d", taken > 1 ? "," : "", s->cpu[i]);
        }
    }
    s->n_free -= taken;
    return taken;
}

void sld_slots_give(slots *s, const int *cores, int n_cores)
{
    s->running--;
    for (int i = 0; i < n_cores; i++) {
        s->taken[cores[i]] = false;
    }
    s->n_free += n_cores;
}
