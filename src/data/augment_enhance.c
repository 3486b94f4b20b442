/* augment_enhance.c: Color, Contrast, Brightness, Sharpness. Each blends the image with a
 * degenerate one (grey, mean grey, black, smoothed): factor 0 gives the degenerate image, 1 the
 * image. It writes the degenerate image to `out` and blends there. */
#include <string.h>

#include "augment.h"

/* out = out + factor (in - out), in single precision and truncated, as Pillow's blend. Outside
 * 0..1 the result is clipped. */
static void blend(double factor, const uint8_t *restrict in, size_t n, uint8_t *restrict out)
{
    const float alpha = (float)factor;

    if (alpha >= 0.0f && alpha <= 1.0f) {
        for (size_t i = 0; i < n; i++) {
            const int d = out[i];
            out[i]      = (uint8_t)(int)((float)d + alpha * (float)(in[i] - d));
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            const int   d = out[i];
            const float v = (float)d + alpha * (float)(in[i] - d);
            out[i]        = v <= 0.0f ? 0 : v >= 255.0f ? 255 : (uint8_t)v;
        }
    }
}

void sld_aug_color(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    memcpy(out, in, H * W * C); /* of a grey image the degenerate one is the same */
    if (C == 3) {
        for (size_t i = 0; i < H * W; i++) {
            memset(out + 3 * i, sld_aug_luma(in[3 * i], in[3 * i + 1], in[3 * i + 2]), 3);
        }
    }
    blend(value, in, H * W * C, out);
}

/* The mean of the grey image, rounded half up. */
static uint8_t mean_grey(const uint8_t *in, size_t n_pixels, size_t C)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n_pixels; i++) {
        sum += C == 3 ? sld_aug_luma(in[3 * i], in[3 * i + 1], in[3 * i + 2]) : in[i];
    }
    return (uint8_t)((double)sum / (double)n_pixels + 0.5);
}

void sld_aug_contrast(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    memset(out, mean_grey(in, H * W, C), H * W * C);
    blend(value, in, H * W * C, out);
}

void sld_aug_brightness(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    memset(out, 0, H * W * C);
    blend(value, in, H * W * C, out);
}

/* The 3x3 filter (1 1 1; 1 5 1; 1 1 1) / 13; pixels at the border stay. Pillow sums in single
 * precision, adds 0.5 and truncates. sum / 13 + 0.5 = (2 sum + 13) / 26 has an odd numerator and
 * lies at least 1/26 from every integer, so integer arithmetic gives the same. */
static void smooth(const uint8_t *restrict in, size_t H, size_t W, size_t C, uint8_t *restrict out)
{
    const size_t row = W * C; /* bytes */

    memcpy(out, in, H * row);
    for (size_t y = 1; y + 1 < H; y++) {
        const uint8_t *above = in + (y - 1) * row, *here = in + y * row, *below = here + row;
        for (size_t i = C; i + C < row; i++) {
            const uint32_t sum = above[i - C] + above[i] + above[i + C] + here[i - C] +
                                 5u * here[i] + here[i + C] + below[i - C] + below[i] +
                                 below[i + C];
            out[y * row + i] = (uint8_t)((2 * sum + 13) / 26);
        }
    }
}

void sld_aug_sharpness(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    smooth(in, H, W, C, out);
    blend(value, in, H * W * C, out);
}
