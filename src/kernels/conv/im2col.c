/* conv/im2col.c: each image is unrolled into rows of patches (im2col) and multiplied by OpenBLAS on
 * one thread, image by image, so that an image's result cannot depend on its neighbours. It takes
 * every convolution on every CPU; slow. */
#ifndef SLD_ONEDNN
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "conv/conv.h"

typedef struct {
    sld_conv_params params; /* without sizes */
    int             out_h, out_w;
    size_t          patch;   /* values of one patch in one group: kernel * kernel * in / groups */
    float          *weights; /* (G, kernel, kernel, in/G, out/G) */
    float          *bias;
    size_t          bias_at;
} im2col;

static bool supports(const sld_conv_params *params, sld_conv_pass pass)
{
    return !params->bf16;
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *p, unsigned passes,
                         void **out)
{
    im2col *conv = calloc(1, sizeof *conv);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes",
                        sizeof *conv);
    }
    *out               = conv;
    conv->params       = *p;
    conv->params.sizes = NULL; /* borrowed by the call alone */
    conv->out_h        = sld_conv_out_size(p->height, p->kernel, p->stride, p->pad);
    conv->out_w        = sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    conv->patch        = (size_t)(p->kernel * p->kernel) * (size_t)(p->in / p->groups);
    conv->bias_at      = (conv->patch * (size_t)p->out + 15) / 16 * 16;
    conv->weights      = calloc(conv->bias_at, sizeof *conv->weights);
    conv->bias         = calloc((size_t)p->out, sizeof *conv->bias);
    if (!conv->weights || !conv->bias) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution's %zu weights",
                        conv->bias_at);
    }
    return SLD_OK;
}

static void destroy(void *state)
{
    im2col *conv = state;
    if (conv) {
        free(conv->weights);
        free(conv->bias);
        free(conv);
    }
}

/* One patch matrix. */
static size_t scratch_bytes(const void *state)
{
    const im2col *conv = state;
    return conv->patch * (size_t)conv->out_h * (size_t)conv->out_w * sizeof(float);
}

/* Walks (O,I/G,H,W) and the packed layout together: to packed, or back. */
static void repack(const im2col *conv, float *plain, float *packed, bool back)
{
    const sld_conv_params *p  = &conv->params;
    const size_t           in = (size_t)(p->in / p->groups), out = (size_t)(p->out / p->groups);
    const size_t           taps = (size_t)(p->kernel * p->kernel);
    for (size_t o = 0; o < (size_t)p->out; o++) {
        for (size_t i = 0; i < in; i++) {
            for (size_t t = 0; t < taps; t++) {
                float *a        = &plain[(o * in + i) * taps + t];
                float *b        = &packed[((o / out * taps + t) * in + i) * out + o % out];
                *(back ? a : b) = *(back ? b : a);
            }
        }
    }
}

static sld_status refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    im2col *conv = state;
    repack(conv, (float *)(uintptr_t)weights, conv->weights, false); /* read only this way round */
    if (conv->params.bias) {
        memcpy(conv->bias, bias, (size_t)conv->params.out * sizeof *bias);
    }
    return SLD_OK;
}

/* The pixel under tap (ky,kx) of output pixel (oy,ox), or NULL outside the image. */
static const float *pixel(const im2col *conv, const float *image, int oy, int ox, int ky, int kx)
{
    const sld_conv_params *p = &conv->params;
    const int              y = oy * p->stride - p->pad + ky, x = ox * p->stride - p->pad + kx;
    if (y < 0 || y >= p->height || x < 0 || x >= p->width) {
        return NULL;
    }
    return image + ((size_t)y * (size_t)p->width + (size_t)x) * (size_t)p->in;
}

/* Fills patches: (H'*W', kernel*kernel*in/G) with the channels of one group, or, back, adds patches
 * to the image's gradient. */
static void unroll(const im2col *conv, float *image, int group, float *patches, bool back)
{
    const sld_conv_params *p  = &conv->params;
    const size_t           in = (size_t)(p->in / p->groups), first = in * (size_t)group;
    float                 *to = patches;
    for (int oy = 0; oy < conv->out_h; oy++) {
        for (int ox = 0; ox < conv->out_w; ox++) {
            for (int t = 0; t < p->kernel * p->kernel; t++, to += in) {
                const float *at = pixel(conv, image, oy, ox, t / p->kernel, t % p->kernel);
                float       *px = at ? image + (at - image) + first : NULL;
                if (back && px) {
                    sld_accumulate(to, in, px);
                } else if (!back && px) {
                    memcpy(to, px, in * sizeof *to);
                } else if (!back) {
                    memset(to, 0, in * sizeof *to);
                }
            }
        }
    }
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const im2col          *conv   = state;
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    for (int n = 0; n < (int)call->n; n++) {
        float *image = (float *)(uintptr_t)(x + (size_t)n * in); /* only read */
        float *yn    = y + (size_t)n * (size_t)(pixels * p->out);
        for (int g = 0; g < p->groups; g++) {
            unroll(conv, image, g, call->scratch, false);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, pixels, out, (int)conv->patch, 1,
                        call->scratch, (int)conv->patch,
                        conv->weights + conv->patch * (size_t)(g * out), out, p->add ? 1 : 0,
                        yn + g * out, p->out);
        }
        for (int i = 0; p->bias && i < pixels; i++) {
            sld_accumulate(conv->bias, (size_t)p->out, yn + i * p->out);
        }
        if (p->relu) {
            sld_relu_forward(yn, (size_t)(pixels * p->out), yn);
        }
    }
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const im2col          *conv   = state;
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    memset(dx, 0, call->n * in * sizeof *dx);
    for (int n = 0; n < (int)call->n; n++) {
        for (int g = 0; g < p->groups; g++) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, pixels, (int)conv->patch, out, 1,
                        dy + (size_t)n * (size_t)(pixels * p->out) + g * out, p->out,
                        conv->weights + conv->patch * (size_t)(g * out), out, 0, call->scratch,
                        (int)conv->patch);
            unroll(conv, dx + (size_t)n * in, g, call->scratch, true);
        }
    }
    return SLD_OK;
}

static size_t gradient_floats(const void *state)
{
    const im2col *conv = state;
    return conv->bias_at + (conv->params.bias ? ((size_t)conv->params.out + 15) / 16 * 16 : 0);
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw)
{
    const im2col          *conv   = state;
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    memset(dw, 0, gradient_floats(conv) * sizeof *dw);
    for (int n = 0; n < (int)call->n; n++) {
        float       *image = (float *)(uintptr_t)(x + (size_t)n * in); /* only read */
        const float *dyn   = dy + (size_t)n * (size_t)(pixels * p->out);
        for (int g = 0; g < p->groups; g++) {
            unroll(conv, image, g, call->scratch, false);
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)conv->patch, out, pixels, 1,
                        call->scratch, (int)conv->patch, dyn + g * out, p->out, 1,
                        dw + conv->patch * (size_t)(g * out), out);
        }
        for (int i = 0; p->bias && i < pixels; i++) {
            sld_accumulate(dyn + i * p->out, (size_t)p->out, dw + conv->bias_at);
        }
    }
    return SLD_OK;
}

static bool accumulates(const void *state, size_t n)
{
    return false;
}

static sld_status unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                  float *bias)
{
    const im2col *conv = state;
    repack(conv, weights, (float *)(uintptr_t)dw, true); /* dw only read this way round */
    if (conv->params.bias) {
        memcpy(bias, dw + conv->bias_at, (size_t)conv->params.out * sizeof *bias);
    }
    return SLD_OK;
}

static const char *implementation(const void *state, int i)
{
    return i == 0 ? "im2col+sgemm" : NULL;
}

const sld_conv_algorithm sld_im2col = {.name             = "im2col",
                                       .supports         = supports,
                                       .create           = create,
                                       .destroy          = destroy,
                                       .scratch_bytes    = scratch_bytes,
                                       .refresh          = refresh,
                                       .forward          = forward,
                                       .backward_data    = backward_data,
                                       .backward_weights = backward_weights,
                                       .accumulates      = accumulates,
                                       .gradient_floats  = gradient_floats,
                                       .unpack_gradient  = unpack_gradient,
                                       .implementation   = implementation};
#endif
