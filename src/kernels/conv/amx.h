/* conv/amx.h: what the passes of a convolution in bfloat16 on AMX and its weight gradient share.
 *
 * A row of a tile is 32 values, and rows lie at one distance. So that the 16 pixels of a tile do,
 * what is read is rounded into a layout of its own: images with their border of zeros, a few samples
 * together, (y, x mod stride, x / stride, sample, channel). Neighbours in a row of results, sample by
 * sample, are neighbours there. */
#ifndef SLD_AMX_H
#define SLD_AMX_H

#include "conv/amx_loops.h"
#include "conv/conv.h"

/* Images as they are read: `together` samples are a group. */
typedef struct {
    size_t channels, H, W;           /* of an image */
    size_t top, left, height, width; /* the border before it; what windows read with its borders,
                                        which may end before the image does */
    size_t stride;                   /* of the windows; 1 backward */
    size_t columns;                  /* width / stride, rounded up */
    size_t together;                 /* samples */
} sld_amx_images;

/* A grid of results that meet the same taps: everything forward, a class of pixels backward
 * (conv/stride_classes.h). */
typedef struct {
    size_t    H, W;                  /* of one sample */
    size_t    from_row;              /* pixels of the layout from a row of results to the next */
    size_t    to, to_row, to_column; /* floats of the result: first, from row to row, ... */
    size_t    across, tiles;         /* columns of results in a tile, tiles in a row */
    uint32_t *row_to;                /* (16): floats from a tile's first result to a row's */
    int      *taps;                  /* (n_taps): which of kernel*kernel */
    uint32_t *runs, *run_taps;       /* (n_runs): taps side by side: where they begin, how many */
    uint32_t *steps;                 /* (n_steps): where 32 values begin */
    size_t    n_taps, n_runs, n_steps;
    uint16_t *weights; /* blocks of up to 32 columns, as sld_amx_product_of_tiles reads them */
} sld_amx_product;

typedef struct {
    sld_amx_images   images;
    size_t           out, to_sample; /* channels of a result, floats of a sample's */
    sld_amx_product *products;
    size_t           n_products;
} sld_amx_pass;

typedef struct {
    const sld_amx_loops *loops;
    sld_kernels         *kernels; /* borrowed: its scratch memory */
    sld_conv_params      params;  /* without sizes */
    size_t               max;     /* samples of a call */
    sld_amx_pass         forward, backward;
    float               *bias; /* (out); NULL: none */

    /* ---- the weight gradient: amx_weights.c ---- */
    sld_amx_images pixels;     /* x */
    uint32_t      *x_places;   /* of each pixel of a group: floats from the group's first sample;
                                 UINT32_MAX: none, read as 0 */
    uint32_t      *dy_places;  /* the same of dy, row by row in whole steps */
    size_t        *steps;      /* (groups * rows of dy * steps of a row): values of x to 16 pairs */
    uint32_t      *shifts;     /* (kernel*kernel): values of x from a result's place to a tap's */
    size_t row_steps, channel; /* steps of a row of dy; its values from a channel to the next */
} sld_amx;

/* Local. Of one sample of a group, the place of pixel (y,x) of the bordered image, in pixels; those
 * of the other samples follow it. */
static inline size_t sld_amx_place(const sld_amx_images *i, size_t y, size_t x)
{
    return ((y * i->stride + x % i->stride) * i->columns + x / i->stride) * i->together;
}

/* Local. Pixels of a group. */
static inline size_t sld_amx_group(const sld_amx_images *i)
{
    return i->height * i->stride * i->columns * i->together;
}

/* Local. Values of a run of taps. */
static inline size_t sld_amx_depth(const sld_amx_product *p, size_t run, size_t channels)
{
    return p->run_taps[run] * channels;
}

static inline size_t sld_amx_taps(const sld_amx *a)
{
    return (size_t)(a->params.kernel * a->params.kernel);
}

/* Local. Whether split_taps() and join_taps() of these loops serve n channels of all taps. */
static inline bool sld_amx_by_nine(const sld_amx *a, const sld_loops *loops, size_t n)
{
    return sld_amx_taps(a) == SLD_TAPS && n == SLD_AMX_SIDE && loops->lanes == SLD_AMX_SIDE;
}

static inline size_t sld_amx_groups(const sld_amx_images *i, size_t samples)
{
    return (samples + i->together - 1) / i->together;
}

static inline size_t sld_amx_whole(size_t n, size_t of)
{
    return (n + of - 1) / of * of;
}

enum { SLD_AMX_BLOCK = SLD_AMX_ACROSS * SLD_AMX_SIDE }; /* columns at a time */

/* Local. Tiles of columns in the block that begins at this column. */
static inline size_t sld_amx_block_tiles(const sld_amx_pass *pass, size_t column)
{
    return pass->out - column > SLD_AMX_SIDE ? SLD_AMX_ACROSS : 1;
}

/* ---- amx_plan.c ---- */

/* Local. As a forward pass reads x. */
sld_amx_images sld_amx_images_of(const sld_conv_params *p, size_t together);
/* Local. Makes the products of these passes; false: out of memory. */
bool sld_amx_plan(sld_amx *a, unsigned passes);
void sld_amx_drop_plan(sld_amx_pass *pass);

/* ---- amx_images.c ---- */

/* Local. Samples at a time, of `max` in a call: whole groups. */
size_t sld_amx_chunk(const sld_amx_images *i, size_t max);
size_t sld_amx_images_bytes(const sld_amx_images *i, size_t max); /* of a chunk */
void   sld_amx_put_images(const sld_amx *a, const sld_amx_images *i, size_t n, const float *from,
                          uint16_t *to);

/* ---- amx_pack.c ---- */

size_t     sld_amx_pack_scratch_bytes(const sld_amx *a);
sld_status sld_amx_refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias);

/* ---- amx_weights.c ---- */

bool       sld_amx_gradient_create(sld_amx *a);
size_t     sld_amx_gradient_scratch_bytes(const sld_amx *a);
sld_status sld_amx_backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                    const float *x, const float *dy, bool add, float *dw);
size_t     sld_amx_gradient_floats(const void *state);
sld_status sld_amx_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                   float *bias);

#endif
