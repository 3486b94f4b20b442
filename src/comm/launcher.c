/* comm/launcher.c: which launcher started this process, whether MPI can meet its tasks, and whether
 * it has met them all.
 *
 * Without these checks `srun -n 4 sld run ...` on a cluster whose srun lacks PMIx starts four worlds
 * of one rank, which all write to one folder, or dies in MPI_Init with a page about PMI. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#if defined(OPEN_MPI)
#define SERVER "PMIx"
#else
#define SERVER "PMI-2"
#endif
#define OPTION "--mpi=" SLD_SRUN_PLUGIN
#define CURE_SRUN                                                                                  \
    "use `srun " OPTION "` (`srun --mpi=list` shows what this Slurm has), or mpirun inside the "   \
    "job"

/* The value of an environment variable if it is a positive number, else 0. */
static int positive_env(const char *variable)
{
    const char *text = getenv(variable);
    char       *end  = NULL;
    const long  n    = text ? strtol(text, &end, 10) : 0;
    return text && end != text && *end == '\0' && n > 0 && n <= 1 << 30 ? (int)n : 0;
}

/* Only the variables of a job step count. SLURM_NTASKS is the size of the allocation: a batch
 * script, and whatever mpirun or bare sld it starts, has it too. SLURM_PROCID alone proves nothing
 * either, a batch script is process 0. `srun --pty bash` is a step, but what is typed there is not
 * its task. */
static int slurm_step_tasks(void)
{
    const bool task = getenv("SLURM_PROCID") && !getenv("SLURM_PTY_PORT");
    return task ? positive_env("SLURM_STEP_NUM_TASKS") : 0;
}

/* mpirun first: its daemons are themselves tasks of an srun step, one per machine, and hand that
 * step's variables down to every rank. */
sld_launcher sld_launcher_find(void)
{
    sld_launcher launcher = {
        .name     = "mpirun of Open MPI",
        .variable = "OMPI_COMM_WORLD_SIZE",
        .cure     = "sld was built with another MPI library: use the mpirun that belongs to it",
        .tasks    = positive_env("OMPI_COMM_WORLD_SIZE"),
    };
    if (launcher.tasks > 0) {
        return launcher;
    }
    launcher.tasks = slurm_step_tasks();
    if (launcher.tasks > 0) {
        launcher.name     = "srun";
        launcher.variable = "SLURM_STEP_NUM_TASKS";
        launcher.cure     = CURE_SRUN;
        launcher.is_srun  = true;
        return launcher;
    }
    launcher.tasks = positive_env("PMI_SIZE");
    launcher.name  = launcher.tasks > 0 ? "a PMI launcher (mpiexec of MPICH or Intel MPI)" : NULL;
    launcher.variable = "PMI_SIZE";
    launcher.cure     = "use the mpirun of the MPI library that sld was built with";
    return launcher;
}

/* Whether this MPI can join the tasks of an srun that offers PMI-1 or PMI-2 alone. Open MPI gave
 * them up in version 5; before, its builder decided, and only ompi_info tells. */
static bool speaks_pmi2(void)
{
#if !defined(OPEN_MPI)
    return true;
#elif OMPI_MAJOR_VERSION >= 5
    return false;
#else
    char  line[256];
    bool  listed = false, found = false;
    FILE *info = popen("ompi_info --parsable 2>/dev/null", "r");
    while (info && fgets(line, sizeof line, info)) {
        listed |= strncmp(line, "mca:", 4) == 0;
        found |= strncmp(line, "mca:pmix:s1:", 12) == 0 || strncmp(line, "mca:pmix:s2:", 12) == 0;
    }
    if (info) {
        pclose(info);
    }
    return found || !listed; /* without ompi_info MPI itself may say it */
#endif
}

bool sld_launcher_connects(const sld_launcher *launcher)
{
    if (!launcher->is_srun || getenv("PMIX_RANK")) {
        return launcher->tasks > 0;
    }
    return (getenv("PMI_FD") || getenv("PMI_PORT")) && speaks_pmi2();
}

sld_status sld_launcher_check_before(sld_ctx *ctx, const sld_launcher *launcher, bool connects)
{
    if (connects || launcher->tasks <= 1) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s started %d tasks (%s) and offers no " SERVER
                    ", by which MPI could connect them: %s",
                    launcher->name, launcher->tasks, launcher->variable, launcher->cure);
}

sld_status sld_launcher_check(sld_ctx *ctx, const sld_launcher *launcher, int world_size)
{
    if (world_size >= launcher->tasks) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s started %d tasks (%s), but MPI connected only %d of them, so that each "
                    "group would run the whole experiment by itself: %s",
                    launcher->name, launcher->tasks, launcher->variable, world_size,
                    launcher->cure);
}

int sld_launcher_rank(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *rank = getenv(variables[i]);
        if (rank) {
            return (int)strtol(rank, NULL, 10);
        }
    }
    const char *rank = slurm_step_tasks() > 0 ? getenv("SLURM_PROCID") : NULL;
    return rank ? (int)strtol(rank, NULL, 10) : 0;
}
