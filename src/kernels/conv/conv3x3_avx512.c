/* conv3x3_avx512.c: tiles of 8 x 3, 12 x 2 and 24 x 1 vectors of 16: with weights and 1 value 25 to
 * 28 of 32 registers. */
#include "conv3x3_loops.h"

#ifdef __x86_64__
#define TARGET  "avx512f"
#define LANES   16
#define VECTORS 3
#define AHEAD   5

#define vector                __m512
#define ZERO()                _mm512_setzero_ps()
#define LOAD(p)               _mm512_loadu_ps(p)
#define STORE(p, v)           _mm512_storeu_ps(p, v)
#define SPREAD(f)             _mm512_set1_ps(f)
#define ADD(a, b)             _mm512_add_ps(a, b)
#define SUBTRACT(a, b)        _mm512_sub_ps(a, b)
#define MULTIPLY(a, b)        _mm512_mul_ps(a, b)
#define MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ABOVE_ZERO(v)         _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, ZERO(), _CMP_LE_OQ), ZERO())

#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define BY_VECTORS(rows, TILE_OF)                                                                  \
    if (vectors == 3) {                                                                            \
        TILE_OF(rows, 3);                                                                          \
    } else if (vectors == 2) {                                                                     \
        TILE_OF(rows, 2);                                                                          \
    } else {                                                                                       \
        TILE_OF(rows, 1);                                                                          \
    }
enum { PRODUCT_1 = 24, PRODUCT_2 = 12, PRODUCT_3 = 8 };
enum { REST_1 = 8, REST_2 = 4, REST_3 = 4 };
enum { GRADIENT_1 = 16, GRADIENT_2 = 8, GRADIENT_3 = 8 };

#include "simd/tile.h"

#include "conv3x3_taps.h"
#include "direct3x3_loops.h"
#include "winograd3x3_loops.h"

const sld_conv3_isa sld_conv3_avx512 = {.small_name        = "tiles:avx512f",
                                        .winograd_name     = "winograd:avx512f",
                                        .lanes             = LANES,
                                        .samples           = {8, 3},
                                        .weights           = {8, 3},
                                        .depth             = 64,
                                        .ahead             = AHEAD,
                                        .split_taps        = split_taps,
                                        .join_taps         = join_taps,
                                        .sum               = sum,
                                        .outer             = outer,
                                        .spread            = spread,
                                        .spread_gradient   = spread_gradient,
                                        .multiply          = multiply,
                                        .multiply_gradient = multiply_gradient,
                                        .gather            = gather,
                                        .gather_gradient   = gather_gradient};
#endif
