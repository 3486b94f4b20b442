/* arms.c: groups trials that differ only in seed into arms, and computes mean and deviation over
 * seeds and the gap to the baseline. Only done trials count: a diverged one has no last epoch. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Assumed deviation over seeds, in percent points, for a sweep without two seeds: that of a small
 * network on CIFAR-100 (docs/protocol.md, "What n seeds resolve"). */
#define PROTOCOL_SD 0.25

static bool counts(const report_trial *t)
{
    return t->status.state == SLD_POINT_DONE && t->has_results;
}

/* The trials of arm a are trial[first[a]] to trial[first[a + 1] - 1]. */
typedef struct grouping {
    size_t  n;     /* trials, including labels of others' trials */
    size_t *arm;   /* (n) arm of each trial */
    size_t *first; /* (n_arms + 1) */
    size_t *trial; /* (n) */
    double *x;     /* (n) scratch */
} grouping;

bool report_is_arm_of(const report_arm *arm, const sld_point *p)
{
    return arm->is_teacher == p->is_teacher && strcmp(arm->name, p->arm) == 0;
}

/* Returns the arm of the point, or n_arms if it is new. guess is tried first: seeds are the slowest
 * axis, so a point mostly belongs to the arm after that of the point before it. */
static size_t find_arm(const report *r, const sld_point *p, size_t guess)
{
    if (guess < r->n_arms && report_is_arm_of(&r->arms[guess], p)) {
        return guess;
    }
    for (size_t a = 0; a < r->n_arms; a++) {
        if (report_is_arm_of(&r->arms[a], p)) {
            return a;
        }
    }
    return r->n_arms;
}

/* Makes the list of arms, with those of students first. */
static void name_arms(report *r, grouping *g)
{
    for (int teachers = 0; teachers < 2; teachers++) {
        size_t last = 0;
        for (size_t i = 0; i < g->n; i++) {
            const sld_point *p = r->trials[i].point;
            if (p->is_teacher != (teachers == 1)) {
                continue;
            }
            const size_t a = find_arm(r, p, last + 1);
            if (a == r->n_arms) {
                r->arms[r->n_arms++] = (report_arm){.name = p->arm, .is_teacher = p->is_teacher};
            }
            g->arm[i] = last = a;
        }
    }
}

static void sort_trials(const report *r, grouping *g)
{
    for (size_t i = 0; i < g->n; i++) {
        g->first[g->arm[i] + 1]++;
    }
    for (size_t a = 0; a < r->n_arms; a++) {
        g->first[a + 1] += g->first[a];
    }
    for (size_t i = 0; i < g->n; i++) { /* this moves first[a] to the end of the arm ... */
        g->trial[g->first[g->arm[i]]++] = i;
    }
    for (size_t a = r->n_arms; a > 0; a--) { /* ... and this moves it back */
        g->first[a] = g->first[a - 1];
    }
    g->first[0] = 0;
}

/* Mean and deviation of one number over the done trials of an arm: of metric `number`, or of norm
 * `norm` if number is negative. */
static stats_sample sample_of(const report *r, const grouping *g, size_t arm, int number, int norm)
{
    size_t n = 0;

    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t = &r->trials[g->trial[k]];
        if (counts(t)) {
            g->x[n++] = number >= 0 ? t->metric[number] : t->norm[norm];
        }
    }
    return stats_of(g->x, n);
}

static void fill_arm(report *r, const grouping *g, size_t arm)
{
    report_arm *a = &r->arms[arm];

    a->control = NAN;
    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t = &r->trials[g->trial[k]];
        a->n_points++;
        a->n_state[t->status.state]++;
        a->taught |= counts(t) && t->has_teacher;
    }
    for (int i = 0; i < REPORT_N_METRICS; i++) {
        a->metric[i] = sample_of(r, g, arm, i, -1);
    }
    for (size_t i = 0; i < r->n_norms; i++) {
        a->norm[i] = sample_of(r, g, arm, -1, (int)i);
    }
    size_t n = 0;
    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        g->x[n++] = r->trials[g->trial[k]].control;
    }
    a->control = stats_of(g->x, n).mean;
}

/* The done trial of this seed in the arm; NULL: none. */
static const report_trial *of_seed(const report *r, const grouping *g, size_t arm, int64_t seed)
{
    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t = &r->trials[g->trial[k]];
        if (t->point->seed == seed && counts(t)) {
            return t;
        }
    }
    return NULL;
}

/* Whether options or data say that two trials were tested on different samples; both may lack logits. */
static bool tested_apart(const report *r, const report_trial *a, const report_trial *b)
{
    bool apart = strcmp(a->data_sha, b->data_sha) != 0;

    for (size_t o = 0; o < r->n_options && !apart; o++) {
        apart = strcmp(r->option_name[o], "data.test_fraction") == 0 &&
                strcmp(a->option[o], b->option[o]) != 0;
    }
    return apart;
}

static bool has_to_come(const report_arm *a)
{
    return a->n_state[SLD_POINT_WAITING] + a->n_state[SLD_POINT_RUNNING] > 0;
}

static void fill_gap(report *r, const grouping *g, size_t arm)
{
    report_arm  *a    = &r->arms[arm];
    const size_t base = (size_t)a->baseline;
    size_t       n    = 0;

    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t     = &r->trials[g->trial[k]];
        const report_trial *other = counts(t) ? of_seed(r, g, base, t->point->seed) : NULL;
        if (other) {
            g->x[n++] = t->metric[REPORT_top1_last] - other->metric[REPORT_top1_last];
            a->other_test |= tested_apart(r, t, other);
            a->other_libraries |= strcmp(t->libraries, other->libraries) != 0;
        }
    }
    a->gap            = stats_of(g->x, n);
    a->fewer          = a->gap.n > 0 && (a->gap.n < a->metric[REPORT_top1_last].n ||
                                a->gap.n < r->arms[base].metric[REPORT_top1_last].n);
    a->is_open        = has_to_come(a) || has_to_come(&r->arms[base]);
    a->gap_half_width = a->is_open ? NAN : stats_half_width(a->gap);
    a->detectable     = stats_detectable(a->pair_sd, a->metric[REPORT_top1_last].n,
                                         r->arms[base].metric[REPORT_top1_last].n);
}

/* The primary measure over the arm's own trials: a trial shared by two arms must enter the pooled
 * deviation once. */
static stats_sample own_sample(const report *r, const grouping *g, size_t arm)
{
    size_t n = 0;

    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t = &r->trials[g->trial[k]];
        if (counts(t) && !t->same) {
            g->x[n++] = t->metric[REPORT_top1_last];
        }
    }
    return stats_of(g->x, n);
}

/* Whether an arm before this one with the same baseline has the trial that this label shares. */
static bool shared_in_pair(const report *r, const grouping *g, size_t label)
{
    const report_trial *t = &r->trials[label];

    for (size_t i = 0; i < g->n; i++) {
        const report_trial *u = &r->trials[i];
        if ((u->point == t->same || u->same == t->same) && g->arm[i] < g->arm[label] &&
            r->arms[g->arm[i]].baseline == r->arms[g->arm[label]].baseline) {
            return true;
        }
    }
    return false;
}

/* The primary measure over the trials of an arm of a pair, those left out that another arm of the pair
 * brings: arms without a teacher have one trial for the pairs of all teachers. */
static stats_sample sample_in_pair(const report *r, const grouping *g, size_t arm)
{
    size_t n = 0;

    for (size_t k = g->first[arm]; k < g->first[arm + 1]; k++) {
        const report_trial *t = &r->trials[g->trial[k]];
        if (counts(t) && !(t->same && shared_in_pair(r, g, g->trial[k]))) {
            g->x[n++] = t->metric[REPORT_top1_last];
        }
    }
    return stats_of(g->x, n);
}

/* The deviation that a gap is held against is that of its own pair: pairs of networks differ in it. A
 * pair without two seeds takes that of all arms, else the protocol's. groups: (n_arms) */
static void fill_pair_sd(report *r, const grouping *g, stats_sample *groups)
{
    for (size_t b = 0; b < r->n_arms; b++) {
        size_t n = 0;
        if (!r->arms[b].is_baseline) {
            continue;
        }
        for (size_t a = 0; a < r->n_arms; a++) {
            if (r->arms[a].baseline == (int)b) {
                groups[n++] = sample_in_pair(r, g, a);
            }
        }
        double sd = stats_pooled_sd(groups, n);
        sd        = isnan(sd) ? r->pooled_sd : sd;
        for (size_t a = 0; a < r->n_arms; a++) {
            if (r->arms[a].baseline == (int)b) {
                r->arms[a].pair_sd = isnan(sd) ? PROTOCOL_SD : sd;
            }
        }
    }
}

/* own, groups: (n_arms) */
static sld_status fill_gaps(sld_ctx *ctx, report *r, const grouping *g, stats_sample *own,
                            stats_sample *groups)
{
    r->baseline = -1;
    for (size_t a = 0; a < r->n_arms; a++) {
        report_arm *arm     = &r->arms[a];
        arm->gap            = (stats_sample){0, NAN, NAN};
        arm->gap_half_width = arm->detectable = arm->pair_sd = NAN;
        arm->baseline                                        = -1;
        if (arm->is_teacher) {
            continue;
        }
        own[a]       = own_sample(r, g, a);
        r->max_seeds = arm->n_state[SLD_POINT_DONE] > r->max_seeds ? arm->n_state[SLD_POINT_DONE]
                                                                   : r->max_seeds;
        if (strcmp(arm->name, r->baseline_name) == 0) {
            r->baseline = (int)a;
        }
    }
    r->pooled_sd = stats_pooled_sd(own, r->n_arms);
    if (r->baseline >= 0) {
        SLD_TRY(report_find_baselines(ctx, r, g->arm));
    }
    fill_pair_sd(r, g, groups);
    for (size_t a = 0; a < r->n_arms; a++) {
        if (r->arms[a].baseline >= 0 && !r->arms[a].is_baseline) {
            fill_gap(r, g, a);
        }
    }
    return SLD_OK;
}

sld_status report_make_arms(sld_ctx *ctx, report *r)
{
    const size_t  n = r->n_trials + r->n_same + 1;
    grouping      g = {.n = r->n_trials + r->n_same};
    stats_sample *own, *groups;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *r->arms, (void **)&r->arms));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *g.arm, (void **)&g.arm));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, (n + 1) * sizeof *g.first, (void **)&g.first));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *g.trial, (void **)&g.trial));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *g.x, (void **)&g.x));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *own, (void **)&own));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, n * sizeof *groups, (void **)&groups));
    for (size_t i = 0; i < r->n_trials; i++) {
        r->n_state[r->trials[i].status.state]++;
    }
    name_arms(r, &g);
    sort_trials(r, &g);
    for (size_t a = 0; a < r->n_arms; a++) {
        fill_arm(r, &g, a);
    }
    return fill_gaps(ctx, r, &g, own, groups);
}
