/* doctor_cpu.c: checks the processor, the kernels chosen for it, and the CPUs that ranks may
 * use. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_SET */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "doctor.h"
#include "sld/base_process.h"
#include "sld/kernels.h"

typedef enum { PLAIN, AVX2, AVX512 } level;

static bool has_bf16(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

static level cpu_level(char *features, size_t n)
{
    features[0] = '\0';
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        snprintf(features, n, "AVX-512%s%s", __builtin_cpu_supports("avx512vnni") ? ", VNNI" : "",
                 has_bf16() ? ", bf16" : "");
        return AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        snprintf(features, n, "AVX2");
        return AVX2;
    }
    snprintf(features, n, "no AVX2");
#else
    struct utsname system = {.machine = "unknown architecture"};

    (void)uname(&system);
    snprintf(features, n, "%.*s", (int)n - 1, system.machine);
#endif
    return PLAIN;
}

static void processor(sld_doctor_report *r)
{
    char name[SLD_PROCESSOR_BYTES], features[64];

    sld_processor_name(name);
    const level  cpu = cpu_level(features, sizeof features);
    sld_finding *f =
        sld_doctor_add(r, "processor", "%s: %s", name[0] ? name : "unknown processor", features);
    if (cpu == PLAIN) {
        sld_finding_advise(f, SLD_WARN,
                           "without AVX2 of x86-64 training is many times slower: use other "
                           "machines");
    }
}

static void kernels(sld_doctor_report *r)
{
    char versions[160], features[64];

    sld_kernels_versions(versions, sizeof versions);
    const char  *isa = sld_kernels_isa();
    sld_finding *f   = sld_doctor_add(r, "kernels", "%s (%s)", versions, isa);
    if (cpu_level(features, sizeof features) == AVX512 && !strstr(isa, "AVX-512")) {
        sld_finding_advise(f, SLD_WARN,
                           "the CPU has AVX-512: unset ONEDNN_MAX_CPU_ISA and DNNL_MAX_CPU_ISA, "
                           "unless another machine without it shares the run");
    } else if (!strstr(isa, "AMX")) {
        sld_finding_advise(f, SLD_FINE,
                           "precision bf16 is no faster than f32 where the kernels have no AMX, as "
                           "here: use f32");
    }
}

/* text: the CPUs of a set, such as "0-3,8". */
static void list_cpus(const cpu_set_t *set, char *text, size_t n)
{
    size_t at = 0;

    text[0] = '\0';
    for (int i = 0; i < CPU_SETSIZE && at < n; i++) {
        if (!CPU_ISSET(i, set)) {
            continue;
        }
        int last = i;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set)) {
            last++;
        }
        at += (size_t)snprintf(text + at, n - at, last > i ? "%s%d-%d" : "%s%d", at ? "," : "", i,
                               last);
        i = last;
    }
}

/* How many cores the CPUs of a set belong to: of each core only the first hardware thread
 * counts. */
static int count_cores(const cpu_set_t *set)
{
    char path[96], siblings[64];
    int  cores = 0;

    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, set)) {
            snprintf(path, sizeof path,
                     "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", i);
            cores += !sld_read_line(path, siblings, sizeof siblings) || atoi(siblings) == i ||
                     !CPU_ISSET(atoi(siblings), set);
        }
    }
    return cores;
}

static void binding(const sld_comm *comm, sld_doctor_report *r)
{
    cpu_set_t set;
    char      list[128];
    const int ranks = sld_comm_node_size(comm);

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return;
    }
    list_cpus(&set, list, sizeof list);
    const int    cpus = CPU_COUNT(&set), cores = count_cores(&set);
    sld_finding *f = sld_doctor_add(
        r, "CPUs", "%d rank%s on this machine, allowed CPU%s %s (%d core%s)", ranks,
        sld_text_plural(ranks), sld_text_plural(cpus), list, cores, sld_text_plural(cores));
    f->own = true;
    if (sld_comm_same_cpus(comm) && cpus < ranks) {
        sld_finding_advise(
            f, SLD_WARN,
            "more ranks than CPUs: they take turns, and ranks that wait slow down the others. "
            "Start at most %d here",
            cores);
    } else if (sld_comm_same_cpus(comm) && cores < ranks) {
        sld_finding_advise(
            f, SLD_WARN, "two ranks on one core share its arithmetic units: start %d here", cores);
    } else if (sld_comm_same_cpus(comm) && cores > ranks) {
        sld_finding_advise(f, SLD_FINE, "a rank computes on one core: `mpirun -n %d` uses all",
                           cores);
    }
}

static void quota(const sld_comm *comm, sld_doctor_report *r)
{
    const double cpus = sld_cpus_quota();

    if (cpus <= 0) {
        sld_doctor_add(r, "CPU quota", "none");
        return;
    }
    sld_finding *f = sld_doctor_add(r, "CPU quota", "%.2f CPUs for this container or job", cpus);
    if (cpus < sld_comm_node_size(comm)) {
        sld_finding_advise(f, SLD_WARN,
                           "%d ranks are throttled to %.2f CPUs, and each waits for the slowest: "
                           "start fewer, or raise the quota (docker run --cpus)",
                           sld_comm_node_size(comm), cpus);
    }
}

void sld_doctor_cpu(const sld_comm *comm, sld_doctor_report *r)
{
    processor(r);
    kernels(r);
    binding(comm, r);
    quota(comm, r);
}
