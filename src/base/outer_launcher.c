/* outer_launcher.c: knows which environment variables an mpirun or srun sets for its ranks, and
 * which keep an mpirun that sld starts on this machine. */
#include <string.h>

#include "sld/base_process.h"

const char *const sld_process_stay_here[] = {"OMPI_MCA_ras=^slurm,tm,lsf,gridengine,alps",
                                             "OMPI_MCA_plm=^slurm,tm,lsf,alps",
                                             "PRTE_MCA_ras=^slurm,pbs,lsf,gridengine,flux",
                                             "PRTE_MCA_plm=^slurm,pals,lsf",
                                             "HYDRA_RMK=user",
                                             "HYDRA_LAUNCHER=fork",
                                             NULL};

static bool begins_with_one(const char *entry, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (strncmp(entry, *prefixes, strlen(*prefixes)) == 0) {
            return true;
        }
    }
    return false;
}

bool sld_process_is_launchers(const char *entry)
{
    static const char *const launchers[] = {"OMPI_",
                                            "PMIX_",
                                            "PMI_",
                                            "HYDI_",
                                            "PALS_",
                                            "MPI_LOCAL",
                                            "SLURM_STEP",
                                            "SLURM_PROCID=",
                                            "SLURM_LOCALID=",
                                            "SLURM_GTIDS=",
                                            "SLURM_TASK_PID=",
                                            "SLURM_PTY_",
                                            NULL};
    static const char *const users[]     = {"OMPI_ALLOW_", "OMPI_MCA_", NULL};
    /* Open MPI 4 tells its ranks by these to which job, daemon and session they belong. */
    static const char *const of_mpirun[] = {"OMPI_MCA_ess=",
                                            "OMPI_MCA_ess_base_",
                                            "OMPI_MCA_orte_ess_",
                                            "OMPI_MCA_orte_precondition_transports=",
                                            "OMPI_MCA_orte_local_daemon_uri=",
                                            "OMPI_MCA_orte_hnp_uri=",
                                            "OMPI_MCA_orte_app_num=",
                                            "OMPI_MCA_orte_num_nodes=",
                                            "OMPI_MCA_orte_bound_at_launch=",
                                            "OMPI_MCA_orte_top_session_dir=",
                                            "OMPI_MCA_orte_jobfam_session_dir=",
                                            "OMPI_MCA_orte_launch=",
                                            "OMPI_MCA_pmix=",
                                            "OMPI_MCA_mpi_oversubscribe=",
                                            "OMPI_MCA_shmem_RUNTIME_QUERY_hint=",
                                            "OMPI_MCA_initial_wdir=",
                                            NULL};

    return begins_with_one(entry, of_mpirun) ||
           (begins_with_one(entry, launchers) && !begins_with_one(entry, users));
}
