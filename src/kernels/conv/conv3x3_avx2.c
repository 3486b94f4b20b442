/* conv3x3_avx2.c: tiles of 4 x 3, 6 x 2 and 12 x 1 vectors of 8: with weights and 1 value 14 to 16 of
 * 16 registers. */
#include "conv3x3_loops.h"

#ifdef __x86_64__
#define TARGET  "avx2,fma"
#define LANES   8
#define VECTORS 3
#define AHEAD   0

#define vector                __m256
#define ZERO()                _mm256_setzero_ps()
#define LOAD(p)               _mm256_loadu_ps(p)
#define STORE(p, v)           _mm256_storeu_ps(p, v)
#define SPREAD(f)             _mm256_set1_ps(f)
#define ADD(a, b)             _mm256_add_ps(a, b)
#define SUBTRACT(a, b)        _mm256_sub_ps(a, b)
#define MULTIPLY(a, b)        _mm256_mul_ps(a, b)
#define MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ABOVE_ZERO(v)         _mm256_andnot_ps(_mm256_cmp_ps(v, ZERO(), _CMP_LE_OQ), v)

/* No tile has more than 4 rows of 3 vectors (samples, below); none is compiled. */
#define EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define BY_VECTORS(rows, TILE_OF)                                                                  \
    if (vectors == 3) {                                                                            \
        TILE_OF((rows) < 4 ? (rows) : 4, 3);                                                       \
    } else if (vectors == 2) {                                                                     \
        TILE_OF(rows, 2);                                                                          \
    } else {                                                                                       \
        TILE_OF(rows, 1);                                                                          \
    }
enum { PRODUCT_1 = 12, PRODUCT_2 = 6, PRODUCT_3 = 4 };
enum { REST_1 = 8, REST_2 = 4, REST_3 = 4 };
enum { GRADIENT_1 = 8, GRADIENT_2 = 4, GRADIENT_3 = 4 };

#include "simd/tile.h"

#include "conv3x3_taps.h"
#include "direct3x3_loops.h"
#include "winograd3x3_loops.h"

const sld_conv3_isa sld_conv3_avx2 = {.small_name        = "tiles:avx2",
                                      .winograd_name     = "winograd:avx2",
                                      .lanes             = LANES,
                                      .samples           = {4, 3},
                                      .weights           = {6, 2},
                                      .depth             = 128,
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
