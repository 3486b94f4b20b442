/* dkd.c: decoupled knowledge distillation as coded by its authors, docs/methods.md, "DKD". At each
 * temperature, times tau^2, "tckd" is the KL of the two-bin distributions (label, everything else),
 * and "nckd" the KL of the softmaxes over the classes other than the label. */
#include <math.h>

#include "objective.h"

double sld_two_bins_row(const sld_row *row, size_t t_class, size_t at, double tau, double *g)
{
    const size_t         K = row->K, y = row->label;
    const sld_softmax   *s = &row->s.soft[at], *t = &row->t.soft[at];
    const sld_non_target r_s = sld_non_target_of(&row->s, y, K, tau),
                         r_t = sld_non_target_of(&row->t, t_class, K, tau);

    const double log_p            = row->s.z[y] / tau - s->log_sum,
                 log_p_non_target = sld_non_target_share(&r_s, s, tau);
    const double log_q            = row->t.z[t_class] / tau - t->log_sum,
                 log_q_non_target = sld_non_target_share(&r_t, t, tau);
    const double q = exp(log_q), q_non_target = exp(log_q_non_target);

    /* dL/dz_y = tau (p - q). The others share its negative in the ratio of their own softmax. */
    const double move = tau * (s->p[y] - q);
    for (size_t k = 0; k < K; k++) {
        g[k] += k == y ? move : -move * exp(sld_non_target_log(&r_s, row->s.z[k], tau));
    }
    return tau * tau * (q > 0.0 ? q * (log_q - log_p) : 0.0) +
           tau * tau *
               (q_non_target > 0.0 ? q_non_target * (log_q_non_target - log_p_non_target) : 0.0);
}

static double target_loss(const sld_term *term, const sld_row *row, double *g)
{
    double loss = 0.0;
    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        loss += sld_two_bins_row(row, row->label, term->at[j], term->tau[j], g);
    }
    return loss;
}

static double non_target_loss(const sld_term *term, const sld_row *row, double *g)
{
    const size_t K = row->K, y = row->label;
    double       loss = 0.0;

    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        const double         tau = term->tau[j];
        const sld_non_target r_s = sld_non_target_of(&row->s, y, K, tau),
                             r_t = sld_non_target_of(&row->t, y, K, tau);

        for (size_t k = 0; k < K; k++) {
            if (k == y) continue;
            const double log_p = sld_non_target_log(&r_s, row->s.z[k], tau);
            const double log_q = sld_non_target_log(&r_t, row->t.z[k], tau), q = exp(log_q);
            loss += tau * tau * (q > 0.0 ? q * (log_q - log_p) : 0.0);
            g[k] += tau * (exp(log_p) - q);
        }
    }
    return loss;
}

const sld_term_kind sld_term_dkd_target     = {.uses_teacher = true, .row = target_loss};
const sld_term_kind sld_term_dkd_non_target = {.uses_teacher = true, .row = non_target_loss};

sld_status sld_add_dkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term       *term   = NULL;
    sld_term_params target = p->kd, non_target = p->kd;
    for (int view = 0; view < SLD_VIEWS; view++) {
        target.weight[view] *= p->dkd_alpha;
        non_target.weight[view] *= p->dkd_beta;
    }
    SLD_TRY(sld_objective_add(ctx, o, &sld_term_dkd_target, "tckd", &target, &term));
    return sld_objective_add(ctx, o, &sld_term_dkd_non_target, "nckd", &non_target, &term);
}
