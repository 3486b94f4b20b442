/* fill.c: values by formula (docs/golden.md, "Formula fill"). */
#include "fill.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t fnv1a(const char *text)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *text; text++) {
        h = (h ^ (unsigned char)*text) * 0x100000001B3u;
    }
    return h;
}

/* Splitmix64's output function. */
static double u_of(uint64_t h, uint64_t i)
{
    uint64_t z = h + (i + 1) * 0x9E3779B97F4A7C15u;
    z          = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z          = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

double golden_u(const char *name, uint64_t i)
{
    return u_of(fnv1a(name), i);
}

static int ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

void golden_fill(const char *prefix, const sld_tensor *t)
{
    char name[256];
    snprintf(name, sizeof name, "%s:%s", prefix, t->name);
    const uint64_t h     = fnv1a(name);
    const double   bound = sqrt(6.0 / (double)(t->n / t->dims[0])); /* fan-in: one output row */
    for (size_t i = 0; i < t->n; i++) {
        const double u = u_of(h, i);
        double       v;
        if (t->n_dims >= 2) {
            v = (2 * u - 1) * bound;
        } else if (ends_with(t->name, "running_var")) {
            v = 0.75 + 0.5 * u;
        } else if (ends_with(t->name, "running_mean") || ends_with(t->name, "bias")) {
            v = 0.2 * (u - 0.5);
        } else {
            v = 0.9 + 0.2 * u;
        }
        t->values[i] = (float)v;
    }
}

void golden_fill_model(const char *prefix, const sld_model *model)
{
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        golden_fill(prefix, sld_model_tensor(model, i));
    }
}
