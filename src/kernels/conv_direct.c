/* conv_direct.c: the three passes of a 3x3 convolution in register tiles (conv_direct_tile.h), and
 * the layouts that they read. Output channels are cut into blocks of at most three vectors, input
 * channels into blocks whose weights for nine taps stay in the second-level cache while all pixels
 * use them. The data gradient is a convolution too, of dy with the weights mirrored and the
 * channels exchanged. */
#ifdef SLD_HAVE_ONEDNN
#include "conv_direct.h"

#include <stdlib.h>
#include <string.h>

#include "conv_direct_tile.h"
#include "oneapi/dnnl/dnnl.h"

enum {
    TAPS        = 9,
    DEPTH       = 64, /* channels summed up before they are added to y */
    MOST_PIXELS = 64, /* of the map: larger ones are as fast by the library */
    LEAST_IN    = 64, /* channels: fewer likewise */
    LEAST_ROWS  = 4,  /* samples: with fewer a tile has too few sums to hide their latency */
    MOST_ROWS   = 1 << 16,
};

/* Weights as sums over `in` channels read them: blocks of out, in them blocks of in, in them (tap,
 * in of the block, out of the block). */
typedef struct {
    size_t in, out;
    float *values;
} layout;

struct sld_direct {
    sld_conv_params params;              /* without sizes */
    size_t          H, W, in, out, most; /* most: samples of a call */
    layout          forward, backward;   /* backward: values NULL when it is not wanted */
    float          *bias;                /* (out); NULL: none */
    sld_tile_pair  *pairs[TAPS];         /* of all samples, sample by sample */
    size_t          n_pairs[TAPS];       /* of one sample */
};

/* ---- which convolutions ---- */

bool sld_direct_takes(const sld_conv_params *p)
{
#ifdef __x86_64__
    const unsigned has = (unsigned)dnnl_get_effective_cpu_isa(), wants = dnnl_cpu_isa_avx512_core;
    return (has & wants) == wants && !p->bf16 && p->groups == 1 && p->kernel == 3 &&
           p->stride == 1 && p->pad == 1 && p->in % SLD_TILE_LANES == 0 &&
           p->out % SLD_TILE_LANES == 0 && p->height * p->width <= MOST_PIXELS &&
           p->in >= LEAST_IN && p->out >= LEAST_IN && p->sizes[0] >= LEAST_ROWS &&
           p->sizes[0] * MOST_PIXELS < MOST_ROWS;
#else
    return false;
#endif
}

const char *sld_direct_implementation(void)
{
    return "tiles:avx512f";
}

/* ---- blocks of channels ---- */

/* Vectors of the block that begins at channel `at` of n; none is left with one vector of four. */
static int vectors_at(size_t n, size_t at)
{
    const size_t left = (n - at) / SLD_TILE_LANES;
    return left == 4 ? 2 : left < SLD_TILE_VECTORS ? (int)left : SLD_TILE_VECTORS;
}

static size_t depth_at(size_t n, size_t at)
{
    return n - at < DEPTH ? n - at : DEPTH;
}

/* ---- weights ---- */

/* values[tap][in][out] = plain[out * out_step + in * in_step + tap]; a vector of out at a time,
 * whose rows of plain then are in the first-level cache for sixteen in or nine taps. */
static void pack_block(const float *plain, size_t out_step, size_t in_step, bool mirrored,
                       size_t depth, size_t width, float *values)
{
    for (size_t o = 0; o < width; o += SLD_TILE_LANES) {
        for (size_t i = 0; i < depth; i++) {
            for (size_t t = 0; t < TAPS; t++) {
                const float *from = plain + o * out_step + i * in_step + t;
                float       *to = values + ((mirrored ? TAPS - 1 - t : t) * depth + i) * width + o;
                for (size_t lane = 0; lane < SLD_TILE_LANES; lane++) {
                    to[lane] = from[lane * out_step];
                }
            }
        }
    }
}

static void pack(const layout *l, const float *plain, size_t out_step, size_t in_step,
                 bool mirrored)
{
    float *to = l->values;
    for (size_t o = 0, width; o < l->out; o += width) {
        width = (size_t)vectors_at(l->out, o) * SLD_TILE_LANES;
        for (size_t i = 0; i < l->in; i += DEPTH) {
            const size_t depth = depth_at(l->in, i);
            pack_block(plain + o * out_step + i * in_step, out_step, in_step, mirrored, depth,
                       width, to);
            to += TAPS * depth * width;
        }
    }
}

void sld_direct_refresh(sld_direct *d, const float *weights, const float *bias)
{
    pack(&d->forward, weights, d->in * TAPS, TAPS, false);
    if (d->backward.values) {
        pack(&d->backward, weights, TAPS, d->in * TAPS, true);
    }
    if (d->bias) {
        memcpy(d->bias, bias, d->out * sizeof *bias);
    }
}

/* ---- forward and data gradient ---- */

/* The taps of the window around pixel (py,px) that lie on the image. */
static int taps_at(const sld_direct *d, size_t py, size_t px, const float *x, size_t channels,
                   const float *w, size_t w_tap, sld_tap *taps)
{
    int n = 0;
    for (size_t ky = 0; ky < 3; ky++) {
        for (size_t kx = 0; kx < 3; kx++) {
            const size_t y0 = py + ky, x0 = px + kx; /* of the padded image */
            if (y0 >= 1 && y0 <= d->H && x0 >= 1 && x0 <= d->W) {
                taps[n++] =
                    (sld_tap){x + ((y0 - 1) * d->W + x0 - 1) * channels, w + (ky * 3 + kx) * w_tap};
            }
        }
    }
    return n;
}

/* One block of input channels into one of output channels: every pixel, eight samples at a time. */
static void run_block(const sld_direct *d, const layout *l, size_t n, const float *x,
                      const float *w, size_t depth, int vectors, float *y, const sld_tile_end *end)
{
    const size_t x_row = d->H * d->W * l->in, y_row = d->H * d->W * l->out;
    const float *ahead = w + TAPS * depth * (size_t)vectors * SLD_TILE_LANES; /* the next block */
    for (size_t p = 0; p < d->H * d->W; p++) {
        sld_tap   taps[TAPS];
        const int n_taps = taps_at(d, p / d->W, p % d->W, x, l->in, w,
                                   depth * (size_t)vectors * SLD_TILE_LANES, taps);
        for (size_t i = 0; i < n; i += SLD_TILE_ROWS) {
            const int rows = n - i < SLD_TILE_ROWS ? (int)(n - i) : SLD_TILE_ROWS;
            sld_tile_sum(taps, n_taps, depth, rows, vectors, x_row, y + i * y_row + p * l->out,
                         y_row, end, ahead);
            ahead += SLD_TILE_AHEAD * (size_t)n_taps * depth;
            for (int t = 0; t < n_taps; t++) {
                taps[t].x += SLD_TILE_ROWS * x_row;
            }
        }
    }
}

static void run(const sld_direct *d, const layout *l, size_t n, const float *x, const float *bias,
                bool add, bool relu, float *y)
{
    const float *w = l->values;
    for (size_t o = 0, width; o < l->out; o += width) {
        const int vectors = vectors_at(l->out, o);
        width             = (size_t)vectors * SLD_TILE_LANES;
        for (size_t i = 0; i < l->in; i += DEPTH) {
            const size_t       depth = depth_at(l->in, i);
            const sld_tile_end end   = {.bias = bias && i == 0 ? bias + o : NULL,
                                        .keep = add || i > 0,
                                        .relu = relu && i + depth == l->in};
            run_block(d, l, n, x + i, w, depth, vectors, y + o, &end);
            w += TAPS * depth * width;
        }
    }
}

void sld_direct_forward(const sld_direct *d, size_t n, const float *x, float *y)
{
    run(d, &d->forward, n, x, d->bias, d->params.add, d->params.relu, y);
}

void sld_direct_backward_data(const sld_direct *d, size_t n, const float *dy, float *dx)
{
    run(d, &d->backward, n, dy, NULL, false, false, dx);
}

/* ---- weight gradient: blocks of out, in them of eight in, in them (tap, in, out) ---- */

static size_t weight_floats(const sld_direct *d)
{
    return d->in * d->out * TAPS;
}

size_t sld_direct_gradient_floats(const sld_direct *d)
{
    return weight_floats(d) + (d->bias ? d->out : 0);
}

size_t sld_direct_scratch_bytes(const sld_direct *d)
{
    const size_t channels = d->in + SLD_TILE_VECTORS * SLD_TILE_LANES;
    return d->params.training ? d->most * d->H * d->W * channels * sizeof(float) : 0;
}

/* Channels [at, at + width) of every row, as (rows,width). */
static void split(const float *x, size_t rows, size_t channels, size_t at, size_t width, float *to)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * width, x + r * channels + at, width * sizeof *to);
    }
}

static void sum_bias(const float *dy, size_t rows, size_t channels, float *db)
{
    memset(db, 0, channels * sizeof *db);
    for (size_t r = 0; r < rows; r++) {
        sld_accumulate(dy + r * channels, channels, db);
    }
}

void sld_direct_backward_weights(const sld_direct *d, size_t n, const float *x, const float *dy,
                                 float *scratch, float *dw)
{
    const size_t rows = n * d->H * d->W;
    float       *xs = scratch, *dys = scratch + rows * d->in;
    for (size_t i = 0; i < d->in; i += SLD_TILE_ROWS) {
        split(x, rows, d->in, i, SLD_TILE_ROWS, xs + rows * i);
    }
    if (d->bias) {
        sum_bias(dy, rows, d->out, dw + weight_floats(d));
    }
    for (size_t o = 0, width; o < d->out; o += width) {
        const int vectors = vectors_at(d->out, o);
        width             = (size_t)vectors * SLD_TILE_LANES;
        split(dy, rows, d->out, o, width, dys);
        for (size_t i = 0; i < d->in; i += SLD_TILE_ROWS) {
            for (int t = 0; t < TAPS; t++) {
                sld_tile_outer(d->pairs[t], n * d->n_pairs[t], vectors, xs + rows * i, dys, dw);
                dw += SLD_TILE_ROWS * width;
            }
        }
    }
}

void sld_direct_unpack_gradient(const sld_direct *d, const float *dw, float *weights, float *bias)
{
    if (d->bias) {
        memcpy(bias, dw + weight_floats(d), d->out * sizeof *bias);
    }
    for (size_t o = 0, width; o < d->out; o += width) {
        width = (size_t)vectors_at(d->out, o) * SLD_TILE_LANES;
        for (size_t i = 0; i < d->in; i += SLD_TILE_ROWS) {
            for (size_t c = 0; c < width; c++) {
                float *to = weights + ((o + c) * d->in + i) * TAPS;
                for (size_t r = 0; r < SLD_TILE_ROWS; r++) {
                    for (size_t t = 0; t < TAPS; t++) {
                        to[r * TAPS + t] = dw[(t * SLD_TILE_ROWS + r) * width + c];
                    }
                }
            }
            dw += TAPS * SLD_TILE_ROWS * width;
        }
    }
}

/* ---- made and freed ---- */

static float *floats(size_t n)
{
    return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

/* False: out of memory. Pairs in the order of dy's pixels. */
static bool find_pairs(sld_direct *d)
{
    for (size_t t = 0; t < TAPS; t++) {
        d->pairs[t] = calloc(d->most * d->H * d->W, sizeof *d->pairs[t]);
        if (!d->pairs[t]) {
            return false;
        }
        for (size_t r = 0, n = 0; r < d->most * d->H * d->W; r++) {
            const size_t y0 = r / d->W % d->H + t / 3, x0 = r % d->W + t % 3;
            if (y0 >= 1 && y0 <= d->H && x0 >= 1 && x0 <= d->W) {
                const size_t x   = r / (d->H * d->W) * d->H * d->W + (y0 - 1) * d->W + x0 - 1;
                d->pairs[t][n++] = (sld_tile_pair){(uint16_t)x, (uint16_t)r};
                d->n_pairs[t]    = n / d->most; /* in the end */
            }
        }
    }
    return true;
}

static bool make(sld_direct *d)
{
    d->forward        = (layout){.in = d->in, .out = d->out, .values = floats(weight_floats(d))};
    d->bias           = d->params.bias ? floats(d->out) : NULL;
    const bool begins = d->forward.values && (d->bias || !d->params.bias);
    if (!begins || !d->params.training) {
        return begins;
    }
    d->backward = (layout){.in = d->out, .out = d->in};
    if (d->params.data_gradient && !(d->backward.values = floats(weight_floats(d)))) {
        return false;
    }
    return find_pairs(d);
}

sld_status sld_direct_create(sld_ctx *ctx, const sld_conv_params *params, sld_direct **out)
{
    *out          = NULL;
    sld_direct *d = calloc(1, sizeof *d);
    if (d) {
        d->params       = *params;
        d->params.sizes = NULL; /* borrowed by the call alone */
        d->H            = (size_t)params->height;
        d->W            = (size_t)params->width;
        d->in           = (size_t)params->in;
        d->out          = (size_t)params->out;
        d->most         = (size_t)params->sizes[0];
    }
    if (!d || !make(d)) {
        sld_direct_destroy(d);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %d x %d x 9 weights", params->in,
                        params->out);
    }
    *out = d;
    return SLD_OK;
}

void sld_direct_destroy(sld_direct *d)
{
    if (!d) {
        return;
    }
    for (int t = 0; t < TAPS; t++) {
        free(d->pairs[t]);
    }
    free(d->forward.values);
    free(d->backward.values);
    free(d->bias);
    free(d);
}
#endif
