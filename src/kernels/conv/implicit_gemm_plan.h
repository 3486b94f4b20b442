/* conv/implicit_gemm_plan.h: what the passes of conv/implicit_gemm.c and its weight gradient share. */
#ifndef SLD_IMPLICIT_GEMM_PLAN_H
#define SLD_IMPLICIT_GEMM_PLAN_H

#include "conv/conv.h"
#include "conv/loops.h"

/* One matrix product: rows are pixels written, columns channels written, the depth taps and channels
 * read. */
typedef struct {
    uint32_t    *from, *to; /* (chunk*rows): floats from the first of a chunk to a row's */
    size_t       rows;      /* of one sample */
    sld_segment *segments;
    int         *taps; /* in the order of the segments: which of kernel*kernel */
    int          n_segments, n_taps;
    size_t       depth;   /* taps * channels of a group */
    float       *weights; /* (groups, blocks of columns, depth, columns of the block) */
} sld_gemm_product;

/* One pass from images of `in` channels to images of `out`. */
typedef struct {
    size_t in, out, groups, depth, columns; /* depth, columns: channels of a group, in and out */
    size_t from_H, from_W;                  /* of what is read */
    size_t top, left, height, width;        /* the border before it, its size with all borders */
    size_t out_pixels;
    size_t chunk; /* samples at a time */

    sld_gemm_product *products;
    int               n_products;
} sld_gemm_pass;

typedef struct {
    const sld_loops *loops;
    sld_conv_params  params; /* without sizes */
    size_t           max;    /* samples of a call */
    sld_gemm_pass    forward, backward;
    float           *bias; /* (out), and zeros behind */
} sld_gemm;

/* Local. Columns of the block that begins at column `at`, and its width in whole vectors. */
static inline size_t sld_gemm_block_at(const sld_gemm *g, size_t columns, size_t at, size_t *width)
{
    const size_t lanes = (size_t)g->loops->lanes, left = columns - at;
    *width = sld_part_of((left + lanes - 1) / lanes, (size_t)g->loops->samples.vectors) * lanes;
    return left < *width ? left : *width;
}

/* Local. Whether what is read has to be copied between zeros. */
static inline bool sld_gemm_has_border(const sld_gemm_pass *pass)
{
    return pass->height != pass->from_H || pass->width != pass->from_W || pass->top || pass->left;
}

/* Local. Floats of a chunk with its borders; 0 where it needs none. */
size_t sld_gemm_bordered_floats(const sld_gemm_pass *pass);
/* Local. n samples with borders, in `to`; where there are none, the samples themselves. */
const float *sld_gemm_border(const sld_gemm_pass *pass, size_t n, const float *from, float *to);

/* ---- implicit_gemm_weights.c ---- */

sld_status sld_gemm_backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                     const float *x, const float *dy, bool add, float *dw);
size_t     sld_gemm_gradient_scratch_floats(const sld_gemm *g);
bool       sld_gemm_accumulates(const void *state, size_t n);
size_t     sld_gemm_gradient_floats(const void *state);
sld_status sld_gemm_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                    float *bias);

#endif
