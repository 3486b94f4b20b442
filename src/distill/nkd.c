/* nkd.c: normalised knowledge distillation as coded by its authors, docs/methods.md, "NKD":
 * - q_y log p_y at temperature 1 + gamma tau^2 times the cross-entropy between the softmaxes over
 * the classes other than the label, at each temperature tau. */
#include <math.h>

#include "objective.h"

/* The last temperature, after the user's, is the 1 of the label's part. */
static double row_loss(const sld_term *term, const sld_row *row, double *g)
{
    const size_t       K = row->K, y = row->label, one = term->at[term->n_taus[row->view] - 1];
    const sld_softmax *s     = &row->s.soft[one];
    const double       gamma = term->params->nkd_gamma, q_label = row->t.soft[one].p[y];
    double             loss = q_label * (s->log_sum - row->s.z[y]);

    for (size_t k = 0; k < K; k++) {
        g[k] += q_label * (s->p[k] - (k == y ? 1.0 : 0.0));
    }
    for (size_t j = 0; j + 1 < term->n_taus[row->view]; j++) {
        const double         tau = term->tau[j];
        const sld_non_target r_s = sld_non_target_of(&row->s, y, K, tau),
                             r_t = sld_non_target_of(&row->t, y, K, tau);

        for (size_t k = 0; k < K; k++) {
            if (k == y) continue;
            const double log_p = sld_non_target_log(&r_s, row->s.z[k], tau);
            const double q     = exp(sld_non_target_log(&r_t, row->t.z[k], tau));
            loss -= gamma * tau * tau * (q > 0.0 ? q * log_p : 0.0);
            g[k] += gamma * tau * (exp(log_p) - q);
        }
    }
    return loss;
}

const sld_term_kind sld_term_nkd = {.uses_teacher = true, .row = row_loss};

sld_status sld_add_nkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term         *term = NULL;
    sld_term_params   own  = p->kd;
    sld_temperatures *t    = &own.temperatures;
    if (t->n == SLD_MAX_TEMPERATURES) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "kd.temperatures: expected at most %d for nkd, got %zu",
                        SLD_MAX_TEMPERATURES - 1, t->n);
    }
    t->t[t->n++] = 1.0;
    return sld_objective_add(ctx, o, &sld_term_nkd, "nkd", &own, &term);
}
