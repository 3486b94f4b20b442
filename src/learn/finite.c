/* finite.c: is all that a training step leaves behind a number? */
#include "sld/learn.h"

#include <stdint.h>
#include <string.h>

/* By the exponent's bits, without a branch: a step asks for each weight's gradient. */
bool sld_all_finite(const float *values, size_t n)
{
    const uint32_t exponent = UINT32_C(0x7f800000);
    uint32_t       bad      = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return bad == 0;
}
