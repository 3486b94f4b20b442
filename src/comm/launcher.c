/* comm/launcher.c: which launcher started this process, and whether MPI has met all its tasks.
 *
 * Without this check `srun -n 4 sld run ...` on a cluster whose srun lacks PMIx starts four worlds
 * of one rank, which all write to one folder. */
#include <stdlib.h>

#include "internal.h"

/* A positive number in an environment variable, else 0. */
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
        "mpirun of Open MPI", "OMPI_COMM_WORLD_SIZE",
        "sld was built with another MPI library: use the mpirun that belongs to it",
        positive_env("OMPI_COMM_WORLD_SIZE")};
    if (launcher.tasks > 0) {
        return launcher;
    }
    launcher.tasks = slurm_step_tasks();
    if (launcher.tasks > 0) {
        launcher.name     = "srun";
        launcher.variable = "SLURM_STEP_NUM_TASKS";
        launcher.cure     = "use `srun --mpi=pmix` (`srun --mpi=list` shows what there is), or "
                            "mpirun inside the job";
        return launcher;
    }
    launcher.tasks = positive_env("PMI_SIZE");
    launcher.name  = launcher.tasks > 0 ? "a PMI launcher (mpiexec of MPICH or Intel MPI)" : NULL;
    launcher.variable = "PMI_SIZE";
    launcher.cure     = "use the mpirun of the MPI library that sld was built with";
    return launcher;
}

const char *sld_comm_launcher(int *tasks)
{
    const sld_launcher launcher = sld_launcher_find();
    *tasks                      = launcher.tasks;
    return launcher.tasks > 0 ? launcher.name : NULL;
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
