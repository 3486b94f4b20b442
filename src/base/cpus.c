/* cpus.c: finds the CPUs that this process may use, by its affinity, and their cores. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_SET */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "sld/base.h"

/* Reads a number from /sys/devices/system/cpu/cpuN/topology; 0 if it is not there. */
static int topology(int number, const char *what)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", number, what);
    FILE *file = fopen(path, "r");
    int   id   = 0;
    if (file) {
        if (fscanf(file, "%d", &id) != 1) {
            id = 0;
        }
        fclose(file);
    }
    return id;
}

static int by_package_and_core(const void *a, const void *b)
{
    const sld_cpu *x = a, *y = b;
    if (x->package != y->package) {
        return x->package < y->package ? -1 : 1;
    }
    if (x->core != y->core) {
        return x->core < y->core ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

size_t sld_cpus_allowed(sld_cpu *out)
{
    cpu_set_t allowed;
    size_t    n = 0;

    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return 0;
    }
    for (int i = 0; i < CPU_SETSIZE && n < SLD_CPUS_MAX; i++) {
        if (CPU_ISSET((size_t)i, &allowed)) {
            out[n++] = (sld_cpu){i, topology(i, "core_id"), topology(i, "physical_package_id")};
        }
    }
    qsort(out, n, sizeof *out, by_package_and_core);
    return n;
}

size_t sld_cpus_cores(int out[SLD_CPUS_MAX])
{
    sld_cpu      cpus[SLD_CPUS_MAX];
    const size_t n = sld_cpus_allowed(cpus), quota = (size_t)ceil(sld_cpus_quota());
    size_t       cores = 0;

    for (size_t i = 0; i < n; i++) { /* hardware threads of one core stand together */
        if (i == 0 || cpus[i].core != cpus[i - 1].core || cpus[i].package != cpus[i - 1].package) {
            out[cores++] = cpus[i].number;
        }
    }
    /* If the kernel does not describe cores, all CPUs seem to be one core: take each for a core. */
    if (cores == 1 && n > 1 && cpus[0].core == 0) {
        for (cores = 0; cores < n; cores++) {
            out[cores] = cpus[cores].number;
        }
    }
    cores = quota > 0 && cores > quota ? quota : cores;
    return cores > 0 ? cores : 1;
}
