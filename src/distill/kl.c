/* kl.c: the two plain terms: cross-entropy with the label and temperature KL with the teacher. */
#include "objective.h"
#include "term.h"

/* Label smoothing e: the target is (1-e) one-hot + e/K. */
static double cross_entropy(const sld_term *term, const sld_row *row, double *g)
{
    const sld_softmax *p = &row->s.soft[term->at[0]]; /* temperature 1 */
    const size_t       K = row->K, y = row->label;
    const double       smooth = term->smoothing / (double)K, hit = 1.0 - term->smoothing;

    /* -log p_k = log_sum - z_k; the target's entries sum to 1. */
    double z_target = hit * row->s.z[y];
    for (size_t k = 0; k < K; k++) {
        g[k] = p->p[k] - smooth;
    }
    g[y] -= hit;
    if (smooth > 0.0) {
        for (size_t k = 0; k < K; k++) {
            z_target += smooth * row->s.z[k];
        }
    }
    return p->log_sum - z_target;
}

const sld_term_kind sld_term_cross_entropy = {.row = cross_entropy};

/* tau KL = sum_k q_k (z_t_k - z_s_k) + tau (log_sum_s - log_sum_t). It is computed from logits, not
 * from log p, so that a p may underflow. q_k = 0 contributes 0. */
double sld_kl_row(const sld_row *row, size_t at, double tau, double *g)
{
    const size_t       K = row->K;
    const sld_softmax *s = &row->s.soft[at], *t = &row->t.soft[at];
    const double      *z_s = row->s.z, *z_t = row->t.z, *p = s->p, *q = t->p;

    double moved = 0.0;
    for (size_t k = 0; k < K; k++) {
        moved += q[k] > 0.0 ? q[k] * (z_t[k] - z_s[k]) : 0.0;
    }
    for (size_t k = 0; k < K; k++) {
        g[k] += tau * (p[k] - q[k]);
    }
    return tau * (moved + tau * (s->log_sum - t->log_sum));
}

/* The sum over tau of tau^2 KL(q || p), q = softmax(z_t / tau), p = softmax(z_s / tau). */
static double kl(const sld_term *term, const sld_row *row, double *g)
{
    double loss = 0.0;
    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        loss += sld_kl_row(row, term->at[j], term->tau[j], g);
    }
    if (term->masked[row->view]) {
        loss *= row->weight;
        for (size_t k = 0; k < row->K; k++) {
            g[k] *= row->weight;
        }
    }
    return loss;
}

const sld_term_kind sld_term_kl = {.uses_teacher = true, .row = kl};

sld_status sld_add_kl(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term   *term = NULL;
    const char *name = p->correction == SLD_CORRECT_SWAP ? "lts" : "kd";
    return sld_objective_add(ctx, o, &sld_term_kl, name, &p->kd, &term);
}
