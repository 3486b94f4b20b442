/* conv/conv3x3.h: what the two algorithms for 3x3 convolutions of stride 1 with a border of zeros
 * share: both are ours, for AVX2 and AVX-512, channels in whole vectors. Maps of few pixels are
 * summed up tap by tap, samples side by side, where a tap that lies outside of the image is left
 * out: 31 % of the products on 4x4 (direct3x3.c). All others go through F(2x2,3x3)
 * (winograd3x3.c), 16 products in place of 36, with sums that are nine times shorter and so no less
 * exact. Where weights are large and pixels few the transformed weights cost more than the products
 * that they save. */
#ifndef SLD_CONV3X3_H
#define SLD_CONV3X3_H

#include "conv/conv.h"
#include "conv/loops.h"

enum { SLD_DIRECT_PIXELS = 16 }; /* of a small map, at most */

/* One pass from images of `in` channels to images of `out`: the convolution itself, or its data
 * gradient, which is one too, of dy with the weights mirrored and the channels exchanged. The
 * weights lie as the kernels read them, blocks of `out` outermost. */
typedef struct {
    size_t in, out;
    float *weights; /* NULL: not wanted */
} sld_conv3_pass;

/* The taps of a pixel that lie on the image: the pixel there, and which of the nine it is. */
typedef struct {
    struct {
        size_t pixel, tap;
    } taps[SLD_TAPS];
    int n_taps;
} sld_direct_pixel;

/* Where x and dy meet in a tap. */
typedef struct {
    sld_run runs[SLD_DIRECT_PIXELS];
    int     n_runs;
} sld_direct_tap;

/* Where a pass's weights come from: plain[o * out + i * in + tap], the tap counted from the
 * end when they are mirrored. */
typedef struct {
    const float *plain;
    size_t       out, in;
    bool         mirrored;
} sld_conv3_source;

typedef struct sld_conv3x3 sld_conv3x3;
struct sld_conv3x3 {
    const sld_loops *loops;
    sld_conv_params  params;                    /* without sizes */
    size_t           H, W, in, out, max;        /* max: samples of a call */
    size_t           vectors, gradient_vectors; /* of a block of output channels at most */
    sld_conv3_pass   forward, backward;
    float           *bias;                      /* (out); NULL: none */
    sld_direct_pixel pixels[SLD_DIRECT_PIXELS]; /* direct: (H*W) */
    sld_direct_tap   taps[SLD_TAPS];            /* direct */
    void (*pack)(const sld_conv3x3 *conv, const sld_conv3_pass *pass, sld_conv3_source from);
};

/* Local. Vectors of the block of output channels that begins where `left` channels are left. */
static inline int sld_conv3_vectors(const sld_conv3x3 *conv, size_t max, size_t left)
{
    return (int)sld_part_of(left / (size_t)conv->loops->lanes, max);
}

/* Local. Channels of a block at most. */
static inline size_t sld_conv3_block(const sld_conv3x3 *conv)
{
    return conv->vectors * (size_t)conv->loops->lanes;
}

/* Local. Whether a pass is a 3x3 convolution of this kind, on this CPU and under parallel.isa. */
bool sld_conv3x3_supports(const sld_conv_params *params);

/* Local. Of an algorithm that keeps weights_of_filter floats of each filter and whose gradient has
 * blocks of gradient_vectors at most; 0: as the forward. */
typedef struct {
    size_t weights_of_filter, gradient_vectors;
    void (*pack)(const sld_conv3x3 *conv, const sld_conv3_pass *pass, sld_conv3_source from);
} sld_conv3x3_kind;
sld_status sld_conv3x3_create(sld_ctx *ctx, const sld_conv_params *params, unsigned passes,
                              const sld_conv3x3_kind *kind, sld_conv3x3 **out);

/* Local. As the functions of a sld_conv_algorithm. The gradient: blocks of output channels, in them
 * (tap,in,out of the block), then the bias. */
void       sld_conv3x3_destroy(void *state);
sld_status sld_conv3x3_refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias);
size_t     sld_conv3x3_gradient_floats(const void *state);
sld_status sld_conv3x3_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                       float *bias);

/* Local. The bias's part of the gradient. */
void sld_conv3x3_bias_gradient(const sld_conv3x3 *conv, const sld_conv_call *call, const float *dy,
                               bool add, float *dw);

/* ---- direct3x3_weights.c ---- */

size_t sld_direct_scratch_floats(const sld_conv3x3 *conv);
/* Up to sld_direct_together() samples are summed in registers, and so can be added to what is in
 * dw. */
void   sld_direct_gradient(const sld_conv3x3 *conv, size_t n, const float *x, const float *dy,
                           bool add, float *scratch, float *dw);
size_t sld_direct_together(const sld_conv3x3 *conv);

/* ---- winograd3x3_weights.c ---- */

void   sld_winograd_gradient(const sld_conv3x3 *conv, size_t n, const float *x, const float *dy,
                             bool add, float *scratch, float *dw);
size_t sld_winograd_gradient_scratch_floats(const sld_conv3x3 *conv);

#endif
