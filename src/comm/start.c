/* start.c: calls MPI_Init, also in a Slurm step without PMIx, with a TMPDIR that cannot be written,
 * between user namespaces, and with libraries that print to stdout. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "internal.h"
#include "sld/base_process.h"

#if defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
#define MAKES_SESSION true
#else
#define MAKES_SESSION false
#endif

/* A process without a launcher is a world of its own. It needs no daemon of Open MPI beside it,
 * which would outlive it, and no folder of a session: all such processes of a machine and user
 * would share one, and of two that start and end at once one dies for want of it. What Slurm says
 * of a step that it merely stands in, as below `srun --pty bash`, must not lead Open MPI to look
 * for a server of that step; a list of nodes without a job's number is all that some containers
 * hand on. It sends nothing to anybody: the networks that Open MPI would look for cost a quarter
 * of its start. */
static void isolate(void)
{
    static const char *const step[] = {"SLURM_STEPID", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS",
                                       "SLURM_NODELIST"};

    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
    setenv("OMPI_MCA_ras", "^slurm", 0);
    setenv("OMPI_MCA_plm", "^slurm", 0);
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self", 0);
#if !defined(OPEN_MPI) /* UCX would make files for others to share, which `ulimit -f` may forbid */
    setenv("UCX_TLS", "self", 0);
#endif
    for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
        unsetenv(step[i]);
    }
}

/* MPI, and what it loads, may crash where they get no memory to start with. */
static sld_status check_memory(sld_ctx *ctx)
{
    enum { MIB = 16 };
    void *room = mmap(NULL, (size_t)MIB << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room == MAP_FAILED) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: expected %d MiB for MPI to start in, got fewer; raise "
                        "ulimit -v, or end other programs",
                        MIB);
    }
    munmap(room, (size_t)MIB << 20);
    return SLD_OK;
}

/* Whether this process is in another user namespace than the machine's first, as in a container
 * that was started without root. */
static bool in_user_namespace(void)
{
    unsigned long inside, outside, n = 0;
    FILE         *map  = fopen("/proc/self/uid_map", "r");
    const bool    read = map && fscanf(map, "%lu %lu %lu", &inside, &outside, &n) == 3;

    if (map) {
        fclose(map);
    }
    return read && n != UINT32_MAX; /* all users but the last, which stands for none */
}

/* UCX, by which Debian's MPICH sends, opens the memory of the machine's other ranks through
 * /proc/PID/fd and copies out of it (CMA). If they have user namespaces of their own the kernel
 * allows neither, and MPI_Init ends them all. A file in /dev/shm does as well, somewhat slower. */
static void share_between_namespaces(void)
{
    if (in_user_namespace()) {
        setenv("UCX_POSIX_USE_PROC_LINK", "n", 0);
        setenv("UCX_TLS", "^cma", 0);
    }
}

/* stdout is for sld's data, so output of libraries during their start goes to stderr. */
static void init_quietly(void)
{
    int       provided = 0;
    const int out      = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

    fflush(stdout);
    if (out >= 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
    }
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided); /* aborts by itself on failure */
    if (out >= 0) {
        fflush(stdout);
        dup2(out, STDOUT_FILENO);
        close(out);
    }
}

/* Open MPI 5 makes that folder all the same, in TMPDIR, and leaves it there. So it finds another
 * TMPDIR while it starts, which is removed at once: the folder of a world of one rank serves for
 * nothing afterwards. */
static void init_without_session(void)
{
    const char *usual = getenv("TMPDIR");
    char       *given = usual ? strdup(usual) : NULL;
    char        own[4096];
    const int   n    = snprintf(own, sizeof own, "%s/sld-XXXXXX", given && *given ? given : "/tmp");
    const bool  made = n < (int)sizeof own && mkdtemp(own);

    if (made) {
        setenv("TMPDIR", own, 1);
    }
    init_quietly();
    if (made) {
        sld_file_remove_tree(own);
        if (given) {
            setenv("TMPDIR", given, 1);
        } else {
            unsetenv("TMPDIR");
        }
    }
    free(given);
}

sld_status sld_comm_start(sld_ctx *ctx, sld_launcher *launcher)
{
    *launcher           = sld_launcher_find();
    const bool connects = sld_launcher_connects(launcher);

    SLD_TRY(sld_launcher_check_before(ctx, launcher, connects));
    SLD_TRY(check_memory(ctx));
    if (launcher->tasks > 0) {
        /* Ranks must not outlive a killed launcher: they would go on writing to the run's
         * folder. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    share_between_namespaces();
    if (!connects) {
        isolate();
        sld_process_find_session_folder(ctx); /* Open MPI dies in MPI_Init where it has none */
    }
    if (!connects && MAKES_SESSION) {
        init_without_session();
    } else {
        init_quietly();
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return SLD_OK;
}
