/* launch_environment.c: what a trial's launcher and ranks find in their environment: ours, without what
 * an outer launcher said to us alone. */
#define _GNU_SOURCE /* environ */
#include <string.h>
#include <unistd.h>

#include "launcher.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What an mpirun around us has set for its own ranks would make ours believe that they are its; what
 * srun says of the step that we stand in would make them look for that step's server. */
static bool foreign(const char *entry)
{
    static const char *const prefixes[] = {"OMPI_", "PMIX_",     "PMI_",      "HYDI_",
                                           "PALS_", "MPI_LOCAL", "SLURM_STEP"};
    static const char *const single[]   = {
          "SLURM_PROCID=", "SLURM_LOCALID=", "SLURM_GTIDS=", "SLURM_TASK_PID=", "SLURM_PTY_"};

    if (begins(entry, "OMPI_ALLOW_") || begins(entry, "OMPI_MCA_")) {
        return false;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (begins(entry, prefixes[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        if (begins(entry, single[i])) {
            return true;
        }
    }
    return false;
}

/* Said anew for each trial. */
static bool replaced(const char *entry, const launch_job *job)
{
    const bool scheduler = begins(entry, "OMPI_MCA_ras=") || begins(entry, "OMPI_MCA_plm=") ||
                           begins(entry, "PRTE_MCA_ras=") || begins(entry, "PRTE_MCA_plm=");

    return begins(entry, "TERM=") || begins(entry, "SLD_TERMINAL=") ||
           begins(entry, SLD_CLAIM_NAME) || (scheduler && !*job->command);
}

char **sld_launch_environment(const launch_job *job)
{
    launch_words w = {0};

    for (char **entry = environ; *entry; entry++) {
        if (!foreign(*entry) && !replaced(*entry, job)) {
            sld_words_add(&w, *entry);
        }
    }
    sld_words_add(&w, "TERM=dumb"); /* no live line: the terminal is the coordinator's */
    sld_words_add(&w, job->word);
    if (!*job->command) { /* it stays on this machine: its mpirun asks no scheduler for others */
        sld_words_add(&w, "OMPI_MCA_ras=^slurm,tm,lsf,gridengine,alps");
        sld_words_add(&w, "OMPI_MCA_plm=^slurm,tm,lsf,alps");
        sld_words_add(&w, "PRTE_MCA_ras=^slurm,pbs,lsf,gridengine,flux");
        sld_words_add(&w, "PRTE_MCA_plm=^slurm,pals,lsf");
    }
    if (geteuid() == 0) {
        sld_words_add(&w, "OMPI_ALLOW_RUN_AS_ROOT=1");
        sld_words_add(&w, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
    }
    return sld_words_finish(&w);
}
