/* launcher.h: a trial as a program of its own. */
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
    const char *const *mpirun;  /* what starts as many ranks, ended by NULL; their number follows */
    const char        *cpus;    /* "0,2"; "": not placed */
    const char        *command; /* template; "": that, or nothing for one rank */
    const char        *hosts;   /* on which it may run, with commas between */
    const char        *log;     /* stdout and stderr go there, behind what it holds */
    const char        *word;    /* NAME=value that marks all its processes */
} launch_job;

typedef struct launch_child {
    sld_process process; /* leads a session of its own */
    int         barrier; /* a byte into it lets the child begin; closed: it leaves */
} launch_child;

/* Local. The child waits at its start barrier: it can be named in a claim before it runs. */
sld_status sld_launch_prepare(sld_ctx *ctx, const launch_job *job, launch_child *out);
void       sld_launch_release(launch_child *child); /* Local. Lets it begin. */
void       sld_launch_cancel(launch_child *child);  /* Local. Sends it home and waits for it. */

/* ---- lists of words, ended by NULL ---- */

typedef struct launch_words {
    char **list;
    size_t n;
    bool   failed;
} launch_words;
void   sld_words_add(launch_words *w, const char *text);
char **sld_words_finish(launch_words *w); /* The list; NULL: no memory, and it is freed. */

/* The words of the command line, ended by NULL; free each and the array with free(). NULL: no
 * memory. */
char **sld_launch_words(const launch_job *job);
/* launch_environment.c. The environment of a trial: ours without what an outer MPI or step has left
 * in it. The same way. */
char **sld_launch_environment(const launch_job *job);
void   sld_launch_free(char **words);

#endif
