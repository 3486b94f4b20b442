/* sld/teacher.h: the teacher's logits of an epoch where a step need not compute them: from the
 * store that trials share, or from files of an outside teacher. A table is the logits of one view
 * in one epoch, a row per training sample in the data set's order, so that neither shards, ranks,
 * batch nor sample order matter to it.
 *
 *   sld_teacher_files_check(ctx, &env, &files);    an outside teacher: all files, before training
 *   sld_teacher_source_create(ctx, &env, &files, &source);
 *   for each epoch: sld_teacher_source_epoch(ctx, source, epoch, &stop);
 *     for each batch: sld_teacher_source_rows(source, view, &batch)
 *   sld_teacher_source_destroy(source); */
#ifndef SLD_TEACHER_H
#define SLD_TEACHER_H

#include "sld/learn.h"

/* What became of the teacher's logits, by tables: one view in one epoch. Over all attempts. */
typedef struct sld_teacher_use {
    int64_t read, filled, live; /* from the store or files; into the store; computed by each step */
    double  fill_s, wait_s, read_s;
    char    why[200]; /* the first reason for a live one; on rank 0 */
} sld_teacher_use;

/* What the logits are made with, and functions that ask the trial and report to it meanwhile. All
 * is borrowed for the life of the source. */
typedef struct sld_teacher_env {
    const sld_comm    *comm;
    const sld_options *opt;
    const sld_dataset *set;
    const sld_subset  *subset;
    const bool        *wanted[SLD_VIEWS]; /* (epochs + 1) by epoch: the objective asks for it */
    sld_loader        *loader;
    sld_infer         *forward; /* NULL: an outside teacher */
    const char        *sha;     /* of the forward's weights */
    float             *images;  /* (SLD_EVAL_CHUNK,H,W,C): scratch */
    size_t             max_rows;
    sld_arena         *arena;
    sld_teacher_use   *use; /* added to */
    /* Local. What this rank asks for: SLD_ASK_STOP ends the work on all. */
    int (*ask)(void *user);
    /* Local. What is being done; share: of the work done, negative: unknown. */
    void (*report)(void *user, const char *doing, int64_t epoch, double share);
    void *user;
} sld_teacher_env;

/* What a rank asks for at the top of a step; the largest over the ranks is done by all. */
enum { SLD_ASK_NOTHING, SLD_ASK_SAVE, SLD_ASK_STOP };

/* An outside teacher's files. */
typedef struct sld_teacher_files {
    char     sha[65];        /* of all logits that are wanted; empty: none */
    char     folder_sha[65]; /* of all files as they lie there */
    size_t   n;
    int64_t *epoch;  /* (n) in which each is first wanted */
    char    *digest; /* (n,64) hexadecimal SHA-256 of their logits */
    float   *test;   /* rank 0: (test sample, class) logits on test; NULL: no such file */
} sld_teacher_files;

/* Local. SHA-256 over the files epoch-*.h5 and test.h5 of a folder, names and bytes. */
sld_status sld_teacher_files_sha256(sld_ctx *ctx, const char *folder, char sha[65]);

/* Collective. Reads and checks every file that the experiment will want. */
sld_status sld_teacher_files_check(sld_ctx *ctx, const sld_teacher_env *env,
                                   sld_teacher_files *files);

#define SLD_TEACHER_TEST_FILE "test.h5"
/* Collective. Reads and checks the file of logits on test, if there is one. */
sld_status sld_teacher_files_test(sld_ctx *ctx, const sld_teacher_env *env,
                                  sld_teacher_files *files);

typedef struct sld_teacher_source sld_teacher_source;

/* Local. Whether a store or files are to serve rows in some epoch. */
bool sld_teacher_source_serves(const sld_teacher_env *env);
/* Collective. *out NULL: nothing serves rows, there is the forward in every step. files: NULL or empty for none. */
sld_status sld_teacher_source_create(sld_ctx *ctx, const sld_teacher_env *env,
                                     const sld_teacher_files *files, sld_teacher_source **out);
/* Local. Accepts NULL, as do those below. */
void sld_teacher_source_destroy(sld_teacher_source *source);
/* Collective. Makes the logits of the epoch ready. *stop: a stop was asked for meanwhile. */
sld_status sld_teacher_source_epoch(sld_ctx *ctx, sld_teacher_source *source, int64_t epoch,
                                    bool *stop);
/* Local. (N,K) those of a batch, until the next call; NULL: the step computes them. */
const float *sld_teacher_source_rows(const sld_teacher_source *source, int view,
                                     const sld_batch *batch);

/* ---- what images and logits follow from ---- */

#define SLD_KEY_BYTES 2048

/* Local. All that the images of a view follow from but the epoch, as lines "name: value". */
void sld_views_key(const sld_options *opt, const sld_dataset *set, const sld_subset *subset,
                   int view, char text[SLD_KEY_BYTES]);
/* Local. The epoch that stands for this one: 0 where a view is the same in every epoch. */
int64_t sld_views_epoch(const sld_options *opt, int view, int64_t epoch);

#endif
