/* rld.c: refined logit distillation as coded by its authors, docs/methods.md, "RLD". It corrects no
 * logit. It takes two things from the teacher that a wrong prediction does not spoil:
 *
 *   scd  how sure the teacher is: tau^2 KL of (maximum, the others) against the student's (label, the
 *        others), at a temperature of its own
 *   mcd  how the classes below the label are related: tau^2 KL of the softmaxes over these alone; 0 in
 *        a row in which every class stands above the label */
#include <math.h>

#include "objective.h"

static double confidence(const sld_term *term, const sld_row *row, double *g)
{
    return sld_two_bins_row(row, row->t.top, term->at[0], term->tau[0], g);
}

/* The softmax of one side over the classes below the label in the teacher's logits z_t. */
static sld_non_target below_label(const double *z, const double *z_t, size_t label, size_t K,
                                  double tau)
{
    sld_non_target r = {.top = -INFINITY};
    for (size_t k = 0; k < K; k++) {
        if (z_t[k] < z_t[label] && z[k] > r.top) r.top = z[k];
    }
    for (size_t k = 0; k < K; k++) {
        if (z_t[k] < z_t[label]) r.log_sum += exp((z[k] - r.top) / tau);
    }
    r.log_sum = log(r.log_sum);
    return r;
}

static double correlation(const sld_term *term, const sld_row *row, double *g)
{
    const size_t  K = row->K, y = row->label;
    const double *z_s = row->s.z, *z_t = row->t.z;
    double        loss = 0.0;

    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        const double         tau = term->tau[j];
        const sld_non_target r_s = below_label(z_s, z_t, y, K, tau),
                             r_t = below_label(z_t, z_t, y, K, tau);

        for (size_t k = 0; k < K; k++) {
            if (!(z_t[k] < z_t[y])) continue;
            const double log_p = sld_non_target_log(&r_s, z_s[k], tau);
            const double log_q = sld_non_target_log(&r_t, z_t[k], tau), q = exp(log_q);
            loss += tau * tau * (q > 0.0 ? q * (log_q - log_p) : 0.0);
            g[k] += tau * (exp(log_p) - q);
        }
    }
    return loss;
}

static const sld_term_kind confidence_kind  = {.uses_teacher = true, .row = confidence};
static const sld_term_kind correlation_kind = {.uses_teacher = true, .row = correlation};

sld_status sld_add_rld(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term       *term = NULL;
    sld_term_params scd = p->kd, mcd = p->kd;
    scd.temperatures = (sld_temperatures){.n = 1, .t = {p->rld_confidence_tau}};
    for (int view = 0; view < SLD_VIEWS; view++) {
        scd.weight[view] *= p->rld_alpha;
        mcd.weight[view] *= p->rld_beta;
    }
    SLD_TRY(sld_objective_add(ctx, o, &confidence_kind, "scd", &scd, &term));
    return sld_objective_add(ctx, o, &correlation_kind, "mcd", &mcd, &term);
}
