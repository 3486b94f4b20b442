/* correction.c: corrections of one row of the teacher's logits (docs/methods.md, "Corrections").
 * Unless told otherwise they leave a row alone whose maximum is the label: a placebo must touch the
 * rows, and as many rows, as the treatment it stands for. */
#include "correction.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {
    [SLD_CORRECT_NONE] = "none",     [SLD_CORRECT_SWAP] = "swap", [SLD_CORRECT_GA] = "ga",
    [SLD_CORRECT_RAISE] = "raise",   [SLD_CORRECT_MIX] = "mix",   [SLD_CORRECT_SKIP] = "skip",
    [SLD_CORRECT_RANDOM] = "random",
};

bool sld_correction_find(const char *name, sld_correction *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (sld_correction)i;
            return true;
        }
    }
    return false;
}

/* Exchanges z[y] with a class drawn uniformly from the K-1 others; the maximum is one of them. */
static void exchange_with_random_class(uint64_t seed, const sld_row_key *key, int32_t y, size_t K,
                                       float *z)
{
    const uint64_t stream = (uint64_t)key->sample * SLD_VIEWS + (uint64_t)key->view;
    sld_rng        rng    = sld_rng_make(seed, SLD_RNG_CORRECTION, (uint32_t)key->epoch, stream);
    uint32_t       other  = sld_rng_below(&rng, (uint32_t)(K - 1));
    if (other >= (uint32_t)y) other++;

    const float z_label = z[y];
    z[y]                = z[other];
    z[other]            = z_label;
}

/* The logits log((1 - share) softmax(z) + share one-hot), plus a constant that no softmax sees: the
 * one with which only the label's entry moves. */
static void mix_with_one_hot(double share, int32_t y, size_t K, float *z)
{
    const double z_top = (double)z[sld_argmax(z, K)];
    double       sum   = 0.0;
    for (size_t k = 0; k < K; k++) {
        sum += exp((double)z[k] - z_top);
    }
    const double p_label = exp((double)z[y] - z_top) / sum;
    z[y]                 = (float)(z_top + log(sum) + log(p_label + share / (1.0 - share)));
}

bool sld_correct_row(const sld_correction_params *params, const sld_row_key *key, const float *z,
                     int32_t y, size_t K, float *out)
{
    const size_t top   = sld_argmax(z, K);
    const bool   wrong = top != (size_t)y;

    memcpy(out, z, K * sizeof *out);
    switch (params->kind) {
    case SLD_CORRECT_NONE:
        break;
    case SLD_CORRECT_SWAP:
        sld_swap(z, y, K, out);
        break;
    case SLD_CORRECT_GA:
        if (wrong || params->every_row) out[y] = (float)((double)z[y] + params->omega);
        break;
    case SLD_CORRECT_RAISE:
        if (wrong) out[y] = nextafterf(z[top], INFINITY);
        break;
    case SLD_CORRECT_MIX:
        if (params->share > 0.0 && (wrong || params->every_row)) {
            mix_with_one_hot(params->share, y, K, out);
        }
        break;
    case SLD_CORRECT_SKIP:
        return !wrong;
    case SLD_CORRECT_RANDOM:
        if (wrong) exchange_with_random_class(params->seed, key, y, K, out);
        break;
    }
    return true;
}
