/* mpirun.c: the options of mpirun and srun, which differ between MPI libraries. */
#include "internal.h"

/* mpirun must not bind ranks, because sld does it. Ranks that share a core must yield it while they
 * wait; MPICH's always do. */
#if defined(OPEN_MPI)
#define USUAL "mpirun", "--oversubscribe", "--bind-to", "none", "-n"
#define CROWDED                                                                                    \
    "mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-n"
#elif defined(MPICH_VERSION) && !defined(I_MPI_VERSION)
#define USUAL   "mpirun", "-bind-to", "none", "-n"
#define CROWDED USUAL
#else
#define USUAL   "mpirun", "-n"
#define CROWDED USUAL
#endif

const char *const *sld_comm_mpirun(bool crowded)
{
    static const char *const usual[] = {USUAL, NULL}, *const yielding[] = {CROWDED, NULL};

    return crowded ? yielding : usual;
}

const char *sld_comm_srun_plugin(void)
{
    return SLD_SRUN_PLUGIN;
}
