/* report.h: the data of a report: numbers of each trial, and statistics of each arm. report.c and
 * packed.c gather them; report_text.c, report_csv.c, report_json.c, page.c and watch.c print them;
 * index.c and the files study*.c store them. */
#ifndef SLD_REPORT_REPORT_TABLE_H
#define SLD_REPORT_REPORT_TABLE_H

#include <stdio.h>

#include "sld/grid_folder.h"
#include "sld/store.h"
#include "stats.h"

/* Numbers of a trial: X(name, unit). All are doubles; NaN if the trial lacks the number. top1_last
 * is the primary measure; minutes and samples_per_second count training alone; params and
 * multiply_adds are those of the student for one image; memory_mb is the peak of rank 0;
 * swapped_WHO_VIEW_WHEN is a share of rows in the first epoch, the first with the student swap
 * active, and the last. */
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

/* Gradient norms in the last epoch. Their names depend on the methods of the sweep. */
#define REPORT_MAX_NORMS 32

typedef struct report_trial {
    const sld_point *point;
    const sld_point *same; /* the point whose trial this label shares; NULL: it has its own */
    sld_point_status status;
    bool             has_results; /* results.h5 exists and was read */
    bool             best_on_val;
    double           metric[REPORT_N_METRICS];
    double           norm[REPORT_MAX_NORMS];         /* in the order of report.norm_name */
    size_t           n_epochs, n_samples, n_classes; /* shapes of its results; 0: none */
    size_t           n_val;                          /* validation samples with logits */
    const char      *run_dir;                        /* folder of a single run; NULL in a sweep */
    bool             has_teacher;                    /* as weights, or as logits in files */
    char             data_sha[65];                   /* hex */
    /* hex, of the teacher's weights, else of its logits if those on test are there; "": neither */
    char        teacher_sha[65];
    const char *config;                     /* the resolved experiment; NULL: not read */
    char        data_name[64], version[64]; /* of the data set, of the program; "": not told */
    char libraries[64];   /* and the instruction set: @fingerprint to its first ";"; "": not told */
    const char **option;  /* (report.n_options) values; "" if unknown */
    double       control; /* mean copy rate of its teacher by the controls */
    /* In a report with curves: test top-1 by epoch, in the report's arena. A running trial's curve
     * ends at its last checkpoint. */
    const double *top1;
    size_t        n_top1;
} report_trial;

typedef struct report_arm {
    const char  *name;
    bool         is_teacher, is_baseline;
    bool         taught;   /* a done trial has a teacher */
    int          baseline; /* index of the arm that it is compared with; -1: none */
    size_t       n_points, n_state[SLD_POINT_SKIPPED + 1];
    stats_sample metric[REPORT_N_METRICS]; /* over its done trials */
    stats_sample norm[REPORT_MAX_NORMS];
    stats_sample gap; /* top1_last minus the baseline's, of the seeds that both arms have done */
    /* 95 % confidence; NaN below two seeds, where all gaps are one, or where is_open */
    double gap_half_width;
    double pair_sd;    /* deviation of top1_last, pooled over the arms with its baseline */
    double detectable; /* smallest difference to the baseline that its seeds resolve */
    double control;    /* mean of its trials' control */
    bool   other_test; /* some of its trials were tested on other samples than their baseline's */
    bool   other_libraries; /* some were computed by others than their baseline's */
    bool   fewer;           /* its gap is over fewer seeds than it or its baseline has done */
    bool   is_open; /* trials of it or of its baseline are to come: one look more is no test */
} report_arm;

typedef struct report {
    const char   *name, *dir, *baseline_name; /* borrowed from the sweep */
    bool          curves;                     /* trials have top1 but no numbers made from logits */
    sld_arena    *arena;                      /* owns all below */
    size_t        n_trials, n_same, n_arms, n_norms;
    report_trial *trials; /* (n_trials + n_same); the last n_same are labels of others' trials */
    report_arm   *arms;   /* (n_arms) in the order of the points; teachers last */
    const char   *norm_name[REPORT_MAX_NORMS]; /* "grad_norm_ce_weak" ... */
    size_t        n_options;
    const char  **option_name; /* (n_options) keys of the options in which students differ */
    size_t        n_state[SLD_POINT_SKIPPED + 1];
    size_t        max_seeds;   /* most seeds done of any arm of students */
    int           baseline;    /* index of the arm that the spec names; -1: none */
    size_t        n_baselines; /* one per pair, if axes choose networks or data */
    double        pooled_sd;   /* of top1_last within arms; NaN: no arm has two seeds */
    size_t        n_pair;
    const char  **pair; /* (n_pair) axes that the spec names under report: pair */
    /* A line for each claim of the spec that came, changed or went after trials had ended, and for the
     * baseline that became other trials; "": none */
    const char *late_claims;
} report;

/* A teacher and an arm of students may have the same name. */
bool report_is_arm_of(const report_arm *arm, const sld_point *p);
/* Whether the logits of two trials are of the same samples: the shares of a test set are nested
 * (data.test_fraction). */
bool report_same_test_set(const report_trial *a, const report_trial *b);
/* Whether one table of a teacher's logits serves both. */
bool report_same_teacher(const report_trial *a, const report_trial *b);

/* Why there is no rate of copied errors, of a trial or an arm; "": there is one, or no teacher. */
const char *report_no_copies(double copy_rate, bool taught);
const char *report_no_copies_of(const report_trial *t);

/* Reads a sweep's folder. Returns SLD_OK even if the results of a trial cannot be read: the trial
 * then counts as failed for that reason. The caller destroys *out. */
sld_status report_gather(sld_ctx *ctx, const sld_grid *grid, report **out);
/* The same with curves and without numbers from logits: fast, for pages that are made often. */
sld_status report_gather_curves(sld_ctx *ctx, const sld_grid *grid, report **out);
/* report_runs.c: the same for n folders of single runs. Runs that differ only in their seed form one
 * arm. */
sld_status report_gather_runs(sld_ctx *ctx, const char *const *dirs, size_t n, report **out);
/* packed.c: the same for a packed study. */
sld_status report_gather_packed(sld_ctx *ctx, const char *path, report **out);
/* packed_check.c: of such a report, read from path: each ID once, percentages from 0 to 100. */
sld_status report_check_trials(sld_ctx *ctx, const char *path, const report *r);
/* Makes a report whose trials have no numbers yet. */
sld_status report_create(sld_ctx *ctx, size_t n_trials, size_t n_same, report **out);
/* Reads the results of all trials, whose points and states are set, and makes the arms. */
sld_status report_read_trials(sld_ctx *ctx, report *r);
/* Gives the report to *out; after a failure destroys it, and *out is NULL. Returns st. */
sld_status report_finish(sld_status st, report *r, report **out);
void       report_destroy(report *r); /* Accepts NULL. */

/* same.c: labels that share another label's trial. Copies that trial into each of them; their
 * points must be set. */
sld_status report_copy_same(sld_ctx *ctx, report *r);
/* Reads the labels of a packed study, after its trials. axes: (n_axes) names of its axis
 * columns. */
sld_status report_count_same(sld_ctx *ctx, sld_doc *doc, size_t *n);
sld_status report_read_same(sld_ctx *ctx, report *r, sld_doc *doc, const char *const *axes,
                            size_t n_axes);

/* options.c: finds the options in which the students differ. */
sld_status report_find_options(sld_ctx *ctx, report *r);
/* Reads the values of n options, keys as names[], from a document that sld wrote, which it splits in
 * place. values: left as they are where it does not set one. */
void report_options_of(char *text, const char **names, size_t n, const char **values);

/* arms.c: makes the arms from the trials. */
sld_status report_make_arms(sld_ctx *ctx, report *r);
/* baselines.c: sets baseline and is_baseline of the arms, given r->baseline. arm_of: (n_trials +
 * n_same) the arm of each trial. */
sld_status report_find_baselines(sld_ctx *ctx, report *r, const size_t *arm_of);

/* spec_pair.c: reads the axes that a spec names with `report: {pair: ...}`. text: the spec, of n bytes. */
sld_status report_read_pair(sld_ctx *ctx, report *r, const char *text, size_t n);

/* Prints the lines of late_claims, each between two texts; that of the baseline is no claim's. put: prints a text. */
void report_put_late(const report *r, const char *before, const char *after,
                     void (*put)(FILE *to, const char *text), FILE *to);

/* The first point that has axes; NULL: none, as teachers have no axes. */
const sld_point *report_with_axes(const report *r);

/* stable.c: methods name the columns of the teacher term kd, lts (with the swap) or nkd. Sets name
 * to the common name: "loss_teacher_weak" for "loss_lts_weak" and "loss_kd_weak", also for
 * grad_norm_. False: the column is not of that term. */
bool report_stable_name(const char *column, char name[96]);

/* The path of a trial's results.h5. path: (n) bytes. */
void report_results_path(const report *r, const report_trial *t, char path[PATH_MAX]);

/* Printers. */
sld_status report_print_text(sld_ctx *ctx, const report *r, FILE *to);
void       report_print_csv(const report *r, FILE *to);
void       report_print_json(const report *r, FILE *to);

#endif
