/* parts.h: the parts of a trial, and what its files say of it. */
#ifndef SLD_TRIAL_PARTS_H
#define SLD_TRIAL_PARTS_H

#include <limits.h>
#include <stdio.h>

#include "history.h"
#include "sld/rundir.h"
#include "sld/teacher.h"
#include "sld/trial.h"

/* Where training stands: the next step to make. */
typedef struct sld_position {
    int64_t epoch; /* from 1; epochs + 1 when all is done */
    int64_t step;  /* from 0 within the epoch */
} sld_position;

/* What a trial is called, and what it is made of. Settled once the run folder is taken: a folder of
 * sld 0.1 keeps the name that it has. */
typedef struct sld_identity {
    char        id[SLD_ID_LENGTH + 1]; /* short hash of identity */
    const char *text;                  /* canonical text of all that decides the result */
    const char *old_text;              /* the same as version 1 had it */
    const char *contents;              /* of what is read, by content */
    char        fingerprint[1024];     /* of libraries, instruction set and kernels */
} sld_identity;

/* What is made once, from the configuration, and stays as it is. */
typedef struct sld_setup {
    const sld_comm         *comm;
    const sld_trial_params *params;
    const sld_options      *opt;
    sld_arena              *arena;
    sld_identity            identity;

    sld_dataset      *set;
    sld_subset       *subset;
    int32_t          *labels; /* (train.n) to train on, owned; NULL: the set's own */
    sld_loader       *loader;
    bool              views[SLD_VIEWS];
    size_t            batch_rows[2];   /* full, tail */
    sld_model_file    start;           /* student.weights; model NULL: random values */
    sld_model_file    teacher;         /* model NULL: none */
    char              teacher_key[65]; /* of the weights and, where they are others than the set's,
                                        * their constants of normalisation */
    sld_teacher_env   teacher_env;
    sld_teacher_files teacher_files;
    sld_learner      *learner;
    sld_infer        *eval;
    bool              best_on_val; /* else on test, as the public code does */
    float            *images;      /* (SLD_EVAL_CHUNK, H,W,C): evaluation's input */
    float            *logits_val;  /* (validation rows, K); scratch */
    int32_t          *labels_val;  /* (validation rows); scratch */
} sld_setup;

/* The probability of its label, of one row of a batch. */
typedef struct sld_label_row {
    uint32_t sample; /* index in the data set */
    float    p;
} sld_label_row;

/* How far the trial has come: exactly what a checkpoint holds. */
typedef struct sld_state {
    char            started[32];
    sld_position    at;
    sld_model      *student;
    float          *momentum;   /* (trained values) the learner's */
    float          *parameter;  /* (2) the learner's trained temperature; NULL: none */
    sld_history     history;    /* of the finished epochs */
    int64_t         best_epoch; /* 0: none yet */
    double          best_top1;
    float          *best;            /* (all tensors) */
    sld_view_sums   open[SLD_VIEWS]; /* over the steps of the open epoch */
    int64_t         open_steps;
    double          open_seconds; /* of earlier attempts at the open epoch, and of this one */
    sld_teacher_use teacher_use;
    double          spent_s;  /* by earlier attempts, up to their last checkpoints */
    const char *fingerprints; /* all that it was trained under, one a line; NULL: this one alone */
    float
        *label_p; /* (train samples, epochs) on rank 0, NaN: not trained on; NULL: not asked for */
} sld_state;

/* The run folder and the terminal. */
typedef struct sld_io {
    char        dir[PATH_MAX - 64];
    int64_t     attempt;  /* a sweep's number of this attempt; 0: started by hand */
    const char *claim;    /* the file that says whose the trial is; "": none */
    int         lock;     /* descriptor that holds the run folder on rank 0; -1 elsewhere */
    FILE       *log;      /* log.txt on rank 0; NULL elsewhere */
    FILE       *terminal; /* where the live line goes, on rank 0; NULL: nowhere */
    double      saved_s;  /* clock at the last checkpoint */
    double      shown_s;  /* clock at the last live line */
    double      beat_s;   /* clock at the last beat */
} sld_io;

/* What this attempt has in hand: it follows from setup and state, and no file keeps it. */
typedef struct sld_attempt {
    sld_teacher_source *source; /* of the teacher's logits; NULL: its forward in every step */
    sld_batch           next;   /* loaded ahead for the step after state.at; sample NULL: not yet */
    float              *logits_last;    /* (test rows, K) of the last finished epoch */
    float              *logits_best;    /* (test rows, K) of the best one */
    float              *logits_teacher; /* (test rows, K), with the final results; NULL: none */
    float              *features;       /* (test rows, F), with the final results; NULL: none */
    sld_label_row      *label_rows;     /* (batch) scratch; NULL: not asked for */
    double              start_s;        /* clock at its start */
    int64_t             steps;          /* made by it */
    const char         *diverged;       /* what is not finite: "the loss is"; NULL: nothing */
} sld_attempt;

typedef struct sld_trial {
    sld_ctx    *ctx;
    sld_setup   setup;
    sld_state   state;
    sld_io      io;
    sld_attempt attempt;
} sld_trial;

/* setup.c. Collective. Makes everything from the configuration; the run folder is not touched.
 */
sld_status sld_trial_setup(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                           sld_trial *t);
void       sld_trial_teardown(sld_trial *t); /* Local. */

/* checkpoint.c. Local. Seconds of all attempts so far. */
double sld_trial_spent(const sld_trial *t);

/* identity.c. Local. identity and id from configuration, data and weights. SLD_ERR_CONFIG when an
 * attempt's claim names another trial: something has changed since the sweep was planned. */
sld_status sld_trial_identify(sld_ctx *ctx, sld_setup *s);
/* Whether the identity is of version 1, as the trial's folder is. */
bool sld_trial_is_old(const sld_identity *own);
/* Checks that a file belongs to this trial. If the file has the trial's old identity, the trial
 * goes on under that. SLD_ERR_CONFIG says what differs. contents: NULL: the file has none. */
sld_status sld_trial_check_same(sld_ctx *ctx, sld_identity *own, const char *where,
                                const char *identity, const char *contents);
/* The first "key: value" line in which two texts differ, as "KEY is X there, Y here". */
void sld_trial_describe_difference(const char *there, const char *here, char *text, size_t n);

/* foreign.c. Local, rank 0. No input of this run bears a name that the run gives to its files. */
sld_status sld_trial_check_inputs(sld_ctx *ctx, const sld_setup *s, const sld_io *io);
/* A folder in which no trial has worked holds no file of a name that the run gives to its own. */
sld_status sld_trial_check_foreign(sld_ctx *ctx, const sld_setup *s, const sld_io *io);
/* own.c. Local, rank 0. Results, weights and config.yaml in the folder are this trial's. The trial's identity becomes that of
 * the version that made them. */
sld_status sld_trial_check_own(sld_ctx *ctx, sld_setup *s, const sld_io *io);

/* folder.c. Collective. Takes the run folder; SLD_ERR_FENCED when another run has it,
 * SLD_ERR_CONFIG when another trial lives there. */
sld_status sld_trial_folder(sld_ctx *ctx, sld_setup *s, sld_io *io);
/* Collective. Writes config.yaml. To be called where training begins or goes on: that of a trial that
 * has ended says what its files were made with. */
sld_status sld_trial_write_config(sld_ctx *ctx, sld_trial *t);
void       sld_trial_leave_folder(sld_ctx *ctx, sld_io *io); /* Local. */

/* ended.c. Collective. Whether the folder holds the end of the trial, and which. What this start asks
 * for beyond that is told. */
sld_status sld_trial_ended_before(sld_ctx *ctx, sld_trial *t, bool *ended, sld_outcome *out);
/* Collective. Tells of outputs that a run by itself was to leave when it began, and is not any more. To be
 * called before config.yaml is written anew. */
sld_status sld_trial_tell_dropped(sld_ctx *ctx, sld_trial *t);

/* attempt.c. Local. A sweep's attempt at a trial, fenced by its number. */
bool sld_trial_is_attempt(const sld_io *io);
/* SLD_ERR_FENCED when another attempt has taken over. Rank 0, before it writes. */
sld_status sld_trial_check_claim(sld_ctx *ctx, const sld_io *io);
/* The same after a write: frozen in between, its successor may have ended the trial and cleaned up;
 * then what was written goes too. */
sld_status sld_trial_recheck(sld_ctx *ctx, const sld_io *io, const char *path);
/* As this attempt writes it. */
void sld_trial_path(const sld_io *io, sld_run_file file, char path[PATH_MAX]);
/* Gives what lies there its final name, unless an attempt has done so before. */
sld_status sld_trial_settle(sld_ctx *ctx, const sld_io *io, sld_run_file file);
sld_status sld_trial_settle_epoch(sld_ctx *ctx, const sld_io *io, int64_t epoch);
/* Reports progress to the coordinator; cheap enough for every step. */
void sld_trial_beat(sld_trial *t, double seconds_left);
/* Reports the end of this attempt to the coordinator, unless the attempt was superseded. */
void sld_trial_report_end(sld_ctx *ctx, const sld_trial *t, sld_status st, sld_outcome outcome);
/* Local, rank 0. What an attempt and those before it leave once the trial has ended. */
sld_status sld_trial_clean(sld_ctx *ctx, const sld_io *io);

/* checkpoint.c. Collective. */
sld_status sld_trial_save(sld_ctx *ctx, sld_trial *t);
/* Local. SLD_ERR_DATA for a file that holds no checkpoint, or a damaged one: the state is then partly
 * read. SLD_ERR_CONFIG for one of another trial, SLD_ERR_KIND for one of another fingerprint. */
sld_status sld_trial_load(sld_ctx *ctx, sld_trial *t, const char *path);
/* resume.c. Collective. */
sld_status sld_trial_resume(sld_ctx *ctx, sld_trial *t, bool *resumed);

/* fingerprint.c. Local. SLD_ERR_KIND when the checkpoint has another fingerprint, unless
 * run.accept_fingerprint takes it. */
sld_status sld_trial_check_fingerprint(sld_ctx *ctx, const sld_setup *s, sld_doc *doc);
/* Of a checkpoint that was just read. Warns of another fingerprint, and adds it to state.fingerprints. */
sld_status sld_trial_note_fingerprint(sld_ctx *ctx, sld_trial *t, sld_doc *doc);
sld_status sld_trial_put_fingerprints(sld_ctx *ctx, const sld_trial *t, sld_doc *doc);

/* record.c. The images of the test set, as sld_evaluate() takes them. */
sld_eval_set sld_trial_test_set(const sld_trial *t);
/* Collective. The teacher's logits on test, into logits_teacher. */
sld_status sld_trial_record_teacher(sld_ctx *ctx, sld_trial *t);
/* Collective. The student's features of the test set, where run.features asks for them. */
sld_status sld_trial_record_features(sld_ctx *ctx, sld_trial *t);

/* Collective. Logits and labels of the validation split, into setup; without one nothing. */
sld_status sld_trial_evaluate_val(sld_ctx *ctx, sld_trial *t);

/* label_p.c: what run.label_p asks for; nothing where it does not. Local. */
sld_status sld_trial_make_label_p(sld_ctx *ctx, sld_trial *t);
void       sld_trial_forget_label_p(sld_trial *t); /* All of it is NaN again. */
/* Collective. Of a step that was just made. */
sld_status sld_trial_record_label_p(sld_ctx *ctx, sld_trial *t, const sld_step_input *in);
/* Local. To and from a checkpoint; to the final results, on rank 0. */
sld_status sld_trial_save_label_p(sld_ctx *ctx, const sld_trial *t, sld_doc *doc);
sld_status sld_trial_load_label_p(sld_ctx *ctx, sld_trial *t, sld_doc *doc);
sld_status sld_trial_put_label_p(sld_ctx *ctx, const sld_trial *t, sld_doc *doc);

/* results.c. Collective. best.h5 and last.h5 as they stand, and results.h5 with that status. */
sld_status sld_trial_publish(sld_ctx *ctx, sld_trial *t, const char *status);
/* surroundings.c. Local. Attributes that say on what the trial ran, what made it and what it
 * cost. */
sld_status sld_trial_put_surroundings(sld_ctx *ctx, const sld_trial *t, sld_doc *doc);
/* Collective. The weights of the epoch just finished, when run.keep_epochs asks for them. To be
 * called before the checkpoint: what that has passed is not made again. */
sld_status sld_trial_keep(sld_ctx *ctx, sld_trial *t);
/* Local. Warns of kept epochs before that one whose file is not there. */
void sld_trial_miss_kept(sld_ctx *ctx, const sld_setup *s, const sld_io *io, int64_t before);
/* Local, on rank 0. What an attribute of results.h5 in the folder says, in the arena; NULL without
 * a readable file or the attribute. */
sld_status sld_trial_stored(sld_ctx *ctx, const sld_io *io, sld_arena *arena, const char *attribute,
                            char **out);
/* Local. values: all tensors one after another, or NULL for the student's present ones. */
sld_status sld_trial_put_weights(sld_ctx *ctx, const sld_trial *t, sld_arena *arena, sld_doc *doc,
                                 float *values);

/* The content_sha256 of such weights, by their tensors: (n) all of the student's. */
void sld_trial_content(const sld_trial *t, const sld_named *tensors, size_t n, char content[65]);

/* stop.c. Local. What this rank asks for at the top of a step: SLD_ASK_*. */
int sld_trial_ask(const sld_trial *t);
/* epoch.c. Collective. From state.at to the end of the epoch, or to a stop. */
typedef enum { SLD_EPOCH_DONE, SLD_EPOCH_STOPPED, SLD_EPOCH_DIVERGED } sld_epoch_end;
sld_status sld_trial_epoch(sld_ctx *ctx, sld_trial *t, sld_epoch_end *end);

/* record.c. Local. Names the columns of the history, before sld_history_reserve(). */
void sld_trial_columns(sld_trial *t);
/* Local. Takes out of a history that was read what was not computed: older checkpoints hold 0 there. */
void sld_trial_blank_history(sld_trial *t);
/* Collective. Evaluates, records the open epoch in the history, keeps the best. What is not finite is
 * no epoch: attempt.diverged says it, and nothing is recorded. */
sld_status sld_trial_record(sld_ctx *ctx, sld_trial *t, double seconds);
/* "top-1 on test 43.20 % last, ...": what a finished trial came to. */
void sld_trial_result_text(const sld_trial *t, char *text, size_t n);

/* progress.c. Local. */
void sld_trial_open_terminal(sld_trial *t);
void sld_trial_close_terminal(sld_trial *t);
void sld_trial_announce(sld_trial *t);
void sld_trial_show_step(sld_trial *t);
void sld_trial_show_epoch(sld_trial *t);
/* share: of the work done; negative: unknown. */
void sld_trial_show_teacher(sld_trial *t, const char *doing, int64_t epoch, double share);
void sld_trial_show_end(sld_trial *t);

/* warnings.c. Local. Warns of what the experiment does, but is rarely meant to do. */
void sld_trial_warn(sld_ctx *ctx, const sld_setup *s, const sld_model *student,
                    const sld_objective_params *objective);

#endif
