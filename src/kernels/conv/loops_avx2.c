/* conv/loops_avx2.c: tiles of 4 x 3, 6 x 2 and 12 x 1 vectors of 8: with weights and 1 value 14 to 16 of
 * 16 registers. */
#include "conv/loops.h"

#ifdef __x86_64__
#include "simd/avx2.h"

#define VECTORS  3
#define PREFETCH 0

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
enum { GEMM_1 = 8, GEMM_2 = 6, GEMM_3 = 4, GEMM_MAX = 8 };

#include "simd/tile.h"

#include "conv/direct3x3_loops.h"
#include "conv/implicit_gemm_loops.h"
#include "conv/taps_loops.h"
#include "conv/winograd3x3_loops.h"

const sld_loops sld_loops_avx2 = {.direct_name        = "tiles:avx2",
                                  .winograd_name      = "winograd:avx2",
                                  .gemm_name          = "gemm:avx2",
                                  .lanes              = VEC_LANES,
                                  .samples            = {4, 3},
                                  .weights            = {6, 2},
                                  .depth              = 128,
                                  .prefetch           = PREFETCH,
                                  .split_taps         = split_taps,
                                  .join_taps          = join_taps,
                                  .sum                = sum,
                                  .rank1_update       = rank1_update,
                                  .input_transform    = input_transform,
                                  .gradient_transform = gradient_transform,
                                  .multiply           = multiply,
                                  .multiply_gradient  = multiply_gradient,
                                  .output_transform   = output_transform,
                                  .gemm               = gemm,
                                  .weights_transform  = weights_transform};
#endif
