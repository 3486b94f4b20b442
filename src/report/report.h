/* report/report.h: what a report is made of: numbers of each trial, their statistics by arm.
 * report.c gathers it, report_text.c, report_csv.c and report_json.c print it, index.c and pack.c
 * store it. */
#ifndef SLD_REPORT_REPORT_TABLE_H
#define SLD_REPORT_REPORT_TABLE_H

#include <stdio.h>

#include "sld/grid_folder.h"
#include "sld/store.h"
#include "stats.h"

/* Numbers of a trial: X(name, unit). All are doubles, NaN where a trial has none. top1_last is the
 * primary measure; minutes and samples_per_second are of training; params and multiply_adds of the
 * student, one image; memory_mb of rank 0 at its largest; swapped_WHO_VIEW_WHEN is a share
 * of rows at the first epoch, the first with the student swap active, the last. */
// clang-format off
#define REPORT_SWAPS(X, who)                                                                       \
    X(swapped_##who##_weak_first, "1") X(swapped_##who##_weak_lss_start, "1")                      \
    X(swapped_##who##_weak_last, "1")                                                              \
    X(swapped_##who##_strong_first, "1") X(swapped_##who##_strong_lss_start, "1")                  \
    X(swapped_##who##_strong_last, "1")
#define REPORT_METRICS(X)                                                                          \
    X(top1_last, "percent") X(top1_best, "percent") X(top1_last3, "percent")                       \
    X(top1_val_last, "percent") X(top1_val_best, "percent")                                        \
    X(top5_last, "percent") X(nll_last, "1") X(ece_last, "percent") X(copy_rate, "percent")        \
    X(epochs, "1") X(best_epoch, "1") X(lss_active_epochs, "1") X(lss_start, "1")                  \
    X(minutes, "min") X(samples_per_second, "1/s")                                                 \
    X(params, "1") X(multiply_adds, "1") X(memory_mb, "MB")                                        \
    X(temperature_first, "1") X(temperature_last, "1")                                             \
    REPORT_SWAPS(X, teacher) REPORT_SWAPS(X, student)
// clang-format on

#define REPORT_ENUM_(name, unit) REPORT_##name,
typedef enum { REPORT_METRICS(REPORT_ENUM_) REPORT_N_METRICS } report_metric;

extern const char *const report_metric_name[REPORT_N_METRICS];
extern const char *const report_metric_unit[REPORT_N_METRICS];

/* Gradient norms at the last epoch: their names depend on the methods of the sweep. */
#define REPORT_MAX_NORMS 32

typedef struct report_trial {
    const sld_point *point;
    const sld_point *same; /* the point whose trial this label is; NULL: its own */
    sld_point_status status;
    bool             has_results; /* results.h5 is there and was read */
    bool             best_on_val;
    double           metric[REPORT_N_METRICS];
    double           norm[REPORT_MAX_NORMS];         /* in the order of report.norm_name */
    size_t           n_epochs, n_samples, n_classes; /* shapes of its results; 0: none */
    const char      *run_dir;                        /* of a run by itself; else NULL */
    bool             has_teacher;                    /* weights, or logits from files */
    char             data_sha[65], teacher_sha[65];  /* "": no teacher's weights */
    const char      *config;                         /* the resolved experiment; NULL: not read */
    const char     **option;  /* (report.n_options) values, "" where it is not known */
    double           control; /* copy rate of its teacher by students that never saw one */
    /* Of a report with curves: test top-1 by epoch, in the report's arena; of a running trial as far as
     * its last checkpoint. */
    const double *top1;
    size_t        n_top1;
} report_trial;

typedef struct report_arm {
    const char  *name;
    bool         is_teacher, is_baseline;
    int          baseline; /* index of the arm that it is held against; -1: none */
    size_t       n_points, n_state[SLD_POINT_SKIPPED + 1];
    stats_sample metric[REPORT_N_METRICS]; /* over its done trials */
    stats_sample norm[REPORT_MAX_NORMS];
    /* top1_last less the baseline's. Paired: over the seeds that both have done; else the
     * difference of the means, without deviation. */
    bool         gap_paired;
    stats_sample gap;
    double       gap_half_width; /* 95 % confidence; NaN unless paired over two seeds or more */
    double       detectable;     /* smallest difference to the baseline that its seeds resolve */
    double       control;        /* mean of its trials' control */
} report_arm;

typedef struct report {
    const char   *name, *dir, *baseline_name; /* borrowed from the sweep */
    bool          curves;                     /* trials have top1; what needs logits is not read */
    sld_arena    *arena;                      /* owns all below */
    size_t        n_trials, n_same, n_arms, n_norms;
    report_trial *trials; /* (n_trials + n_same) the labels of others' trials behind them */
    report_arm   *arms;   /* in the order of the points; teachers last */
    const char   *norm_name[REPORT_MAX_NORMS]; /* "grad_norm_ce_weak" ... */
    size_t        n_options;
    const char  **option_name; /* "kd.temperatures": options in which students differ */
    size_t        n_state[SLD_POINT_SKIPPED + 1];
    size_t        max_seeds;    /* done, of an arm that is no teacher */
    int           baseline;     /* index of the arm that the spec names; -1: none */
    size_t        n_baselines;  /* one for each pair, where axes choose networks or data */
    double        pooled_sd;    /* of top1_last within arms; NaN: no arm has two seeds */
    double        resolving_sd; /* what detectable rests on: pooled_sd, else the protocol's */
} report;

/* Reads the folder, and writes nothing. SLD_OK also when results of a trial cannot be read: it
 * counts as failed with that reason. */
sld_status report_gather(sld_ctx *ctx, const sld_grid *grid, report **out);
/* With curves, in a fraction of the time: for pages that are made again and again. */
sld_status report_gather_curves(sld_ctx *ctx, const sld_grid *grid, report **out);
/* The same of the folders of n runs; those that differ in seed alone are one arm. */
sld_status report_gather_runs(sld_ctx *ctx, const char *const *dirs, size_t n, report **out);
/* packed.c: the same of a packed study. */
sld_status report_gather_packed(sld_ctx *ctx, const char *path, report **out);
/* All trials without any number yet. */
sld_status report_create(sld_ctx *ctx, size_t n_trials, size_t n_same, report **out);
void       report_destroy(report *r); /* Accepts NULL. */

/* same.c. Labels of others' trials, whose points are set, get the rest of their trials. */
sld_status report_copy_same(sld_ctx *ctx, report *r);
/* From a packed study whose trials are read; axes: its columns of them. */
sld_status report_count_same(sld_ctx *ctx, sld_doc *doc, size_t *n);
sld_status report_read_same(sld_ctx *ctx, report *r, sld_doc *doc, const char *const *axes,
                            size_t n_axes);

/* options.c: options in which the students differ. */
sld_status report_find_options(sld_ctx *ctx, report *r);

/* arms.c: fills the arms from the trials. */
sld_status report_make_arms(sld_ctx *ctx, report *r);
/* baselines.c: fills baseline and is_baseline of the arms, where r->baseline is one. arm_of:
 * (n_trials + n_same). */
sld_status report_find_baselines(sld_ctx *ctx, report *r, const size_t *arm_of);

/* The first point that has axes, or NULL: a teacher has none. */
const sld_point *report_with_axes(const report *r);

/* stable.c: the teacher term is called kd, with the swap lts, of method nkd nkd. The name that curves of both share: of
 * "loss_lts_weak" and "loss_kd_weak" "loss_teacher_weak", of grad_norm_ likewise; false: the column has
 * no other name. */
bool report_stable_name(const char *column, char name[96]);

/* Where the results of a trial lie. path: text of n bytes. */
void report_results_path(const report *r, const report_trial *t, char *path, size_t n);

/* Printers. */
sld_status report_print_text(sld_ctx *ctx, const report *r, FILE *to);
void       report_print_csv(const report *r, FILE *to);
void       report_print_json(const report *r, FILE *to);

#endif
