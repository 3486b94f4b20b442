/* conv_direct_tile.h: the register tiles of conv_direct.c, for each instruction set that has them.
 * Every sum is a chain of fused multiply-adds in an order that depends neither on the tile's size
 * nor on the other rows. */
#ifndef SLD_CONV_DIRECT_TILE_H
#define SLD_CONV_DIRECT_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLD_TILE_ROWS = 8, SLD_TILE_LANES = 16 }; /* at most, of all of them */

/* One tap of a 3x3 window: x of the first row's first channel; (depth,lanes*vectors) weights. */
typedef struct {
    const float *x, *w;
} sld_tap;

/* What becomes of the sums over a block of channels. */
typedef struct {
    const float *bias; /* (lanes*vectors) added; NULL: none */
    bool         keep; /* y += sums, else y = sums */
    bool         relu; /* in the end; a value that is not a number stays one */
} sld_tile_end;

/* Pixels of x and of dy that meet in a tap: n of each, one behind the other. */
typedef struct {
    uint32_t x, dy, n;
} sld_tile_run;

/* Rows of floats: address of the first, floats from a pixel and from a sample to the next. */
typedef struct {
    const float *first;
    size_t       pixel, sample;
} sld_tile_rows;

/* Of a tile at most: its sums, a vector of weights each and a value fill the registers. */
typedef struct {
    int rows, vectors;
} sld_tile_shape;

typedef struct {
    const char    *name;
    int            lanes;                    /* channels of a vector */
    sld_tile_shape pixels, samples, weights; /* whose rows are pixels, samples, input channels */
    int            depth; /* channels summed up before they are added to y: their weights for
                             nine taps stay in a near cache */
    int narrow;           /* on maps up to so wide a tile's rows are samples, else pixels */
    /* y[r][v] = sum over taps and depth of x[r][k] * w[k][v] for up to `rows` rows, apart by x_row
     * and y_row floats. Meanwhile `ahead` floats per tap and depth are fetched into the
     * second-level cache from `next` on: weights that the next tiles want, which else would be
     * waited for. */
    void (*sum)(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors, size_t x_row,
                float *y, size_t y_row, const sld_tile_end *end, const float *next);
    int ahead;
    /* dw[i][v] = sum over samples and runs of x[pixel][i] * dy[pixel][v], or dw += it; dw:
     * (rows,lanes*vectors). */
    void (*outer)(const sld_tile_run *runs, int n_runs, size_t samples, int rows, int vectors,
                  sld_tile_rows x, sld_tile_rows dy, bool keep, float *dw);
} sld_tiles;

extern const sld_tiles sld_tiles_avx512, sld_tiles_avx2; /* on x86-64 */

#endif
