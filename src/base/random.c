/* random.c: random numbers from a counter: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). */
#include <math.h>

#include "sld/base.h"

void sld_philox4x32(const uint32_t key[2], const uint32_t ctr[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3];

    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c0;
        const uint64_t b = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The key is the seed. The counter holds purpose and block, epoch, and 64 bits of sample: streams
 * of one seed do not overlap within their first 2^24 blocks. */
sld_rng sld_rng_make(uint64_t seed, sld_purpose purpose, uint32_t epoch, uint64_t sample)
{
    const sld_rng rng = {
        .key  = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .ctr  = {(uint32_t)purpose << 24, epoch, (uint32_t)sample, (uint32_t)(sample >> 32)},
        .used = 4,
    };
    return rng;
}

uint32_t sld_rng_u32(sld_rng *rng)
{
    if (rng->used == 4) {
        sld_philox4x32(rng->key, rng->ctr, rng->out);
        rng->ctr[0]++;
        rng->used = 0;
    }
    return rng->out[rng->used++];
}

double sld_rng_f64(sld_rng *rng)
{
    const uint64_t high = sld_rng_u32(rng) >> 5, low = sld_rng_u32(rng) >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

/* Lemire's method: multiplication with rejection, unbiased for every bound. */
uint32_t sld_rng_below(sld_rng *rng, uint32_t bound)
{
    uint64_t m = (uint64_t)sld_rng_u32(rng) * bound;

    if ((uint32_t)m < bound) {
        const uint32_t threshold = -bound % bound;
        while ((uint32_t)m < threshold) {
            m = (uint64_t)sld_rng_u32(rng) * bound;
        }
    }
    return (uint32_t)(m >> 32);
}

double sld_rng_normal(sld_rng *rng)
{
    const double u = 1.0 - sld_rng_f64(rng); /* (0,1]: the logarithm is finite */
    const double v = sld_rng_f64(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586477 * v);
}
