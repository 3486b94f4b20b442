/* sld/report.h: reports of a sweep: tables, the page report.html, the index sweep.h5 and the packed
 * study. All of them read the trials' results.h5 and never change them, so they also work while the
 * sweep runs. Everything is local. */
#ifndef SLD_REPORT_H
#define SLD_REPORT_H

#include <stdio.h>

#include "sld/grid.h"

typedef enum { SLD_REPORT_TEXT, SLD_REPORT_CSV, SLD_REPORT_JSON } sld_report_format;

/* Local. Returns the names (*n) of the numbers that a report has for each trial. */
const char *const *sld_report_metrics(size_t *n);

/* Prints for each arm the mean and deviation over seeds, the gap to the baseline, and the smallest
 * difference that its seeds can resolve. CSV has one row per trial. A trial whose results cannot be
 * read is reported as failed. */
sld_status sld_report_print(sld_ctx *ctx, const sld_grid *grid, sld_report_format format, FILE *to);
/* The same for n folders of single runs. Runs that differ only in their seed form one arm. */
sld_status sld_report_print_runs(sld_ctx *ctx, const char *const *dirs, size_t n,
                                 sld_report_format format, FILE *to);
/* The same for a packed study: prints the digits that the sweep's folder gave. */
sld_status sld_report_print_packed(sld_ctx *ctx, const char *path, sld_report_format format,
                                   FILE *to);

/* Writes DIR/sweep.h5: /trials/COLUMN; links /trial/ID to the results of each trial; and virtual
 * data sets over all trials: /logits/test_last, /logits/test_best (trial, sample, class) and
 * /epoch/COLUMN (trial, epoch), NaN where a trial has no value; /valid (trial) is 1 for trials with
 * results. With more than 500 trials the curves are copies. Paths in the file are relative to
 * DIR. */
sld_status sld_report_index(sld_ctx *ctx, const sld_grid *grid);

/* Checks that the results files to which DIR/sweep.h5 points exist. *n_missing: how many do not;
 * first: (n) bytes, the path of one of them. Without sweep.h5 nothing is missing. */
sld_status sld_report_index_check(sld_ctx *ctx, const sld_grid *grid, size_t *n_missing,
                                  char *first, size_t n);

/* Prints the present state of the sweep to a terminal: curves of the arms, running trials, last
 * events. screen NULL: prints one line, for a log. *ended: no point waits or runs. */
typedef struct sld_screen {
    int  columns, rows;
    bool colour, utf8;
} sld_screen;
sld_status sld_report_watch(sld_ctx *ctx, const sld_grid *grid, const sld_screen *screen, FILE *to,
                            bool *ended);

/* Writes the present state of the sweep as one HTML page that needs no script and no other file:
 * arms with their seeds, learning curves, running trials, failures with reasons. It is quick
 * because it reads no logits. replace false: fails where the file is there. */
sld_status sld_report_page(sld_ctx *ctx, const sld_grid *grid, const char *path, bool replace);
bool       sld_report_is_page(const char *path); /* Local. Whether sld wrote this page. */
/* Writes DIR/report.html, unless there is one that sld did not write. */
sld_status sld_report_keep_page(sld_ctx *ctx, const sld_grid *grid);

/* Writes one file with the contents of sweep.h5, but without links, and with the configurations and
 * the spec. compact: keeps a summary of the logits (study_compact.c), at most a tenth of their
 * size. replace: as above. */
sld_status sld_report_pack(sld_ctx *ctx, const sld_grid *grid, const char *path, bool compact,
                           bool replace);

#endif
