/* cgroup.c: what the cgroups of this process allow it: CPU time and memory. Containers and batch systems
 * limit jobs so. The least limit counts, of the process's own cgroup and of all above it. */
#include <stdio.h>
#include <string.h>

#include "sld/base.h"

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

/* The limit that the cgroup of this folder sets; 0: none. */
typedef double (*limit_of)(const char *folder);

static double quota_of(const char *folder)
{
    long long period = 0, none, quota = number_in(folder, "cpu.max", &period);

    if (quota < 0) {
        quota  = number_in(folder, "cpu.cfs_quota_us", &none);
        period = number_in(folder, "cpu.cfs_period_us", &none);
    }
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

static double memory_of(const char *folder)
{
    long long none, bytes = number_in(folder, "memory.max", &none);

    if (bytes < 0) {
        bytes = number_in(folder, "memory.limit_in_bytes", &none);
    }
    return bytes > 0 ? (double)bytes : 0;
}

static double lesser(double a, double b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* Of the cgroup in folder and of all cgroups above it. */
static double least_above(char *folder, limit_of limit)
{
    double least = 0;

    while (true) {
        least       = lesser(least, limit(folder));
        char *slash = strrchr(folder, '/');
        if (strcmp(folder, "/sys/fs/cgroup") == 0 || !slash || slash == folder) {
            return least;
        }
        *slash = '\0';
    }
}

/* Whether the list "cpu,cpuacct" names the controller. */
static bool names(const char *list, const char *controller)
{
    const size_t n = strlen(controller);

    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        if (strcspn(at, ",") == n && strncmp(at, controller, n) == 0) {
            return true;
        }
    }
    return false;
}

/* controller: its name, and that of its folder, where each has a tree of cgroups of its own
 * (version 1). */
static double least_limit(const char *controller, limit_of limit)
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
        } else if (names(controllers, controller)) {
            snprintf(folder, sizeof folder, "/sys/fs/cgroup/%s%s", controller, path);
        } else {
            continue;
        }
        least = lesser(least, least_above(folder, limit));
    }
    if (file) {
        fclose(file);
    }
    return least;
}

double sld_cpus_quota(void)
{
    return least_limit("cpu", quota_of);
}

double sld_memory_limit(void)
{
    return least_limit("memory", memory_of);
}
