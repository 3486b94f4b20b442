/* launcher.h: starts a trial as a separate program, by mpirun, by launch.command or directly. */
#ifndef SLD_SWEEP_LAUNCHER_H
#define SLD_SWEEP_LAUNCHER_H

#include "ledger.h"
#include "process.h"

typedef struct launch_job {
    const char        *program;    /* sld itself */
    const char        *experiment; /* path */
    const char *const *settings;   /* "key=value" */
    size_t             n_settings;
    int                ranks;
    const char *const *mpirun; /* mpirun and its options, ended by NULL; the rank count follows */
    const char        *cpus;   /* "0,2", for {cpus} in command; "": none */
    const char *command;       /* template of launch.command; "": mpirun, or nothing for one rank */
    bool        by_srun;       /* command is one of srun that span.c made */
    const char *hosts;         /* names with commas between, for {hosts} in command */
    const char *log;           /* stdout and stderr are appended to this file */
    const char *word;          /* NAME=value in the environment of all its processes */
} launch_job;

typedef struct launch_child {
    sld_process process; /* leader of its own session */
    int         barrier; /* write end of a pipe: a byte starts the trial, closing it cancels */
} launch_child;

/* Local. Starts a child that waits at a barrier before it becomes the trial's launcher. So a claim
 * can name the process before the trial runs. Then release or cancel it. */
sld_status sld_launch_prepare(sld_ctx *ctx, const launch_job *job, launch_child *out);
void       sld_launch_release(launch_child *child); /* Local. Lets the trial start. */
void       sld_launch_cancel(launch_child *child);  /* Local. Ends the child and waits for it. */

/* ---- arrays of strings, ended by NULL ---- */

typedef struct launch_words {
    char **list;
    size_t n;
    bool   failed;
} launch_words;
void   sld_words_add(launch_words *w, const char *text); /* Copies text. */
char **sld_words_finish(launch_words *w); /* Returns the array, or frees it and returns NULL. */

/* Local. The trial's command line; NULL: no memory. The caller frees it with sld_launch_free(). */
char **sld_launch_words(const launch_job *job);
/* launch_environment.c. Local. The trial's environment: a copy of this process's, without variables
 * that an outer mpirun or srun set for it alone. NULL and ownership as above. */
char **sld_launch_environment(const launch_job *job);
/* Local. Whether srun may inherit this variable. srun reads options from SLURM_* and SRUN_*; a batch
 * script's values were meant for other commands: 24.11 refuses 3 tasks in a job of -N2 -c2, as if
 * each were to have 2 CPUs. */
bool sld_launch_for_srun(const char *entry);
void sld_launch_free(char **words); /* Local. Accepts NULL. */

#endif
