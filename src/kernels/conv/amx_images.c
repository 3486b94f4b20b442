/* conv/amx_images.c: what a pass of conv/amx.c reads, rounded into the layout of conv/amx.h. */
#include <string.h>

#include "conv/amx.h"

enum { CHUNK_BYTES = 384 * 1024 }; /* of images at a time, or one group */

/* Row y of the bordered image, of one sample; row: its pixels. Those of one class of columns lie
 * side by side. */
static void put_row(const sld_amx *a, const sld_amx_images *i, size_t y, const float *row,
                    size_t sample, uint16_t *to)
{
    const size_t end = i->left + i->W < i->width ? i->left + i->W : i->width;
    if (i->together == 1 && i->stride == 1) {
        to += sld_amx_place(i, y, i->left) * i->channels;
        a->loops->round(row, 0, 1, (end - i->left) * i->channels, to, 0);
        return;
    }
    for (size_t x = i->left; x < i->left + i->stride && x < end; x++) {
        a->loops->round(row + (x - i->left) * i->channels, i->stride * i->channels,
                        (end - x + i->stride - 1) / i->stride, i->channels,
                        to + (sld_amx_place(i, y, x) + sample) * i->channels,
                        i->together * i->channels);
    }
}

/* The border of row y, before and behind its pixels; where they do not lie in one piece, all. */
static void clear_row(const sld_amx_images *i, size_t y, uint16_t *to)
{
    const size_t pixel = i->together * i->channels, row = i->stride * i->columns * pixel;
    uint16_t    *first = to + y * row;
    if (i->stride > 1 || y < i->top || y >= i->top + i->H || i->left + i->W >= i->width) {
        memset(first, 0, row * sizeof *to);
        return;
    }
    const size_t behind = (i->left + i->W) * pixel;
    memset(first, 0, i->left * pixel * sizeof *to);
    memset(first + behind, 0, (row - behind) * sizeof *to);
}

static void put_group(const sld_amx *a, const sld_amx_images *i, size_t n, const float *from,
                      uint16_t *to)
{
    const size_t row = i->W * i->channels;
    if (n < i->together) {
        memset(to, 0, sld_amx_group(i) * i->channels * sizeof *to);
    }
    for (size_t y = 0; y < i->height; y++) {
        clear_row(i, y, to);
        for (size_t s = 0; s < n && y >= i->top && y < i->top + i->H; s++) {
            put_row(a, i, y, from + (s * i->H + y - i->top) * row, s, to);
        }
    }
}

/* n samples, group by group, and a few values behind them that a last step may read. */
void sld_amx_put_images(const sld_amx *a, const sld_amx_images *i, size_t n, const float *from,
                        uint16_t *to)
{
    const size_t group = sld_amx_group(i) * i->channels, sample = i->H * i->W * i->channels;
    for (size_t s = 0; s < n; s += i->together, to += group) {
        put_group(a, i, n - s < i->together ? n - s : i->together, from + s * sample, to);
    }
    memset(to, 0, SLD_AMX_DEPTH * sizeof *to);
}

/* Samples at a time: whole groups. */
size_t sld_amx_chunk(const sld_amx_images *i, size_t max)
{
    const size_t group  = sld_amx_group(i) * i->channels * sizeof(uint16_t);
    const size_t groups = CHUNK_BYTES / group > 0 ? CHUNK_BYTES / group : 1;
    const size_t all    = sld_amx_groups(i, max);
    return (groups < all ? groups : all) * i->together;
}

/* A tile reads rows that nobody wants behind the last pixel. */
size_t sld_amx_images_bytes(const sld_amx_images *i, size_t max)
{
    const size_t pixels =
        sld_amx_groups(i, sld_amx_chunk(i, max)) * sld_amx_group(i) + SLD_AMX_SIDE;
    return (pixels * i->channels + SLD_AMX_DEPTH) * sizeof(uint16_t);
}
