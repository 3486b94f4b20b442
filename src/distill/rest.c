/* rest.c: the softmax over the classes other than the label. */
#include "rest.h"

#include <math.h>

sld_rest sld_rest_of(const sld_row_side *side, size_t label, size_t K, double tau)
{
    sld_rest r = {.top = -INFINITY};
    for (size_t k = 0; k < K; k++) {
        if (k != label && side->z[k] > r.top) r.top = side->z[k];
    }
    for (size_t k = 0; k < K; k++) {
        if (k != label) r.log_sum += exp((side->z[k] - r.top) / tau);
    }
    r.log_sum = log(r.log_sum);
    return r;
}
