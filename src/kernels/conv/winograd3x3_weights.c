/* conv/winograd3x3_weights.c: the weight gradient of winograd3x3.c, from its derivative:
 *
 *   dw = Gt dU G,  dU (in,out) = V^T (in,tiles) D (tiles,out),  D = A dy At,
 *
 * for each of the 16 elements, over all tiles of the call. Blocks of output channels, in them of
 * input channels, so that dU stays in the second-level cache. */
#include <string.h>

#include "conv/winograd3x3_tiles.h"

enum {
    BLOCK_IN = 64, /* input channels of a block */
    TILES    = 48, /* at a time */
};

/* Some output channels of dy. */
static void transform_tile(const sld_conv3x3 *c, const sld_tile *tile, const sld_channels *dy,
                           float *d, size_t point)
{
    const float *first = dy->values + (tile->sample + tile->top * c->W + tile->left) * dy->pixel;
    const bool   right = tile->left + 1 < c->W, below = tile->top + 1 < c->H;
    const float *pixels[] = {first, right ? first + dy->pixel : dy->zeros,
                             below ? first + c->W * dy->pixel : dy->zeros,
                             right && below ? first + (c->W + 1) * dy->pixel : dy->zeros};
    c->loops->gradient_transform(pixels, (int)dy->n / c->loops->lanes, d, point);
}

/* Memory of one block. */
typedef struct {
    const float *zeros;
    sld_points   v, d, du;
} memory;

static size_t max_in(const sld_conv3x3 *c)
{
    return c->in < BLOCK_IN ? c->in : BLOCK_IN;
}

size_t sld_winograd_gradient_scratch_floats(const sld_conv3x3 *c)
{
    const size_t in = max_in(c), out = sld_conv3_block(c);
    return in + out +
           SLD_POINTS * (sld_point_floats(TILES, in) + sld_point_floats(TILES, out) +
                         sld_point_floats(in, out));
}

static memory divide(const sld_conv3x3 *c, float *scratch)
{
    const size_t in = max_in(c), out = sld_conv3_block(c), zeros = in + out;
    memory       m;
    m.zeros     = memset(scratch, 0, zeros * sizeof *scratch);
    m.v.values  = scratch + zeros;
    m.v.point   = sld_point_floats(TILES, in);
    m.d.values  = m.v.values + SLD_POINTS * m.v.point;
    m.d.point   = sld_point_floats(TILES, out);
    m.du.values = m.d.values + SLD_POINTS * m.d.point;
    m.du.point  = sld_point_floats(in, out);
    return m;
}

/* du = or += what some tiles add. */
static void add_tiles(const sld_conv3x3 *c, const memory *m, sld_tile first, size_t tiles,
                      const sld_channels *x, const sld_channels *dy, bool accumulate)
{
    const size_t lanes = (size_t)c->loops->lanes;
    sld_points   v = m->v, d = m->d;
    v.block = tiles * lanes;
    sld_winograd_input_transform(c, first, tiles, tiles, x, &v);
    for (size_t t = 0; t < tiles; t++) {
        transform_tile(c, &first, dy, d.values + t * dy->n, d.point);
        sld_tile_step(c, &first, 1);
    }
    for (size_t p = 0; p < SLD_POINTS; p++, v.values += v.point, d.values += d.point) {
        c->loops->multiply_gradient(v.values, v.block, tiles, x->n / lanes, d.values,
                                    (int)(dy->n / lanes), accumulate,
                                    m->du.values + p * m->du.point);
    }
}

/* One block of input and output channels. dw: its first tap, so many floats from the next. */
static void run_block(const sld_conv3x3 *c, const memory *m, size_t n, const sld_channels *x,
                      const sld_channels *dy, bool add, float *dw, size_t tap)
{
    const size_t all   = sld_tile_count(c, n);
    sld_tile     first = {0};
    for (size_t at = 0, tiles; at < all; at += tiles) {
        tiles = sld_part_of(all - at, TILES);
        add_tiles(c, m, first, tiles, x, dy, at > 0);
        sld_tile_step(c, &first, tiles);
    }
    c->loops->weights_transform(m->du.values, m->du.point, x->n * dy->n, add, dw, tap);
}

void sld_winograd_gradient(const sld_conv3x3 *c, size_t n, const float *x, const float *dy,
                           bool add, float *scratch, float *dw)
{
    const memory m = divide(c, scratch);
    for (size_t o = 0, width; o < c->out; o += width) {
        width = (size_t)sld_conv3_vectors(c, c->vectors, c->out - o) * (size_t)c->loops->lanes;
        const sld_channels results = {dy + o, m.zeros, c->out, width};
        for (size_t i = 0, depth; i < c->in; i += depth) {
            depth                    = c->in - i < BLOCK_IN ? c->in - i : BLOCK_IN;
            const sld_channels image = {x + i, m.zeros, c->in, depth};
            run_block(c, &m, n, &image, &results, add, dw + (SLD_TAPS * o) * c->in + i * width,
                      c->in * width);
        }
    }
}
