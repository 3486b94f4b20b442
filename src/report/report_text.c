/* report_text.c: a report for people, in 100 columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "text_table.h"

#define MOST_REASONS 10
#define NORM_COLUMNS 6 /* of gradient norms in one table */

/* "±" where the terminal says that it reads UTF-8. */
static const char *plus_minus(void)
{
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8") ? "±"
                                                                                            : "+-";
        }
    }
    return "+-";
}

/* "61.20 ± 0.31"; one value stands where the mean of several would. */
static void put_sample(text_table *t, size_t row, size_t column, stats_sample s, double spread,
                       const char *sign)
{
    if (s.n == 0 && isnan(s.mean)) {
        text_table_put(t, row, column, "-       ");
    } else if (isnan(spread)) {
        text_table_put(t, row, column, "%s%.2f%*s", sign, s.mean,
                       (int)strlen(" +- 0.00") - (plus_minus()[0] != '+'), "");
    } else {
        text_table_put(t, row, column, "%s%.2f %s %.2f", sign, s.mean, plus_minus(), spread);
    }
}

static void put_mean(text_table *t, size_t row, size_t column, double mean, int digits)
{
    if (isnan(mean)) {
        text_table_put(t, row, column, "-");
    } else {
        text_table_put(t, row, column, "%.*f", digits, mean);
    }
}

static void put_gap(const report *r, text_table *t, size_t row, const report_arm *a)
{
    if (a->is_baseline) {
        text_table_put(t, row, 4, "baseline");
    } else if (a->is_teacher || r->baseline < 0) {
        text_table_put(t, row, 4, "-       ");
    } else {
        put_sample(t, row, 4, a->gap, a->gap_half_width, a->gap.mean >= 0.0 ? "+" : "");
    }
}

static sld_status print_accuracy(sld_ctx *ctx, const report *r, FILE *to)
{
    static const char *const heads[] = {"n",          "last epoch", "best epoch",
                                        "last three", "gap, 95 %",  "resolves"};
    text_table              *t       = NULL;

    SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, 6, "test top-1, %", heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        const report_arm   *a    = &r->arms[i];
        const stats_sample *last = &a->metric[REPORT_top1_last];
        text_table_name(t, i, a->name);
        if (last->n == a->n_points) {
            text_table_put(t, i, 0, "%zu", last->n);
        } else {
            text_table_put(t, i, 0, "%zu/%zu", last->n, a->n_points);
        }
        if (a->n_state[SLD_POINT_DIVERGED] > 0) {
            text_table_put(t, i, 0, "%zu/%zu (%zu diverged)", last->n, a->n_points,
                           a->n_state[SLD_POINT_DIVERGED]);
        }
        put_sample(t, i, 1, *last, last->sd, "");
        put_sample(t, i, 2, a->metric[REPORT_top1_best], a->metric[REPORT_top1_best].sd, "");
        put_sample(t, i, 3, a->metric[REPORT_top1_last3], a->metric[REPORT_top1_last3].sd, "");
        put_gap(r, t, i, a);
        put_mean(t, i, 5, a->detectable, 2);
    }
    text_table_print(t, to);
    return SLD_OK;
}

static void explain_accuracy(const report *r, FILE *to)
{
    size_t n_val = 0, n = 0;

    for (size_t i = 0; i < r->n_trials; i++) { /* those that have ended tell it */
        n += r->trials[i].has_results;
        n_val += r->trials[i].has_results && r->trials[i].best_on_val;
    }
    fprintf(to,
            "\nMean %s standard deviation over the n seeds that are done; n/m: of m. The last "
            "epoch is the\n"
            "measure; the best epoch is chosen on %s.\n",
            plus_minus(),
            n_val == 0   ? "test itself"
            : n_val == n ? "the validation split"
                         : "the validation split where a trial has one, else on test itself");
    if (r->baseline >= 0) {
        fprintf(
            to,
            "gap: last epoch less that of %s, seed by seed, with its 95 %% confidence interval.\n"
            "resolves: the smallest difference that so many seeds find (two-sided 5 %%, power 0.8) "
            "at a\n"
            "deviation of %.2f, %s.\n",
            r->baseline_name, r->resolving_sd,
            isnan(r->pooled_sd) ? "assumed: no arm has two seeds" : "pooled over the arms");
    }
    if (r->most_seeds < 2) {
        fprintf(to, "One seed ranks nothing: differences here are not told from luck.\n");
    }
}

static sld_status print_quality(sld_ctx *ctx, const report *r, FILE *to)
{
    static const char *const heads[] = {"LSS epochs", "copied %", "unseen %", "NLL",
                                        "ECE %",      "minutes",  "samples/s"};
    text_table              *t       = NULL;

    SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, 7, "last epoch", heads, &t));
    for (size_t i = 0; i < r->n_arms; i++) {
        const report_arm *a   = &r->arms[i];
        const double      lss = a->metric[REPORT_lss_active_epochs].mean;
        text_table_name(t, i, a->name);
        if (lss > 0.0) {
            text_table_put(t, i, 0, "%g of %g", lss, a->metric[REPORT_epochs].mean);
        } else {
            put_mean(t, i, 0, lss, 0);
        }
        put_mean(t, i, 1, a->metric[REPORT_copy_rate].mean, 1);
        put_mean(t, i, 2, a->control, 1);
        put_mean(t, i, 3, a->metric[REPORT_nll_last].mean, 4);
        put_mean(t, i, 4, a->metric[REPORT_ece_last].mean, 2);
        put_mean(t, i, 5, a->metric[REPORT_minutes].mean, 1);
        put_mean(t, i, 6, a->metric[REPORT_samples_per_second].mean, 0);
    }
    text_table_print(t, to);
    fprintf(to, "\ncopied: of the teacher's errors on test, those where the student gives the same "
                "wrong class; unseen:\n"
                "the same of the students in this sweep that never saw a teacher.\n");
    return SLD_OK;
}

/* Three shares in one cell: first, LSS-starting, last epoch. */
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
        text_table_name(t, i, r->arms[i].name);
        put_shares(t, i, 0, &number[REPORT_swapped_teacher_weak_first]);
        put_shares(t, i, 1, &number[REPORT_swapped_teacher_strong_first]);
        put_shares(t, i, 2, &number[REPORT_swapped_student_weak_first]);
        put_shares(t, i, 3, &number[REPORT_swapped_student_strong_first]);
    }
    text_table_print(t, to);
    fprintf(to, "\nShares of training rows whose largest logit is not the label's, which a swap "
                "touches, in the first\n"
                "epoch, the first with the student swap active, the last.\n");
    return SLD_OK;
}

/* Arms that train a temperature; nothing where none does. */
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

static sld_status print_norms(sld_ctx *ctx, const report *r, FILE *to)
{
    for (size_t from = 0; from < r->n_norms; from += NORM_COLUMNS) {
        const size_t n     = r->n_norms - from < NORM_COLUMNS ? r->n_norms - from : NORM_COLUMNS;
        const char **heads = NULL;
        text_table  *t     = NULL;

        SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *heads, (void **)&heads));
        for (size_t c = 0; c < n; c++) {
            heads[c] = r->norm_name[from + c] + strlen("grad_norm_");
        }
        SLD_TRY(text_table_create(ctx, r->arena, r->n_arms, n, "gradient norm", heads, &t));
        for (size_t i = 0; i < r->n_arms; i++) {
            text_table_name(t, i, r->arms[i].name);
            for (size_t c = 0; c < n; c++) {
                put_mean(t, i, c, r->arms[i].norm[from + c].mean, 5);
            }
        }
        fprintf(to, "\n");
        text_table_print(t, to);
    }
    if (r->n_norms > 0) {
        fprintf(to, "\nOf each weighted term with respect to a batch's student logits, in the last "
                    "epoch.\n");
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

/* Labels whose trials are other arms': their rows above say the same twice. */
static void print_same(const report *r, FILE *to)
{
    size_t shown = 0;

    for (size_t i = r->n_trials; i < r->n_trials + r->n_same && shown < MOST_REASONS; i++) {
        const report_trial *t = &r->trials[i];
        char                arm[256], its[256];
        fprintf(to, "%s%s, seed %lld: the same trial as %s (%s)\n", shown++ == 0 ? "\n" : "",
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
        if (all++ < MOST_REASONS) {
            fprintf(to, "%s%s: %s, seed %lld: %s%s%s\n", shown++ == 0 ? "\n" : "", t->point->id,
                    t->point->arm, (long long)t->point->seed, sld_point_state_name(t->status.state),
                    t->status.reason[0] ? ": " : "", t->status.reason);
        }
    }
    if (all > shown) {
        fprintf(to, "and %zu more: sld report %s --format csv\n", all - shown, r->dir);
    }
}

sld_status report_print_text(sld_ctx *ctx, const report *r, FILE *to)
{
    print_states(r, to);
    SLD_TRY(print_accuracy(ctx, r, to));
    explain_accuracy(r, to);
    fprintf(to, "\n");
    SLD_TRY(print_quality(ctx, r, to));
    fprintf(to, "\n");
    print_temperatures(r, to);
    SLD_TRY(print_swaps(ctx, r, to));
    SLD_TRY(print_norms(ctx, r, to));
    print_same(r, to);
    print_reasons(r, to);
    return SLD_OK;
}
