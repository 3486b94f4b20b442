/* report_json.c: trials and arms as one JSON object; null is a missing value. */
#include <math.h>

#include "report.h"

static void print_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            fprintf(to, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(to, "\\u%04x", c);
        } else {
            fputc(c, to);
        }
    }
    fputc('"', to);
}

static void print_number(FILE *to, const char *name, double x)
{
    if (isfinite(x)) {
        fprintf(to, ", \"%s\": %.10g", name, x);
    } else {
        fprintf(to, ", \"%s\": null", name);
    }
}

static void print_sample(FILE *to, const char *name, stats_sample s)
{
    fprintf(to, ", \"%s\": {\"n\": %zu", name, s.n);
    print_number(to, "mean", s.mean);
    print_number(to, "sd", s.sd);
    fputc('}', to);
}

static void print_head(const report *r, FILE *to)
{
    fprintf(to, "{\"name\": ");
    print_text(to, r->name);
    fprintf(to, ", \"baseline\": ");
    print_text(to, r->baseline_name);
    for (int s = 0; s <= SLD_POINT_SKIPPED; s++) {
        fprintf(to, ", \"%s\": %zu", sld_point_state_name((sld_point_state)s), r->n_state[s]);
    }
    print_number(to, "pooled_sd", r->pooled_sd);
    print_number(to, "resolving_sd", r->resolving_sd);
}

static void print_arm(const report *r, const report_arm *a, FILE *to)
{
    fprintf(to, "  {\"arm\": ");
    print_text(to, a->name);
    fprintf(to, ", \"is_teacher\": %s, \"is_baseline\": %s, \"trials\": %zu",
            a->is_teacher ? "true" : "false", a->is_baseline ? "true" : "false", a->n_points);
    for (int s = 0; s <= SLD_POINT_SKIPPED; s++) {
        fprintf(to, ", \"%s\": %zu", sld_point_state_name((sld_point_state)s), a->n_state[s]);
    }
    print_sample(to, "gap", a->gap);
    fprintf(to, ", \"gap_paired\": %s", a->gap_paired ? "true" : "false");
    print_number(to, "gap_half_width", a->gap_half_width);
    print_number(to, "detectable", a->detectable);
    print_number(to, "copy_rate_unseen", a->control);
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        print_sample(to, report_metric_name[i], a->metric[i]);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        print_sample(to, r->norm_name[i], a->norm[i]);
    }
    fputc('}', to);
}

static void print_trial(const report *r, const report_trial *t, FILE *to)
{
    const sld_point *p = t->point;

    fprintf(to, "  {\"id\": ");
    print_text(to, p->id);
    fprintf(to, ", \"arm\": ");
    print_text(to, p->arm);
    fprintf(
        to,
        ", \"seed\": %lld, \"is_teacher\": %s, \"state\": \"%s\", \"attempts\": %d, \"reason\": ",
        (long long)p->seed, p->is_teacher ? "true" : "false", sld_point_state_name(t->status.state),
        t->status.attempts);
    print_text(to, t->status.reason);
    fprintf(to, ", \"axes\": {");
    for (size_t a = 0; a < p->n_axes; a++) {
        fprintf(to, "%s", a > 0 ? ", " : "");
        print_text(to, p->axis[a]);
        fprintf(to, ": ");
        print_text(to, p->value[a]);
    }
    fputc('}', to);
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        print_number(to, report_metric_name[i], t->metric[i]);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        print_number(to, r->norm_name[i], t->norm[i]);
    }
    fputc('}', to);
}

void report_print_json(const report *r, FILE *to)
{
    print_head(r, to);
    fprintf(to, ",\n \"arms\": [\n");
    for (size_t i = 0; i < r->n_arms; i++) {
        print_arm(r, &r->arms[i], to);
        fprintf(to, "%s\n", i + 1 < r->n_arms ? "," : "");
    }
    fprintf(to, " ],\n \"trials\": [\n");
    for (size_t i = 0; i < r->n_trials; i++) {
        print_trial(r, &r->trials[i], to);
        fprintf(to, "%s\n", i + 1 < r->n_trials ? "," : "");
    }
    fprintf(to, " ]}\n");
}
