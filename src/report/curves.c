/* curves.c: computes the learning curves of the best arms. */
#include "curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_of(const report *r, size_t trial, size_t arm)
{
    const report_trial *t = &r->trials[trial];

    return t->n_top1 > 0 && report_is_arm_of(&r->arms[arm], t->point);
}

static sld_status make(sld_ctx *ctx, const report *r, size_t arm, double *x, arm_curve *out)
{
    *out = (arm_curve){.arm = arm};
    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        if (is_of(r, i, arm) && r->trials[i].n_top1 > out->n_epochs) {
            out->n_epochs = r->trials[i].n_top1;
        }
    }
    SLD_TRY(
        sld_arena_alloc(ctx, r->arena, (out->n_epochs + 1) * sizeof *out->at, (void **)&out->at));
    for (size_t e = 0; e < out->n_epochs; e++) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
            if (is_of(r, i, arm) && e < r->trials[i].n_top1) {
                x[n++] = r->trials[i].top1[e];
            }
        }
        out->at[e] = stats_of(x, n);
    }
    return SLD_OK;
}

/* The arm's accuracy so far: the mean over its seeds of the last epoch that each has reached. */
static double height(const report *r, size_t arm)
{
    double sum = 0.0;
    size_t n   = 0;

    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        if (is_of(r, i, arm)) {
            sum += r->trials[i].top1[r->trials[i].n_top1 - 1];
            n++;
        }
    }
    return n == 0 ? NAN : sum / (double)n;
}

sld_status choose_curves(sld_ctx *ctx, const report *r, size_t max, arm_curve *out,
                         arm_curves *chosen)
{
    double *high = NULL, *x = NULL;

    *chosen = (arm_curves){.n = 0};
    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_arms + 1) * sizeof *high, (void **)&high));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_trials + r->n_same + 1) * sizeof *x, (void **)&x));
    for (size_t a = 0; a < r->n_arms; a++) {
        high[a] = r->arms[a].is_teacher ? NAN : height(r, a);
    }
    for (size_t a = 0; a < r->n_arms; a++) {
        size_t higher = 0; /* arms that are preferred to this one */
        for (size_t b = 0; b < r->n_arms; b++) {
            higher += b != a && !isnan(high[b]) &&
                      ((int)b == r->baseline || high[b] > high[a] || (high[b] == high[a] && b < a));
        }
        if (isnan(high[a])) {
            continue;
        }
        if (chosen->n == max || ((int)a != r->baseline && higher >= max)) {
            chosen->left_out++;
            continue;
        }
        arm_curve *curve = &out[chosen->n++];
        SLD_TRY(make(ctx, r, a, x, curve));
        chosen->longest = curve->n_epochs > chosen->longest ? curve->n_epochs : chosen->longest;
    }
    return SLD_OK;
}
