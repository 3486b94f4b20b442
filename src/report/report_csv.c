/* report_csv.c: prints a report as CSV (RFC 4180): one row per trial and one per label that shares
 * another's trial. An empty field is a missing value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Whether a spreadsheet would run the field as a formula: it begins like one and is no number. */
static bool is_formula(const char *text)
{
    char *end;

    if (!*text || !strchr("=+-@\t\r", *text)) {
        return false;
    }
    (void)strtod(text, &end);
    return end == text || *end;
}

/* Anybody may have made a packed study, so control characters for terminals are escaped. */
static void print_text(FILE *to, const char *given)
{
    const char *guard = is_formula(given) ? "'" : "";
    char        shown[4096];
    const char *text = sld_text_printable(given, shown, sizeof shown);

    if (!strpbrk(text, ",\"\r\n")) {
        fprintf(to, "%s%s", guard, text);
        return;
    }
    fprintf(to, "\"%s", guard);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', to);
        }
        fputc(*text, to);
    }
    fputc('"', to);
}

static void print_number(FILE *to, double x)
{
    if (isnan(x)) {
        fputc(',', to);
    } else {
        fprintf(to, ",%.10g", x);
    }
}

static void print_head(const report *r, const sld_point *axes, FILE *to)
{
    fputs("id,arm,seed,is_teacher,same_as,state,attempts,reason", to);
    for (size_t a = 0; axes && a < axes->n_axes; a++) {
        char column[128]; /* with a prefix, as an axis may be called arm or seed */
        snprintf(column, sizeof column, "axis_%s", axes->axis[a]);
        fputc(',', to);
        print_text(to, column);
    }
    for (size_t i = 0; i < r->n_options; i++) {
        fprintf(to, ",option_%s", r->option_name[i]);
    }
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        fprintf(to, ",%s", report_metric_name[i]);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        fprintf(to, ",%s_last", r->norm_name[i]);
    }
    fputs(",copy_rate_reason\n", to);
}

static void print_trial(const report *r, const sld_point *axes, const report_trial *t, FILE *to)
{
    print_text(to, t->point->id);
    fputc(',', to);
    print_text(to, t->point->arm);
    fprintf(to, ",%lld,%d,", (long long)t->point->seed, t->point->is_teacher);
    print_text(to, t->same ? t->same->arm : "");
    fprintf(to, ",%s,%d,", sld_point_state_name(t->status.state), t->status.attempts);
    print_text(to, t->status.reason);
    for (size_t a = 0; axes && a < axes->n_axes; a++) {
        fputc(',', to);
        print_text(to, a < t->point->n_axes ? t->point->value[a] : "");
    }
    for (size_t i = 0; i < r->n_options; i++) {
        fputc(',', to);
        print_text(to, t->option[i]);
    }
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        print_number(to, t->metric[i]);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        print_number(to, t->norm[i]);
    }
    fputc(',', to);
    print_text(to, report_no_copies_of(t));
    fputc('\n', to);
}

void report_print_csv(const report *r, FILE *to)
{
    const sld_point *axes = report_with_axes(r);

    print_head(r, axes, to);
    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        print_trial(r, axes, &r->trials[i], to);
    }
}
