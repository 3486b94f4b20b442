/* report_text.c: prints a report as tables and text, 100 columns wide. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "text_table.h"

#define MAX_REASONS  10
#define NORM_COLUMNS 6 /* gradient norms in one table */

/* "±" if the locale is UTF-8. */
static const char *plus_minus(void)
{
    return sld_text_locale_is_utf8() ? "±" : "+-";
}

/* A teacher of the sweep may have the name of an arm of students. */
static const char *teacher_mark(bool is_teacher)
{
    return is_teacher ? "teacher " : "";
}

static void name_row(text_table *t, size_t row, const report_arm *a)
{
    char name[1024];

    snprintf(name, sizeof name, "%s%s", teacher_mark(a->is_teacher), a->name);
    text_table_name(t, row, name);
}

static void put_mean(text_table *t, size_t row, size_t column, double mean, int digits)
{
    if (isnan(mean)) {
        text_table_put(t, row, column, "-");
    } else if (fabs(mean) >= 1e9) { /* of a run gone wrong: more digits than a double has */
        text_table_put(t, row, column, "%.4g", mean);
    } else {
        text_table_put(t, row, column, "%.*f", digits, mean);
    }
}

/* Pads a cell without a deviation, so that the means of a column stand below each other. */
static void put_arm_cell(text_table *t, size_t row, int column, const char *cell)
{
    const bool spread = column >= 1 && column <= 4;
    const bool whole =
        strstr(cell, plus_minus()) || strchr(cell, '(') || strcmp(cell, "baseline") == 0;
    const int width = (int)strlen(" +- 0.00") - (plus_minus()[0] != '+');

    if (spread && strcmp(cell, "-") == 0) {
        text_table_put(t, row, (size_t)column, "-       ");
    } else {
        text_table_put(t, row, (size_t)column, "%s%*s", cell, spread && !whole ? width : 0, "");
    }
}

static sld_status print_accuracy(sld_ctx *ctx, const report *r, FILE *to)
{
    text_table *t = NULL;
    char        cell[CELL_BYTES];

    SLD_TRY(
        text_table_create(ctx, r->arena, r->n_arms, CELL_COLUMNS, "test top-1, %", cell_heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        name_row(t, i, &r->arms[i]);
        for (int c = 0; c < CELL_COLUMNS; c++) {
            cell_of_arm(cell, &r->arms[i], c, plus_minus());
            put_arm_cell(t, i, c, cell);
        }
    }
    text_table_print(t, to);
    return SLD_OK;
}

/* Prints accuracy on validation for arms that hold training samples out: users should choose an arm
 * by it, not by test. */
static sld_status print_validation(sld_ctx *ctx, const report *r, FILE *to)
{
    static const char *const heads[]   = {"n", "last epoch", "best epoch"};
    static const int         metrics[] = {REPORT_top1_val_last, REPORT_top1_val_best};
    text_table              *t         = NULL;
    char                     cell[CELL_BYTES];
    size_t                   n = 0;

    for (size_t i = 0; i < r->n_arms; i++) {
        n += r->arms[i].metric[REPORT_top1_val_last].n > 0;
    }
    if (n == 0) {
        return SLD_OK;
    }
    SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, 3, "validation top-1, %", heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        name_row(t, i, &r->arms[i]);
        text_table_put(t, i, 0, "%zu", r->arms[i].metric[REPORT_top1_val_last].n);
        for (int c = 0; c < 2; c++) {
            const stats_sample s = r->arms[i].metric[metrics[c]];
            cell_sample(cell, s, s.sd, "", plus_minus());
            text_table_put(t, i, (size_t)c + 1, "%s", cell);
        }
    }
    text_table_print(t, to);
    fprintf(to,
            "\nOn the training samples that data.val_fraction holds out: choose an arm by these, "
            "not by test.\n\n");
    return SLD_OK;
}

/* Why an arm with a teacher has no copied errors. */
static void print_no_copies(const report *r, FILE *to)
{
    for (size_t i = 0; i < r->n_arms; i++) {
        const report_arm *a      = &r->arms[i];
        const char       *reason = report_no_copies(a->metric[REPORT_copy_rate].mean, a->taught);
        if (*reason) {
            fprintf(to, "No copied %% of %s: %s.\n", a->name, reason);
        }
    }
}

/* Whether the shortest arm takes so long that its minutes are no 0.0. */
static bool in_minutes(const report *r)
{
    double least = INFINITY;

    for (size_t i = 0; i < r->n_arms; i++) { /* of a number and a NaN fmin takes the number */
        least = fmin(least, r->arms[i].metric[REPORT_minutes].mean);
    }
    return least >= 1.0;
}

static void explain_copies(const report *r, FILE *to)
{
    bool taught = false;

    for (size_t i = 0; i < r->n_trials; i++) {
        taught = taught || *r->trials[i].teacher_sha || r->trials[i].has_teacher;
    }
    if (taught) {
        fprintf(to,
                "\ncopied: share of the teacher's errors on test in which the student gives the "
                "same wrong class;\n"
                "unseen: the same share for the students of this sweep without a teacher; with one "
                "teacher their\nown rows equal their copied %%.\n");
        print_no_copies(r, to);
    }
}

static sld_status print_calibration(sld_ctx *ctx, const report *r, FILE *to)
{
    const bool        minutes = in_minutes(r);
    const char *const heads[] = {"LSS epochs", "copied %", "unseen %",
                                 "NLL",        "ECE %",    minutes ? "minutes" : "seconds",
                                 "samples/s"};
    text_table       *t       = NULL;

    SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, 7, "last epoch", heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        const report_arm *a   = &r->arms[i];
        const double      lss = a->metric[REPORT_lss_active_epochs].mean;
        name_row(t, i, a);
        if (lss > 0.0) {
            text_table_put(t, i, 0, "%g of %g", lss, a->metric[REPORT_epochs].mean);
        } else {
            put_mean(t, i, 0, lss, 0);
        }
        put_mean(t, i, 1, a->metric[REPORT_copy_rate].mean, 1);
        put_mean(t, i, 2, a->control, 1);
        put_mean(t, i, 3, a->metric[REPORT_nll_last].mean, 4);
        put_mean(t, i, 4, a->metric[REPORT_ece_last].mean, 2);
        put_mean(t, i, 5, a->metric[REPORT_minutes].mean * (minutes ? 1.0 : 60.0), 1);
        put_mean(t, i, 6, a->metric[REPORT_samples_per_second].mean, 0);
    }
    text_table_print(t, to);
    explain_copies(r, to);
    return SLD_OK;
}

/* Puts three shares into one cell: first epoch, first with the student swap, last. */
static void put_shares(text_table *t, size_t row, size_t column, const stats_sample *three)
{
    char text[TEXT_TABLE_CELL] = "";
    int  at                    = 0;

    for (int i = 0; i < 3; i++) {
        at += isnan(three[i].mean)
                  ? snprintf(text + at, sizeof text - (size_t)at, " %5s", "-")
                  : snprintf(text + at, sizeof text - (size_t)at, " %5.1f", 100.0 * three[i].mean);
    }
    text_table_put(t, row, column, "%s", text + 1);
}

static sld_status print_swaps(sld_ctx *ctx, const report *r, FILE *to)
{
    static const char *const heads[] = {"teacher weak", "teacher strong", "student weak",
                                        "student strong"};
    text_table              *t       = NULL;

    SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, 4, "rows wrong, %", heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        const stats_sample *number = r->arms[i].metric;
        name_row(t, i, &r->arms[i]);
        put_shares(t, i, 0, &number[REPORT_swapped_teacher_weak_first]);
        put_shares(t, i, 1, &number[REPORT_swapped_teacher_strong_first]);
        put_shares(t, i, 2, &number[REPORT_swapped_student_weak_first]);
        put_shares(t, i, 3, &number[REPORT_swapped_student_strong_first]);
    }
    text_table_print(t, to);
    fprintf(to, "\nShares of training rows that a swap changes, because their largest logit is not "
                "the label's: in the\n"
                "first epoch, the first with the student swap active, and the last.\n");
    return SLD_OK;
}

/* Prints the temperature of each arm that trains one. */
static void print_temperatures(const report *r, FILE *to)
{
    for (size_t i = 0; i < r->n_arms; i++) {
        const stats_sample *metric = r->arms[i].metric;
        if (!isnan(metric[REPORT_temperature_last].mean)) {
            fprintf(
                to,
                "\n%s trains its temperature: %.2f after the first epoch, %.2f after the last.\n",
                r->arms[i].name, metric[REPORT_temperature_first].mean,
                metric[REPORT_temperature_last].mean);
        }
    }
}

/* Lists the norms to print. The norms of the teacher term, kd and lts, appear once, under their
 * common name. */
static size_t list_norms(const report *r, size_t place[REPORT_MAX_NORMS])
{
    char   stable[96];
    size_t n = 0;

    for (size_t i = 0; i < r->n_norms; i++) {
        bool listed = false; /* under the common name */
        for (size_t j = 0; j < r->n_norms && report_stable_name(r->norm_name[i], stable); j++) {
            listed = listed || strcmp(r->norm_name[j], stable) == 0;
        }
        if (!listed) {
            place[n++] = i;
        }
    }
    return n;
}

static sld_status print_norms(sld_ctx *ctx, const report *r, FILE *to)
{
    size_t       place[REPORT_MAX_NORMS];
    const size_t all = list_norms(r, place);

    for (size_t from = 0; from < all; from += NORM_COLUMNS) {
        const size_t n     = all - from < NORM_COLUMNS ? all - from : NORM_COLUMNS;
        const char **heads = NULL;
        text_table  *t     = NULL;

        SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *heads, (void **)&heads));
        for (size_t c = 0; c < n; c++) {
            heads[c] = r->norm_name[place[from + c]] + strlen("grad_norm_");
        }
        SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, n, "gradient norm", heads, &t));
        for (size_t i = 0; i < r->n_arms; i++) {
            name_row(t, i, &r->arms[i]);
            for (size_t c = 0; c < n; c++) {
                put_mean(t, i, c, r->arms[i].norm[place[from + c]].mean, 5);
            }
        }
        fprintf(to, "\n");
        text_table_print(t, to);
    }
    if (r->n_norms > 0) {
        fprintf(to,
                "\nNorms of the gradient of each weighted term with respect to a batch's student "
                "logits, last epoch.\n");
    }
    return SLD_OK;
}

static void print_states(const report *r, FILE *to)
{
    fprintf(to, "%s (%s): %zu trial%s", r->name, r->dir, r->n_trials, sld_text_plural(r->n_trials));
    for (int s = 0, first = 1; s <= SLD_POINT_SKIPPED; s++) {
        if (r->n_state[s] > 0) {
            fprintf(to, "%s %zu %s", first ? ":" : ",", r->n_state[s],
                    sld_point_state_name((sld_point_state)s));
            first = 0;
        }
    }
    fprintf(to, "\n\n");
}

/* Names the labels that share another label's trial: the tables above show that trial twice. */
static void print_same(const report *r, FILE *to)
{
    size_t shown = 0;

    for (size_t i = r->n_trials; i < r->n_trials + r->n_same && shown < MAX_REASONS; i++) {
        const report_trial *t = &r->trials[i];
        char                arm[256], its[256];
        fprintf(to, "%s%s%s, seed %lld: the same trial as %s (%s)\n", shown++ == 0 ? "\n" : "",
                teacher_mark(t->point->is_teacher),
                sld_text_printable(t->point->arm, arm, sizeof arm), (long long)t->point->seed,
                sld_text_printable(t->same->arm, its, sizeof its), t->point->id);
    }
    if (r->n_same > shown) {
        fprintf(to, "and %zu more: sld report %s --format csv\n", r->n_same - shown, r->dir);
    }
}

static void print_reasons(const report *r, FILE *to)
{
    size_t shown = 0, all = 0;

    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        if (t->status.state != SLD_POINT_FAILED && t->status.state != SLD_POINT_DIVERGED &&
            !(t->status.state == SLD_POINT_WAITING && t->status.reason[0])) {
            continue;
        }
        if (all++ < MAX_REASONS) {
            fprintf(to, "%s%s: %s%s, seed %lld: %s%s%s\n", shown++ == 0 ? "\n" : "", t->point->id,
                    teacher_mark(t->point->is_teacher), t->point->arm, (long long)t->point->seed,
                    sld_point_state_name(t->status.state), t->status.reason[0] ? ": " : "",
                    t->status.reason);
        }
    }
    if (all > shown) {
        fprintf(to, "and %zu more: sld report %s --format csv\n", all - shown, r->dir);
    }
}

/* Trials that a store of teacher logits failed: slower by a teacher's forward in every step. */
static void print_live(const report *r, FILE *to)
{
    const report_trial *first = NULL;
    size_t              n     = 0;

    for (size_t i = 0; i < r->n_trials; i++) {
        n += r->trials[i].status.live > 0;
        first = first || r->trials[i].status.live == 0 ? first : &r->trials[i];
    }
    if (n > 0) {
        fprintf(
            to,
            "\n%zu trial%s computed the teacher's logits in every step, instead of reading them "
            "from the store,\nwhich takes longer and changes no result: %s (%s)\n",
            n, sld_text_plural((long long)n),
            *first->status.live_reason ? first->status.live_reason : "see its log",
            first->point->id);
    }
}

static void put_line(FILE *to, const char *text)
{
    char shown[1200];

    fputs(sld_text_printable(text, shown, sizeof shown), to);
}

static void print_late(const report *r, FILE *to)
{
    if (r->late_claims[0]) {
        fprintf(to, "\nNo predictions, because trials had ended before:\n");
        report_put_late(r, "", "\n", put_line, to);
    }
}

sld_status report_print_text(sld_ctx *ctx, const report *r, FILE *to)
{
    print_states(r, to);
    SLD_TRY(print_accuracy(ctx, r, to));
    fprintf(to, "\n");
    cell_explain(r, plus_minus(), to);
    fprintf(to, "\n");
    SLD_TRY(print_validation(ctx, r, to));
    SLD_TRY(print_calibration(ctx, r, to));
    fprintf(to, "\n");
    SLD_TRY(print_swaps(ctx, r, to));
    print_temperatures(r, to);
    SLD_TRY(print_norms(ctx, r, to));
    print_same(r, to);
    print_reasons(r, to);
    print_live(r, to);
    print_late(r, to);
    return SLD_OK;
}
