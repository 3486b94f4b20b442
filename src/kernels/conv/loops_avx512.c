/* conv/loops_avx512.c: tiles of 8 x 3, 12 x 2 and 24 x 1 vectors of 16: with weights and 1 value 25 to
 * 28 of 32 registers. */
#include "conv/loops.h"

#ifdef __x86_64__
#include "simd/avx512.h"

#define VECTORS  3
#define PREFETCH 5

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
enum { GEMM_1 = 8, GEMM_2 = 8, GEMM_3 = 8, GEMM_MAX = 8 };

#include "simd/tile.h"

#include "conv/direct3x3_loops.h"
#include "conv/implicit_gemm_loops.h"
#include "conv/taps_loops.h"
#include "conv/winograd3x3_loops.h"

const sld_loops sld_loops_avx512 = {.direct_name        = "tiles:avx512f",
                                    .winograd_name      = "winograd:avx512f",
                                    .gemm_name          = "gemm:avx512f",
                                    .lanes              = VEC_LANES,
                                    .samples            = {8, 3},
                                    .weights            = {8, 3},
                                    .depth              = 64,
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
