/* span.c: makes the command for trials with more ranks than one machine of the job has cores. They
 * run on several machines, started by srun if it can connect this MPI's ranks, else by mpirun. */
#include <stdio.h>
#include <string.h>

#include "allocation.h"
#include "coordinator.h"

/* Whether srun has the plugin. This query does not reach the controller, so it is fast. */
static bool srun_has(const char *plugin)
{
    static const char *const command[] = {"sh", "-c", "srun --mpi=list 2>&1", NULL};
    char                     list[1024];

    sld_ask(command, list, sizeof list);
    return strstr(list, plugin) != NULL;
}

/* text: "n1:2,n2:2", the nodes with their cores. False: text is too short for all. */
static bool put_hosts(const sld_allocation *a, int cores, char *text, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < a->n_nodes && at < n; i++) {
        at += (size_t)snprintf(text + at, n - at, "%s%s:%d", i ? "," : "", a->nodes[i].name, cores);
    }
    return at < n;
}

/* mpirun with its options and these hosts. False: text is too short for all. Open MPI and MPICH both
 * take --host. */
static bool put_mpirun(const char *const *mpirun, const char *hosts, char *text, size_t n)
{
    size_t at = (size_t)snprintf(text, n, "env SLURM_OVERLAP=1");

    for (; mpirun[1] && at < n; mpirun++) { /* the last is -n */
        at += (size_t)snprintf(text + at, n - at, " %s", *mpirun);
    }
    if (at < n) {
        at += (size_t)snprintf(text + at, n - at, " --host %s -n {ranks}", hosts);
    }
    return at < n;
}

void sld_span_choose(coordinator *c)
{
    const sld_allocation *a     = &c->allocation;
    const int             ranks = (int)c->launch->ranks, cores = c->slots.n_cores;
    const char           *plugin = c->params->srun_plugin;
    char                  hosts[sizeof c->command - 128];

    snprintf(c->command, sizeof c->command, "%s", c->launch->command);
    if (*c->command || ranks <= cores || a->scheduler != SLD_SCHEDULER_SLURM || a->n_nodes < 2 ||
        a->here < 0 || a->one_of_many || a->bound) {
        return;
    }
    const int wanted = (ranks + cores - 1) / cores;
    const int each   = wanted < (int)a->n_nodes ? wanted : (int)a->n_nodes;
    if (srun_has(plugin)) { /* Slurm gives a step its own CPUs: several trials run at a time */
        snprintf(c->command, sizeof c->command, "srun --mpi=%s --exact -N%d -n {ranks}", plugin,
                 each);
        c->by_srun          = true;
        c->slots.max_trials = c->launch->slots > 0 ? (int)c->launch->slots : (int)a->n_nodes / each;
    } else if (put_hosts(a, cores, hosts, sizeof hosts) &&
               put_mpirun(c->params->mpirun(false), hosts, c->command, sizeof c->command)) {
        c->slots.max_trials = 1;
    } else {
        *c->command = '\0';
        return;
    }
    c->spans = true;
    sld_log(c->ctx, SLD_LOG_INFO,
            "%d ranks do not fit on a machine of %d cores: %d trial%s at a time over %d of %zu "
            "machines each, by: %s",
            ranks, cores, c->slots.max_trials, sld_text_plural(c->slots.max_trials), each,
            a->n_nodes, c->command);
}
