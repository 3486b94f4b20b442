/* conv3x3_internal.h: what the files of conv3x3.h share. */
#ifndef SLD_CONV3_OWN_H
#define SLD_CONV3_OWN_H

#include "conv3x3.h"
#include "conv3x3_loops.h"

enum { SLD_SMALL_PIXELS = 16 }; /* of a small map, at most */

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
} sld_small_pixel;

/* Where x and dy meet in a tap. */
typedef struct {
    sld_run runs[SLD_SMALL_PIXELS];
    int     n_runs;
} sld_small_tap;

struct sld_conv3 {
    const sld_conv3_isa *isa;                 /* of this CPU */
    sld_conv_params      params;              /* without sizes */
    size_t               H, W, in, out, most; /* most: samples of a call */
    bool                 small;
    size_t               vectors, gradient_vectors; /* of a block of output channels at most */
    sld_conv3_pass       forward, backward;
    float               *bias;                     /* (out); NULL: none */
    sld_small_pixel      pixels[SLD_SMALL_PIXELS]; /* small: (H*W) */
    sld_small_tap        taps[SLD_TAPS];           /* small, training */
};

/* Local. Of `left` things, the first part, where no part may have more than `most` and all are as
 * even as can be. */
static inline size_t sld_part_of(size_t left, size_t most)
{
    const size_t parts = (left + most - 1) / most;
    return (left + parts - 1) / parts;
}

/* Local. Vectors of the block of output channels that begins where `left` channels are left. */
static inline int sld_conv3_vectors(const sld_conv3 *conv, size_t most, size_t left)
{
    return (int)sld_part_of(left / (size_t)conv->isa->lanes, most);
}

/* Local. Channels of a block at most. */
static inline size_t sld_conv3_block(const sld_conv3 *conv)
{
    return conv->vectors * (size_t)conv->isa->lanes;
}

/* Where a pass's weights come from: plain[o * out + i * in + tap], the tap counted from the
 * end when they are mirrored. */
typedef struct {
    const float *plain;
    size_t       out, in;
    bool         mirrored;
} sld_conv3_source;

/* ---- direct3x3.c, direct3x3_weights.c ---- */

void   sld_small_prepare(sld_conv3 *conv);
void   sld_small_pack(const sld_conv3 *conv, const sld_conv3_pass *pass, sld_conv3_source from);
void   sld_small_run(const sld_conv3 *conv, const sld_conv3_pass *pass, size_t n, const float *x,
                     const float *bias, bool add, bool relu, float *y);
size_t sld_small_scratch_floats(const sld_conv3 *conv);
/* dw: blocks of output channels, in them (tap,in,out of the block). Up to sld_small_together()
 * samples are summed in registers, and so can be added to what is in dw. */
void sld_small_gradient(const sld_conv3 *conv, size_t n, const float *x, const float *dy, bool add,
                        float *scratch, float *dw);
size_t sld_small_together(const sld_conv3 *conv);

/* ---- winograd3x3.c, winograd3x3_weights.c: the same ---- */

void   sld_winograd_pack(const sld_conv3 *conv, const sld_conv3_pass *pass, sld_conv3_source from);
void   sld_winograd_run(const sld_conv3 *conv, const sld_conv3_pass *pass, size_t n, const float *x,
                        const float *bias, bool add, bool relu, float *scratch, float *y);
size_t sld_winograd_scratch_floats(const sld_conv3 *conv, const sld_conv3_pass *pass);
void   sld_winograd_gradient(const sld_conv3 *conv, size_t n, const float *x, const float *dy,
                             bool add, float *scratch, float *dw);
size_t sld_winograd_gradient_scratch_floats(const sld_conv3 *conv);

#endif
