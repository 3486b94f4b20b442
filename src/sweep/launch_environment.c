/* launch_environment.c: makes the environment of a trial's launcher and ranks: the coordinator's
 * own, without variables that an outer launcher set for the coordinator alone. */
#define _GNU_SOURCE /* environ */
#include <string.h>
#include <unistd.h>

#include "launcher.h"
#include "sld/base_process.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Whether it is one of the variables that keep mpirun on this machine. */
static bool leads_elsewhere(const char *entry)
{
    for (const char *const *word = sld_process_stay_here; *word; word++) {
        if (strncmp(entry, *word, strcspn(*word, "=") + 1) == 0) {
            return true;
        }
    }
    return false;
}

/* Variables that each trial gets with its own values, or must not inherit. */
static bool replaced(const char *entry, const launch_job *job)
{
    return begins(entry, "TERM=") || begins(entry, "SLD_TERMINAL=") ||
           begins(entry, SLD_CLAIM_NAME) || (!*job->command && leads_elsewhere(entry));
}

bool sld_launch_for_srun(const char *entry)
{
    static const char *const kept[] = {
        "SLURM_CONF=", "SLURM_JOB_ID=", "SLURM_JOBID=", "SLURM_CLUSTER", "SLURM_WORKING_CLUSTER="};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (begins(entry, kept[i])) {
            return true;
        }
    }
    return !begins(entry, "SLURM_") && !begins(entry, "SRUN_");
}

char **sld_launch_environment(const launch_job *job)
{
    launch_words w = {0};

    for (char **entry = environ; *entry; entry++) {
        if (!sld_process_is_launchers(*entry) && !replaced(*entry, job) &&
            (!job->by_srun || sld_launch_for_srun(*entry))) {
            sld_words_add(&w, *entry);
        }
    }
    sld_words_add(&w, "TERM=dumb"); /* no progress line: the terminal belongs to the coordinator */
    sld_words_add(&w, job->word);
    if (!*job->command) { /* mpirun must use this machine alone, not all nodes of the batch job */
        for (const char *const *word = sld_process_stay_here; *word; word++) {
            sld_words_add(&w, *word);
        }
    }
    if (geteuid() == 0) {
        sld_words_add(&w, "OMPI_ALLOW_RUN_AS_ROOT=1");
        sld_words_add(&w, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
    }
    return sld_words_finish(&w);
}
