/* conv/amx_loops.h: the inner loops of convolutions in bfloat16 on Intel AMX. A tile holds 16 rows of
 * 32 values, or sums of 16 rows by 16 columns in float32. One product of tiles adds 32 products to
 * each sum, two at a time in the order of the depth. */
#ifndef SLD_AMX_LOOPS_H
#define SLD_AMX_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conv/loops.h"

enum {
    SLD_AMX_SIDE   = 16,                           /* rows and columns of a tile */
    SLD_AMX_DEPTH  = 32,                           /* values of a row: one step */
    SLD_AMX_VALUES = SLD_AMX_SIDE * SLD_AMX_DEPTH, /* of a tile of bfloat16 */
    SLD_AMX_SUMS   = SLD_AMX_SIDE * SLD_AMX_SIDE,  /* of a tile of float32 */
    SLD_AMX_ACROSS = 2,                            /* tiles of rows, and of columns, at a time */
    SLD_AMX_PANELS = 3,                            /* tiles of a gradient at a time */
    SLD_AMX_CONFIG = 64                            /* bytes that describe the tiles' shapes */
};

/* Up to two tiles of rows times up to two of columns. */
typedef struct {
    const uint16_t *x[SLD_AMX_ACROSS]; /* first rows */
    size_t          x_row;             /* values from a row to the next */
    const uint32_t *steps;             /* (n_steps): from a row's start to 32 values of it */
    size_t          n_steps;
    const uint16_t *weights; /* (n_steps, tiles of columns, 16 pairs of the depth, 16 columns, 2) */
} sld_amx_product_of_tiles;

/* Where one tile of rows goes. */
typedef struct {
    float          *y;    /* of the first row and column */
    const uint32_t *to;   /* (16): floats from y to a row */
    uint32_t        rows; /* a bit for each that is wanted */
    int             columns;
    sld_epilogue    end; /* bias: of the first column */
} sld_amx_results;

/* Tiles of a weight gradient over the same pixels: 16 channels of dy by 16 of x each. */
typedef struct {
    const uint16_t *dy[SLD_AMX_ACROSS]; /* 16 channels, the pixels of each side by side */
    size_t          channel;            /* values from a channel to the next */
    const uint16_t *x[SLD_AMX_PANELS];  /* (pairs of pixels, 16 channels, 2) */
    const size_t   *steps; /* (n_steps): in x, to 16 pairs; in dy they follow each other */
    size_t          n_steps;
    float          *dw[SLD_AMX_ACROSS][SLD_AMX_PANELS]; /* (16,16) each */
} sld_amx_gradient_of_tiles;

typedef struct {
    const char *name;

    /* Takes the tiles for the functions below; give() puts back the shapes that they had before,
     * all of them 0. */
    void (*take)(uint8_t before[SLD_AMX_CONFIG]);
    void (*give)(const uint8_t before[SLD_AMX_CONFIG]);

    /* n values of each of some pixels, which lie from_pixel floats and to_pixel values apart, as
     * sld_round_bf16() rounds them; but those too small to be normal may become 0, for which a
     * product of tiles takes them. */
    void (*round)(const float *from, size_t from_pixel, size_t pixels, size_t n, uint16_t *to,
                  size_t to_pixel);
    /* Adds n values, rounded in the same way. */
    void (*add_rounded)(const float *from, size_t n, float *sum);
    /* From 32 pixels, of n <= 16 channels from the given one on: pairs of pixels, (16 pairs, 16
     * channels, 2). The channels behind are 0. */
    void (*pair)(const float *const pixels[SLD_AMX_DEPTH], size_t channel, size_t n, uint16_t *to);
    /* The same channels as rows of 32 pixels, `row` values from one to the next. */
    void (*transpose)(const float *const pixels[SLD_AMX_DEPTH], size_t channel, size_t n,
                      uint16_t *to, size_t row);

    /* sums: (rows,columns,16,16) for so many tiles. */
    void (*multiply)(const sld_amx_product_of_tiles *p, int rows, int columns, float *sums);
    /* sums: (16,16) of each tile of columns. */
    void (*store)(const float *sums, const sld_amx_results *to);
    void (*multiply_gradient)(const sld_amx_gradient_of_tiles *p, int across, int panels,
                              bool accumulate);

    /* Products in registers alone, for peak.c: flops done. The result goes to *sink. */
    double (*peak)(float *sink);
} sld_amx_loops;

/* Local. NULL: this CPU, its system, the compiler, parallel.isa or the library's limits leave no
 * AMX. */
const sld_amx_loops *sld_amx_loops_of_cpu(void);

#endif
