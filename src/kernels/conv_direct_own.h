/* conv_direct_own.h: what the files of conv_direct.h share. */
#ifndef SLD_CONV_DIRECT_OWN_H
#define SLD_CONV_DIRECT_OWN_H

#include "conv_direct.h"
#include "conv_direct_tile.h"

enum { SLD_TAPS = 9 };

/* Weights as sums over `in` channels read them: blocks of out, in them blocks of in, in them (tap,
 * in of the block, out of the block). */
typedef struct {
    size_t in, out;
    float *values;
} sld_direct_layout;

/* Pixels that have the same taps on the image and stand in a row: the rows of tiles. */
typedef struct {
    size_t first, step, n; /* numbers of pixels */
} sld_direct_strip;

/* Pixels of one sample, for the weight gradient: where x and dy meet, tap by tap. */
typedef struct {
    sld_tile_run *runs[SLD_TAPS];
    int           n_runs[SLD_TAPS];
} sld_direct_part;

struct sld_direct {
    const sld_tiles  *tiles;               /* of this CPU */
    sld_conv_params   params;              /* without sizes */
    size_t            H, W, in, out, most; /* most: samples of a call */
    sld_direct_layout forward, backward;   /* backward: values NULL when it is not wanted */
    float            *bias;                /* (out); NULL: none */
    sld_direct_strip *strips;              /* of every sample */
    size_t           *singles;             /* pixels in no strip: a tile's rows are samples */
    int               n_strips, n_singles;
    sld_direct_part  *parts; /* of a sample; they share the memory of parts[0].runs[0] */
    int               n_parts;
};

/* Local. Of `left` things, the first part, where no part may have more than `most` and all are as
 * even as can be. */
static inline size_t sld_direct_part_of(size_t left, size_t most)
{
    const size_t parts = (left + most - 1) / most;
    return (left + parts - 1) / parts;
}

/* Local. Vectors of the block of output channels that begins where `left` channels are left. */
static inline int sld_direct_vectors(const sld_direct *d, size_t left)
{
    return (int)sld_direct_part_of(left / (size_t)d->tiles->lanes, (size_t)d->tiles->vectors);
}

/* Local. Whether output pixel (y,x) has tap t on the image. */
static inline bool sld_direct_has_tap(const sld_direct *d, size_t y, size_t x, size_t t)
{
    const size_t y0 = y + t / 3, x0 = x + t % 3; /* of the padded image */
    return y0 >= 1 && y0 <= d->H && x0 >= 1 && x0 <= d->W;
}

/* Local. Makes d->parts; false: out of memory. */
bool sld_direct_make_parts(sld_direct *d);
void sld_direct_free_parts(sld_direct *d);

#endif
