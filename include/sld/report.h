/* sld/report.h: what a sweep found: the report of a folder, its index sweep.h5, and the
 * packed study. All read the trials' results.h5 and never write into them; they work while the
 * sweep runs. Everything is local. */
#ifndef SLD_REPORT_H
#define SLD_REPORT_H

#include <stdio.h>

#include "sld/grid.h"

typedef enum { SLD_REPORT_TEXT, SLD_REPORT_CSV, SLD_REPORT_JSON } sld_report_format;

/* Prints mean and deviation over seeds by arm, gaps to the baseline, and what each number resolves;
 * csv: one row per trial. A trial whose results cannot be read is reported as failed. */
sld_status sld_report_print(sld_ctx *ctx, const sld_grid *grid, sld_report_format format, FILE *to);
/* The same of the folders of n runs by themselves; those that differ in seed alone are one arm. */
sld_status sld_report_print_runs(sld_ctx *ctx, const char *const *dirs, size_t n,
                                 sld_report_format format, FILE *to);
/* The same of a packed study, to the digit what its folder gave. */
sld_status sld_report_print_packed(sld_ctx *ctx, const char *path, sld_report_format format,
                                   FILE *to);

/* Publishes DIR/sweep.h5: /trials/COLUMN, links /trial/ID to the results of each trial, and data
 * sets over all trials: /logits/test_last, /logits/test_best (trial, sample, class), /epoch/COLUMN
 * (trial, epoch), fill NaN, /valid (trial) = 1 where the row is there. Beyond 500 trials the curves
 * are copied instead of virtual. The paths in it are relative. */
sld_status sld_report_index(sld_ctx *ctx, const sld_grid *grid);

/* Reads DIR/sweep.h5 and looks for the results that it points to. *n_missing: how many are not
 * there; first: a name of one of them, of n bytes. No sweep.h5: nothing is missing. */
sld_status sld_report_index_check(sld_ctx *ctx, const sld_grid *grid, size_t *n_missing,
                                  char *first, size_t n);

/* The sweep as it stands, for a terminal: curves by arm, what runs, what happened last. screen NULL: one
 * line, for a log. *ended: nothing waits or runs. */
typedef struct sld_screen {
    int  columns, rows;
    bool colour, utf8;
} sld_screen;
sld_status sld_report_watch(sld_ctx *ctx, const sld_grid *grid, const sld_screen *screen, FILE *to,
                            bool *ended);

/* One page of the sweep as it stands, without a script or another file: arms with the bands of their
 * seeds, learning curves, what runs, what failed and why. Reads no logits: quick. */
sld_status sld_report_page(sld_ctx *ctx, const sld_grid *grid, const char *path);
bool       sld_report_is_page(const char *path); /* Local. Made by the above. */
/* DIR/report.html; one that was not made so stays. */
sld_status sld_report_keep_page(sld_ctx *ctx, const sld_grid *grid);

/* Publishes one file that holds the same without links, with the configurations and the spec.
 * compact: of the logits what study_compact.c keeps, a tenth of their size and less. */
sld_status sld_report_pack(sld_ctx *ctx, const sld_grid *grid, const char *path, bool compact);

#endif
