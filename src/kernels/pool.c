/* pool.c: largest value and mean of square windows, one group of channels after another. */
#include "simd/lanes.h"
#include "sld/kernels.h"

/* The part of a window that lies on the image. */
typedef struct {
    size_t at;            /* of its first pixel's first channel in x */
    size_t rows, columns; /* pixels */
    size_t row, pixel;    /* floats from one to the next */
} window;

size_t sld_pool_windows(const sld_pool_params *p)
{
    return (size_t)sld_conv_out_size(p->height, p->kernel, p->stride, p->pad) *
           (size_t)sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
}

/* Along one axis of `size` pixels, at output place i. */
static inline void clip(const sld_pool_params *p, int size, size_t i, size_t *first, size_t *count)
{
    const int begin = (int)i * p->stride - p->pad, end = begin + p->kernel;
    *first = (size_t)(begin < 0 ? 0 : begin);
    *count = (size_t)(end > size ? size : end) - *first;
}

/* The i-th window of all images, in the order of y. */
static inline window window_at(const sld_pool_params *p, size_t i)
{
    const size_t columns = (size_t)sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    const size_t each = sld_pool_windows(p), H = (size_t)p->height, W = (size_t)p->width;
    window       w = {.pixel = (size_t)p->channels};
    size_t       y0, x0;
    clip(p, p->height, i % each / columns, &y0, &w.rows);
    clip(p, p->width, i % columns, &x0, &w.columns);
    w.row = W * w.pixel;
    w.at  = i / each * H * w.row + y0 * w.row + x0 * w.pixel;
    return w;
}

#define SLD_OF_LANES "pool_lanes.h"
#include "simd/lanes_each.h"

static size_t image_floats(const sld_pool_params *p)
{
    return (size_t)p->height * (size_t)p->width * (size_t)p->channels;
}

void sld_max_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y)
{
    const size_t channels = (size_t)p->channels;
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(begin, end, width) largest_##width(x + w.at, w, begin, end, y + i * channels)
        SLD_FOR_CHANNELS(channels, float, STEP);
#undef STEP
    }
}

void sld_max_pool_backward(const float *x, const float *y, const float *dy, size_t n,
                           const sld_pool_params *p, float *dx)
{
    const size_t channels = (size_t)p->channels;
    memset(dx, 0, n * image_floats(p) * sizeof *dx);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(begin, end, width)                                                                    \
    to_largest_##width(x + w.at, w, begin, end, y + i * channels, dy + i * channels, dx + w.at)
        SLD_FOR_CHANNELS(channels, float, STEP);
#undef STEP
    }
}

void sld_average_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y)
{
    const size_t channels = (size_t)p->channels;
    const float  share    = 1.0f / (float)(p->kernel * p->kernel);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(begin, end, width) mean_##width(x + w.at, w, begin, end, share, y + i * channels)
        SLD_FOR_CHANNELS(channels, float, STEP);
#undef STEP
    }
}

void sld_average_pool_backward(const float *dy, size_t n, const sld_pool_params *p, float *dx)
{
    const size_t channels = (size_t)p->channels;
    const float  share    = 1.0f / (float)(p->kernel * p->kernel);
    memset(dx, 0, n * image_floats(p) * sizeof *dx);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(begin, end, width) to_all_##width(dy + i * channels, w, begin, end, share, dx + w.at)
        SLD_FOR_CHANNELS(channels, float, STEP);
#undef STEP
    }
}
