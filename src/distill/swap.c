/* swap.c: the swap of a row of logits (docs/methods.md, "Swap"). */
#include "sld/distill.h"

#include <string.h>

size_t sld_argmax(const float *z, size_t K)
{
    size_t top = 0;
    for (size_t k = 1; k < K; k++) {
        if (z[k] > z[top]) top = k;
    }
    return top;
}

bool sld_swap(const float *z, int32_t y, size_t K, float *out)
{
    const size_t top = sld_argmax(z, K), label = (size_t)y;
    const float  z_top = z[top], z_label = z[label];

    if (out != z) memcpy(out, z, K * sizeof *out);
    out[label] = z_top;
    out[top]   = z_label;
    return top != label;
}
