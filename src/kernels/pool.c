/* pool.c: largest value and mean of square windows, sixteen channels at a time. */
#include "lanes.h"
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
SLD_INLINE void clip(const sld_pool_params *p, int size, size_t i, size_t *first, size_t *count)
{
    const int begin = (int)i * p->stride - p->pad, end = begin + p->kernel;
    *first = (size_t)(begin < 0 ? 0 : begin);
    *count = (size_t)(end > size ? size : end) - *first;
}

/* The i-th window of all images, in the order of y. */
SLD_INLINE window window_at(const sld_pool_params *p, size_t i)
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

static size_t image_floats(const sld_pool_params *p)
{
    return (size_t)p->height * (size_t)p->width * (size_t)p->channels;
}

SLD_INLINE sld_f16 where(sld_i16 mask, sld_f16 yes, sld_f16 no)
{
    return (sld_f16)(((sld_i16)yes & mask) | ((sld_i16)no & ~mask));
}

/* ---- largest value; one that is not a number wins: a diverged network shows ---- */

SLD_INLINE void largest(const float *x, const window *w, size_t width, float *y)
{
    sld_f16 most = sld_load(x, width);
    for (size_t r = 0; r < w->rows; r++) {
        for (size_t q = 0; q < w->columns; q++) {
            const sld_f16 v = sld_load(x + r * w->row + q * w->pixel, width);
            most            = where((v > most) | (v != v), v, most);
        }
    }
    sld_store(y, most, width);
}

SLD_VECTORISED
void sld_max_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y)
{
    const size_t channels = (size_t)p->channels;
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(c, width) largest(x + w.at + (c), &w, width, y + i * channels + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
    }
}

/* Of equal values the first in the window takes the gradient. */
SLD_INLINE void to_largest(const float *x, const window *w, size_t width, const float *y,
                           const float *dy, float *dx)
{
    const sld_f16 most = sld_load(y, width), d = sld_load(dy, width), zero = {0};
    sld_i16       open = zero == zero;
    for (size_t r = 0; r < w->rows; r++) {
        for (size_t q = 0; q < w->columns; q++) {
            const size_t  at  = r * w->row + q * w->pixel;
            const sld_i16 hit = open & (sld_load(x + at, width) == most);
            sld_store(dx + at, sld_load(dx + at, width) + where(hit, d, zero), width);
            open &= ~hit;
        }
    }
}

SLD_VECTORISED
void sld_max_pool_backward(const float *x, const float *y, const float *dy, size_t n,
                           const sld_pool_params *p, float *dx)
{
    const size_t channels = (size_t)p->channels;
    memset(dx, 0, n * image_floats(p) * sizeof *dx);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(c, width)                                                                             \
    to_largest(x + w.at + (c), &w, width, y + i * channels + (c), dy + i * channels + (c),         \
               dx + w.at + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
    }
}

/* ---- mean ---- */

SLD_INLINE void mean(const float *x, const window *w, size_t width, float share, float *y)
{
    sld_f16 sum = {0};
    for (size_t r = 0; r < w->rows; r++) {
        for (size_t q = 0; q < w->columns; q++) {
            sum += sld_load(x + r * w->row + q * w->pixel, width);
        }
    }
    sld_store(y, sum * share, width);
}

SLD_VECTORISED
void sld_average_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y)
{
    const size_t channels = (size_t)p->channels;
    const float  share    = 1.0f / (float)(p->kernel * p->kernel);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(c, width) mean(x + w.at + (c), &w, width, share, y + i * channels + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
    }
}

SLD_INLINE void to_all(const float *dy, const window *w, size_t width, float share, float *dx)
{
    const sld_f16 d = sld_load(dy, width) * share;
    for (size_t r = 0; r < w->rows; r++) {
        for (size_t q = 0; q < w->columns; q++) {
            float *to = dx + r * w->row + q * w->pixel;
            sld_store(to, sld_load(to, width) + d, width);
        }
    }
}

SLD_VECTORISED
void sld_average_pool_backward(const float *dy, size_t n, const sld_pool_params *p, float *dx)
{
    const size_t channels = (size_t)p->channels;
    const float  share    = 1.0f / (float)(p->kernel * p->kernel);
    memset(dx, 0, n * image_floats(p) * sizeof *dx);
    for (size_t i = 0; i < n * sld_pool_windows(p); i++) {
        const window w = window_at(p, i);
#define STEP(c, width) to_all(dy + i * channels + (c), &w, width, share, dx + w.at + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
    }
}
