/* stats.c: mean, deviation, Student's t, and the smallest difference that so many seeds can
 * resolve. */
#include "stats.h"

#include <math.h>

#define LEVEL     0.975 /* two-sided 5 % */
#define POWER     0.8
#define NO_SPREAD 1e-9 /* less is rounding: seeds that agree say nothing about other seeds */

stats_sample stats_of(const double *x, size_t n)
{
    stats_sample s   = {0, NAN, NAN};
    double       sum = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i])) {
            sum += x[i];
            s.n++;
        }
    }
    if (s.n == 0) {
        return s;
    }
    s.mean = sum / (double)s.n;
    for (size_t i = 0; i < n; i++) {
        squares += isnan(x[i]) ? 0.0 : (x[i] - s.mean) * (x[i] - s.mean);
    }
    s.sd = s.n > 1 ? sqrt(squares / (double)(s.n - 1)) : NAN;
    return s;
}

double stats_pooled_sd(const stats_sample *groups, size_t n)
{
    double squares = 0.0, df = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (groups[i].n > 1) {
            squares += (double)(groups[i].n - 1) * groups[i].sd * groups[i].sd;
            df += (double)(groups[i].n - 1);
        }
    }
    return df > 0.0 ? sqrt(squares / df) : NAN;
}

/* Continued fraction of the incomplete beta function, by Lentz's method (Press et al., Numerical
 * Recipes, 6.4). It converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double       c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);

    d        = 1.0 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 500; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
        const double odd  = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
        for (int half = 0; half < 2; half++) {
            const double term = half == 0 ? even : odd;
            d                 = 1.0 + term * d;
            c                 = 1.0 + term / c;
            d                 = 1.0 / (fabs(d) < tiny ? tiny : d);
            c                 = fabs(c) < tiny ? tiny : c;
            h *= d * c;
        }
        if (fabs(d * c - 1.0) < 1e-15) {
            break;
        }
    }
    return h;
}

/* The regularised incomplete beta function I_x(a, b). */
static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0.0 || x >= 1.0) {
        return x <= 0.0 ? 0.0 : 1.0;
    }
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
                                         : 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

/* P(T <= t) for t >= 0. */
static double t_probability(double t, double df)
{
    return 1.0 - 0.5 * incomplete_beta(0.5 * df, 0.5, df / (df + t * t));
}

double stats_t_quantile(double p, double df)
{
    if (!(df > 0.0) || !(p > 0.0) || !(p < 1.0)) {
        return NAN;
    }
    if (p < 0.5) {
        return -stats_t_quantile(1.0 - p, df);
    }
    double low = 0.0, high = 1.0;
    while (t_probability(high, df) < p && high < 1e12) {
        high *= 2.0;
    }
    for (int i = 0; i < 100; i++) { /* bisection down to the last bit */
        const double middle                             = 0.5 * (low + high);
        *(t_probability(middle, df) < p ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

double stats_half_width(stats_sample s)
{
    return s.n < 2 || s.sd < NO_SPREAD
               ? NAN
               : stats_t_quantile(LEVEL, (double)(s.n - 1)) * s.sd / sqrt((double)s.n);
}

/* P(|T| > critical) of the noncentral t distribution, delta its noncentrality: T^2 is a mixture of
 * beta distributions with Poisson weights. I_x(a + 1, b) is I_x(a, b) less one term. */
static double power_of(double delta, double critical, double df)
{
    const double x = critical * critical / (critical * critical + df), b = 0.5 * df;
    const double mean = 0.5 * delta * delta; /* of the Poisson weights */
    double       a = 0.5, weight = exp(-mean), inside = 0.0;
    double       below = incomplete_beta(a, b, x); /* I_x(a, b) */
    double less = exp(lgamma(a + b) - lgamma(a + 1.0) - lgamma(b) + a * log(x) + b * log1p(-x));

    for (int j = 0; j <= mean || weight > 1e-17; j++) {
        inside += weight * below;
        below -= less;
        less *= x * (a + b) / (a + 1.0);
        a += 1.0;
        weight *= mean / (j + 1.0);
    }
    return 1.0 - inside;
}

/* The noncentrality at which the two-sided test of that many degrees of freedom has power 0.8. */
static double detectable_delta(double df)
{
    const double critical = stats_t_quantile(LEVEL, df);
    double       low = 0.0, high = 1.0;

    while (power_of(high, critical, df) < POWER) {
        high *= 2.0;
    }
    for (int i = 0; i < 60; i++) { /* bisection down to the last bit */
        const double middle                                      = 0.5 * (low + high);
        *(power_of(middle, critical, df) < POWER ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

double stats_detectable(double sd, size_t n_a, size_t n_b)
{
    const double df = (double)n_a + (double)n_b - 2.0;

    if (n_a < 1 || n_b < 1 || df < 1.0 || sd < NO_SPREAD) {
        return NAN;
    }
    return detectable_delta(df) * sd * sqrt(1.0 / (double)n_a + 1.0 / (double)n_b);
}
