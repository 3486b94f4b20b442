/* half.c: float32 to half precision, to the nearest, of two nearest the even one.
 *
 * HDF5 1.10.8 converts it wrongly (1.14.5 does not): from the first subnormal half of a write on, what
 * is rounded up to a power of two is written as half of it, 0.9999 as 0.5. So it is handed no float. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define INFINITE     0x7f800000u /* float32: beyond it are the NaN */
#define TOO_LARGE    0x477ff000u /* 65520, which is rounded to infinity */
#define LEAST_NORMAL 0x38800000u /* 2^-14 */
#define ONE_HALF                                                                                   \
    0x3f000000u /* 0.5: floats from there to 1 are 2^-24 apart, as subnormal halves are */
#define REBIAS 0x38000000u /* (127 - 15) << 23 */

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint16_t half_of(float value)
{
    const uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
    uint32_t       half;

    if (size > INFINITE) {
        half = 0x7e00u;
    } else if (size >= TOO_LARGE) {
        half = 0x7c00u;
    } else if (size < LEAST_NORMAL) {
        half = bits_of((sign ? -value : value) + 0.5f) - ONE_HALF;
    } else {
        half = (size + 0xfffu + (size >> 13 & 1u) - REBIAS) >> 13;
    }
    return (uint16_t)(sign | half);
}

/* What is in the file decides: floats are also given for a data set of halves. */
static bool holds_halves(hid_t dataset)
{
    const hid_t type = H5Dget_type(dataset);
    const bool  are  = type >= 0 && H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2;

    if (type >= 0) H5Tclose(type);
    return are;
}

herr_t dataset_write(hid_t dataset, sld_type type, hid_t memory, hid_t file, size_t n,
                     const void *values)
{
    if ((type != SLD_F32 && type != SLD_F16) || !holds_halves(dataset)) {
        return H5Dwrite(dataset, type_in_memory(type), memory, file, H5P_DEFAULT, values);
    }
    const float *from   = values;
    uint16_t    *halves = malloc((n + 1) * sizeof *halves);
    if (!halves) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        halves[i] = half_of(from[i]);
    }
    const herr_t done = H5Dwrite(dataset, type_in_file(SLD_F16), memory, file, H5P_DEFAULT, halves);
    free(halves);
    return done;
}
