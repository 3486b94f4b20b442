/* conv/loops.h: the inner loops of our own convolutions, for each instruction set that has them. Every sum is a
 * chain of fused multiply-adds in an order that depends neither on the tile's size nor on its other
 * rows. */
#ifndef SLD_LOOPS_H
#define SLD_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isa.h"

enum { SLD_MAX_LANES = 16, SLD_TILES_STEP = 8 };
enum { SLD_TAPS = 9, SLD_WINDOW = 4, SLD_POINTS = SLD_WINDOW * SLD_WINDOW, SLD_RESULTS = 4 };

/* One tap of a 3x3 window: x of the first row's first channel; (depth,lanes*vectors) weights. */
typedef struct {
    const float *x, *w;
} sld_tap;

/* What becomes of sums. */
typedef struct {
    const float *bias;       /* (lanes*vectors) added; NULL: none */
    bool         accumulate; /* y += sums, else y = sums */
    bool         relu;       /* in the end; a value that is not a number stays one */
} sld_epilogue;

/* Pixels of x and of dy that meet in a tap: n of each, one behind the other. */
typedef struct {
    uint32_t x, dy, n;
} sld_run;

/* Rows of floats: address of the first, floats from a pixel and from a sample to the next. */
typedef struct {
    const float *first;
    size_t       pixel, sample;
} sld_rows_at;

/* Of a tile at most: its sums, a vector of weights each and a value fill the registers. */
typedef struct {
    int rows, vectors;
} sld_tile_shape;

/* So many floats of what is read, from so many after a row's own place on. */
typedef struct {
    size_t at, n;
} sld_segment;

/* Rows of y times one block of its columns: y (rows,columns) = X (rows,depth) weights
 * (depth,lanes*vectors), where the depth of X is that of the segments, one behind the other. */
typedef struct {
    const float       *x;
    float             *y;
    const uint32_t    *from, *to; /* (rows): floats from x, from y to a row */
    size_t             rows;
    const sld_segment *segments;
    int                n_segments, vectors;
    size_t             last; /* columns of the last vector */
    const float       *weights;
    sld_epilogue       end;
} sld_gemm_block;

typedef struct {
    const char *direct_name, *winograd_name, *gemm_name;
    int         lanes; /* channels of a vector */

    /* The nine taps of `lanes` channels: to[t * tap + c] = from[c * channel + t], and back. */
    void (*split_taps)(const float *from, size_t channel, float *to, ptrdiff_t tap);
    void (*join_taps)(const float *from, size_t tap, float *to, size_t channel);

    /* ---- maps of few pixels: direct3x3.c ---- */

    sld_tile_shape samples, weights; /* whose rows are samples, input channels */
    int            depth;            /* channels summed up before they are added to y: their weights
                                        for nine taps stay in a near cache */
    int            prefetch;
    /* y[r][v] = sum over taps and depth of x[r][k] * w[k][v] for up to `rows` rows, apart by x_row
     * and y_row floats. Meanwhile `prefetch` floats per tap and depth are fetched into the
     * second-level cache from `next` on: weights that the next tiles want, which else would be
     * waited for. */
    void (*sum)(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors, size_t x_row,
                float *y, size_t y_row, const sld_epilogue *end, const float *next);
    /* dw[i][v] = sum over samples and runs of x[pixel][i] * dy[pixel][v], or dw += it; dw:
     * (rows,lanes*vectors). */
    void (*rank1_update)(const sld_run *runs, int n_runs, size_t samples, int rows, int vectors,
                         sld_rows_at x, sld_rows_at dy, bool accumulate, float *dw);

    /* ---- whatever is no such 3x3: implicit_gemm.c ---- */

    void (*gemm)(const sld_gemm_block *block);

    /* ---- 3x3 on larger maps: winograd3x3.c, which has the formulas ----
     * U, V, M, D and dU are its, 16 points each, so many floats apart. */

    /* One row of V: (blocks,rows,lanes) in each point, the blocks so many floats apart. */
    void (*input_transform)(const float *const x[SLD_POINTS], size_t channels, float *v,
                            size_t point, size_t block);
    /* One row of D. */
    void (*gradient_transform)(const float *const dy[SLD_RESULTS], int vectors, float *d,
                               size_t point);
    /* One point. m (n,lanes*vectors) = or += sum over blocks of v (n,lanes) times u
     * (lanes,lanes*vectors); n: a multiple of SLD_TILES_STEP. */
    void (*multiply)(const float *v, size_t block, size_t n, size_t blocks, const float *u,
                     int vectors, bool accumulate, float *m);
    /* One point. du (blocks*lanes,lanes*vectors) = or += sum over n of v times d
     * (n,lanes*vectors). */
    void (*multiply_gradient)(const float *v, size_t block, size_t n, size_t blocks, const float *d,
                              int vectors, bool accumulate, float *du);
    /* One row of M: what `end` makes of its results, in four pixels of y. */
    void (*output_transform)(const float *m, size_t point, int vectors, const sld_epilogue *end,
                             float *const y[SLD_RESULTS]);
    /* n floats of dU, to n floats of each tap, = or +=; the taps are so many floats apart. */
    void (*weights_transform)(const float *du, size_t point, size_t n, bool accumulate, float *dw,
                              size_t tap);
} sld_loops;

extern const sld_loops sld_loops_avx512, sld_loops_avx2; /* on x86-64 */

/* Local. NULL: this CPU, or parallel.isa, has none of those. */
static inline const sld_loops *sld_loops_of_cpu(void)
{
#ifdef __x86_64__
    switch (sld_isa_of_convolutions()) {
    case SLD_ISA_AVX512:
        return &sld_loops_avx512;
    case SLD_ISA_AVX2:
        return &sld_loops_avx2;
    default:
        break;
    }
#endif
    return NULL;
}

#endif
