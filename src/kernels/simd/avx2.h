/* simd/avx2.h: the words of a vector of floats, for AVX2 with fused multiply-add. A file of loops is
 * written in them alone and compiled once behind this header and once behind simd/avx512.h. */
#ifndef SLD_SIMD_AVX2_H
#define SLD_SIMD_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_TARGET   "avx2,fma"
#define VEC_INLINE   static inline __attribute__((always_inline, target(VEC_TARGET)))
#define VEC_FUNCTION static __attribute__((noinline, target(VEC_TARGET)))

enum { VEC_LANES = 8 };
typedef __m256 vec;

VEC_INLINE vec vec_zero(void)
{
    return _mm256_setzero_ps();
}

VEC_INLINE vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

VEC_INLINE void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

VEC_INLINE vec vec_broadcast(float f)
{
    return _mm256_set1_ps(f);
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

VEC_INLINE vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

/* a * b + c, rounded once. */
VEC_INLINE vec vec_fmadd(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* 0 where v <= 0; a value that is not a number stays one. */
VEC_INLINE vec vec_relu(vec v)
{
    return _mm256_andnot_ps(_mm256_cmp_ps(v, vec_zero(), _CMP_LE_OQ), v);
}

VEC_INLINE __m256i vec_mask(size_t n)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)n), lanes);
}

/* The first n lanes alone touch memory; the others load as 0. */
VEC_INLINE vec vec_load_first(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, vec_mask(n));
}

VEC_INLINE void vec_store_first(float *p, size_t n, vec v)
{
    _mm256_maskstore_ps(p, vec_mask(n), v);
}

#endif
