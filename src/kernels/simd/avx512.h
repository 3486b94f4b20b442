/* simd/avx512.h: the words of simd/avx2.h for AVX-512. */
#ifndef SLD_SIMD_AVX512_H
#define SLD_SIMD_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_TARGET   "avx512f"
#define VEC_INLINE   static inline __attribute__((always_inline, target(VEC_TARGET)))
#define VEC_FUNCTION static __attribute__((noinline, target(VEC_TARGET)))

enum { VEC_LANES = 16 };
typedef __m512 vec;

VEC_INLINE vec vec_zero(void)
{
    return _mm512_setzero_ps();
}

VEC_INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

VEC_INLINE void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

VEC_INLINE vec vec_broadcast(float f)
{
    return _mm512_set1_ps(f);
}

VEC_INLINE vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

VEC_INLINE vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

VEC_INLINE vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

/* a * b + c, rounded once. */
VEC_INLINE vec vec_fmadd(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* 0 where v <= 0; a value that is not a number stays one. */
VEC_INLINE vec vec_relu(vec v)
{
    return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, vec_zero(), _CMP_LE_OQ), vec_zero());
}

VEC_INLINE __mmask16 vec_mask(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

/* The first n lanes alone touch memory; the others load as 0. */
VEC_INLINE vec vec_load_first(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(vec_mask(n), p);
}

VEC_INLINE void vec_store_first(float *p, size_t n, vec v)
{
    _mm512_mask_storeu_ps(p, vec_mask(n), v);
}

#endif
