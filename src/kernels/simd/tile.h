/* tile.h: tiles of sums in registers, for one instruction set. The file that includes
 * this names the set: TARGET, LANES, VECTORS, its instructions on a `vector`. */
#include <immintrin.h>

#define TILE static inline __attribute__((always_inline, target(TARGET)))
#define FULL static __attribute__((noinline, target(TARGET)))

enum { TILE_ROWS = 24 }; /* at most, of all tiles */

/* The sums of a tile: registers, once the loops over constant sizes are unrolled. */
typedef vector tile_sums[TILE_ROWS][VECTORS];

TILE void clear(tile_sums sums, const size_t rows, const size_t vectors)
{
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = ZERO();
        }
    }
}

/* sums[r] += values[r * step] * row; row: (LANES*vectors). */
TILE void add_outer(tile_sums sums, const size_t rows, const size_t vectors, const float *values,
                    size_t step, const float *row)
{
    vector factors[VECTORS];
#pragma GCC unroll 3
    for (size_t v = 0; v < vectors; v++) {
        factors[v] = LOAD(row + v * LANES);
    }
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
        const vector value = SPREAD(values[r * step]);
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = MULTIPLY_ADD(value, factors[v], sums[r][v]);
        }
    }
}

TILE vector finish(vector sum, size_t v, const float *y, const sld_sums_end *end)
{
    if (end->bias) {
        sum = ADD(sum, LOAD(end->bias + v * LANES));
    }
    if (end->keep) {
        sum = ADD(sum, LOAD(y));
    }
    return end->relu ? ABOVE_ZERO(sum) : sum;
}

/* y[r] = what `end` makes of sums[r]. */
TILE void store(tile_sums sums, const size_t rows, const size_t vectors, const sld_sums_end *end,
                float *y, size_t y_row)
{
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            float *to = y + r * y_row + v * LANES;
            STORE(to, finish(sums[r][v], v, to, end));
        }
    }
}
