/* fixed.h: the little mathematics of the synthetic set, in integers alone, so that its images
 * have the same bytes on every machine: no libm, no floating point. Q16 is a number times 2^16; an
 * angle is a uint32_t of which 2^32 is a full turn, so that sums wrap as angles do. */
#ifndef SLD_DATA_FIXED_H
#define SLD_DATA_FIXED_H

#include <stddef.h>
#include <stdint.h>

enum { FIXED_ONE = 1 << 16, WAVE_BITS = 10, WAVE_N = 1 << WAVE_BITS, WAVE_ONE = 1 << 14 };

typedef struct fixed_wave {
    int16_t cosine[WAVE_N]; /* of i / WAVE_N turns, times WAVE_ONE */
} fixed_wave;

void sld_fixed_wave_make(fixed_wave *wave);

static inline int32_t fixed_cos(const fixed_wave *wave, uint32_t angle)
{
    return wave->cosine[angle >> (32 - WAVE_BITS)];
}

static inline int32_t fixed_sin(const fixed_wave *wave, uint32_t angle)
{
    return fixed_cos(wave, angle - (UINT32_C(1) << 30));
}

/* Polar coordinates of n points one unit apart in x: (x + i, y), i < n; all Q16 and below 2^22.
 * The angle is right to 2^-15 of a turn, the radius to 2^-7. */
void sld_fixed_polar(int32_t x, int32_t y, size_t n, uint32_t *angle, int32_t *radius);

/* 2^x; x and result Q16, |x| below 8. */
int32_t sld_fixed_exp2(int32_t x);

#endif
