/* tests/kernels/fixture.h: random arrays and distances for the kernels' tests. */
#ifndef TESTS_KERNELS_FIXTURE_H
#define TESTS_KERNELS_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sld/kernels.h"

static sld_rng random_numbers;

/* n floats at a 64-byte boundary, standard normal. The caller frees them. */
static inline float *random_floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 64) / 64 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)sld_rng_normal(&random_numbers);
    }
    return x;
}

static inline double *zeros(size_t n)
{
    double *x = calloc(n, sizeof *x);
    assert_non_null(x);
    return x;
}

/* max|x - reference| / max|reference| */
static inline double distance(const float *x, const double *reference, size_t n)
{
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)x[i] - reference[i]);
        worst          = d <= worst ? worst : d; /* takes NaN too */
        largest        = fmax(largest, fabs(reference[i]));
    }
    return worst / largest;
}

#endif
