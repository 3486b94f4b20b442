/* conv/direct3x3_weights.c: the weight gradient of maps of few pixels: blocks of output channels, in
 * them (tap,in,out of the block). Samples are taken in groups whose rows stay in the first-level
 * cache for all blocks of input channels and all taps. */
#include "conv/conv3x3.h"

enum {
    GROUP_PIXELS   = 256, /* at most: 24 KB of x and dy in tiles of 6 x 2 vectors of 8 */
    PLAIN_CHANNELS = 32,  /* up to so many, rows are read where they are: few cache lines apart */
};

size_t sld_direct_together(const sld_conv3x3 *c)
{
    const size_t n = GROUP_PIXELS / (c->H * c->W);
    return n < c->max ? n : c->max;
}

static size_t rows_at(const sld_conv3x3 *c, size_t in)
{
    return sld_part_of(c->in - in, (size_t)c->loops->weights.rows);
}

/* ---- channels side by side ---- */

static bool is_split(size_t channels)
{
    return channels > PLAIN_CHANNELS;
}

size_t sld_direct_scratch_floats(const sld_conv3x3 *c)
{
    const size_t block    = c->gradient_vectors * (size_t)c->loops->lanes;
    const size_t channels = (is_split(c->in) ? c->in : 0) + (is_split(c->out) ? block : 0);
    return sld_direct_together(c) * c->H * c->W * channels;
}

/* Channels [at, at + width) of every row, as (rows,width). */
static void split(const float *x, size_t rows, size_t channels, size_t at, size_t width, float *to)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < width; i++) {
            to[r * width + i] = x[r * channels + at + i];
        }
    }
}

/* ---- the gradient ---- */

/* What the tiles read of some samples. */
typedef struct {
    size_t       n;
    const float *x, *dy;
    float       *xs, *dys; /* (in/rows,pixels,rows), (pixels,width): when they are split */
} group;

/* Of one block of input channels. */
static sld_rows_at x_rows(const sld_conv3x3 *c, const group *g, size_t in, size_t rows)
{
    const size_t pixels = c->H * c->W;
    return is_split(c->in) ? (sld_rows_at){g->xs + g->n * pixels * in, rows, pixels * rows}
                           : (sld_rows_at){g->x + in, c->in, pixels * c->in};
}

/* Of one block of output channels. */
static sld_rows_at dy_rows(const sld_conv3x3 *c, const group *g, size_t out, size_t width)
{
    const size_t pixels = c->H * c->W;
    if (!is_split(c->out)) {
        return (sld_rows_at){g->dy + out, c->out, pixels * c->out};
    }
    split(g->dy, g->n * pixels, c->out, out, width, g->dys);
    return (sld_rows_at){g->dys, width, pixels * width};
}

/* One block of output channels. accumulate: something is in dw already. */
static void add_block(const sld_conv3x3 *c, const group *g, size_t out, int vectors,
                      bool accumulate, float *dw)
{
    const size_t      width = (size_t)(vectors * c->loops->lanes);
    const sld_rows_at dy    = dy_rows(c, g, out, width);
    for (size_t in = 0, rows; in < c->in; in += rows) {
        rows                = rows_at(c, in);
        const sld_rows_at x = x_rows(c, g, in, rows);
        for (size_t t = 0; t < SLD_TAPS; t++) {
            const sld_direct_tap *tap = &c->taps[t];
            c->loops->rank1_update(tap->runs, tap->n_runs, g->n, (int)rows, vectors, x, dy,
                                   accumulate, dw + (t * c->in + in) * width);
        }
    }
}

static void add_group(const sld_conv3x3 *c, const group *g, bool accumulate, float *dw)
{
    const size_t rows = g->n * c->H * c->W;
    for (size_t in = 0, width; in < c->in && is_split(c->in); in += width) {
        width = rows_at(c, in);
        split(g->x, rows, c->in, in, width, g->xs + rows * in);
    }
    for (size_t out = 0, width; out < c->out; out += width) {
        const int vectors = sld_conv3_vectors(c, c->gradient_vectors, c->out - out);
        width             = (size_t)(vectors * c->loops->lanes);
        add_block(c, g, out, vectors, accumulate, dw + SLD_TAPS * c->in * out);
    }
}

void sld_direct_gradient(const sld_conv3x3 *c, size_t n, const float *x, const float *dy, bool add,
                         float *scratch, float *dw)
{
    const size_t pixels = c->H * c->W, max = sld_direct_together(c);
    for (size_t s = 0; s < n; s += max) {
        const group g = {.n   = n - s < max ? n - s : max,
                         .x   = x + s * pixels * c->in,
                         .dy  = dy + s * pixels * c->out,
                         .xs  = scratch,
                         .dys = scratch + (is_split(c->in) ? max * pixels * c->in : 0)};
        add_group(c, &g, add || s > 0, dw);
    }
}
