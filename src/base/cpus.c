/* cpus.c: finds the CPUs that this process may use: its affinity, their cores, and cgroup
 * quotas. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_SET */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Reads the one or two numbers of a file in the folder; -1 for "max" or if there is no such
 * file. */
static long long number_in(const char *folder, const char *name, long long *second)
{
    char      path[768];
    long long first = -1;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%lld %lld", &first, second) < 1) {
            first = -1;
        }
        fclose(file);
    }
    return first;
}

/* Returns the smallest quota, in CPUs, of the cgroup in folder and of all cgroups above it; 0: no
 * limit. */
static double quota_above(char *folder)
{
    double least = 0;

    while (true) {
        long long period = 0, quota = number_in(folder, "cpu.max", &period);
        if (quota < 0) {
            long long none;
            quota  = number_in(folder, "cpu.cfs_quota_us", &none);
            period = number_in(folder, "cpu.cfs_period_us", &none);
        }
        if (quota > 0 && period > 0) {
            const double n = (double)quota / (double)period;
            least          = least == 0 || n < least ? n : least;
        }
        char *slash = strrchr(folder, '/');
        if (strcmp(folder, "/sys/fs/cgroup") == 0 || !slash || slash == folder) {
            return least;
        }
        *slash = '\0';
    }
}

double sld_cpus_quota(void)
{
    FILE  *file = fopen("/proc/self/cgroup", "r");
    char   line[512], folder[600];
    double least = 0;

    while (file && fgets(line, sizeof line, file)) { /* number:controllers:path */
        char *controllers = strchr(line, ':'), *path;
        if (!controllers || !(path = strchr(++controllers, ':'))) {
            continue;
        }
        *path++                   = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (*controllers == '\0') {
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s", path);
        } else if (strstr(controllers, "cpu") && !strstr(controllers, "cpuset")) {
            snprintf(folder, sizeof folder, "/sys/fs/cgroup/cpu%s", path);
        } else {
            continue;
        }
        const double n = quota_above(folder);
        least          = n > 0 && (least == 0 || n < least) ? n : least;
    }
    if (file) {
        fclose(file);
    }
    return least;
}
