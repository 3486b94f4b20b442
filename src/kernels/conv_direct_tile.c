/* conv_direct_tile.c: the tiles, each compiled for every size that occurs. */
#include "conv_direct_tile.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TILE static inline __attribute__((always_inline, target("avx512f")))
#define FULL __attribute__((target("avx512f")))

/* The sums of a tile: registers, once the loops over constant sizes are unrolled. */
typedef __m512 tile_sums[SLD_TILE_ROWS][SLD_TILE_VECTORS];

TILE void clear(tile_sums sums, const size_t rows, const size_t vectors)
{
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = _mm512_setzero_ps();
        }
    }
}

/* sums[r] += values[r * step] * row; row: (16*vectors), 64-byte aligned. */
TILE void add_outer(tile_sums sums, const size_t rows, const size_t vectors, const float *values,
                    size_t step, const float *row)
{
    __m512 factors[SLD_TILE_VECTORS];
#pragma GCC unroll 3
    for (size_t v = 0; v < vectors; v++) {
        factors[v] = _mm512_load_ps(row + v * SLD_TILE_LANES);
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
        const __m512 value = _mm512_set1_ps(values[r * step]);
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = _mm512_fmadd_ps(value, factors[v], sums[r][v]);
        }
    }
}

TILE __m512 finish(__m512 sum, size_t v, const float *y, const sld_tile_end *end)
{
    if (end->bias) {
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(end->bias + v * SLD_TILE_LANES));
    }
    if (end->keep) {
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(y));
    }
    if (end->relu) {
        const __m512 zero = _mm512_setzero_ps();
        sum = _mm512_mask_mov_ps(sum, _mm512_cmp_ps_mask(sum, zero, _CMP_LE_OQ), zero);
    }
    return sum;
}

/* y[r] = sums[r], or what `end` makes of them. */
TILE void store(tile_sums sums, const size_t rows, const size_t vectors, const sld_tile_end *end,
                float *y, size_t y_row)
{
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            float *to = y + r * y_row + v * SLD_TILE_LANES;
            _mm512_storeu_ps(to, end ? finish(sums[r][v], v, to, end) : sums[r][v]);
        }
    }
}

TILE void sum_tile(const sld_tap *taps, int n_taps, size_t depth, const size_t rows,
                   const size_t vectors, size_t x_row, float *y, size_t y_row,
                   const sld_tile_end *end, const float *ahead)
{
    tile_sums sums;
    clear(sums, rows, vectors);
    for (int t = 0; t < n_taps; t++) {
        for (size_t k = 0; k < depth; k++, ahead += SLD_TILE_AHEAD) {
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);
            add_outer(sums, rows, vectors, taps[t].x + k, x_row,
                      taps[t].w + k * vectors * SLD_TILE_LANES);
        }
    }
    store(sums, rows, vectors, end, y, y_row);
}

#define SUM(rows, vectors) sum_tile(taps, n_taps, depth, rows, vectors, x_row, y, y_row, end, ahead)
#define SUM_OF(rows)                                                                               \
    static FULL __attribute__((noinline)) void sum_##rows(                                         \
        const sld_tap *taps, int n_taps, size_t depth, int vectors, size_t x_row, float *y,        \
        size_t y_row, const sld_tile_end *end, const float *ahead)                                 \
    {                                                                                              \
        if (vectors == 3) {                                                                        \
            SUM(rows, 3);                                                                          \
        } else if (vectors == 2) {                                                                 \
            SUM(rows, 2);                                                                          \
        } else {                                                                                   \
            SUM(rows, 1);                                                                          \
        }                                                                                          \
    }
SUM_OF(8)
SUM_OF(4)
SUM_OF(1)

void sld_tile_sum(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors,
                  size_t x_row, float *y, size_t y_row, const sld_tile_end *end, const float *ahead)
{
    if (rows == 8) {
        sum_8(taps, n_taps, depth, vectors, x_row, y, y_row, end, ahead);
        return;
    }
    sld_tap moved[9];
    for (int done = 0, step; done < rows; done += step) {
        step = rows - done >= 4 ? 4 : 1;
        for (int t = 0; t < n_taps; t++) {
            moved[t] = (sld_tap){taps[t].x + (size_t)done * x_row, taps[t].w};
        }
        (step == 4 ? sum_4 : sum_1)(moved, n_taps, depth, vectors, x_row, y + (size_t)done * y_row,
                                    y_row, end, ahead);
    }
}

TILE void outer_tile(const sld_tile_pair *pairs, size_t n, const size_t vectors, const float *x,
                     const float *dy, float *dw)
{
    tile_sums sums;
    clear(sums, SLD_TILE_ROWS, vectors);
    for (size_t k = 0; k < n; k++) {
        add_outer(sums, SLD_TILE_ROWS, vectors, x + SLD_TILE_ROWS * (size_t)pairs[k].x, 1,
                  dy + SLD_TILE_LANES * vectors * (size_t)pairs[k].dy);
    }
    store(sums, SLD_TILE_ROWS, vectors, NULL, dw, vectors * SLD_TILE_LANES);
}

FULL void sld_tile_outer(const sld_tile_pair *pairs, size_t n, int vectors, const float *x,
                         const float *dy, float *dw)
{
    if (vectors == 3) {
        outer_tile(pairs, n, 3, x, dy, dw);
    } else if (vectors == 2) {
        outer_tile(pairs, n, 2, x, dy, dw);
    } else {
        outer_tile(pairs, n, 1, x, dy, dw);
    }
}
#else
#include <assert.h>

/* sld_direct_takes() takes none elsewhere. */
void sld_tile_sum(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors,
                  size_t x_row, float *y, size_t y_row, const sld_tile_end *end, const float *ahead)
{
    assert(false);
}

void sld_tile_outer(const sld_tile_pair *pairs, size_t n, int vectors, const float *x,
                    const float *dy, float *dw)
{
    assert(false);
}
#endif
