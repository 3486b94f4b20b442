/* doctor_job.c: checks the batch job: its machines, its time limit and srun's support of MPI; and
 * on each machine the space for temporary files and the clock. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "sld/sweep_allocation.h"

#define MIB          1048576.0
#define CLOCKS_MAX_S 5.0  /* with less, a person can still compare the logs of two machines */
#define TMP_MIN_MIB  64.0 /* for MPI's session files and the files that it maps */

/* ---- the job ---- */

static void duration(double s, char *text, size_t n)
{
    if (s > 2 * 3600) {
        snprintf(text, n, "%.1f h left", s / 3600);
    } else if (s > 2 * 60) {
        snprintf(text, n, "%.0f minutes left", s / 60);
    } else {
        snprintf(text, n, "%.0f s left", s > 0 ? s : 0);
    }
}

static void job(const sld_allocation *a, int machines, sld_doctor_report *r)
{
    const char *name     = sld_scheduler_name(a->scheduler);
    const bool  slurm    = a->scheduler == SLD_SCHEDULER_SLURM;
    char        left[48] = "its end is unknown", cpus[48] = "", memory[48] = "", again[48] = "";

    if (a->end_s > 0) {
        duration(sld_allocation_left_s(a), left, sizeof left);
    }
    if (a->here >= 0 && a->nodes[a->here].cpus > 0) {
        snprintf(cpus, sizeof cpus, ", %d CPU%s on this one", a->nodes[a->here].cpus,
                 sld_text_plural(a->nodes[a->here].cpus));
    }
    if (a->memory_bytes > 0) {
        snprintf(memory, sizeof memory, ", %.0f MiB here", a->memory_bytes / MIB);
    }
    if (a->requeue != SLD_YES_NO_UNKNOWN) {
        snprintf(again, sizeof again,
                 a->requeue ? ", may be requeued, was %d times" : ", no requeue", a->restarts);
    }
    sld_finding *f =
        sld_doctor_add(r, "job", "%s %s: %zu machine%s%s%s, %s%s", name, a->job, a->n_nodes,
                       sld_text_plural((long long)a->n_nodes), cpus, memory, left, again);
    if (a->n_nodes > (size_t)machines) {
        char srun[64] = "";
        if (slurm) {
            snprintf(srun, sizeof srun, "`srun --mpi=%.40s` or ", sld_comm_srun_plugin());
        }
        sld_finding_advise(f, SLD_WARN,
                           "the ranks run on %d of %zu machines: start doctor on all by %smpirun%s",
                           machines, a->n_nodes, srun,
                           slurm ? "; `sld sweep` in a batch script of Slurm uses all" : "");
    } else if (a->requeue == 0 && slurm) {
        sld_finding_advise(
            f, SLD_FINE,
            "with #SBATCH --requeue, and `scontrol requeue $SLURM_JOB_ID` after exit "
            "code 75, the job goes on by itself");
    }
}

/* Lists srun's plugins for MPI. This query does not reach the controller. */
static void plugins(sld_doctor_report *r)
{
    char  line[128], list[200] = "";
    FILE *srun  = popen("srun --mpi=list 2>&1", "r");
    bool  first = true;

    while (srun && fgets(line, sizeof line, srun)) {
        char name[64];
        if (!first && sscanf(line, " %63[a-z0-9_]%*[\n]", name) == 1 && !strchr(line, ':')) {
            const size_t at = strlen(list);
            snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", name);
        }
        first = false;
    }
    if (srun && pclose(srun) == 0 && *list) {
        sld_finding *f    = sld_doctor_add(r, "srun --mpi", "%s", list);
        const char  *mine = sld_comm_srun_plugin();
        sld_finding_advise(f, SLD_FINE,
                           strstr(list, mine)
                               ? "one trial over several machines: srun --mpi=%s, or mpirun"
                               : "without %s srun cannot connect ranks: use mpirun inside the job",
                           mine);
    }
}

static sld_status allocation(sld_ctx *ctx, const sld_comm *comm, int machines, sld_doctor_report *r)
{
    sld_allocation a = {0};

    if (sld_comm_rank(comm) != 0) {
        return SLD_OK;
    }
    const sld_status st = sld_allocation_find(ctx, true, &a);
    if (st == SLD_OK && a.scheduler) {
        job(&a, machines, r);
    }
    if (st == SLD_OK && a.scheduler == SLD_SCHEDULER_SLURM) {
        plugins(r);
    }
    sld_allocation_free(&a);
    return st;
}

/* ---- each machine ---- */

static void temporary_folder(sld_doctor_report *r)
{
    const char    *given = getenv("TMPDIR"), *folder = given && *given ? given : "/tmp";
    struct statvfs s;

    if (statvfs(folder, &s) != 0 || access(folder, W_OK | X_OK) != 0) {
        sld_finding_advise(sld_doctor_add(r, "TMPDIR", "%.150s: %s", folder, strerror(errno)),
                           SLD_WARN,
                           "MPI keeps a session's files there: set TMPDIR to a folder of this "
                           "machine that can be written");
        return;
    }
    const double free_mib = (double)s.f_bavail * (double)s.f_frsize / MIB;
    sld_finding *f = sld_doctor_add(r, "TMPDIR", "%.150s, %.1f GiB free", folder, free_mib / 1024);
    f->own         = true;
    if (free_mib < TMP_MIN_MIB) {
        sld_finding_advise(f, SLD_WARN, "too little for MPI's files: make room, or set TMPDIR");
    }
}

/* Collective. Compares the clocks of all machines, read at the same time as far as a barrier
 * allows. */
static sld_status clocks(sld_ctx *ctx, const sld_comm *comm, sld_doctor_report *r)
{
    struct timespec now;
    double          first, mine;

    SLD_TRY(sld_comm_barrier(ctx, comm));
    clock_gettime(CLOCK_REALTIME, &now);
    first = mine = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    SLD_TRY(sld_comm_bcast(ctx, comm, &first, sizeof first, 0));
    if (sld_comm_rank(comm) == 0 || sld_comm_node_rank(comm) != 0) {
        return SLD_OK;
    }
    const double apart_s = mine - first;
    sld_finding *f = sld_doctor_add(r, "clock", "%s has the time of rank 0's machine", r->host);
    f->own         = true;
    if (fabs(apart_s) > CLOCKS_MAX_S) {
        snprintf(f->found, sizeof f->found, "%s is %.0f s %s rank 0's machine", r->host,
                 fabs(apart_s), apart_s > 0 ? "ahead of" : "behind");
        sld_finding_advise(f, SLD_WARN,
                           "times in logs and of files cannot be compared: set the clock by NTP; "
                           "results do not depend on it");
    }
    return SLD_OK;
}

sld_status sld_doctor_job(sld_ctx *ctx, const sld_comm *comm, sld_doctor_report *r)
{
    int machines = 0;

    for (int rank = 0; rank < sld_comm_size(comm); rank++) {
        int first_of_its_own = sld_comm_node_rank(comm) == 0;
        SLD_TRY(sld_comm_bcast(ctx, comm, &first_of_its_own, sizeof first_of_its_own, rank));
        machines += first_of_its_own;
    }
    SLD_TRY(sld_agree(ctx, comm, allocation(ctx, comm, machines, r)));
    if (sld_comm_node_rank(comm) == 0) {
        temporary_folder(r);
    }
    return clocks(ctx, comm, r);
}
