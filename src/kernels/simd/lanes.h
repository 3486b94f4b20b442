/* simd/lanes.h: plain loops for the widest vectors of the CPU that runs. Lanes never mix and nothing is
 * reassociated or contracted, so each instruction set gives the same bits.
 *
 * Loops over values one by one are left to the compiler (SLD_VECTORISED). Loops that keep something
 * of each channel while they go over rows are written with vectors of channels (lanes_each.h), in
 * groups of 64 bytes: one register of AVX-512, two of AVX2, four of SSE2. Written with one vector
 * for all, they would keep it in memory wherever the register is narrower. */
#ifndef SLD_LANES_H
#define SLD_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "isa.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SLD_WIDE_VECTORS
#endif

/* The dispatcher of target_clones runs before the sanitizers are up. */
#if defined(SLD_WIDE_VECTORS) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SLD_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SLD_VECTORISED
#endif

#define SLD_INLINE static inline __attribute__((always_inline))

/* Of a register. */
SLD_INLINE int sld_vector_bytes(void)
{
#ifdef SLD_WIDE_VECTORS
    static const int bytes[] = {[SLD_ISA_BASE] = 16, [SLD_ISA_AVX2] = 32, [SLD_ISA_AVX512] = 64};
    return bytes[sld_isa_of_cpu()];
#else
    return 16;
#endif
}

/* Calls STEP(begin, end, width) for ranges of channels that are kept in this type, width being the
 * functions' of lanes_each.h: whole groups, then the rest in single vectors, ever narrower. */
#define SLD_FOR_CHANNELS(channels, type, STEP)                                                     \
    do {                                                                                           \
        const int bytes_ = sld_vector_bytes();                                                     \
        size_t    c_     = 0;                                                                      \
        SLD_RANGES_(bytes_, c_, channels, type, STEP)                                              \
    } while (0)

/* The same, with groups of four registers of AVX-512 first: for loops that wait for memory more than
 * they compute. They then go through whole lines, and through fewer at a time. */
#define SLD_FOR_MANY_CHANNELS(channels, type, STEP)                                                \
    do {                                                                                           \
        const int bytes_ = sld_vector_bytes();                                                     \
        size_t    c_     = 0;                                                                      \
        SLD_RANGE_(bytes_ == 64, 256, c_, channels, type, STEP, 64x4)                              \
        SLD_RANGES_(bytes_, c_, channels, type, STEP)                                              \
    } while (0)

#define SLD_RANGES_(bytes_, c_, channels, type, STEP)                                              \
    SLD_RANGE_(bytes_ == 64, 64, c_, channels, type, STEP, 64x1)                                   \
    SLD_RANGE_(bytes_ == 32, 64, c_, channels, type, STEP, 32x2)                                   \
    SLD_RANGE_(bytes_ == 16, 64, c_, channels, type, STEP, 16x4)                                   \
    SLD_RANGE_(bytes_ >= 32, 32, c_, channels, type, STEP, 32x1)                                   \
    SLD_RANGE_(true, 16, c_, channels, type, STEP, 16x1)                                           \
    SLD_RANGE_(true, 8, c_, channels, type, STEP, 8x1)                                             \
    SLD_RANGE_(true, 4, c_, channels, type, STEP, 4x1)

#define SLD_RANGE_(taken, bytes, c, channels, type, STEP, width)                                   \
    if ((taken) && (channels)-c >= SLD_LANES(bytes, type)) {                                       \
        const size_t end_ = (channels) - ((channels)-c) % SLD_LANES(bytes, type);                  \
        STEP(c, end_, width);                                                                      \
        c = end_;                                                                                  \
    }

/* Values in so many bytes; at least one. */
#define SLD_LANES(bytes, type) ((bytes) > sizeof(type) ? (bytes) / sizeof(type) : 1)

#endif
