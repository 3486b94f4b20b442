/* doctor_launcher.c: checks MPI and HDF5, the launcher and its binding, and what signals do. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "sld/store.h"

enum { MIN_GRACE_S = 5 }; /* for a step, and a checkpoint on a slow disk */

static void libraries(sld_doctor_report *r)
{
    char text[160];

    sld_comm_versions(text, sizeof text);
    sld_doctor_add(r, "MPI", "%s", text);
    sld_store_versions(text, sizeof text);
    sld_finding *f = sld_doctor_add(r, "HDF5", "%s", text);
    if (!strstr(text, "(parallel)")) {
        sld_finding_advise(f, SLD_BAD,
                           "ranks cannot write into one file: build sld with the "
                           "parallel HDF5 (Debian: libhdf5-openmpi-dev)");
    }
}

/* The major version of Open MPI; 0: another MPI. */
static int open_mpi(void)
{
    char text[160];
    int  major = 0;

    sld_comm_versions(text, sizeof text);
    return sscanf(text, "Open MPI v%d", &major) == 1 ? major : 0;
}

/* If MPI had connected fewer ranks than the launcher started, sld_comm_create() would have
 * failed. */
static void launcher(const sld_comm *comm, sld_doctor_report *r)
{
    const int   shards = (int)sld_config_default_whole("parallel.shards");
    int         tasks  = 0;
    const char *name   = sld_comm_launcher(comm, &tasks);

    if (name) {
        sld_doctor_add(r, "launcher", "%s: %d task%s, all connected", name, tasks,
                       sld_text_plural(tasks));
    } else {
        char   words[128] = "";
        size_t n          = 0;
        for (const char *const *word = sld_comm_mpirun(false); *word && n < sizeof words; word++) {
            n += (size_t)snprintf(words + n, sizeof words - n, " %s", *word);
        }
        sld_doctor_add(r, "launcher", "none: one rank by itself; a sweep starts more by%s N",
                       words);
    }
    if (sld_comm_size(comm) > shards) {
        sld_finding_advise(
            sld_doctor_add(r, "shards",
                           "%d ranks; a trial uses at most parallel.shards, by default %d",
                           sld_comm_size(comm), shards),
            SLD_WARN,
            "start no more ranks than parallel.shards, or set it to as many from the first run on "
            "(it "
            "is part of what a trial computes); a sweep shares the cores out over several trials");
    }
    if (geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT") && !name && open_mpi() > 0) {
        sld_finding_advise(sld_doctor_add(r, "root", "mpirun of Open MPI refuses to run as root"),
                           SLD_WARN,
                           "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1, or "
                           "use another account");
    }
}

/* Reports what mpirun does with signals. scancel sends it SIGTERM; by default mpirun then kills its
 * ranks after one second, which is too short to save. */
static void mpirun_signals(bool slurm, sld_doctor_report *r)
{
    const char  *grace = getenv("OMPI_MCA_odls_base_sigkill_timeout");
    const int    major = open_mpi();
    sld_finding *f     = sld_doctor_add(r, "signals",
                                        "mpirun kills its ranks %s s after SIGTERM or Ctrl-C, and "
                                            "forwards SIGUSR1",
                                    major >= 5 ? "less than 1"
                                        : grace    ? grace
                                                   : "1");
    if (slurm && major >= 5) {
        sld_finding_advise(f, SLD_WARN,
                           "scancel and the time limit send this SIGTERM: start by srun "
                           "--mpi=pmix, or stop by scancel --batch --signal=USR1");
    } else if (slurm && major > 0 && (!grace || atoi(grace) < MIN_GRACE_S)) {
        sld_finding_advise(f, SLD_WARN,
                           "scancel and the time limit send this SIGTERM: export "
                           "OMPI_MCA_odls_base_sigkill_timeout=20 before mpirun, start by srun "
                           "--mpi=pmix, or stop by scancel --batch --signal=USR1");
    } else {
        sld_finding_advise(f, SLD_FINE,
                           "to stop with everything saved: kill -USR1 of mpirun, or "
                           "start with jobs/local.sh");
    }
}

/* A rank that may use fewer CPUs than its parent was bound by mpirun, and two mpiruns bind their
 * ranks to the same CPUs. */
static void mpirun_binding(sld_doctor_report *r)
{
    cpu_set_t mine, launchers;

    if (sched_getaffinity(0, sizeof mine, &mine) == 0 &&
        sched_getaffinity(getppid(), sizeof launchers, &launchers) == 0 &&
        CPU_COUNT(&mine) < CPU_COUNT(&launchers)) {
        sld_finding_advise(
            sld_doctor_add(r, "binding", "mpirun binds ranks to CPUs of its choice"), SLD_FINE,
            "a second mpirun on this machine or in this job takes the same CPUs: start both with "
            "--bind-to none and parallel.cpus, or leave them to sld sweep");
    }
}

static void signals(const sld_comm *comm, sld_doctor_report *r)
{
    const char *name  = sld_comm_launcher(comm, &(int){0});
    const bool  slurm = getenv("SLURM_JOB_ID"), pbs = getenv("PBS_JOBID");

    if (name && strstr(name, "mpirun")) {
        mpirun_signals(slurm, r);
        mpirun_binding(r);
    } else {
        sld_doctor_add(r, "signals",
                       "SIGTERM, SIGINT and SIGUSR1 reach sld: it saves within a step and leaves "
                       "with 75");
    }
    if (slurm) {
        sld_finding_advise(
            sld_doctor_add(r, "Slurm", "job %s: SIGTERM at the time limit, SIGKILL after KillWait",
                           getenv("SLURM_JOB_ID")),
            SLD_FINE,
            "#SBATCH --signal=B:USR1@120 asks for the stop in time where the script ends in `exec "
            "sld sweep ...`, or hands the signal to mpirun (`mpirun ... & trap 'kill -USR1 $!' "
            "USR1; "
            "wait`); without B: it reaches srun's steps alone. By hand: scancel --batch "
            "--signal=USR1 JOB");
    }
    if (pbs) {
        sld_finding_advise(sld_doctor_add(r, "PBS",
                                          "job %s: SIGTERM, then SIGKILL after kill_delay",
                                          getenv("PBS_JOBID")),
                           SLD_FINE, "qsig -s SIGUSR1 JOB asks for a stop with everything saved");
    }
}

static void environment(sld_doctor_report *r)
{
    const char *fault = getenv("SLD_FAIL_AT"), *hang = getenv("SLD_HANG_RANK");

    if (fault || hang) {
        sld_finding_advise(
            sld_doctor_add(r, "environment", "%s is set", fault ? "SLD_FAIL_AT" : "SLD_HANG_RANK"),
            SLD_WARN, "it is for tests and makes runs fail or wait: unset it");
    }
}

void sld_doctor_launcher(const sld_comm *comm, sld_doctor_report *r)
{
    libraries(r);
    launcher(comm, r);
    signals(comm, r);
    environment(r);
}
