/* augment_resize.c: the random resized crop of ImageNet's recipe: a box of random area and shape
 * anywhere in the image, resampled to the size of a view. The box is drawn as torchvision draws
 * it; the arithmetic of the resampling is Pillow's: bilinear, widened to the scale where the box is
 * larger than the view, rounded to bytes after the rows and again after the columns. */
#include <math.h>

#include "augment.h"

enum { TRIES = 10, ONE_BITS = 22 }; /* weights are fixed point: 1 is 2^22 */

static double uniform(sld_rng *rng, double low, double high)
{
    return low + (high - low) * sld_rng_f64(rng);
}

/* Two sld_rng_f64 per try: 1 area, 2 shape. */
bool sld_aug_draw_box(sld_rng *rng, double area, double ratio, size_t H, size_t W, int *height,
                      int *width)
{
    const double widest = log(ratio);

    for (int i = 0; i < TRIES; i++) {
        const double pixels = (double)(H * W) * uniform(rng, area, 1.0);
        const double shape  = exp(uniform(rng, -widest, widest)); /* width over height */
        *width              = (int)rint(sqrt(pixels * shape));
        *height             = (int)rint(sqrt(pixels / shape));
        if (*width > 0 && (size_t)*width <= W && *height > 0 && (size_t)*height <= H) {
            return true;
        }
    }
    /* the whole image, or its largest part of a shape that is allowed */
    *width  = (size_t)rint((double)H * ratio) < W ? (int)rint((double)H * ratio) : (int)W;
    *height = (size_t)rint((double)W * ratio) < H ? (int)rint((double)W * ratio) : (int)H;
    return false;
}

/* The input pixels, `*n` from the first on, that make output pixel `at` when `from` pixels become
 * `to`, and their weights: a triangle about its centre, its sum 1. */
static size_t weigh(size_t from, size_t to, size_t at, int32_t *weight, size_t *n)
{
    const double scale = (double)from / (double)to, wide = fmax(scale, 1.0), narrow = 1.0 / wide;
    const double centre = ((double)at + 0.5) * scale;
    const double low = centre - wide + 0.5, high = centre + wide + 0.5;
    const size_t first = low > 0.0 ? (size_t)low : 0;
    const size_t end   = high < (double)from ? (size_t)high : from;
    double       total = 0.0;

#define TRIANGLE(i) fmax(0.0, 1.0 - fabs(((double)(i)-centre + 0.5) * narrow))
    for (size_t i = first; i < end; i++) {
        total += TRIANGLE(i);
    }
    for (size_t i = first; i < end; i++) {
        weight[i - first] = (int32_t)(0.5 + TRIANGLE(i) / total * (double)(1 << ONE_BITS));
    }
#undef TRIANGLE
    *n = end - first;
    return first;
}

/* The mean of n values `stride` apart. No more than 255: the weights' roundings add up to less than
 * half a step for any n below 2^14. */
static inline uint8_t mean(const uint8_t *in, size_t stride, const int32_t *weight, size_t n)
{
    int32_t sum = 1 << (ONE_BITS - 1);
    for (size_t i = 0; i < n; i++) {
        sum += in[i * stride] * weight[i];
    }
    return (uint8_t)(sum >> ONE_BITS);
}

size_t sld_aug_resize_scratch(size_t H, size_t W, size_t C)
{
    return (H > W ? H : W) * sizeof(int32_t) + H * W * C;
}

void sld_aug_resize(const sld_aug_box *box, bool flip, const uint8_t *in, size_t W, size_t C,
                    size_t h, size_t w, uint8_t *out, void *scratch)
{
    const size_t   longest  = box->height > box->width ? box->height : box->width;
    int32_t       *weight   = scratch;
    uint8_t       *narrowed = (uint8_t *)(weight + longest); /* (box height,w,C) */
    const uint8_t *corner   = in + (box->top * W + box->left) * C;
    size_t         n;

    for (size_t x = 0; x < w; x++) {
        const size_t first = weigh(box->width, w, x, weight, &n) * C;
        const size_t to    = (flip ? w - 1 - x : x) * C;
        for (size_t y = 0; y < box->height; y++) {
            for (size_t c = 0; c < C; c++) {
                narrowed[y * w * C + to + c] = mean(corner + y * W * C + first + c, C, weight, n);
            }
        }
    }
    for (size_t y = 0; y < h; y++) {
        const size_t first = weigh(box->height, h, y, weight, &n) * w * C;
        for (size_t i = 0; i < w * C; i++) {
            out[y * w * C + i] = mean(narrowed + first + i, w * C, weight, n);
        }
    }
}
