/* study.h: writes one HDF5 file over all trials of a sweep: the index sweep.h5, whose data sets
 * point into the trials' files, or the packed study, which holds all data itself. Both have the
 * same layout, so a program that reads one reads the other:
 *
 *   /trials/COLUMN                         (trial) id, arm, seed, state, numbers of the report ...
 *   /valid                                 (trial) 1: the trial has results, so its rows hold data
 *   /epoch/COLUMN                          (trial, epoch) padded with NaN
 *   /logits/test_last, /logits/test_best   (trial, sample, class)
 *   /logits/val_last                       (trial, val_sample, class) where a trial has a validation split
 *   /labels/val                            (trial, val_sample)
 *   /labels/test, /labels/test_coarse      (sample); (trial, sample) when the test sets differ
 *   /class_name                            (class)
 *   /same/COLUMN                           (label) id, arm, seed, is_teacher, axis_NAME of labels
 *                                          that share another label's trial; only if there are any
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
#define STUDY_VAL   "/val_sample"

#define STUDY_COLUMNS 128 /* of /epoch, over all trials */

typedef struct study {
    const report *r;
    sld_doc      *doc;
    bool          copy_curves, copy_logits; /* false: virtual data sets */
    bool          compact;                  /* a summary in place of logits: study_compact.c */
    size_t        n_epochs, n_samples, n_classes, n_val; /* largest of any trial */
    bool          one_data_set, one_test_set; /* of all trials; the latter: the same samples too */
    size_t        n_columns;
    const char  *column[STUDY_COLUMNS], *unit[STUDY_COLUMNS]; /* of /epoch; in the report's arena */
    const char **axis_path; /* (axes of the grid) "/trials/axis_NAME" */
    /* (n_trials) the column's name in the trial's file; NULL: the file lacks it. */
    const char *(*has)[STUDY_COLUMNS];
} study;

/* Writes all parts into s->doc. Before: set r and the options, all else zero; call study_measure();
 * create doc. */
sld_status study_put(sld_ctx *ctx, study *s);
/* Finds the shapes and columns of all trials. */
sld_status study_measure(sld_ctx *ctx, study *s);

/* study_curves.c, study_logits.c: parts of the file. */
sld_status study_find_columns(sld_ctx *ctx, study *s);
sld_status study_put_curves(sld_ctx *ctx, study *s);
sld_status study_put_logits(sld_ctx *ctx, study *s);
sld_status study_put_labels(sld_ctx *ctx, study *s);
sld_status study_put_teachers(sld_ctx *ctx, study *s);

/* study_facts.c: writes attributes of each trial's results, such as its configuration; packs
 * only. */
sld_status study_put_facts(sld_ctx *ctx, study *s);

/* study_compact.c. holder: (n) for each teacher, a trial whose file holds its logits. */
sld_status study_put_compact(sld_ctx *ctx, study *s);
sld_status study_put_compact_teachers(sld_ctx *ctx, study *s, const size_t *holder, size_t n);
uint64_t   study_compact_bytes(const study *s);

/* same.c. */
sld_status study_put_same(sld_ctx *ctx, study *s);

/* Writes a column of texts (n_trials). */
sld_status study_put_texts(sld_ctx *ctx, study *s, const char *path, const char *const *texts);

/* Writes one row, an index of the first axis. */
sld_status study_put_row(sld_ctx *ctx, study *s, const char *path, sld_type type, size_t row,
                         const void *values);

/* Opens the results of trial i for reading. */
sld_status study_open(sld_ctx *ctx, const study *s, size_t i, sld_doc **out);
/* Their path relative to the sweep's folder, in the report's arena. */
sld_status study_source(sld_ctx *ctx, const study *s, size_t i, const char **out);

/* Bytes that the copied parts will take, to check for disk space. */
uint64_t study_bytes(const study *s);

#endif
