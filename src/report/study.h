/* report/study.h: one HDF5 file over all trials of a sweep: the index sweep.h5, whose data sets
 * point into the trials' files, and the packed study, which holds everything itself. Both have the
 * same layout, so that what reads one reads the other:
 *
 *   /trials/COLUMN                         (trial) id, arm, seed, state, numbers of the report ...
 *   /valid                                 (trial) 1: the trial has results, its rows are there
 *   /epoch/COLUMN                          (trial, epoch) padded with NaN
 *   /logits/test_last, /logits/test_best   (trial, sample, class)
 *   /labels/test, /labels/test_coarse      (sample); (trial, sample) when the test sets differ
 *   /class_name                            (class)
 *   /same/COLUMN                           (label) id, arm, seed, is_teacher, axis_NAME of labels whose
 *                                          trial is another label's; not there without any
 *   /trial/ID                              index: a link to results.h5
 *   /trials/config, /logits/test_teacher   pack only
 *   /log_p/...                             compact pack, in place of /logits
 */
#ifndef SLD_REPORT_STUDY_H
#define SLD_REPORT_STUDY_H

#include "report.h"
#include "sld/store_large.h"

#define STUDY_TRIAL "/trial_index" /* the axis of trials, from 0 */
#define STUDY_EPOCH "/epoch/epoch"

#define STUDY_COLUMNS 128 /* of /epoch, over all trials */

typedef struct study {
    const report *r;
    sld_doc      *doc;
    bool          copy_curves, copy_logits;       /* else virtual */
    bool          compact;                        /* no logits, but what study_compact.c keeps */
    size_t        n_epochs, n_samples, n_classes; /* longest of any trial */
    bool          one_test_set;                   /* all trials were tested on the same data */
    size_t        n_columns;
    const char  *column[STUDY_COLUMNS], *unit[STUDY_COLUMNS]; /* of /epoch; in the report's arena */
    const char **axis_path; /* "/trials/axis_NAME" of each axis of the grid */
    const char *(
        *has)[STUDY_COLUMNS]; /* (n_trials): its name in the trial's file; NULL: not there */
} study;

/* Writes the whole of it into s->doc. r, doc, copy_curves and copy_logits are set, all else zero.
 */
sld_status study_put(sld_ctx *ctx, study *s);
/* Before it: the shapes and columns of all trials. */
sld_status study_measure(sld_ctx *ctx, study *s);

/* study_curves.c, study_logits.c: the parts. */
sld_status study_find_columns(sld_ctx *ctx, study *s);
sld_status study_put_curves(sld_ctx *ctx, study *s);
sld_status study_put_logits(sld_ctx *ctx, study *s);
sld_status study_put_labels(sld_ctx *ctx, study *s);
sld_status study_put_teachers(sld_ctx *ctx, study *s);

/* study_facts.c: a packed study's texts of each trial's results, the configuration among them. */
sld_status study_put_facts(sld_ctx *ctx, study *s);

/* study_compact.c. holder: (n) a trial whose file has the logits of teacher 0 to n - 1. */
sld_status study_put_compact(sld_ctx *ctx, study *s);
sld_status study_put_compact_teachers(sld_ctx *ctx, study *s, const size_t *holder, size_t n);
uint64_t   study_compact_bytes(const study *s);

/* same.c. */
sld_status study_put_same(sld_ctx *ctx, study *s);

/* A text per trial on the axis of trials. */
sld_status study_put_texts(sld_ctx *ctx, study *s, const char *path, const char *const *texts);

/* One index of the first axis. */
sld_status study_put_row(sld_ctx *ctx, study *s, const char *path, sld_type type, size_t row,
                         const void *values);

/* Opens the results of trial i in place. */
sld_status study_open(sld_ctx *ctx, const study *s, size_t i, sld_doc **out);
/* Where they lie, from the folder of the sweep; in the report's arena. */
sld_status study_source(sld_ctx *ctx, const study *s, size_t i, const char **out);

/* Bytes that the copied parts will take, to be reserved. */
uint64_t study_bytes(const study *s);

#endif
