/* rc.c: KD beside a correction of the student, as the authors of RLD code their baseline RC
 * (docs/methods.md, "RC"): in every row the student learns from its own logits, with the label's
 * raised to label + maximum. No gradient goes through the raised logits. */
#include <math.h>

#include "objective.h"

/* tau^2 KL(softmax(r / tau) || softmax(z / tau)), where r differs from z in the label alone: by
 * z_top, the maximum itself. Therefore KL = q_y z_top / tau + log_sum(z) - log_sum(r). */
static double raised_label(const sld_term *term, const sld_row *row, double *g)
{
    const size_t K = row->K, y = row->label;
    double       loss = 0.0;

    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        const double         tau        = term->tau[j];
        const sld_softmax   *s          = &row->s.soft[term->at[j]];
        const sld_non_target non_target = sld_non_target_of(&row->s, y, K, tau);

        /* The logarithms of exp(r_y / tau) and of the sum over the others. */
        const double log_y          = (row->s.z[y] + row->s.z_top) / tau,
                     log_non_target = non_target.top / tau + non_target.log_sum;
        const double log_sum =
            fmax(log_y, log_non_target) + log1p(exp(-fabs(log_y - log_non_target)));
        loss += tau * (exp(log_y - log_sum) * row->s.z_top + tau * (s->log_sum - log_sum));

        for (size_t k = 0; k < K; k++) {
            const double log_q = (k == y ? log_y : row->s.z[k] / tau) - log_sum;
            g[k] += tau * (s->p[k] - exp(log_q));
        }
    }
    return loss;
}

static const sld_term_kind raised_label_kind = {.row = raised_label};

sld_status sld_add_rc(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term       *term = NULL;
    sld_term_params rc   = p->kd;
    for (int view = 0; view < SLD_VIEWS; view++) {
        rc.weight[view] *= p->rc_weight;
    }
    SLD_TRY(sld_add_kl(ctx, o, p));
    return sld_objective_add(ctx, o, &raised_label_kind, "rc", &rc, &term);
}
