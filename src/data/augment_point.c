/* augment_point.c: operations that replace each byte by a function of itself: Identity,
 * AutoContrast, Equalize, Solarize, Posterize. The first two of a histogram treat each channel by
 * itself. */
#include <math.h>
#include <string.h>

#include "augment.h"

typedef uint8_t  channel_table[3][256];
typedef uint32_t channel_counts[3][256];

static void count_values(const uint8_t *in, size_t n_pixels, size_t C, channel_counts count)
{
    memset(count, 0, sizeof(channel_counts));
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t c = 0; c < C; c++) {
            count[c][in[i * C + c]]++;
        }
    }
}

static void look_up(channel_table table, const uint8_t *restrict in, size_t n_pixels, size_t C,
                    uint8_t *restrict out)
{
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t c = 0; c < C; c++) {
            out[i * C + c] = table[c][in[i * C + c]];
        }
    }
}

static void fill_identity(uint8_t table[256])
{
    for (int i = 0; i < 256; i++) {
        table[i] = (uint8_t)i;
    }
}

void sld_aug_identity(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    memcpy(out, in, H * W * C);
}

/* Stretches the values present to 0..255; a channel of one value stays. */
static void fill_autocontrast(const uint32_t count[256], uint8_t table[256])
{
    int low = 0, high = 255;
    while (low < 255 && count[low] == 0) {
        low++;
    }
    while (high > 0 && count[high] == 0) {
        high--;
    }
    if (high <= low) {
        fill_identity(table);
        return;
    }
    const double scale  = 255.0 / (high - low);
    const double offset = -low * scale;
    for (int i = 0; i < 256; i++) {
        const int v = (int)(i * scale + offset); /* towards zero, as Python's int() */
        table[i]    = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

void sld_aug_autocontrast(double value, const uint8_t *in, size_t H, size_t W, size_t C,
                          uint8_t *out)
{
    channel_counts count;
    channel_table  table;

    count_values(in, H * W, C, count);
    for (size_t c = 0; c < C; c++) {
        fill_autocontrast(count[c], table[c]);
    }
    look_up(table, in, H * W, C, out);
}

/* Each value goes to the share of pixels below it, in steps of (pixels - those of the brightest
 * value) / 255. With fewer than 255 such pixels the step is 0 and the channel stays. */
static void fill_equalize(const uint32_t count[256], size_t n_pixels, uint8_t table[256])
{
    int brightest = 255;
    while (brightest > 0 && count[brightest] == 0) {
        brightest--;
    }
    const size_t step = (n_pixels - count[brightest]) / 255;
    if (step == 0) {
        fill_identity(table);
        return;
    }
    size_t below = step / 2;
    for (int i = 0; i < 256; i++) {
        const size_t v = below / step;
        table[i]       = (uint8_t)(v < 255 ? v : 255);
        below += count[i];
    }
}

void sld_aug_equalize(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    channel_counts count;
    channel_table  table;

    count_values(in, H * W, C, count);
    for (size_t c = 0; c < C; c++) {
        fill_equalize(count[c], H * W, table[c]);
    }
    look_up(table, in, H * W, C, out);
}

/* Inverts the values at or above the threshold, which need not be whole. */
void sld_aug_solarize(double value, const uint8_t *restrict in, size_t H, size_t W, size_t C,
                      uint8_t *restrict out)
{
    const int kept = (int)ceil(fmin(fmax(value, 0.0), 256.0)); /* i < value is i < kept */

    for (size_t i = 0; i < H * W * C; i++) {
        out[i] = (uint8_t)(in[i] < kept ? in[i] : 255 - in[i]);
    }
}

/* Keeps the highest bits; their number is truncated to an integer and at least 1. */
void sld_aug_posterize(double value, const uint8_t *restrict in, size_t H, size_t W, size_t C,
                       uint8_t *restrict out)
{
    const int     bits = (int)fmin(fmax(value, 1.0), 8.0);
    const uint8_t mask = (uint8_t)(0xFFu << (8 - bits));

    for (size_t i = 0; i < H * W * C; i++) {
        out[i] = in[i] & mask;
    }
}
