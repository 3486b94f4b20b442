/* tests/nn/fixture.h: a context, random images and models for the tests of nn. */
#ifndef TESTS_NN_FIXTURE_H
#define TESTS_NN_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sld/nn.h"

static sld_ctx ctx;

/* n standard normal floats from one stream per seed. The caller frees them. */
static inline float *random_floats(size_t n, uint64_t seed)
{
    sld_rng rng = sld_rng_make(seed, SLD_RNG_SYNTH, 0, 0);
    float  *x   = aligned_alloc(64, (n * sizeof *x + 64) / 64 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)sld_rng_normal(&rng);
    }
    return x;
}

/* Running statistics as after some training, so that evaluation is not the identity. */
static inline void stir_statistics(sld_model *model)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t   = sld_model_tensor(model, i);
        sld_rng           rng = sld_rng_make(7, SLD_RNG_SYNTH, 1, i);
        for (size_t k = 0; k < t->n && !t->trained; k++) {
            const bool mean = strstr(t->name, "running_mean") != NULL;
            t->values[k]    = (float)(mean ? 0.3 * sld_rng_normal(&rng) : 0.5 + sld_rng_f64(&rng));
        }
    }
}

#endif
