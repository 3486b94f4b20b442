/* report_json.c: prints a report as one JSON object. null is a missing value. */
#include "report.h"
#include "sld/base_json.h"

enum { DIGITS = 10 };

static void put_sample(sld_json *j, const char *key, stats_sample s)
{
    sld_json_object(j, key);
    sld_json_whole(j, "n", (long long)s.n);
    sld_json_number(j, "mean", s.mean, DIGITS);
    sld_json_number(j, "sd", s.sd, DIGITS);
    sld_json_end(j);
}

static void put_states(sld_json *j, const size_t n_state[])
{
    for (sld_point_state s = SLD_POINT_WAITING; s <= SLD_POINT_SKIPPED; s++) {
        sld_json_whole(j, sld_point_state_name(s), (long long)n_state[s]);
    }
}

static void put_arm(sld_json *j, const report *r, const report_arm *a)
{
    sld_json_line(j);
    sld_json_object(j, NULL);
    sld_json_text(j, "arm", a->name);
    sld_json_bool(j, "is_teacher", a->is_teacher);
    sld_json_bool(j, "is_baseline", a->is_baseline);
    sld_json_text(j, "baseline", a->baseline >= 0 ? r->arms[a->baseline].name : NULL);
    sld_json_whole(j, "trials", (long long)a->n_points);
    put_states(j, a->n_state);
    put_sample(j, "gap", a->gap);
    sld_json_number(j, "gap_half_width", a->gap_half_width, DIGITS);
    sld_json_number(j, "resolving_sd", a->pair_sd, DIGITS);
    sld_json_number(j, "detectable", a->detectable, DIGITS);
    sld_json_number(j, "copy_rate_unseen", a->control, DIGITS);
    sld_json_text(j, "copy_rate_reason",
                  report_no_copies(a->metric[REPORT_copy_rate].mean, a->taught));
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        put_sample(j, report_metric_name[i], a->metric[i]);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        put_sample(j, r->norm_name[i], a->norm[i]);
    }
    sld_json_end(j);
}

static void put_axes(sld_json *j, const sld_point *p)
{
    sld_json_object(j, "axes");
    for (size_t a = 0; a < p->n_axes; a++) {
        sld_json_text(j, p->axis[a], p->value[a]);
    }
    sld_json_end(j);
}

static void put_same(sld_json *j, const report_trial *t)
{
    sld_json_line(j);
    sld_json_object(j, NULL);
    sld_json_text(j, "id", t->point->id);
    sld_json_text(j, "arm", t->point->arm);
    sld_json_whole(j, "seed", (long long)t->point->seed);
    sld_json_bool(j, "is_teacher", t->point->is_teacher);
    sld_json_text(j, "same_as", t->same->arm);
    put_axes(j, t->point);
    sld_json_end(j);
}

static void put_trial(sld_json *j, const report *r, const report_trial *t)
{
    const sld_point *p = t->point;

    sld_json_line(j);
    sld_json_object(j, NULL);
    sld_json_text(j, "id", p->id);
    sld_json_text(j, "arm", p->arm);
    sld_json_whole(j, "seed", (long long)p->seed);
    sld_json_bool(j, "is_teacher", p->is_teacher);
    sld_json_text(j, "state", sld_point_state_name(t->status.state));
    sld_json_whole(j, "attempts", t->status.attempts);
    sld_json_text(j, "reason", t->status.reason);
    put_axes(j, p);
    sld_json_object(j, "options");
    for (size_t i = 0; i < r->n_options; i++) {
        sld_json_text(j, r->option_name[i], t->option[i]);
    }
    sld_json_end(j);
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        sld_json_number(j, report_metric_name[i], t->metric[i], DIGITS);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        sld_json_number(j, r->norm_name[i], t->norm[i], DIGITS);
    }
    sld_json_text(j, "copy_rate_reason", report_no_copies_of(t));
    sld_json_end(j);
}

void report_print_json(const report *r, FILE *to)
{
    sld_json j = sld_json_begin(to);

    sld_json_object(&j, NULL);
    sld_json_text(&j, "name", r->name);
    sld_json_text(&j, "baseline", r->baseline_name);
    put_states(&j, r->n_state);
    sld_json_number(&j, "pooled_sd", r->pooled_sd, DIGITS);
    sld_json_text(&j, "late_claims", r->late_claims);
    sld_json_line(&j);
    sld_json_list(&j, "arms");
    for (size_t i = 0; i < r->n_arms; i++) {
        put_arm(&j, r, &r->arms[i]);
    }
    sld_json_line(&j);
    sld_json_end(&j);
    sld_json_line(&j);
    sld_json_list(&j, "trials");
    for (size_t i = 0; i < r->n_trials; i++) {
        put_trial(&j, r, &r->trials[i]);
    }
    sld_json_line(&j);
    sld_json_end(&j);
    sld_json_line(&j);
    sld_json_list(&j, "same");
    for (size_t i = r->n_trials; i < r->n_trials + r->n_same; i++) {
        put_same(&j, &r->trials[i]);
    }
    sld_json_line(&j);
    sld_json_end(&j);
    sld_json_end(&j);
}
