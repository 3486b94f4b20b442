/* ctkd.c: curriculum temperature distillation with one global temperature, as coded by its authors
 * (docs/methods.md, "CTKD"): tau^2 KL at tau = start + range sigmoid(parameter). The parameter is
 * trained against the student: its gradient has a factor that goes from 0 to -1 as a cosine over
 * the first epochs and then stays -1. */
#include <math.h>

#include "objective.h"

#define PI 3.14159265358979323846

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double kl(const sld_term *term, const sld_row *row, double *g)
{
    return sld_kl_row(row, term->at[0], term->tau[0], g);
}

/* d/dtau of tau^2 KL(q || p) = tau E_q[z_t - z_s] + tau^2 (log_sum_s - log_sum_t):
 * E_q[z_t - z_s] - Cov_q(z_t, z_t - z_s) / tau + 2 tau (log_sum_s - log_sum_t) + E_q[z_t] -
 * E_p[z_s]. */
static double kl_slope(const sld_term *term, const sld_row *row)
{
    const size_t       K   = row->K;
    const double       tau = term->tau[0];
    const sld_softmax *s = &row->s.soft[term->at[0]], *t = &row->t.soft[term->at[0]];
    double             gap = 0.0, z_t = 0.0, z_s = 0.0, covariance = 0.0;

    for (size_t k = 0; k < K; k++) {
        gap += t->p[k] * (row->t.z[k] - row->s.z[k]);
        z_t += t->p[k] * row->t.z[k];
        z_s += s->p[k] * row->s.z[k];
    }
    for (size_t k = 0; k < K; k++) {
        covariance += t->p[k] * (row->t.z[k] - z_t) * (row->t.z[k] - row->s.z[k] - gap);
    }
    return gap - covariance / tau + 2.0 * tau * (s->log_sum - t->log_sum) + z_t - z_s;
}

static const sld_term_kind kind = {.uses_teacher = true, .row = kl, .slope = kl_slope};

double sld_ctkd_temperature(const sld_objective_params *p, double parameter)
{
    return p->ctkd_start + p->ctkd_range * sigmoid(parameter);
}

double sld_ctkd_chain(const sld_objective_params *p, double parameter, int64_t epoch)
{
    const double share  = epoch < p->ctkd_ramp ? (double)epoch / (double)p->ctkd_ramp : 1.0;
    const double factor = -0.5 * (1.0 - cos(PI * share)), s = sigmoid(parameter);
    return factor * p->ctkd_range * s * (1.0 - s);
}

sld_status sld_add_ctkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term_params own = p->kd;
    own.temperatures    = (sld_temperatures){0}; /* it has a temperature of its own */
    return sld_objective_add_trained(ctx, o, &kind, "kd", &own);
}
