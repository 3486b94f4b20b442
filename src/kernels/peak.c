/* peak.c: what one thread of this CPU can do at most, in registers alone, with the instructions that
 * convolutions may use: fused multiply-adds on float32, and products of tiles on bfloat16 (AMX). */
#include "sld/kernels.h"

#include "conv/amx_loops.h"
#include "isa.h"

#define SLICE_S 0.01 /* seconds of one measurement; the fastest of all counts */

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define ROUNDS 512 /* of all chains, between two looks at the clock */

/* One round trip of a kernel: flops done. The result goes to *sink so that nothing is left out. */
typedef double (*kernel)(float *sink);

/* CHAINS: independent sums, more than latency times throughput needs, and no more than leave two of
 * the registers to a and b: 16 with AVX2, 32 with AVX-512. The loops over them must be unrolled:
 * the sums live in registers. The build compiles this file with -O3 in every preset. */
#define FMA_KERNEL(NAME, TARGET, VECTOR, LANES, CHAINS, SET, FMA)                                  \
    __attribute__((target(TARGET))) static double NAME(float *sink)                                \
    {                                                                                              \
        const VECTOR a = SET(0.999f), b = SET(0.001f);                                             \
        VECTOR       s[CHAINS];                                                                    \
        _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; i++) s[i] = SET((float)i);            \
        for (int r = 0; r < ROUNDS; r++) {                                                         \
            _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; i++) s[i] = FMA(s[i], a, b);      \
        }                                                                                          \
        _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; i++) *sink += s[i][0];                \
        return 2.0 * LANES * CHAINS * ROUNDS;                                                      \
    }

FMA_KERNEL(fma_avx512, "avx512f", __m512, 16, 16, _mm512_set1_ps, _mm512_fmadd_ps)
FMA_KERNEL(fma_avx2, "avx2,fma", __m256, 8, 12, _mm256_set1_ps, _mm256_fmadd_ps)

static double fastest(kernel run, double seconds)
{
    const double end  = sld_clock_s() + seconds;
    double       best = 0, now;
    float        sink = 0;

    do {
        const double start = sld_clock_s();
        double       flops = 0;
        do {
            flops += run(&sink);
            now = sld_clock_s();
        } while (now - start < SLICE_S);
        best = flops / (now - start) > best ? flops / (now - start) : best;
    } while (now < end);
    return sink == sink ? best * 1e-9 : 0;
}

sld_peaks sld_kernels_peaks(double seconds)
{
    sld_peaks            p   = {0, 0};
    const sld_isa        isa = sld_isa_of_convolutions();
    const sld_amx_loops *amx = sld_amx_loops_of_cpu();

    if (isa == SLD_ISA_AVX512) {
        p.f32 = fastest(fma_avx512, seconds);
    } else if (isa == SLD_ISA_AVX2) {
        p.f32 = fastest(fma_avx2, seconds);
    }
    p.bf16 = amx ? fastest(amx->peak, seconds) : p.f32;
    return p;
}
#else
sld_peaks sld_kernels_peaks(double seconds)
{
    return (sld_peaks){0, 0};
}
#endif
