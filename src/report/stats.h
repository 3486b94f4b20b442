/* stats.h: the statistics of a report. Pure functions; a number that is not defined is NaN. */
#ifndef SLD_REPORT_STATS_H
#define SLD_REPORT_STATS_H

#include <stddef.h>

typedef struct stats_sample {
    size_t n;
    double mean, sd; /* sd: sample deviation, with n - 1; NaN with fewer than two values */
} stats_sample;

/* Mean and deviation of x (n). NaN means a missing value: it is left out and not counted in n. */
stats_sample stats_of(const double *x, size_t n);

/* Standard deviation within groups: sqrt(sum (n_i - 1) sd_i^2 / sum (n_i - 1)); NaN if no group has
 * two values. groups: (n). */
double stats_pooled_sd(const stats_sample *groups, size_t n);

/* p-quantile of Student's t distribution with df degrees of freedom, 0 < p < 1. */
double stats_t_quantile(double p, double df);

/* Half of the width of the 95 % confidence interval of the mean; NaN with fewer than two values or
 * where they are all equal. */
double stats_half_width(stats_sample s);

/* The smallest difference of two means that a two-sided t test at 5 % finds with power 0.8, given
 * n_a and n_b values of standard deviation sd: delta sd sqrt(1/n_a + 1/n_b), delta the noncentrality
 * at which the t distribution of n_a + n_b - 2 degrees of freedom exceeds the critical value in 80 %
 * of cases. NaN without a degree of freedom or for sd 0. */
double stats_detectable(double sd, size_t n_a, size_t n_b);

#endif
