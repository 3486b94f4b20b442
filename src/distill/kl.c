/* kl.c: temperature KL of the (corrected) teacher against the student (docs/methods.md, "Teacher
 * swap"): sum over tau of tau^2 KL(q || p), q = softmax(z_t / tau), p = softmax(z_s / tau). */
#include "form.h"
#include "term.h"

static double row_loss(const sld_term *term, const sld_row *row, double *g)
{
    const size_t  K   = row->K;
    const double *z_s = row->s.z, *z_t = row->t.z;
    double        loss = 0.0;

    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        const double       tau = term->tau[j];
        const sld_softmax *s = &row->s.soft[term->at[j]], *t = &row->t.soft[term->at[j]];
        const double      *p = s->p, *q = t->p;

        /* tau KL = sum_k q_k (z_t_k - z_s_k) + tau (log_sum_s - log_sum_t), from logits and not
         * from log p: a p that has underflowed costs nothing. q_k = 0 contributes 0. */
        double moved = 0.0;
        for (size_t k = 0; k < K; k++) {
            moved += q[k] > 0.0 ? q[k] * (z_t[k] - z_s[k]) : 0.0;
        }
        loss += tau * (moved + tau * (s->log_sum - t->log_sum));

        for (size_t k = 0; k < K; k++) {
            g[k] += tau * (p[k] - q[k]);
        }
    }
    if (term->masked[row->view]) {
        loss *= row->weight;
        for (size_t k = 0; k < K; k++) {
            g[k] *= row->weight;
        }
    }
    return loss;
}

const sld_term_kind sld_term_kl = {.uses_teacher = true, .row = row_loss};

sld_status sld_form_add_kl(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term   *term = NULL;
    const char *name = p->correction == SLD_CORRECT_SWAP ? "lts" : "kd";
    return sld_objective_add(ctx, o, &sld_term_kl, name, &p->kd, &term);
}
