/* correction.c: corrections of one row of the teacher's logits, PROTOCOL.md section 1. Every one of
 * them leaves a row alone whose maximum is the label: a placebo must touch the rows, and as many
 * rows, as the treatment it stands for. */
#include "correction.h"

#include <string.h>

/* Exchanges z[y] with a class drawn uniformly from the K-1 others; the maximum is one of them. */
static void exchange_with_random_class(const sld_row_key *key, int32_t y, size_t K, float *z)
{
    const uint64_t stream = (uint64_t)key->sample * SLD_VIEWS + (uint64_t)key->view;
    sld_rng        rng = sld_rng_make(key->seed, SLD_RNG_CORRECTION, (uint32_t)key->epoch, stream);
    uint32_t       other = sld_rng_below(&rng, (uint32_t)(K - 1));
    if (other >= (uint32_t)y) other++;

    const float z_label = z[y];
    z[y]                = z[other];
    z[other]            = z_label;
}

void sld_correct_row(sld_correction correction, const sld_row_key *key, const float *z, int32_t y,
                     size_t K, float *out)
{
    switch (correction) {
    case SLD_CORRECT_SWAP:
        sld_swap(z, y, K, out);
        return;
    case SLD_CORRECT_RANDOM:
        memcpy(out, z, K * sizeof *out);
        if (sld_argmax(z, K) != (size_t)y) exchange_with_random_class(key, y, K, out);
        return;
    case SLD_CORRECT_NONE:
        memcpy(out, z, K * sizeof *out);
        return;
    }
}
