/* finite.c: checks that all results of a training step are finite. */
#include "sld/learn.h"

#include <stdint.h>
#include <string.h>

/* It looks at the exponent's bits, without a branch, because every step checks each gradient. */
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
