/* depthwise.c: plain sums over samples and pixels, tap by tap. */
#include "depthwise.h"

#include "simd/lanes.h"

enum { SLD_DEPTHWISE_TAPS = 9, MOST_PIXELS = 16 };

typedef struct {
    size_t H, W, C, out_h, out_w, stride;
} sld_depthwise;

/* Whether a tap of a result lies on the image, and on which pixel. */
static inline bool sld_depthwise_meets(const sld_depthwise *d, size_t result, size_t tap,
                                       size_t *pixel)
{
    const size_t y = result / d->out_w * d->stride + tap / 3; /* of the padded image */
    const size_t x = result % d->out_w * d->stride + tap % 3;
    *pixel         = (y - 1) * d->W + x - 1;
    return y >= 1 && y <= d->H && x >= 1 && x <= d->W;
}

#define SLD_OF_LANES "conv/depthwise_lanes.h"
#include "simd/lanes_each.h"

bool sld_depthwise_takes(const sld_conv_params *p)
{
    return p->groups == p->in && p->in == p->out && p->kernel == 3 && p->pad == 1 && !p->bias &&
           !p->bf16 && p->height * p->width <= MOST_PIXELS;
}

size_t sld_depthwise_gradient_floats(const sld_conv_params *p)
{
    return SLD_DEPTHWISE_TAPS * (size_t)p->in;
}

void sld_depthwise_backward_weights(const sld_conv_params *p, size_t n, const float *x,
                                    const float *dy, float *dw)
{
    const sld_depthwise d = {
        .H      = (size_t)p->height,
        .W      = (size_t)p->width,
        .C      = (size_t)p->in,
        .out_h  = (size_t)sld_conv_out_size(p->height, p->kernel, p->stride, p->pad),
        .out_w  = (size_t)sld_conv_out_size(p->width, p->kernel, p->stride, p->pad),
        .stride = (size_t)p->stride};
#define STEP(begin, end, width) gradient_##width(&d, n, x, dy, begin, end, dw)
    SLD_FOR_CHANNELS(d.C, float, STEP);
#undef STEP
}

void sld_depthwise_unpack_gradient(const sld_conv_params *p, const float *dw, float *weights)
{
    sld_transpose(dw, SLD_DEPTHWISE_TAPS, (size_t)p->in, weights);
}
