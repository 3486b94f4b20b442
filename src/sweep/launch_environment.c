/* launch_environment.c: what a trial's launcher and ranks find in their environment: ours, without what
 * an outer launcher said to us alone. */
#define _GNU_SOURCE /* environ */
#include <string.h>
#include <unistd.h>

#include "launcher.h"
#include "sld/base_process.h"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
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
        if (!sld_process_is_launchers(*entry) && !replaced(*entry, job)) {
            sld_words_add(&w, *entry);
        }
    }
    sld_words_add(&w, "TERM=dumb"); /* no live line: the terminal is the coordinator's */
    sld_words_add(&w, job->word);
    if (!*job->command) { /* it stays on this machine: its mpirun asks no scheduler for others */
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
