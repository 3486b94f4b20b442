/* doctor_memory.c: checks memory, /dev/shm for MPI's messages, and the limits of a process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "doctor.h"

#define GIB 1073741824.0

/* Bytes in the line "NAME:  123 kB" of /proc/meminfo; 0: there is no such line. */
static double meminfo(const char *name)
{
    char   line[128];
    double kb   = 0;
    FILE  *file = fopen("/proc/meminfo", "r");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
            kb = atof(line + strlen(name) + 1);
        }
    }
    if (file) {
        fclose(file);
    }
    return 1024 * kb;
}

/* Bytes that the container or job may use; 0: as much as the machine has. */
static double cgroup_bytes(double total)
{
    const double limit = sld_memory_limit();

    return limit < total ? limit : 0;
}

static void memory(const sld_comm *comm, sld_doctor_report *r)
{
    const double total = meminfo("MemTotal"), available = meminfo("MemAvailable"),
                 limit  = cgroup_bytes(total);
    const double usable = limit > 0 && limit < available ? limit : available;
    const int    ranks  = sld_comm_node_size(comm);
    sld_finding *f =
        sld_doctor_add(r, "memory", "%.1f GiB, %.1f free", total / GIB, available / GIB);

    f->own = true;
    if (limit > 0) {
        snprintf(f->found, sizeof f->found,
                 "%.1f GiB, %.1f free, the container or job may use %.1f", total / GIB,
                 available / GIB, limit / GIB);
    }
    if (usable / ranks < 0.5 * GIB) {
        sld_finding_advise(f, SLD_WARN,
                           "%.2f GiB for each of %d ranks: a larger network or data set may not "
                           "fit; start fewer ranks or use more machines",
                           usable / GIB / ranks, ranks);
    }
}

/* Open MPI passes messages between ranks of one machine through files in /dev/shm. sld's own shared
 * memory, which holds data sets, is not there. */
static void shared_memory(const sld_comm *comm, sld_doctor_report *r)
{
    struct statvfs s;
    const double   wanted = 16.0 * 1048576 * sld_comm_node_size(comm);

    if (statvfs("/dev/shm", &s) != 0) {
        sld_finding_advise(sld_doctor_add(r, "/dev/shm", "not there"), SLD_WARN,
                           "Open MPI needs it for messages between ranks: mount a tmpfs there");
        return;
    }
    const double free_bytes = (double)s.f_bavail * (double)s.f_frsize;
    sld_finding *f =
        sld_doctor_add(r, "/dev/shm", "%.2f GiB, %.2f free",
                       (double)s.f_blocks * (double)s.f_frsize / GIB, free_bytes / GIB);
    f->own = true;
    if (free_bytes < wanted) {
        sld_finding_advise(f, SLD_WARN,
                           "little for the messages of %d ranks (%.0f MiB should be free); in a "
                           "container: docker run --shm-size=1g",
                           sld_comm_node_size(comm), wanted / 1048576);
    }
}

static const char *limit_text(rlim_t value, char text[24])
{
    if (value == RLIM_INFINITY) {
        return "no limit";
    }
    snprintf(text, 24, "%llu", (unsigned long long)value);
    return text;
}

static void limits(sld_doctor_report *r)
{
    struct rlimit files, size, core, space;
    char          soft[24], hard[24];

    getrlimit(RLIMIT_NOFILE, &files);
    sld_finding *f =
        sld_doctor_add(r, "open files", "%s, may be raised to %s", limit_text(files.rlim_cur, soft),
                       limit_text(files.rlim_max, hard));
    if (files.rlim_max < 1024) {
        sld_finding_advise(f, SLD_WARN,
                           "too few for the report of a sweep: raise the hard limit (ulimit -Hn, "
                           "limits.conf)");
    }
    getrlimit(RLIMIT_FSIZE, &size);
    getrlimit(RLIMIT_AS, &space);
    if (size.rlim_cur != RLIM_INFINITY || space.rlim_cur != RLIM_INFINITY) {
        f = sld_doctor_add(r, "limits", "file size %s, address space %s bytes",
                           limit_text(size.rlim_cur, soft), limit_text(space.rlim_cur, hard));
        sld_finding_advise(f, SLD_WARN,
                           "a run can fail on these: ulimit -f unlimited -v unlimited");
    }
    getrlimit(RLIMIT_CORE, &core);
    f = sld_doctor_add(r, "core dumps", "%s",
                       core.rlim_cur == 0               ? "off"
                       : core.rlim_cur == RLIM_INFINITY ? "on"
                                                        : "on, cut short");
    if (core.rlim_cur != 0) {
        sld_finding_advise(f, SLD_FINE,
                           "each rank that crashes leaves a file as large as its "
                           "memory: ulimit -c 0 for unattended jobs");
    }
}

void sld_doctor_memory(const sld_comm *comm, sld_doctor_report *r)
{
    if (sld_comm_node_rank(comm) == 0) { /* once per machine: two ranks would see other numbers */
        memory(comm, r);
        shared_memory(comm, r);
    }
    limits(r);
}
