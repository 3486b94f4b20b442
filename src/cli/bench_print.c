/* bench_print.c: prints the measurements of sld bench as a table or as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "sld/base_json.h"

enum { DIGITS = 6 };

#define NAME(name, combine, text) #name,
#define TEXT(name, combine, text) text,
static const char *const names[SLD_BENCH_N] = {SLD_BENCH_FIGURES(NAME)};
static const char *const texts[SLD_BENCH_N] = {SLD_BENCH_FIGURES(TEXT)};

static void print_pair(const sld_bench_params *params, const char *between)
{
    printf("%s%s%s", params->teacher ? params->teacher : "none", between, params->student);
}

void sld_bench_print_json(const sld_bench_params *params, const sld_bench_row *row)
{
    const sld_bench_result *r = &row->result;
    sld_json                j = sld_json_begin(stdout);
    char                    pair[256];

    snprintf(pair, sizeof pair, "%s-%s", params->teacher ? params->teacher : "none",
             params->student);
    sld_json_object(&j, NULL);
    sld_json_text(&j, "pair", pair);
    sld_json_text(&j, "teacher_precision", params->teacher_precision);
    sld_json_text(&j, "student_precision", params->student_precision);
    sld_json_whole(&j, "ranks", row->ranks);
    sld_json_whole(&j, "batch", (long long)params->batch);
    sld_json_whole(&j, "shards", params->shards);
    sld_json_whole(&j, "steps", (long long)r->steps);
    sld_json_whole(&j, "epoch_samples", (long long)r->epoch_samples);
    sld_json_number(&j, "loss", r->loss, DIGITS);
    sld_json_object(&j, "figures");
    for (int i = 0; i < SLD_BENCH_N; i++) {
        sld_json_number(&j, names[i], r->v[i], DIGITS);
    }
    sld_json_end(&j);
    sld_json_end(&j);
}

/* Finds the number after "name": in a line that this file printed; null means NaN. */
static bool read_number(const char *text, const char *name, double *out)
{
    char key[64];

    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(text, key);
    if (!at) {
        return false;
    }
    at += strlen(key);
    *out = strncmp(at, "null", 4) == 0 ? NAN : strtod(at, NULL);
    return true;
}

bool sld_bench_read_json(const char *line, sld_bench_row *out)
{
    const char *figures = strstr(line, "\"figures\"");
    double      ranks, steps, samples;

    *out = (sld_bench_row){.ranks = 0};
    if (line[0] != '{' || !figures || !read_number(line, "ranks", &ranks) ||
        !read_number(line, "steps", &steps) || !read_number(line, "epoch_samples", &samples) ||
        !read_number(line, "loss", &out->result.loss)) {
        return false;
    }
    out->ranks                = (int)ranks;
    out->result.steps         = (size_t)steps;
    out->result.epoch_samples = (size_t)samples;
    for (int i = 0; i < SLD_BENCH_N; i++) {
        if (!read_number(figures, names[i], &out->result.v[i])) {
            return false;
        }
    }
    return true;
}

/* ---- the table ---- */

static void print_row(const char *text, const char *format, double factor, int figure,
                      const sld_bench_row *rows, size_t n)
{
    printf("%-34s", text);
    for (size_t i = 0; i < n; i++) {
        char cell[32] = "-";
        if (isfinite(rows[i].result.v[figure])) {
            snprintf(cell, sizeof cell, format, factor * rows[i].result.v[figure]);
        }
        printf(" %10s", cell);
    }
    printf("\n");
}

static void print_shares(const char *title, int first, int last, const sld_bench_row *rows,
                         size_t n)
{
    if (!isfinite(rows[0].result.v[first])) {
        return;
    }
    printf("\n%s\n", title);
    for (int i = first; i <= last; i++) {
        char text[64];
        snprintf(text, sizeof text, "  %s", texts[i]);
        print_row(text, "%.1f", 100, i, rows, n);
    }
}

/* Efficiency: samples per second and rank, relative to the first column. */
static void print_efficiency(const sld_bench_row *rows, size_t n)
{
    const double first = rows[0].result.v[SLD_BENCH_samples_per_s] / rows[0].ranks;

    printf("%-34s", "efficiency, %");
    for (size_t i = 0; i < n; i++) {
        printf(" %10.1f", 100 * rows[i].result.v[SLD_BENCH_samples_per_s] / rows[i].ranks / first);
    }
    printf("\n");
}

void sld_bench_print_table(const sld_bench_params *params, const sld_bench_row *rows, size_t n)
{
    printf("SLD step of ");
    print_pair(params, " -> ");
    printf(", two views, batch %zu in %d shards, teacher in %s, student in %s\n\n%-34s",
           params->batch, params->shards, params->teacher_precision, params->student_precision,
           "ranks");
    for (size_t i = 0; i < n; i++) {
        printf(" %10d", rows[i].ranks);
    }
    printf("\n");
    for (int i = SLD_BENCH_samples_per_s; i <= SLD_BENCH_memory_mib; i++) {
        if (i == SLD_BENCH_share_of_peak) {
            print_row("nominal of f32 peak, %", "%.1f", 100, i, rows, n);
        } else {
            print_row(texts[i], i == SLD_BENCH_gflop_per_sample ? "%.3f" : "%.1f", 1, i, rows, n);
        }
    }
    if (n > 1) {
        print_efficiency(rows, n);
    }
    print_shares("of the step, %", SLD_BENCH_teacher, SLD_BENCH_rest, rows, n);
    if (isfinite(rows[0].result.v[SLD_BENCH_epoch_samples_per_s])) {
        printf("\n");
        print_row(texts[SLD_BENCH_epoch_samples_per_s], "%.1f", 1, SLD_BENCH_epoch_samples_per_s,
                  rows, n);
        print_row("input pipeline, % of the step", "%.2f", 100, SLD_BENCH_input_of_step, rows, n);
        print_row("results, checkpoints, % of epoch", "%.2f", 100, SLD_BENCH_epoch_files, rows, n);
    }
    print_shares("of an epoch of 50,000 training and 10,000 test samples, %",
                 SLD_BENCH_epoch_augmentation, SLD_BENCH_epoch_files, rows, n);
}
