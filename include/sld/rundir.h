/* sld/rundir.h: what lies in the folder of a trial and of a sweep: names of files, the short texts
 * in them, exit codes, and the ID that names a trial.
 *
 *   RUN/                          a trial: runs/NAME by itself, SWEEP/trials/ID of a sweep
 *     config.yaml results.h5 best.h5 last.h5 epoch-E.h5    what it gives to its reader
 *     ckpt-EPOCH-STEP.h5          the next step to make; the two newest are kept
 *     log.txt lock                of a run by itself
 *     STEM-aN.ENDING              the same files as attempt N of a sweep writes them
 *     progress-aN                 where attempt N stands; removed with the trial's end
 *     outcome-aN                  how attempt N ended; its coordinator reads and removes it
 *     log-aN.txt experiment.yaml  written by the sweep
 *   SWEEP/claims/ID.N             attempt N at the trial ID is somebody's */
#ifndef SLD_RUNDIR_H
#define SLD_RUNDIR_H

#include <limits.h>

#include "sld/base.h"

/* ---- exit codes of the program: docs/cluster.md, "Exit codes" ---- */

enum {
    SLD_EXIT_OK         = 0,
    SLD_EXIT_FAILED     = 1, /* also a diverged run */
    SLD_EXIT_USAGE      = 2, /* usage, configuration, an input file that is not what it should be */
    SLD_EXIT_UNFINISHED = 3, /* nothing failed, but others work on it or have taken over */
    SLD_EXIT_INTERNAL   = 70,
    SLD_EXIT_STORAGE    = 74,
    SLD_EXIT_STOPPED    = 75, /* by a signal, all saved */
};

/* ---- files of a trial ---- */

/* X(name, stem, ending) */
// clang-format off
#define SLD_RUN_FILES(X)              \
    X(CONFIG,     "config",     ".yaml") \
    X(RESULTS,    "results",    ".h5")   \
    X(BEST,       "best",       ".h5")   \
    X(LAST,       "last",       ".h5")   \
    X(LOG,        "log",        ".txt")  \
    X(LOCK,       "lock",       "")      \
    X(PROGRESS,   "progress",   "")      \
    X(OUTCOME,    "outcome",    "")      \
    X(EXPERIMENT, "experiment", ".yaml")
// clang-format on

#define SLD_RUN_ENUM_(name, stem, ending) SLD_RUN_##name,
typedef enum sld_run_file { SLD_RUN_FILES(SLD_RUN_ENUM_) SLD_RUN_FILE_COUNT } sld_run_file;

/* Local. RUN/STEM.ENDING for attempt 0, else RUN/STEM-aN.ENDING. A path that is too long is cut:
 * folders that leave no room are refused when they are taken. */
void sld_run_path(const char *run, sld_run_file file, int64_t attempt, char path[PATH_MAX]);
/* Local. The same for the weights after an epoch. */
void sld_run_epoch_path(const char *run, int64_t epoch, int64_t attempt, char path[PATH_MAX]);
bool sld_run_has(const char *run, sld_run_file file); /* Local. Of attempt 0. */
/* Local. Whether the path leads, by links too, to a file that a run writes in its folder, which has
 * config.yaml or lock, or to one of a sweep's. Where nothing is, whether a run will write it. */
bool sld_run_is_file(const char *path);
/* Local. Whether no output may be written there: it is such a file, or lies in the folder of a run or a
 * sweep, whoever wrote what is there, and whether or not anything is. (sld_output.is_kept) */
bool sld_run_keeps(const char *path);
/* Local. Whether the folder is a sweep's: it has points, which begins as sld writes it, in whatever
 * version, or lies beside claims, whatever has become of it. */
bool sld_sweep_is_folder(const char *folder);
/* Local. Whether dir, which need not exist, is the folder of a sweep or lies in one. */
bool sld_run_in_sweep(const char *dir);
/* Local. Removes what attempts 1 to N wrote under names of their own, but for their logs. */
void sld_run_remove_attempts(const char *run, int64_t attempt);

/* Local. Whether the folder holds something that neither a trial nor a sweep puts there, other than
 * texts (experiments, scripts, logs of a scheduler) and hidden files; name: of the first, by order
 * of the folder. A folder that is not there holds nothing. */
bool sld_run_foreign(const char *dir, char name[NAME_MAX + 1]);
/* Local. Calls check for last.h5, best.h5 and each epoch-E.h5 of the folder until one fails; what
 * it returns; SLD_ERR_IO when the folder cannot be listed. One that is not there holds none. */
sld_status sld_run_each_weights(sld_ctx *ctx, const char *run,
                                sld_status (*check)(sld_ctx *ctx, const char *path,
                                                    const void *user),
                                const void *user);
/* Local. Results, weights and config.yaml get ".old" behind their names, in the place of older ones: the
 * trial is to be trained anew, and nothing is lost. SLD_ERR_IO when one of them cannot be renamed. */
sld_status sld_run_set_aside(sld_ctx *ctx, const char *run);
/* Local. The same for the logs of its attempts, whose numbers begin again. */
sld_status sld_run_set_aside_logs(sld_ctx *ctx, const char *run);
/* Local. The newest attempt that has a log; 0: none has. One that never began has none. */
int64_t sld_run_newest_log(const char *run);
/* Local. The same for its checkpoints: it begins anew. */
sld_status sld_run_set_aside_checkpoints(sld_ctx *ctx, const char *run);
/* Local. The same for what would keep trial ID from going on: those of its checkpoints and weights that
 * is_others says another trial has made, and config.yaml, which the next attempt writes. */
sld_status sld_run_set_aside_others(sld_ctx *ctx, const char *run,
                                    bool (*is_others)(const char *path, const char *id),
                                    const char *id);

/* ---- its lock: the kernel holds it, and its text names the holder ---- */

enum { SLD_LOCK_BYTES = 128 };

int sld_lock_text(char text[SLD_LOCK_BYTES]); /* Local. Of this process; returns its length. */
/* Local. Whether the folder holds a lock with such a text. A file called lock that is empty or holds
 * another text is not sld's, and says nothing of the folder. */
bool sld_lock_is_own(const char *run);

/* ---- checkpoints ---- */

typedef struct sld_ckpt {
    int64_t epoch, step; /* the next step to make; epoch from 1, step from 0 */
    int64_t attempt;     /* 0: of a run by itself */
} sld_ckpt;

typedef struct sld_ckpt_list { /* newest first; of one position the highest attempt first */
    sld_ckpt *at;              /* (n) owned */
    size_t    n;
} sld_ckpt_list;

bool sld_ckpt_parse(const char *name, sld_ckpt *out); /* Local. False: the name of something else */
void sld_ckpt_path(const char *run, const sld_ckpt *ckpt, char path[PATH_MAX]); /* Local. */
/* Local. SLD_ERR_IO when the folder cannot be listed. The caller frees it. */
sld_status sld_ckpt_list_read(sld_ctx *ctx, const char *run, sld_ckpt_list *out);
void       sld_ckpt_list_free(sld_ckpt_list *list);
/* Local. Removes all but the `kept` newest of attempts up to this one; those of later attempts,
 * which have superseded it, stay. */
sld_status sld_ckpt_remove_old(sld_ctx *ctx, const char *run, int64_t attempt, size_t kept);
/* Local. The newest in the folder; all 0: none. Two of one position are equal but for attempt. */
sld_ckpt sld_ckpt_newest(const char *run);

/* ---- where a running attempt stands ---- */

typedef struct sld_progress {
    int64_t epoch, epochs, step, steps; /* the next step to make, and how many there are */
    double  left_s;                     /* estimate */
    double  beat_s;                     /* the writer's clock: any change is a sign of life */
    int64_t ranks;                      /* 0: not reported */
} sld_progress;

enum { SLD_PROGRESS_BYTES = 160 };

/* Local. One line with its newline; returns its length. */
int  sld_progress_text(const sld_progress *progress, char text[SLD_PROGRESS_BYTES]);
bool sld_progress_parse(const char *text, sld_progress *out); /* Local. False, and all 0: none */
/* Local. The line as it stands, "" before the attempt begins. */
void sld_progress_read(const char *run, int64_t attempt, char text[SLD_PROGRESS_BYTES]);

/* ---- how an attempt ended ---- */

// clang-format off
#define SLD_END_LIST(X)          \
    X(UNKNOWN,  "")              \
    X(DONE,     "done")          \
    X(DIVERGED, "diverged")      \
    X(STOPPED,  "stopped")       \
    X(KIND,     "kind")          \
    X(FAILED,   "failed")
// clang-format on

#define SLD_END_ENUM_(name, text) SLD_END_##name,
typedef enum sld_end { SLD_END_LIST(SLD_END_ENUM_) SLD_END_COUNT } sld_end;

enum { SLD_MESSAGE_BYTES = 512 };

typedef struct sld_run_outcome {
    sld_end end;                        /* UNKNOWN: it wrote nothing; its log may say why */
    int64_t epoch, step;                /* where it stood */
    char    message[SLD_MESSAGE_BYTES]; /* for people: the result, or the error; one line */
} sld_run_outcome;

/* Local. Made whole or not at all; a failure to write is no failure of the attempt. */
void sld_outcome_write(sld_ctx *ctx, const char *run, int64_t attempt, const sld_run_outcome *in);
void sld_outcome_read(const char *run, int64_t attempt, sld_run_outcome *out); /* Local. */
void sld_outcome_remove(const char *run, int64_t attempt);                     /* Local. */

/* ---- a sweep's folder ---- */

/* Local. SWEEP/NAME, and SWEEP/trials/ID. */
void sld_sweep_path(const char *sweep, const char *name, char path[PATH_MAX]);
void sld_trial_dir(const char *sweep, const char *id, char path[PATH_MAX]);
/* Local. claims/ID.N; the file of the attempt that would supersede this one; ID and N back from a
 * path or name, false when it is none. */
enum { SLD_ID_LENGTH = 12, SLD_ATTEMPTS_MAX = 100000 }; /* a higher number is no attempt's */
void sld_claim_path(const char *sweep, const char *id, int64_t attempt, char path[PATH_MAX]);
bool sld_claim_next(const char *claim, char next[PATH_MAX]);
bool sld_claim_parse(const char *claim, char id[SLD_ID_LENGTH + 1], int64_t *attempt);

/* ---- what names a trial ---- */

enum { SLD_ID_VERSION = 2 }; /* 1: in folders of sld 0.1 */

/* What an experiment reads, each as "what it is" in words or by hash; NULL: it reads none. */
typedef struct sld_inputs {
    const char *data, *teacher, *teacher_logits, *student;
} sld_inputs;

/* Local. Canonical text of all that decides the result, in the arena: options as
 * sld_config_identity() has them, then a line for each input. */
sld_status sld_identity_text(sld_ctx *ctx, sld_arena *arena, const char *options,
                             const sld_inputs *inputs, const char **out);
void       sld_identity_id(const char *text, char id[SLD_ID_LENGTH + 1]); /* Local. Its hash. */

#endif
