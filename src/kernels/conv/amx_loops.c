/* conv/amx_loops.c: tiles of AMX, and what AVX-512 brings into them. */
#include "conv/amx_loops.h"

#ifdef SLD_AMX_COMPILER
#include <immintrin.h>

#define AMX_TARGET   "avx512f,avx512bw,avx512vl,avx512bf16,amx-tile,amx-bf16"
#define AMX_INLINE   static inline __attribute__((always_inline, target(AMX_TARGET)))
#define AMX_FUNCTION static __attribute__((noinline, target(AMX_TARGET)))

enum { TILE_BYTES = 64 }; /* of a row */

/* ---- the tiles ---- */

typedef struct { /* as LDTILECFG reads it */
    uint8_t  palette, start_row, unused[14];
    uint16_t row_bytes[SLD_AMX_SIDE];
    uint8_t  rows[SLD_AMX_SIDE];
} shapes;

_Static_assert(sizeof(shapes) == SLD_AMX_CONFIG, "the size that the instruction reads");

/* In memory from the start: GCC takes the instruction to read eight bytes, and drops stores to the
 * others. */
static const shapes all_whole = {.palette   = 1,
                                 .row_bytes = {TILE_BYTES, TILE_BYTES, TILE_BYTES, TILE_BYTES,
                                               TILE_BYTES, TILE_BYTES, TILE_BYTES, TILE_BYTES},
                                 .rows = {SLD_AMX_SIDE, SLD_AMX_SIDE, SLD_AMX_SIDE, SLD_AMX_SIDE,
                                          SLD_AMX_SIDE, SLD_AMX_SIDE, SLD_AMX_SIDE, SLD_AMX_SIDE}};

AMX_FUNCTION void take(uint8_t before[SLD_AMX_CONFIG])
{
    _tile_storeconfig(before);
    _tile_loadconfig(&all_whole);
}

AMX_FUNCTION void give(const uint8_t before[SLD_AMX_CONFIG])
{
    if (before[0] == 0) {
        _tile_release();
    } else {
        _tile_loadconfig(before);
    }
}

/* ---- values ---- */

AMX_INLINE __mmask16 first(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

AMX_INLINE void round_one(const float *from, size_t n, uint16_t *to)
{
    for (; n >= SLD_AMX_DEPTH; n -= SLD_AMX_DEPTH, from += SLD_AMX_DEPTH, to += SLD_AMX_DEPTH) {
        const __m512bh both =
            _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + SLD_AMX_SIDE), _mm512_loadu_ps(from));
        _mm512_storeu_si512(to, (__m512i)both);
    }
    while (n > 0) {
        const size_t   some = n < SLD_AMX_SIDE ? n : SLD_AMX_SIDE;
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(first(some), from));
        _mm256_mask_storeu_epi16(to, first(some), (__m256i)half);
        n -= some;
        from += some;
        to += some;
    }
}

AMX_FUNCTION void round_pixels(const float *from, size_t from_pixel, size_t pixels, size_t n,
                               uint16_t *to, size_t to_pixel)
{
    for (size_t i = 0; i < pixels; i++) {
        round_one(from + i * from_pixel, n, to + i * to_pixel);
    }
}

AMX_FUNCTION void add_rounded(const float *from, size_t n, float *sum)
{
    for (size_t i = 0; i < n; i += SLD_AMX_SIDE) {
        const __mmask16 some    = first(n - i < SLD_AMX_SIDE ? n - i : SLD_AMX_SIDE);
        const __m256bh  half    = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(some, from + i));
        const __m512i   bits    = _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)half), 16);
        const __m512    rounded = _mm512_castsi512_ps(bits);
        _mm512_mask_storeu_ps(sum + i, some,
                              _mm512_add_ps(_mm512_maskz_loadu_ps(some, sum + i), rounded));
    }
}

/* Sixteen channels of two pixels, the pixels side by side. */
AMX_INLINE __m512i pair_of(const float *a, const float *b, __mmask16 channels)
{
    static const uint16_t order[SLD_AMX_DEPTH] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                  21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                  11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const __m512bh        both =
        _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(channels, b), _mm512_maskz_loadu_ps(channels, a));
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), (__m512i)both);
}

AMX_FUNCTION void pair(const float *const pixels[SLD_AMX_DEPTH], size_t channel, size_t n,
                       uint16_t *to)
{
    const __mmask16 channels = first(n);
    for (size_t i = 0; i < SLD_AMX_SIDE; i++, to += SLD_AMX_DEPTH) {
        _mm512_storeu_si512(
            to, pair_of(pixels[2 * i] + channel, pixels[2 * i + 1] + channel, channels));
    }
}

/* Rows i + 4 k of four rows each become the k-th quarters of rows. */
AMX_INLINE void transpose_quarters(const __m512i a[4], __m512i *to, size_t step)
{
    const __m512i low  = _mm512_shuffle_i32x4(a[0], a[1], 0x88);
    const __m512i high = _mm512_shuffle_i32x4(a[0], a[1], 0xdd);
    const __m512i Low  = _mm512_shuffle_i32x4(a[2], a[3], 0x88);
    const __m512i High = _mm512_shuffle_i32x4(a[2], a[3], 0xdd);
    to[0]              = _mm512_shuffle_i32x4(low, Low, 0x88);
    to[step]           = _mm512_shuffle_i32x4(high, High, 0x88);
    to[2 * step]       = _mm512_shuffle_i32x4(low, Low, 0xdd);
    to[3 * step]       = _mm512_shuffle_i32x4(high, High, 0xdd);
}

AMX_FUNCTION void transpose(const float *const pixels[SLD_AMX_DEPTH], size_t channel, size_t n,
                            uint16_t *to, size_t row)
{
    const __mmask16 channels = first(n);
    __m512i fours[4][4], rows[SLD_AMX_SIDE]; /* fours[j][i]: channels 4 k + j of pairs 4 i.. */
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++) {
        __m512i p[4], twos[4];
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; j++) {
            const float *const *pixel = pixels + 8 * i + 2 * j;
            p[j]                      = pair_of(pixel[0] + channel, pixel[1] + channel, channels);
        }
        twos[0]     = _mm512_unpacklo_epi32(p[0], p[1]);
        twos[1]     = _mm512_unpackhi_epi32(p[0], p[1]);
        twos[2]     = _mm512_unpacklo_epi32(p[2], p[3]);
        twos[3]     = _mm512_unpackhi_epi32(p[2], p[3]);
        fours[0][i] = _mm512_unpacklo_epi64(twos[0], twos[2]);
        fours[1][i] = _mm512_unpackhi_epi64(twos[0], twos[2]);
        fours[2][i] = _mm512_unpacklo_epi64(twos[1], twos[3]);
        fours[3][i] = _mm512_unpackhi_epi64(twos[1], twos[3]);
    }
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++) {
        transpose_quarters(fours[j], rows + j, 4);
    }
#pragma GCC unroll 16
    for (size_t c = 0; c < SLD_AMX_SIDE; c++) {
        _mm512_storeu_si512(to + c * row, rows[c]);
    }
}

/* ---- products ---- */

AMX_INLINE void multiply_tiles(const sld_amx_product_of_tiles *p, const int rows, const int columns,
                               float *sums)
{
    const uint16_t *w      = p->weights;
    const size_t    stride = p->x_row * sizeof *w;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t i = 0; i < p->n_steps; i++, w += columns * SLD_AMX_VALUES) {
        _tile_loadd(4, p->x[0] + p->steps[i], stride);
        _tile_loadd(6, w, TILE_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        if (columns > 1) {
            _tile_loadd(7, w + SLD_AMX_VALUES, TILE_BYTES);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (rows > 1) {
            _tile_loadd(5, p->x[1] + p->steps[i], stride);
            _tile_dpbf16ps(2, 5, 6);
            if (columns > 1) {
                _tile_dpbf16ps(3, 5, 7);
            }
        }
    }
    _tile_stored(0, sums, TILE_BYTES);
    if (columns > 1) {
        _tile_stored(1, sums + SLD_AMX_SUMS, TILE_BYTES);
    }
    if (rows > 1) {
        _tile_stored(2, sums + columns * SLD_AMX_SUMS, TILE_BYTES);
        if (columns > 1) {
            _tile_stored(3, sums + 3 * SLD_AMX_SUMS, TILE_BYTES);
        }
    }
}

AMX_FUNCTION void multiply(const sld_amx_product_of_tiles *p, int rows, int columns, float *sums)
{
    if (rows > 1 && columns > 1) {
        multiply_tiles(p, 2, 2, sums);
    } else if (rows > 1) {
        multiply_tiles(p, 2, 1, sums);
    } else if (columns > 1) {
        multiply_tiles(p, 1, 2, sums);
    } else {
        multiply_tiles(p, 1, 1, sums);
    }
}

AMX_INLINE void store_columns(const float *sums, const sld_amx_results *to, int column)
{
    const int       left = to->columns - column;
    const __mmask16 some = first(left < SLD_AMX_SIDE ? (size_t)left : SLD_AMX_SIDE);
    const __m512    bias =
        to->end.bias ? _mm512_maskz_loadu_ps(some, to->end.bias + column) : _mm512_setzero_ps();
    float *y = to->y + column;
    for (size_t r = 0; r < SLD_AMX_SIDE; r++) {
        if (!(to->rows >> r & 1)) {
            continue;
        }
        __m512 sum = _mm512_loadu_ps(sums + r * SLD_AMX_SIDE);
        if (to->end.bias) {
            sum = _mm512_add_ps(sum, bias);
        }
        if (to->end.accumulate) {
            sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(some, y + to->to[r]));
        }
        if (to->end.relu) { /* a value that is not a number stays one */
            sum = _mm512_mask_mov_ps(sum, _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LE_OQ),
                                     _mm512_setzero_ps());
        }
        _mm512_mask_storeu_ps(y + to->to[r], some, sum);
    }
}

AMX_FUNCTION void store(const float *sums, const sld_amx_results *to)
{
    store_columns(sums, to, 0);
    if (to->columns > SLD_AMX_SIDE) {
        store_columns(sums + SLD_AMX_SUMS, to, SLD_AMX_SIDE);
    }
}

/* ---- the gradient ---- */

AMX_INLINE void add_sums(const float *sums, bool accumulate, float *dw)
{
    for (size_t i = 0; i < SLD_AMX_SUMS; i += SLD_AMX_SIDE) {
        const __m512 sum = _mm512_loadu_ps(sums + i);
        _mm512_storeu_ps(dw + i, accumulate ? _mm512_add_ps(_mm512_loadu_ps(dw + i), sum) : sum);
    }
}

/* Sums 0 to 5, across first. */
AMX_INLINE void gradient_tiles(const sld_amx_gradient_of_tiles *p, const int across,
                               const int panels, bool accumulate)
{
    float        sums[SLD_AMX_PANELS * SLD_AMX_ACROSS][SLD_AMX_SUMS];
    const size_t stride = p->channel * sizeof **p->dy;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    for (size_t i = 0; i < p->n_steps; i++) {
        _tile_loadd(6, p->dy[0] + i * SLD_AMX_DEPTH, stride);
        _tile_loadd(7, p->x[0] + p->steps[i], TILE_BYTES);
        _tile_dpbf16ps(0, 6, 7);
        if (panels > 1) {
            _tile_loadd(7, p->x[1] + p->steps[i], TILE_BYTES);
            _tile_dpbf16ps(2, 6, 7);
        }
        if (panels > 2) {
            _tile_loadd(7, p->x[2] + p->steps[i], TILE_BYTES);
            _tile_dpbf16ps(4, 6, 7);
        }
        if (across > 1) { /* the last of x is there still */
            _tile_loadd(6, p->dy[1] + i * SLD_AMX_DEPTH, stride);
            if (panels > 2) {
                _tile_dpbf16ps(5, 6, 7);
                _tile_loadd(7, p->x[1] + p->steps[i], TILE_BYTES);
            }
            if (panels > 1) {
                _tile_dpbf16ps(3, 6, 7);
                _tile_loadd(7, p->x[0] + p->steps[i], TILE_BYTES);
            }
            _tile_dpbf16ps(1, 6, 7);
        }
    }
    _tile_stored(0, sums[0], TILE_BYTES);
    _tile_stored(1, sums[1], TILE_BYTES);
    _tile_stored(2, sums[2], TILE_BYTES);
    _tile_stored(3, sums[3], TILE_BYTES);
    _tile_stored(4, sums[4], TILE_BYTES);
    _tile_stored(5, sums[5], TILE_BYTES);
    for (int i = 0; i < panels; i++) {
        for (int j = 0; j < across; j++) {
            add_sums(sums[i * SLD_AMX_ACROSS + j], accumulate, p->dw[j][i]);
        }
    }
}

#define GRADIENT_CASE(across, panels)                                                              \
    case across *SLD_AMX_PANELS + panels:                                                          \
        gradient_tiles(p, across, panels, accumulate);                                             \
        break;

AMX_FUNCTION void multiply_gradient(const sld_amx_gradient_of_tiles *p, int across, int panels,
                                    bool accumulate)
{
    switch (across * SLD_AMX_PANELS + panels) {
        GRADIENT_CASE(1, 1)
        GRADIENT_CASE(1, 2)
        GRADIENT_CASE(1, 3)
        GRADIENT_CASE(2, 1)
        GRADIENT_CASE(2, 2)
        GRADIENT_CASE(2, 3)
    }
}

/* ---- the peak ---- */

/* Four sums, more than the latency of a product asks for; two tiles of each factor. All tiles are 0,
 * as take() leaves them: the time does not depend on values. */
AMX_FUNCTION double peak(float *sink)
{
    enum { ROUNDS = 512 }; /* between two looks at the clock */
    float   sums[SLD_AMX_SUMS];
    uint8_t before[SLD_AMX_CONFIG];

    take(before);
    for (int r = 0; r < ROUNDS; r++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, TILE_BYTES);
    give(before);
    *sink += sums[0];
    return 2.0 * SLD_AMX_SUMS * SLD_AMX_DEPTH * 4 * ROUNDS;
}

/* ---- whether there are any ---- */

const sld_amx_loops *sld_amx_loops_of_cpu(void)
{
    static const sld_amx_loops loops = {.name              = "amx:bf16",
                                        .take              = take,
                                        .give              = give,
                                        .round             = round_pixels,
                                        .add_rounded       = add_rounded,
                                        .pair              = pair,
                                        .transpose         = transpose,
                                        .multiply          = multiply,
                                        .store             = store,
                                        .multiply_gradient = multiply_gradient,
                                        .peak              = peak};
    return sld_isa_may_use_amx() ? &loops : NULL;
}
#else
const sld_amx_loops *sld_amx_loops_of_cpu(void)
{
    return NULL;
}
#endif
