/* cells.c: formats the numbers of a report and explains their table. */
#include "cells.h"

#include <math.h>
#include <string.h>

const char *const cell_heads[CELL_COLUMNS] = {"n",          "last epoch", "best epoch",
                                              "last three", "gap, 95 %",  "resolves"};

void cell_sample(char cell[CELL_BYTES], stats_sample s, double spread, const char *sign,
                 const char *plus_minus)
{
    if (s.n == 0 && isnan(s.mean)) {
        snprintf(cell, CELL_BYTES, "-");
    } else if (isnan(spread)) {
        snprintf(cell, CELL_BYTES, "%s%.2f", sign, s.mean);
    } else {
        snprintf(cell, CELL_BYTES, "%s%.2f %s %.2f", sign, s.mean, plus_minus, spread);
    }
}

static void put_count(char cell[CELL_BYTES], const report_arm *a)
{
    const size_t n = a->metric[REPORT_top1_last].n, diverged = a->n_state[SLD_POINT_DIVERGED];

    if (diverged > 0) {
        snprintf(cell, CELL_BYTES, "%zu/%zu (%zu diverged)", n, a->n_points, diverged);
    } else if (n == a->n_points) {
        snprintf(cell, CELL_BYTES, "%zu", n);
    } else {
        snprintf(cell, CELL_BYTES, "%zu/%zu", n, a->n_points);
    }
}

static void put_gap(char cell[CELL_BYTES], const report_arm *a, const char *plus_minus)
{
    if (a->is_baseline) {
        snprintf(cell, CELL_BYTES, "baseline");
    } else if (a->baseline < 0) {
        snprintf(cell, CELL_BYTES, "-");
    } else {
        stats_sample gap = a->gap;
        gap.mean         = fabs(gap.mean) < 0.005 ? 0.0 : gap.mean; /* prints as 0: has no sign */
        cell_sample(cell, gap, a->gap_half_width, gap.mean >= 0.0 ? "+" : "", plus_minus);
        if (a->fewer) {
            const size_t n = strlen(cell);
            snprintf(cell + n, CELL_BYTES - n, " (n %zu)", a->gap.n);
        }
    }
}

void cell_of_arm(char cell[CELL_BYTES], const report_arm *a, int column, const char *plus_minus)
{
    const stats_sample *sample = &a->metric[column == 1   ? REPORT_top1_last
                                            : column == 2 ? REPORT_top1_best
                                                          : REPORT_top1_last3];

    if (column == 0) {
        put_count(cell, a);
    } else if (column < 4) {
        cell_sample(cell, *sample, sample->sd, "", plus_minus);
    } else if (column == 4) {
        put_gap(cell, a, plus_minus);
    } else if (isnan(a->detectable)) {
        snprintf(cell, CELL_BYTES, "-");
    } else {
        snprintf(cell, CELL_BYTES, "%.2f", a->detectable);
    }
}

/* What detectable rests on: of the one pair, or of several from least to most. */
static void put_deviation(const report *r, FILE *to)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < r->n_arms; i++) {
        low  = fmin(low, r->arms[i].pair_sd); /* of a number and a NaN fmin takes the number */
        high = fmax(high, r->arms[i].pair_sd);
    }
    if (isnan(r->pooled_sd)) {
        fprintf(to, "deviation of %.2f, assumed: no arm has two seeds.\n", low);
    } else if (r->n_baselines > 1) {
        char from[32], to_high[32];
        snprintf(from, sizeof from, "%.2f", low);
        snprintf(to_high, sizeof to_high, "%.2f", high);
        fprintf(to, "deviation of %s%s%s, pooled over the arms of each pair.\n", from,
                strcmp(from, to_high) == 0 ? "" : " to ",
                strcmp(from, to_high) == 0 ? "" : to_high);
    } else {
        fprintf(to, "deviation of %.2f, pooled over the arms.\n", low);
    }
}

/* What gaps are of, and what they cannot be held against. */
static void explain_gaps(const report *r, FILE *to)
{
    size_t fewer = 0, apart = 0, resolve = 0, open = 0, intervals = 0, kinds = 0;

    for (size_t i = 0; i < r->n_arms; i++) {
        fewer += r->arms[i].fewer;
        apart += r->arms[i].other_test;
        kinds += r->arms[i].other_libraries;
        open += r->arms[i].is_open;
        intervals += !isnan(r->arms[i].gap_half_width);
        resolve += !isnan(r->arms[i].detectable);
    }
    fprintf(to, "gap: last epoch less that of %s%s, seed by seed%s.\n",
            r->n_baselines > 1 ? "the baseline of the same pair, like " : "", r->baseline_name,
            intervals > 0 ? ", with its 95 % confidence interval" : "");
    if (open > 0) {
        fprintf(to, "No interval stands where an arm or its baseline has trials to come.\n");
    }
    if (fewer > 0) {
        fprintf(to, "(n k): over the k seeds that both arms have done.\n");
    }
    if (apart > 0) {
        fprintf(to,
                "%zu gap%s between arms that were tested on different images "
                "(data.test_fraction, or the data).\n",
                apart, apart == 1 ? " is" : "s are");
    }
    if (kinds > 0) {
        fprintf(to,
                "%zu gap%s between trials that other libraries or another instruction set computed "
                "(@fingerprint\n"
                "of their results), which round differently.\n",
                kinds, kinds == 1 ? " is" : "s are");
    }
    if (resolve > 0) {
        fprintf(to, "resolves: the smallest difference detectable with this many seeds (two-sided "
                    "5 %%, power 0.8) at a\n");
        put_deviation(r, to);
    }
}

void cell_explain(const report *r, const char *plus_minus, FILE *to)
{
    size_t n_val = 0, n = 0;

    for (size_t i = 0; i < r->n_trials; i++) { /* only results record it */
        n += r->trials[i].has_results;
        n_val += r->trials[i].has_results && r->trials[i].best_on_val;
    }
    fprintf(to,
            "Mean %s standard deviation over the n seeds that are done; n/m: of m. The last "
            "epoch is the\n"
            "measure; the best epoch is chosen on %s.\n",
            plus_minus,
            n_val == 0   ? "test itself"
            : n_val == n ? "the validation split"
                         : "the validation split by some trials, on test itself by others");
    if (r->baseline >= 0) {
        explain_gaps(r, to);
    }
    if (r->max_seeds < 2) {
        fprintf(to, "With one seed per arm these differences cannot be separated from noise.\n");
    }
}

void report_put_late(const report *r, const char *before, const char *after,
                     void (*put)(FILE *to, const char *text), FILE *to)
{
    char line[1024];

    for (const char *at = r->late_claims; *(at += strspn(at, "\n"));) {
        const size_t n = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", n < sizeof line ? (int)n : (int)sizeof line - 1, at);
        const bool claim = strncmp(at, SLD_LATE_BASELINE ": ", strlen(SLD_LATE_BASELINE ": ")) != 0;
        fprintf(to, "%s%s", before, claim ? "claim " : "");
        put(to, line);
        fprintf(to, "%s", after);
        at += n;
    }
}
