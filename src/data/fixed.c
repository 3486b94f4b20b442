/* fixed.c: cosine, polar coordinates and powers of two in integers, see fixed.h. Rotations are
 * CORDIC (Volder 1959): a rotation by atan(2^-k) needs shifts and sums only. Right shifts of
 * negative numbers keep the sign, as with every compiler that this program is built with. */
#include "fixed.h"

enum { ROTATIONS = 14 };

/* atan(2^-k) in turns of 2^32 */
static const uint32_t ATAN[ROTATIONS] = {536870912, 316933406, 167458907, 85004756, 42667331,
                                         21354465,  10679838,  5340245,   2670163,  1335087,
                                         667544,    333772,    166886,    83443};

/* What undoes the rotations' lengthening: the product of 1/sqrt(1 + 4^-k), Q16 and Q30. */
#define SHRINK    39797
#define SHRINK_30 652032876

/* The cosine of a quarter turn's angle, in Q30. */
static int32_t quarter_cosine(uint32_t angle)
{
    int32_t x = SHRINK_30, y = 0, left = (int32_t)angle;

    for (int k = 0; k < ROTATIONS; k++) {
        const int32_t dx = y >> k, dy = x >> k;
        const int32_t turn = left < 0 ? -1 : 1;

        x -= turn * dx;
        y += turn * dy;
        left -= turn * (int32_t)ATAN[k];
    }
    return x;
}

void sld_fixed_wave_make(fixed_wave *wave)
{
    enum { QUARTER = WAVE_N / 4 };

    for (int i = 0; i <= QUARTER; i++) {
        const int32_t c  = quarter_cosine((uint32_t)i << (32 - WAVE_BITS));
        const int16_t up = i < QUARTER ? (int16_t)((c + (1 << 15)) >> 16) : 0;

        wave->cosine[i]                          = up;
        wave->cosine[2 * QUARTER - i]            = (int16_t)-up;
        wave->cosine[2 * QUARTER + i]            = (int16_t)-up;
        wave->cosine[(4 * QUARTER - i) % WAVE_N] = up;
    }
}

/* The points are turned onto the positive x axis; the loop over them is the inner one, since the
 * compiler makes vectors of it. sign: all ones below zero; (v ^ sign) - sign is v or -v. */
void sld_fixed_polar(int32_t x, int32_t y, size_t n, uint32_t *angle, int32_t *radius)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t from = x + (int32_t)i * FIXED_ONE;
        const int32_t half = from >> 31;
        int32_t       px = (from ^ half) - half, py = (y ^ half) - half;
        uint32_t      turned = (uint32_t)half & UINT32_C(1) << 31;

        for (int k = 0; k < ROTATIONS; k++) {
            const int32_t  sign = py >> 31;
            const int32_t  dx = py >> k, dy = px >> k;
            const uint32_t step = ATAN[k];

            px += (dx ^ sign) - sign;
            py -= (dy ^ sign) - sign;
            turned += (step ^ (uint32_t)sign) - (uint32_t)sign;
        }
        angle[i]  = turned;
        radius[i] = (px >> 8) * (SHRINK >> 1) >> 7; /* px below 2^23: fits in 32 bits */
    }
}

int32_t sld_fixed_exp2(int32_t x)
{
    /* 2^(2^-k), k = 1..16, Q30 */
    static const uint32_t root[16] = {1518500250, 1276901417, 1170923762, 1121280436,
                                      1097253708, 1085434106, 1079572136, 1076653033,
                                      1075196443, 1074468888, 1074105294, 1073923544,
                                      1073832680, 1073787251, 1073764537, 1073753181};
    const int32_t         whole    = x >> 16;
    uint64_t              power    = UINT64_C(1) << 30;

    for (int k = 0; k < 16; k++) {
        if (x >> (15 - k) & 1) {
            power = power * root[k] >> 30;
        }
    }
    return (int32_t)(whole >= 0 ? power << whole >> 14 : power >> (14 - whole));
}
