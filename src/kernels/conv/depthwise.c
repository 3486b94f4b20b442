/* conv/depthwise.c: depthwise 3x3 convolutions as plain sums, one vector of channels after another;
 * a table says for each pixel where its nine taps lie. It needs no instruction set. Beside oneDNN
 * only the weight gradient of maps of few pixels is taken: there the library has no depthwise
 * kernel, and its general one fills a block of 16 x 16 weights per channel. */
#include <stdlib.h>
#include <string.h>

#include "conv/conv.h"
#include "simd/lanes.h"

enum { SLD_DEPTHWISE_TAPS = 9, FEW_PIXELS = 16 };

/* y (pixels,C) from x; taps: (pixels,9), the pixel of x or less than 0: outside of the image. */
typedef struct {
    size_t         pixels, C;
    const int32_t *taps;
    const float   *weights, *bias; /* (9,C), (C) or NULL */
    bool           add, relu;
} sld_depthwise_sums;

typedef struct {
    size_t         x_pixels, dy_pixels, C; /* pixels of one image */
    const int32_t *taps;                   /* (dy_pixels,9): of x */
} sld_depthwise_gradient;

#define SLD_OF_LANES "conv/depthwise_lanes.h"
#include "simd/lanes_each.h"

typedef struct {
    sld_conv_params params; /* without sizes */
    size_t          C, x_pixels, y_pixels;
    int32_t        *to_y, *to_x;    /* (y_pixels,9): of x, (x_pixels,9): of y */
    float          *weights, *bias; /* (9,C), (C) or NULL */
} depthwise;

static bool supports(const sld_conv_params *p, sld_conv_pass pass)
{
    return p->groups == p->in && p->in == p->out && p->kernel == 3 && p->pad == 1 && !p->bf16;
}

static bool supports_few_pixels(const sld_conv_params *p, sld_conv_pass pass)
{
    return supports(p, pass) && pass == SLD_BACKWARD_WEIGHTS && !p->bias &&
           p->height * p->width <= FEW_PIXELS;
}

/* ---- made and freed ---- */

/* Enters tap t between pixel y of the result and pixel x of the image, in both tables. */
static void enter(depthwise *d, size_t y, size_t t, size_t x)
{
    d->to_y[y * SLD_DEPTHWISE_TAPS + t] = (int32_t)x;
    d->to_x[x * SLD_DEPTHWISE_TAPS + t] = (int32_t)y;
}

static void find_taps(depthwise *d)
{
    const sld_conv_params *p       = &d->params;
    const int              columns = sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);

    memset(d->to_y, -1, d->y_pixels * SLD_DEPTHWISE_TAPS * sizeof *d->to_y);
    memset(d->to_x, -1, d->x_pixels * SLD_DEPTHWISE_TAPS * sizeof *d->to_x);
    for (int pixel = 0; pixel < (int)d->y_pixels; pixel++) {
        for (int t = 0; t < SLD_DEPTHWISE_TAPS; t++) {
            const int y = pixel / columns * p->stride - p->pad + t / p->kernel;
            const int x = pixel % columns * p->stride - p->pad + t % p->kernel;
            if (y >= 0 && y < p->height && x >= 0 && x < p->width) {
                enter(d, (size_t)pixel, (size_t)t, (size_t)(y * p->width + x));
            }
        }
    }
}

static void destroy(void *state)
{
    depthwise *d = state;
    if (d) {
        free(d->to_y);
        free(d->to_x);
        free(d->weights);
        free(d->bias);
        free(d);
    }
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *p, unsigned passes,
                         void **out)
{
    depthwise *d = calloc(1, sizeof *d);
    if (!d) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes", sizeof *d);
    }
    *out            = d;
    d->params       = *p;
    d->params.sizes = NULL; /* borrowed by the call alone */
    d->C            = (size_t)p->in;
    d->x_pixels     = (size_t)(p->height * p->width);
    d->y_pixels     = (size_t)(sld_conv_out_size(p->height, p->kernel, p->stride, p->pad) *
                           sld_conv_out_size(p->width, p->kernel, p->stride, p->pad));
    d->to_y         = calloc(d->y_pixels * SLD_DEPTHWISE_TAPS, sizeof *d->to_y);
    d->to_x         = calloc(d->x_pixels * SLD_DEPTHWISE_TAPS, sizeof *d->to_x);
    d->weights      = calloc(d->C * SLD_DEPTHWISE_TAPS, sizeof *d->weights);
    d->bias         = p->bias ? calloc(d->C, sizeof *d->bias) : NULL;
    if (!d->to_y || !d->to_x || !d->weights || (p->bias && !d->bias)) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a depthwise convolution of %d channels",
                        p->in);
    }
    find_taps(d);
    return SLD_OK;
}

static size_t scratch_bytes(const void *state)
{
    const depthwise *d = state;
    return d->bias ? d->C * sizeof(float) : 0;
}

/* ---- passes ---- */

static sld_status refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    depthwise *d = state;
    sld_transpose(weights, d->C, SLD_DEPTHWISE_TAPS, d->weights);
    if (d->bias) {
        memcpy(d->bias, bias, d->C * sizeof *bias);
    }
    return SLD_OK;
}

/* Image by image. from_pixels: of one image that is read. */
static void run(const sld_depthwise_sums *sums, size_t n, size_t from_pixels, const float *from,
                float *to)
{
    for (size_t s = 0; s < n; s++) {
        const float *x = from + s * from_pixels * sums->C;
        float       *y = to + s * sums->pixels * sums->C;
#define STEP(begin, end, width) sums_##width(sums, x, begin, end, y)
        SLD_FOR_CHANNELS(sums->C, float, STEP);
#undef STEP
    }
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const depthwise         *d    = state;
    const sld_depthwise_sums sums = {.pixels  = d->y_pixels,
                                     .C       = d->C,
                                     .taps    = d->to_y,
                                     .weights = d->weights,
                                     .bias    = d->bias,
                                     .add     = d->params.add,
                                     .relu    = d->params.relu};
    run(&sums, call->n, d->x_pixels, x, y);
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const depthwise         *d    = state;
    const sld_depthwise_sums sums = {
        .pixels = d->x_pixels, .C = d->C, .taps = d->to_x, .weights = d->weights};
    run(&sums, call->n, d->y_pixels, dy, dx);
    return SLD_OK;
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw)
{
    const depthwise             *d = state;
    const sld_depthwise_gradient g = {d->x_pixels, d->y_pixels, d->C, d->to_y};
#define STEP(begin, end, width) gradient_##width(&g, call->n, x, dy, add, begin, end, dw)
    SLD_FOR_CHANNELS(d->C, float, STEP);
#undef STEP
    if (d->bias) {
        sld_conv_sum_bias(dy, call->n * d->y_pixels, d->C, add, call->scratch,
                          dw + SLD_DEPTHWISE_TAPS * d->C);
    }
    return SLD_OK;
}

static bool accumulates(const void *state, size_t n)
{
    return true;
}

static size_t gradient_floats(const void *state)
{
    const depthwise *d = state;
    return (SLD_DEPTHWISE_TAPS + (d->bias ? 1 : 0)) * d->C;
}

static sld_status unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                  float *bias)
{
    const depthwise *d = state;
    sld_transpose(dw, SLD_DEPTHWISE_TAPS, d->C, weights);
    if (d->bias) {
        memcpy(bias, dw + SLD_DEPTHWISE_TAPS * d->C, d->C * sizeof *bias);
    }
    return SLD_OK;
}

static const char *implementation(const void *state, int i)
{
    return i == 0 ? "depthwise" : NULL;
}

#define ROW(NAME, SUPPORTS)                                                                        \
    {                                                                                              \
        .name = NAME, .supports = SUPPORTS, .create = create, .destroy = destroy,                  \
        .scratch_bytes = scratch_bytes, .refresh = refresh, .forward = forward,                    \
        .backward_data = backward_data, .backward_weights = backward_weights,                      \
        .accumulates = accumulates, .gradient_floats = gradient_floats,                            \
        .unpack_gradient = unpack_gradient, .implementation = implementation                       \
    }
const sld_conv_algorithm sld_depthwise = ROW("depthwise", supports);
const sld_conv_algorithm sld_depthwise_few_pixels =
    ROW("depthwise, few pixels", supports_few_pixels);
