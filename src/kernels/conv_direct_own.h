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

/* A tap of a pixel that lies on the image: the pixel there, and which of the nine it is. */
typedef struct {
    size_t pixel, tap;
} sld_direct_tap;

/* Rows of tiles: pixels that have the same taps on the image and are `step` pixels apart. */
typedef struct {
    size_t         first, step, n;
    sld_direct_tap taps[SLD_TAPS]; /* of the first */
    int            n_taps;
} sld_direct_strip;

/* Pixels of one sample, for the weight gradient: where x and dy meet, tap by tap. */
typedef struct {
    sld_tile_run *runs[SLD_TAPS];
    int           n_runs[SLD_TAPS];
} sld_direct_part;

struct sld_direct {
    const sld_tiles  *tiles;               /* of this CPU */
    sld_tile_shape    shape;               /* of the tiles of sums */
    sld_conv_params   params;              /* without sizes */
    size_t            H, W, in, out, most; /* most: samples of a call */
    sld_direct_layout forward, backward;   /* backward: values NULL when it is not wanted */
    float            *bias;                /* (out); NULL: none */
    sld_direct_strip *strips;              /* of every sample, but from `across` on single pixels,
                                              through all samples */
    int              across, n_strips;
    sld_direct_part *parts; /* of a sample; they share the memory of parts[0].runs[0] */
    int              n_parts;
};

/* Local. Of `left` things, the first part, where no part may have more than `most` and all are as
 * even as can be. */
static inline size_t sld_direct_part_of(size_t left, size_t most)
{
    const size_t parts = (left + most - 1) / most;
    return (left + parts - 1) / parts;
}

/* Local. Vectors of the block of output channels that begins where `left` channels are left. */
static inline int sld_direct_vectors(const sld_direct *d, sld_tile_shape shape, size_t left)
{
    return (int)sld_direct_part_of(left / (size_t)d->tiles->lanes, (size_t)shape.vectors);
}

/* Local. Makes d->parts; false: out of memory. */
bool sld_direct_make_parts(sld_direct *d);
void sld_direct_free_parts(sld_direct *d);

#endif
