/* allocation.c: reads the batch job's nodes, CPUs and memory from the environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allocation.h"

#define MIB            1048576.0
#define LONG_S         1e12
#define LINE_MAX_BYTES 256

static const char *env(const char *name)
{
    const char *text = getenv(name);

    return text ? text : "";
}

static long number(const char *name)
{
    return strtol(env(name), NULL, 10);
}

const char *sld_scheduler_name(sld_scheduler scheduler)
{
    static const char *const names[] = {[SLD_SCHEDULER_NONE]  = "",
                                        [SLD_SCHEDULER_SLURM] = "Slurm",
                                        [SLD_SCHEDULER_PBS]   = "PBS",
                                        [SLD_SCHEDULER_FLUX]  = "Flux"};
    return names[scheduler];
}

/* Whether two names mean one machine: "n1" and "n1.cluster.org" do. */
static bool same_machine(const char *a, const char *b)
{
    const size_t n = strcspn(a, ".");

    return n == strcspn(b, ".") && strncmp(a, b, n) == 0;
}

/* own_name: the batch system's name of this machine, which may differ from its host name; "":
 * none. */
static void find_here(sld_allocation *a, const char *own_name)
{
    char host[64] = "";

    gethostname(host, sizeof host - 1);
    a->here = -1;
    for (size_t i = 0; i < a->n_nodes && a->nodes && a->here < 0; i++) {
        if (same_machine(a->nodes[i].name, *own_name ? own_name : host)) {
            a->here = (int)i;
        }
    }
}

/* Reads CPUs per node in Slurm's short form: "2(x2),4" means 2, 2, 4. */
static void read_cpus(sld_allocation *a, const char *text)
{
    size_t node = 0;

    while (*text && node < a->n_nodes) {
        char *end;
        long  cpus = strtol(text, &end, 10), times = 1;
        if (end == text) {
            return;
        }
        if (end[0] == '(' && end[1] == 'x') {
            times = strtol(end + 2, &end, 10);
            end += *end == ')';
        }
        for (; times > 0 && node < a->n_nodes; times--) {
            a->nodes[node++].cpus = (int)cpus;
        }
        text = end + (*end == ',');
    }
}

static sld_status read_slurm(sld_ctx *ctx, sld_allocation *a)
{
    const double per_cpu = (double)number("SLURM_MEM_PER_CPU") * MIB;

    a->restarts    = (int)number("SLURM_RESTART_COUNT");
    a->bound       = *env("SLURM_STEP_NUM_TASKS") && *env("SLURM_PROCID");
    a->one_of_many = number("SLURM_STEP_NUM_TASKS") > 1 && !*env("SLURM_PTY_PORT");
    a->end_s       = (double)number("SLURM_JOB_END_TIME");
    if (sld_hostlist_expand(ctx, env("SLURM_JOB_NODELIST"), &a->nodes, &a->n_nodes) != SLD_OK) {
        if (ctx->err.code == SLD_ERR_NOMEM) {
            return SLD_ERR_NOMEM;
        }
        sld_err_clear(ctx);
        a->n_nodes = (size_t)number("SLURM_JOB_NUM_NODES");
    }
    if (a->nodes) {
        read_cpus(a, env("SLURM_JOB_CPUS_PER_NODE"));
    }
    find_here(a, env("SLURMD_NODENAME"));
    a->memory_bytes = (double)number("SLURM_MEM_PER_NODE") * MIB;
    if (a->memory_bytes == 0 && a->here >= 0) {
        a->memory_bytes = per_cpu * a->nodes[a->here].cpus;
    }
    return SLD_OK;
}

/* PBS writes one line per process slot: a node occurs several times, not always in a row. */
static sld_status read_node_file(sld_ctx *ctx, sld_allocation *a, const char *path)
{
    FILE *file = fopen(path, "r");
    char  line[LINE_MAX_BYTES];
    bool  full = false;

    while (file && !full && fgets(line, sizeof line, file)) {
        size_t i                       = 0;
        line[strcspn(line, " \t\r\n")] = '\0';
        while (i < a->n_nodes && strcmp(a->nodes[i].name, line) != 0) {
            i++;
        }
        if (i < a->n_nodes || !*line) {
            continue;
        }
        sld_allocation_node *more = realloc(a->nodes, (a->n_nodes + 1) * sizeof *more);
        full                      = !more;
        if (more) {
            a->nodes             = more;
            a->nodes[a->n_nodes] = (sld_allocation_node){0};
            snprintf(a->nodes[a->n_nodes++].name, sizeof more->name, "%.63s", line);
        }
    }
    if (file) {
        fclose(file);
    }
    return full ? SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the nodes of the job") : SLD_OK;
}

static sld_status read_pbs(sld_ctx *ctx, sld_allocation *a)
{
    SLD_TRY(read_node_file(ctx, a, env("PBS_NODEFILE")));
    find_here(a, "");
    if (a->here >= 0) {
        a->nodes[a->here].cpus = (int)number("NCPUS");
    }
    return SLD_OK;
}

static sld_status read_environment(sld_ctx *ctx, sld_allocation *a)
{
    static const struct {
        const char   *variable;
        sld_scheduler scheduler;
    } known[] = {{"SLURM_JOB_ID", SLD_SCHEDULER_SLURM},
                 {"PBS_JOBID", SLD_SCHEDULER_PBS},
                 {"FLUX_JOB_ID", SLD_SCHEDULER_FLUX},
                 {"FLUX_URI", SLD_SCHEDULER_FLUX}};

    for (size_t i = 0; i < sizeof known / sizeof *known && !a->scheduler; i++) {
        if (*env(known[i].variable)) {
            a->scheduler = known[i].scheduler;
            snprintf(a->job, sizeof a->job, "%.63s", env(known[i].variable));
        }
    }
    if (a->scheduler == SLD_SCHEDULER_SLURM) {
        SLD_TRY(read_slurm(ctx, a));
    } else if (a->scheduler == SLD_SCHEDULER_PBS) {
        SLD_TRY(read_pbs(ctx, a));
    } else if (a->scheduler == SLD_SCHEDULER_FLUX) {
        a->n_nodes     = (size_t)number("FLUX_JOB_NNODES");
        a->one_of_many = number("FLUX_JOB_SIZE") > 1;
    }
    a->one_of_many = a->one_of_many || number("OMPI_COMM_WORLD_SIZE") > 1 || number("PMI_SIZE") > 1;
    return SLD_OK;
}

sld_status sld_allocation_find(sld_ctx *ctx, bool may_ask, sld_allocation *out)
{
    *out = (sld_allocation){.here = -1, .requeue = SLD_YES_NO_UNKNOWN};
    SLD_TRY(read_environment(ctx, out));
    if (may_ask && out->scheduler && out->end_s <= 0) {
        sld_allocation_ask(out);
    }
    return SLD_OK;
}

void sld_allocation_free(sld_allocation *a)
{
    free(a->nodes);
    a->nodes   = NULL;
    a->n_nodes = 0;
}

double sld_allocation_left_s(const sld_allocation *a)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return a->end_s > 0 ? a->end_s - ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec) : LONG_S;
}
