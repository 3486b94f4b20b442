/* conv_direct_tile_avx512.c: tiles of 8 x 3 vectors of 16: with 3 weights and 1 value 28 of 32
 * registers. */
#include "conv_direct_tile.h"

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

#include "conv_direct_tile_body.h"

const sld_tiles sld_tiles_avx512 = {.name    = "tiles:avx512f",
                                    .lanes   = LANES,
                                    .pixels  = {8, 3},
                                    .samples = {8, 3},
                                    .weights = {8, 3},
                                    .depth   = 64,
                                    .narrow  = 64,
                                    .sum     = sum,
                                    .ahead   = AHEAD,
                                    .outer   = outer};
#endif
