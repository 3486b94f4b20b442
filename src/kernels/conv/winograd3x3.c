/* conv/winograd3x3.c: F(2x2,3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks" (CVPR 2016), section 4.1: 2 x 2 results at a time, from the 4 x 4 pixels around them,
 *
 *   y = At [U * V] A,  U = G w Gt,  V = Bt x B,
 *
 *        1  0 -1  0        1   0   0
 *   Bt = 0  1  1  0   G = 1/2 1/2 1/2   At = 1  1  1  0
 *        0 -1  1  0       1/2-1/2 1/2        0  1 -1 -1
 *        0  1  0 -1        0   0   1
 *
 * where * multiplies element by element and is summed over input channels: of all tiles together,
 * each of the 16 elements is a matrix product, M (tiles,out) = V (tiles,in) U (in,out). So many
 * tiles are taken at a time that V and M stay in the second-level cache. */
#include <string.h>

#include "conv/winograd3x3_tiles.h"

enum {
    DEPTH     = 128,       /* input channels whose weights in one point stay in a near cache */
    V_FLOATS  = 96 * 1024, /* of V, about */
    MAX_TILES = 96,        /* at a time; as SLD_TILES_STEP the least */
};

/* ---- weights: blocks of out, in them (16,in,out of the block) ---- */

/* G w Gt for a vector of filters. */
static void transform(const float w[SLD_TAPS][SLD_MAX_LANES], float u[SLD_POINTS][SLD_MAX_LANES])
{
    float rows[SLD_WINDOW][3][SLD_MAX_LANES];
    for (size_t j = 0; j < 3; j++) {
        for (size_t l = 0; l < SLD_MAX_LANES; l++) {
            const float sum = w[j][l] + w[6 + j][l];
            rows[0][j][l]   = w[j][l];
            rows[1][j][l]   = 0.5f * (sum + w[3 + j][l]);
            rows[2][j][l]   = 0.5f * (sum - w[3 + j][l]);
            rows[3][j][l]   = w[6 + j][l];
        }
    }
    for (size_t i = 0; i < SLD_WINDOW; i++) {
        for (size_t l = 0; l < SLD_MAX_LANES; l++) {
            const float sum = rows[i][0][l] + rows[i][2][l];
            u[4 * i][l]     = rows[i][0][l];
            u[4 * i + 1][l] = 0.5f * (sum + rows[i][1][l]);
            u[4 * i + 2][l] = 0.5f * (sum - rows[i][1][l]);
            u[4 * i + 3][l] = rows[i][2][l];
        }
    }
}

static void pack_block(const sld_conv3x3 *c, sld_conv3_source from, size_t in, size_t width,
                       float *to)
{
    const size_t lanes                      = (size_t)c->loops->lanes;
    float        w[SLD_TAPS][SLD_MAX_LANES] = {{0}}, u[SLD_POINTS][SLD_MAX_LANES];
    float       *first                      = from.mirrored ? w[SLD_TAPS - 1] : w[0];
    for (size_t o = 0; o < width; o += lanes) {
        for (size_t i = 0; i < in; i++) {
            c->loops->split_taps(from.plain + o * from.out + i * from.in, from.out, first,
                                 from.mirrored ? -SLD_MAX_LANES : SLD_MAX_LANES);
            transform(w, u);
            for (size_t p = 0; p < SLD_POINTS; p++) {
                memcpy(to + (p * in + i) * width + o, u[p], lanes * sizeof(float));
            }
        }
    }
}

static void pack(const sld_conv3x3 *c, const sld_conv3_pass *pass, sld_conv3_source from)
{
    const size_t lanes = (size_t)c->loops->lanes;
    for (size_t o = 0, width; o < pass->out; o += width) {
        sld_conv3_source block = from;
        block.plain += o * from.out;
        width = (size_t)sld_conv3_vectors(c, c->vectors, pass->out - o) * lanes;
        pack_block(c, block, pass->in, width, pass->weights + SLD_POINTS * pass->in * o);
    }
}

/* ---- tiles and points ---- */

static size_t whole(size_t tiles)
{
    return (tiles + SLD_TILES_STEP - 1) / SLD_TILES_STEP * SLD_TILES_STEP;
}

size_t sld_tile_count(const sld_conv3x3 *c, size_t n)
{
    return n * ((c->H + 1) / 2) * ((c->W + 1) / 2);
}

/* A line of the first-level cache more than full: points of a power of two of bytes would share
 * their places in it. */
size_t sld_point_floats(size_t rows, size_t channels)
{
    return rows * channels + 64 / sizeof(float);
}

static void leave_out(const float *pixels[SLD_POINTS], size_t first, size_t step,
                      const float *zeros)
{
    for (size_t i = 0; i < SLD_WINDOW; i++) {
        pixels[first + i * step] = zeros;
    }
}

/* The window begins one row above and one column before its tile. */
static void transform_tile(const sld_conv3x3 *c, const sld_tile *tile, const sld_channels *x,
                           const sld_points *v, size_t row_of_v)
{
    const size_t row = c->W * x->pixel, top = tile->top, left = tile->left;
    const float *first = x->values + (tile->sample + top * c->W + left) * x->pixel;
    const float *pixels[SLD_POINTS];
    for (size_t i = 0; i < SLD_WINDOW; i++) {
        for (size_t j = 0; j < SLD_WINDOW; j++) {
            pixels[SLD_WINDOW * i + j] = first + i * row + j * x->pixel - row - x->pixel;
        }
    }
    if (top == 0) {
        leave_out(pixels, 0, 1, x->zeros);
    }
    if (left == 0) {
        leave_out(pixels, 0, SLD_WINDOW, x->zeros);
    }
    for (size_t i = c->H - top + 1; i < SLD_WINDOW; i++) {
        leave_out(pixels, SLD_WINDOW * i, 1, x->zeros);
    }
    for (size_t j = c->W - left + 1; j < SLD_WINDOW; j++) {
        leave_out(pixels, j, SLD_WINDOW, x->zeros);
    }
    c->loops->input_transform(pixels, x->n, v->values + row_of_v * (size_t)c->loops->lanes,
                              v->point, v->block);
}

void sld_winograd_input_transform(const sld_conv3x3 *c, sld_tile tile, size_t tiles, size_t rows,
                                  const sld_channels *x, const sld_points *v)
{
    for (size_t t = 0; t < rows; t++) {
        transform_tile(c, &tile, x, v, t);
        sld_tile_step(c, &tile, t + 1 < tiles ? 1 : 0);
    }
}

/* ---- passes ---- */

/* One pass at work. */
typedef struct {
    const sld_conv3x3    *c;
    const sld_conv3_pass *pass;
    sld_points            v, m; /* V of the tiles at hand, M of one block of output channels */
    float                *y, *nowhere; /* nowhere: for pixels outside of the image */
} run;

static void output_tile(const run *r, const sld_tile *tile, size_t row_of_m, size_t o, int vectors,
                        const sld_epilogue *end)
{
    const sld_conv3x3 *c   = r->c;
    const size_t       out = r->pass->out, width = (size_t)(vectors * c->loops->lanes);
    float             *y     = r->y + (tile->sample + tile->top * c->W + tile->left) * out + o;
    const bool         right = tile->left + 1 < c->W, below = tile->top + 1 < c->H;
    float *const pixels[] = {y, right ? y + out : r->nowhere, below ? y + c->W * out : r->nowhere,
                             right && below ? y + (c->W + 1) * out : r->nowhere};
    c->loops->output_transform(r->m.values + row_of_m * width, r->m.point, vectors, end, pixels);
}

/* u: of one block of output channels. */
static void multiply(const run *r, size_t rows, const float *u, int vectors)
{
    const sld_conv3x3 *c     = r->c;
    const size_t       lanes = (size_t)c->loops->lanes, width = (size_t)vectors * lanes;
    const size_t       in = r->pass->in;
    for (size_t p = 0; p < SLD_POINTS; p++) {
        const float *v = r->v.values + p * r->v.point;
        float       *m = r->m.values + p * r->m.point;
        for (size_t i = 0, depth; i < in; i += depth, u += depth * width) {
            depth = in - i < DEPTH ? in - i : DEPTH;
            c->loops->multiply(v + i / lanes * r->v.block, r->v.block, rows, depth / lanes, u,
                               vectors, i > 0, m);
        }
    }
}

/* One block of output channels from V. */
static void run_block(const run *r, sld_tile tile, size_t tiles, size_t o, int vectors,
                      const sld_epilogue *end)
{
    multiply(r, whole(tiles), r->pass->weights + SLD_POINTS * r->pass->in * o, vectors);
    for (size_t t = 0; t < tiles; t++) {
        output_tile(r, &tile, t, o, vectors, end);
        sld_tile_step(r->c, &tile, 1);
    }
}

/* Rows of V and M at a time, at most. */
static size_t max_rows(const sld_conv3_pass *pass)
{
    const size_t rows = whole(V_FLOATS / SLD_POINTS / pass->in);
    return rows < MAX_TILES ? rows : MAX_TILES;
}

static size_t pass_scratch_floats(const sld_conv3x3 *c, const sld_conv3_pass *pass)
{
    const size_t rows = max_rows(pass), block = sld_conv3_block(c);
    return pass->in + block +
           SLD_POINTS * (sld_point_floats(rows, pass->in) + sld_point_floats(rows, block));
}

static run begin(const sld_conv3x3 *c, const sld_conv3_pass *pass, float *scratch, float *y)
{
    const size_t rows = max_rows(pass), block = sld_conv3_block(c);
    run          r = {.c = c, .pass = pass, .y = y, .nowhere = scratch};
    r.v.values     = scratch + block;
    r.v.point      = sld_point_floats(rows, pass->in);
    r.m.values     = r.v.values + SLD_POINTS * r.v.point;
    r.m.point      = sld_point_floats(rows, block);
    return r;
}

/* add and relu are of the forward, which alone has a bias or a fused form. */
static void run_pass(const sld_conv3x3 *c, const sld_conv3_pass *pass, const sld_conv_call *call,
                     const float *x, const float *bias, float *y)
{
    const bool         forward = pass == &c->forward;
    const size_t       in = pass->in, lanes = (size_t)c->loops->lanes;
    const sld_channels image = {x, memset(call->scratch, 0, in * sizeof(float)), in, in};
    run                r     = begin(c, pass, call->scratch + in, y);
    sld_tile           first = {0};
    for (size_t left = sld_tile_count(c, call->n), tiles; left > 0; left -= tiles) {
        tiles     = sld_part_of(left, max_rows(pass));
        r.v.block = whole(tiles) * lanes;
        sld_winograd_input_transform(c, first, tiles, whole(tiles), &image, &r.v);
        for (size_t o = 0, width; o < pass->out; o += width) {
            const int          vectors = sld_conv3_vectors(c, c->vectors, pass->out - o);
            const sld_epilogue end     = {bias ? bias + o : NULL, forward && c->params.add,
                                      forward && c->params.relu};
            width                      = (size_t)vectors * lanes;
            run_block(&r, first, tiles, o, vectors, &end);
        }
        sld_tile_step(c, &first, tiles);
    }
}

/* ---- the row of the table ---- */

static bool supports(const sld_conv_params *p, sld_conv_pass pass)
{
    return sld_conv3x3_supports(p) && !sld_direct3x3.supports(p, pass);
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                         unsigned passes, void **out)
{
    const sld_conv3x3_kind kind = {SLD_POINTS, 0, pack};
    sld_conv3x3           *c    = NULL;
    const sld_status       st   = sld_conv3x3_create(ctx, params, passes, &kind, &c);
    *out                        = c;
    return st;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_bytes(const void *state)
{
    const sld_conv3x3 *c      = state;
    size_t             floats = pass_scratch_floats(c, &c->forward);
    if (c->params.training) {
        floats = larger(floats, pass_scratch_floats(c, &c->backward));
        floats = larger(floats, sld_winograd_gradient_scratch_floats(c));
    }
    return floats * sizeof(float);
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const sld_conv3x3 *c = state;
    run_pass(c, &c->forward, call, x, c->bias, y);
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const sld_conv3x3 *c = state;
    run_pass(c, &c->backward, call, dy, NULL, dx);
    return SLD_OK;
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw)
{
    sld_conv3x3_bias_gradient(state, call, dy, add, dw);
    sld_winograd_gradient(state, call->n, x, dy, add, call->scratch, dw);
    return SLD_OK;
}

static bool accumulates(const void *state, size_t n)
{
    return true;
}

static const char *implementation(const void *state, int i)
{
    const sld_conv3x3 *c = state;
    return i == 0 ? c->loops->winograd_name : NULL;
}

const sld_conv_algorithm sld_winograd3x3 = {.name             = "winograd3x3",
                                            .supports         = supports,
                                            .create           = create,
                                            .destroy          = sld_conv3x3_destroy,
                                            .scratch_bytes    = scratch_bytes,
                                            .refresh          = sld_conv3x3_refresh,
                                            .forward          = forward,
                                            .backward_data    = backward_data,
                                            .backward_weights = backward_weights,
                                            .accumulates      = accumulates,
                                            .gradient_floats  = sld_conv3x3_gradient_floats,
                                            .unpack_gradient  = sld_conv3x3_unpack_gradient,
                                            .implementation   = implementation};
