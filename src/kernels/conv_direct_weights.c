/* conv_direct_weights.c: the weight gradient in register tiles: blocks of output channels, in them
 * blocks of input channels, in them (tap, in, out). Pixels are taken in parts that stay in the
 * first-level cache for all blocks of input channels and all taps. */
#ifdef SLD_HAVE_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "conv_direct_own.h"

enum {
    PART_PIXELS    = 256, /* of a part, at most: 24 KB of x and dy in tiles of 6 x 2 vectors of 8 */
    PLAIN_CHANNELS = 32,  /* up to so many, rows are read where they are: few cache lines apart */
};

static size_t weight_floats(const sld_direct *d)
{
    return d->in * d->out * SLD_TAPS;
}

size_t sld_direct_gradient_floats(const sld_direct *d)
{
    return weight_floats(d) + (d->bias ? d->out : 0);
}

static size_t rows_at(const sld_direct *d, size_t in)
{
    return sld_direct_part_of(d->in - in, (size_t)d->tiles->weights.rows);
}

/* ---- parts ---- */

static size_t rows_of_part(const sld_direct *d)
{
    const size_t rows = PART_PIXELS / d->W;
    return rows < 1 ? 1 : rows < d->H ? rows : d->H;
}

/* Adds pixels that meet; those behind the last run lengthen it. */
static void add_run(sld_direct_part *part, int tap, size_t x, size_t dy, size_t n)
{
    sld_tile_run *last = part->runs[tap] + part->n_runs[tap] - 1;
    if (part->n_runs[tap] > 0 && last->x + last->n == x && last->dy + last->n == dy) {
        last->n += (uint32_t)n;
        return;
    }
    part->runs[tap][part->n_runs[tap]++] = (sld_tile_run){(uint32_t)x, (uint32_t)dy, (uint32_t)n};
}

static void find_runs(const sld_direct *d, sld_direct_part *part, size_t from, size_t to)
{
    for (size_t t = 0; t < SLD_TAPS; t++) {
        const size_t left = t % 3 == 0, right = t % 3 == 2; /* one column has no tap there */
        for (size_t y = from; y < to; y++) {
            if (y + t / 3 >= 1 && y + t / 3 <= d->H && d->W > left + right) {
                const size_t dy = y * d->W + left;
                add_run(part, (int)t, dy + (t / 3) * d->W + t % 3 - d->W - 1, dy,
                        d->W - left - right);
            }
        }
    }
}

bool sld_direct_make_parts(sld_direct *d)
{
    const size_t  rows = rows_of_part(d);
    const size_t  n    = (d->H + rows - 1) / rows;
    sld_tile_run *runs = calloc(n * SLD_TAPS * rows, sizeof *runs);
    d->parts           = calloc(n, sizeof *d->parts);
    if (!runs || !d->parts) {
        free(runs);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < SLD_TAPS; t++, runs += rows) {
            d->parts[i].runs[t] = runs;
        }
        find_runs(d, &d->parts[i], i * rows, (i + 1) * rows < d->H ? (i + 1) * rows : d->H);
    }
    d->n_parts = (int)n;
    return true;
}

void sld_direct_free_parts(sld_direct *d)
{
    if (d->parts) {
        free(d->parts[0].runs[0]);
        free(d->parts);
    }
}

/* Samples that are taken together: several where one alone is smaller than a part. */
static size_t samples_together(const sld_direct *d)
{
    const size_t n = PART_PIXELS / (d->H * d->W);
    return n < 1 ? 1 : n < d->most ? n : d->most;
}

/* ---- channels side by side ---- */

static bool is_split(size_t channels)
{
    return channels > PLAIN_CHANNELS;
}

size_t sld_direct_scratch_bytes(const sld_direct *d)
{
    const size_t block    = (size_t)(d->tiles->weights.vectors * d->tiles->lanes);
    const size_t channels = (is_split(d->in) ? d->in : 0) + (is_split(d->out) ? block : 0);
    return d->params.training ? samples_together(d) * d->H * d->W * channels * sizeof(float) : 0;
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

static void sum_bias(const float *dy, size_t rows, size_t channels, float *db)
{
    memset(db, 0, channels * sizeof *db);
    for (size_t r = 0; r < rows; r++) {
        sld_accumulate(dy + r * channels, channels, db);
    }
}

/* What the tiles read of some samples. */
typedef struct {
    size_t       n;
    const float *x, *dy;
    float       *xs, *dys; /* (in/rows,pixels,rows), (pixels,width): when they are split */
} group;

/* Of one block of input channels. */
static sld_tile_rows x_rows(const sld_direct *d, const group *g, size_t in, size_t rows)
{
    const size_t pixels = d->H * d->W;
    return is_split(d->in) ? (sld_tile_rows){g->xs + g->n * pixels * in, rows, pixels * rows}
                           : (sld_tile_rows){g->x + in, d->in, pixels * d->in};
}

/* Of one block of output channels. */
static sld_tile_rows dy_rows(const sld_direct *d, const group *g, size_t out, size_t width)
{
    const size_t pixels = d->H * d->W;
    if (!is_split(d->out)) {
        return (sld_tile_rows){g->dy + out, d->out, pixels * d->out};
    }
    split(g->dy, g->n * pixels, d->out, out, width, g->dys);
    return (sld_tile_rows){g->dys, width, pixels * width};
}

/* One block of output channels. first: nothing is in dw yet. */
static void add_block(const sld_direct *d, const group *g, size_t out, int vectors, bool first,
                      float *dw)
{
    const size_t        width = (size_t)(vectors * d->tiles->lanes);
    const sld_tile_rows dy    = dy_rows(d, g, out, width);
    for (int p = 0; p < d->n_parts; p++) {
        const sld_direct_part *part = &d->parts[p];
        float                 *to   = dw;
        for (size_t in = 0, rows; in < d->in; in += rows) {
            rows                  = rows_at(d, in);
            const sld_tile_rows x = x_rows(d, g, in, rows);
            for (int t = 0; t < SLD_TAPS; t++, to += rows * width) {
                d->tiles->outer(part->runs[t], part->n_runs[t], g->n, (int)rows, vectors, x, dy,
                                p > 0 || !first, to);
            }
        }
    }
}

static void add_group(const sld_direct *d, const group *g, bool first, float *dw)
{
    const size_t rows = g->n * d->H * d->W;
    for (size_t in = 0, width; in < d->in && is_split(d->in); in += width) {
        width = rows_at(d, in);
        split(g->x, rows, d->in, in, width, g->xs + rows * in);
    }
    for (size_t out = 0, width; out < d->out; out += width) {
        const int vectors = sld_direct_vectors(d, d->tiles->weights, d->out - out);
        width             = (size_t)(vectors * d->tiles->lanes);
        add_block(d, g, out, vectors, first, dw + SLD_TAPS * d->in * out);
    }
}

void sld_direct_backward_weights(const sld_direct *d, size_t n, const float *x, const float *dy,
                                 float *scratch, float *dw)
{
    const size_t pixels = d->H * d->W, most = samples_together(d);
    if (d->bias) {
        sum_bias(dy, n * pixels, d->out, dw + weight_floats(d));
    }
    for (size_t s = 0; s < n; s += most) {
        const group g = {.n   = n - s < most ? n - s : most,
                         .x   = x + s * pixels * d->in,
                         .dy  = dy + s * pixels * d->out,
                         .xs  = scratch,
                         .dys = scratch + (is_split(d->in) ? most * pixels * d->in : 0)};
        add_group(d, &g, s == 0, dw);
    }
}

void sld_direct_unpack_gradient(const sld_direct *d, const float *dw, float *weights, float *bias)
{
    if (d->bias) {
        memcpy(bias, dw + weight_floats(d), d->out * sizeof *bias);
    }
    for (size_t o = 0, width; o < d->out; o += width) {
        width = (size_t)(sld_direct_vectors(d, d->tiles->weights, d->out - o) * d->tiles->lanes);
        for (size_t i = 0, rows; i < d->in; i += rows) {
            rows = rows_at(d, i);
            for (size_t c = 0; c < width; c++) {
                float *to = weights + ((o + c) * d->in + i) * SLD_TAPS;
                for (size_t r = 0; r < rows; r++) {
                    for (size_t t = 0; t < SLD_TAPS; t++) {
                        to[r * SLD_TAPS + t] = dw[(t * rows + r) * width + c];
                    }
                }
            }
            dw += SLD_TAPS * rows * width;
        }
    }
}
#endif
