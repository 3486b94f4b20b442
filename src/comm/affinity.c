/* affinity.c: binds ranks to CPUs. sld does it itself, because two mpiruns with default options
 * bind their ranks to the same cores. */
#define _GNU_SOURCE /* sched_setaffinity, CPU_SET */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

sld_status sld_affinity_compare(sld_ctx *ctx, MPI_Comm node, bool *same)
{
    cpu_set_t mine, all, any;
    CPU_ZERO(&mine);
    sched_getaffinity(0, sizeof mine, &mine);
    SLD_TRY(sld_mpi_status(ctx, MPI_Allreduce(&mine, &all, sizeof mine, MPI_BYTE, MPI_BAND, node),
                           "all-reduce"));
    SLD_TRY(sld_mpi_status(ctx, MPI_Allreduce(&mine, &any, sizeof mine, MPI_BYTE, MPI_BOR, node),
                           "all-reduce"));
    *same = CPU_EQUAL(&all, &any);
    return SLD_OK;
}

/* Gives each rank a group of neighbouring CPUs. Changes nothing if there are more ranks than CPUs,
 * or if the launcher has bound each rank already. */
static void bind_auto(sld_ctx *ctx, const sld_comm *comm)
{
    cpu_set_t mine;
    sld_cpu   cpus[SLD_CPUS_MAX];
    const int n = (int)sld_cpus_allowed(cpus);

    if (!comm->same_cpus || n < comm->node_size) {
        return;
    }
    CPU_ZERO(&mine);
    for (int i = comm->node_rank * n / comm->node_size;
         i < (comm->node_rank + 1) * n / comm->node_size; i++) {
        CPU_SET(cpus[i].number, &mine);
    }
    if (sched_setaffinity(0, sizeof mine, &mine) != 0) {
        sld_log(ctx, SLD_LOG_WARN, "rank %d is not bound to a CPU: sched_setaffinity: %s",
                comm->rank, strerror(errno));
    }
}

/* Reads a CPU number and moves *text past it. */
static bool read_cpu(const char **text, int *out)
{
    char *end = NULL;
    if (**text < '0' || **text > '9') {
        return false;
    }
    const long number = strtol(*text, &end, 10); /* LONG_MAX when it does not fit */
    *text             = end;
    *out              = (int)number;
    return number < CPU_SETSIZE;
}

/* Reads one item of a list, N or N-M, and moves *text past it and its comma. */
static bool read_item(const char **text, int *low, int *high)
{
    if (!read_cpu(text, low)) {
        return false;
    }
    *high = *low;
    if (**text == '-') {
        (*text)++;
        if (!read_cpu(text, high) || *high < *low) {
            return false;
        }
    }
    if (**text == ',') {
        (*text)++;
        return **text != '\0';
    }
    return **text == '\0';
}

static int by_number(const void *a, const void *b)
{
    return ((const sld_cpu *)a)->number - ((const sld_cpu *)b)->number;
}

/* The CPUs that this process may use, as a list that parallel.cpus takes: "0-3,8". */
static void list_allowed(char *text, size_t n)
{
    sld_cpu      cpus[SLD_CPUS_MAX];
    const size_t count = sld_cpus_allowed(cpus);
    size_t       used  = 0;

    text[0] = '\0';
    qsort(cpus, count, sizeof *cpus, by_number);
    for (size_t i = 0, last; i < count && used + 16 < n; i = last + 1) {
        last = i;
        while (last + 1 < count && cpus[last + 1].number == cpus[last].number + 1) {
            last++;
        }
        used += (size_t)snprintf(text + used, n - used, "%s%d", used ? "," : "", cpus[i].number);
        if (last > i) {
            used += (size_t)snprintf(text + used, n - used, "-%d", cpus[last].number);
        }
    }
}

static sld_status refuse_cpu(sld_ctx *ctx, const char *list, int cpu)
{
    char allowed[120];

    list_allowed(allowed, sizeof allowed);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "parallel.cpus: %s: expected CPUs that this process may use, %s, got %d; name "
                    "those, or write auto",
                    list, allowed, cpu);
}

/* Binds rank i of the machine to the i-th CPU of the list. */
static sld_status bind_list(sld_ctx *ctx, const sld_comm *comm, const char *list)
{
    int n = 0, chosen = -1;
    for (const char *text = list; *text != '\0';) {
        int low = 0, high = 0;
        if (!read_item(&text, &low, &high)) {
            return SLD_FAIL(
                ctx, SLD_ERR_CONFIG,
                "parallel.cpus: expected auto, none or CPU numbers below %d like 0,2-3, got '%s'",
                CPU_SETSIZE, list);
        }
        const int wanted = comm->node_rank - n; /* counted from this item's first */
        if (wanted >= 0 && wanted <= high - low) {
            chosen = low + wanted;
        }
        n += high - low + 1;
    }
    if (n < comm->node_size) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "parallel.cpus: expected a CPU for each of the %d ranks on this machine, "
                        "got %d (%s); name more, or write auto",
                        comm->node_size, n, list);
    }
    cpu_set_t mine;
    CPU_ZERO(&mine);
    CPU_SET(chosen, &mine);
    if (sched_setaffinity(0, sizeof mine, &mine) == 0) {
        return SLD_OK;
    }
    return errno == EINVAL ? refuse_cpu(ctx, list, chosen)
                           : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                      "parallel.cpus: %s: this process may not choose its CPUs: "
                                      "sched_setaffinity: %s; write none",
                                      list, strerror(errno));
}

sld_status sld_comm_set_affinity(sld_ctx *ctx, const sld_comm *comm, const char *cpus)
{
    if (strcmp(cpus, "none") == 0) {
        return SLD_OK;
    }
    if (strcmp(cpus, "auto") == 0) {
        bind_auto(ctx, comm);
        return SLD_OK;
    }
    return bind_list(ctx, comm, cpus);
}
