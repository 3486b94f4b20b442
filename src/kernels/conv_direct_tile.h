/* conv_direct_tile.h: the register tiles of conv_direct.c. AVX-512; every sum is a chain of fused
 * multiply-adds in an order that depends neither on the tile's size nor on the other rows. */
#ifndef SLD_CONV_DIRECT_TILE_H
#define SLD_CONV_DIRECT_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SLD_TILE_ROWS = 8, /* of a tile at most: 8 x 3 sums, 3 weights and 1 value are 28 registers */
    SLD_TILE_VECTORS = 3,  /* of 16 channels, likewise */
    SLD_TILE_LANES   = 16, /* channels of a vector */
    SLD_TILE_AHEAD   = 5,
};

/* One tap of a 3x3 window: x of the first row's first channel; (depth,16*vectors) weights. */
typedef struct {
    const float *x, *w;
} sld_tap;

/* What becomes of the sums over a block of channels. */
typedef struct {
    const float *bias; /* (16*vectors) added; NULL: none */
    bool         keep; /* y += sums, else y = sums */
    bool         relu; /* in the end; a value that is not a number stays one */
} sld_tile_end;

/* y[r][v] = sum over taps and depth of x[r][k] * w[k][v] for `rows` rows, apart by x_row and y_row
 * floats. Meanwhile SLD_TILE_AHEAD floats per tap and depth are asked for from `ahead` on: weights
 * that the next tiles want, which else would be waited for. */
void sld_tile_sum(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors,
                  size_t x_row, float *y, size_t y_row, const sld_tile_end *end,
                  const float *ahead);

/* A pixel of x and one of dy that meet in a tap. */
typedef struct {
    uint16_t x, dy;
} sld_tile_pair;

/* dw[i][v] = sum over pairs of x[pair.x][i] * dy[pair.dy][v]; x: (pixels,8), dy: (pixels,
 * 16*vectors), dw: (8,16*vectors). */
void sld_tile_outer(const sld_tile_pair *pairs, size_t n, int vectors, const float *x,
                    const float *dy, float *dw);

#endif
