/* lanes.h: sixteen channels at a time, and the instruction sets the plain loops are compiled for.
 * Lanes never mix and nothing is reassociated or contracted, so each instruction set gives the same
 * bits. */
#ifndef SLD_LANES_H
#define SLD_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The dispatcher of target_clones runs before the sanitizers are up. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SLD_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SLD_VECTORISED
#endif

#define SLD_LANES  16
#define SLD_INLINE static inline __attribute__((always_inline))

/* The helpers below are always inlined: no vector crosses a call, whatever the ABI. */
#pragma GCC diagnostic ignored "-Wpsabi"

typedef float   sld_f16 __attribute__((vector_size(64)));
typedef int32_t sld_i16 __attribute__((vector_size(64)));
typedef float   sld_f8 __attribute__((vector_size(32)));
typedef int32_t sld_i8 __attribute__((vector_size(32)));
typedef double  sld_d8 __attribute__((vector_size(64)));

/* width: channels in this group, SLD_LANES but for the last; missing lanes are 0. */
SLD_INLINE sld_f16 sld_load(const float *p, size_t width)
{
    sld_f16 v = {0};
    if (width == SLD_LANES) {
        memcpy(&v, p, sizeof v);
    } else {
        memcpy(&v, p, width * sizeof(float));
    }
    return v;
}

SLD_INLINE void sld_store(float *p, sld_f16 v, size_t width)
{
    if (width == SLD_LANES) {
        memcpy(p, &v, sizeof v);
    } else {
        memcpy(p, &v, width * sizeof(float));
    }
}

/* v where gate is not <= 0, else 0: a gate that is not a number lets v through. */
SLD_INLINE sld_f16 sld_gate(sld_f16 v, sld_f16 gate)
{
    const sld_f16 zero = {0};
    return (sld_f16)((sld_i16)v & ~(gate <= zero));
}

/* Eight lanes in double: width up to SLD_HALF, missing lanes are 0. */
#define SLD_HALF (SLD_LANES / 2)

SLD_INLINE sld_d8 sld_load_double(const float *p, size_t width)
{
    sld_f8 v = {0};
    memcpy(&v, p, (width == SLD_HALF ? SLD_HALF : width) * sizeof(float));
    return __builtin_convertvector(v, sld_d8);
}

SLD_INLINE sld_d8 sld_load_doubles(const double *p, size_t width)
{
    sld_d8 v = {0};
    memcpy(&v, p, (width == SLD_HALF ? SLD_HALF : width) * sizeof(double));
    return v;
}

/* Rounds to float32 once; relu: then 0 where it is <= 0, a value that is not a number stays. */
SLD_INLINE void sld_store_rounded(float *p, sld_d8 v, bool relu, size_t width)
{
    const sld_f8 zero = {0};
    sld_f8       f    = __builtin_convertvector(v, sld_f8);
    if (relu) {
        f = (sld_f8)((sld_i8)f & ~(f <= zero));
    }
    memcpy(p, &f, (width == SLD_HALF ? SLD_HALF : width) * sizeof(float));
}

/* sum[c] += v[c] in double. */
SLD_INLINE void sld_fold(double *sum, sld_f16 v, size_t width)
{
    for (size_t c = 0; c < width; c++) {
        sum[c] += (double)v[c];
    }
}

/* Calls STEP(first channel, width) for each group of `lanes` channels, with a constant width for
 * full ones. */
#define SLD_FOR_CHANNEL_GROUPS(channels, lanes, STEP)                                              \
    do {                                                                                           \
        size_t c_ = 0;                                                                             \
        for (; c_ + (lanes) <= (channels); c_ += (lanes)) {                                        \
            STEP(c_, lanes);                                                                       \
        }                                                                                          \
        if (c_ < (channels)) {                                                                     \
            STEP(c_, (channels)-c_);                                                               \
        }                                                                                          \
    } while (0)

#endif
