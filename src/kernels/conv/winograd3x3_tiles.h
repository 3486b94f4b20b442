/* conv/winograd3x3_tiles.h: what the passes of winograd3x3.c and its weight gradient share. */
#ifndef SLD_WINOGRAD3X3_TILES_H
#define SLD_WINOGRAD3X3_TILES_H

#include "conv/conv3x3.h"

/* 2 x 2 results: its sample's first pixel, its first row and column. */
typedef struct {
    size_t sample, top, left;
} sld_tile;

/* Some channels of images, from the first of them on; floats from a pixel to the next. */
typedef struct {
    const float *values, *zeros; /* zeros: (n), for pixels outside of the image */
    size_t       pixel, n;
} sld_channels;

/* Rows of floats in 16 points, so many floats apart; V: in blocks of lanes, likewise. */
typedef struct {
    float *values;
    size_t point, block;
} sld_points;

/* Local. Tiles of n samples. */
size_t sld_tile_count(const sld_conv3x3 *conv, size_t n);
/* Local. Moves on by n tiles: along rows, then through samples. */
static inline void sld_tile_step(const sld_conv3x3 *conv, sld_tile *tile, size_t n)
{
    for (; n > 0; n--) {
        tile->left += 2;
        if (tile->left >= conv->W) {
            tile->left = 0;
            tile->top += 2;
        }
        if (tile->top >= conv->H) {
            tile->top = 0;
            tile->sample += conv->H * conv->W;
        }
    }
}

/* Local. Floats of a point of so many rows and channels. */
size_t sld_point_floats(size_t rows, size_t channels);

/* Local. `rows` rows of V (16,blocks of lanes,rows,lanes) for `tiles` tiles from one on; further
 * rows repeat the last. */
void sld_winograd_input_transform(const sld_conv3x3 *conv, sld_tile tile, size_t tiles, size_t rows,
                                  const sld_channels *x, const sld_points *v);

#endif
