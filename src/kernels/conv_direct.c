/* conv_direct.c: the three passes of a 3x3 convolution in register tiles (conv_direct_tile.h), and
 * the layouts that they read. Output channels are cut into blocks of a few vectors, input channels
 * into blocks whose weights for nine taps stay in a near cache while all pixels use them. The data
 * gradient is a convolution too, of dy with the weights mirrored and the channels exchanged. */
#ifdef SLD_HAVE_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "conv_direct_own.h"
#include "oneapi/dnnl/dnnl.h"

/* ---- which convolutions ---- */

enum {
    MOST_PIXELS    = 64, /* AVX-512, of the map: larger ones are as fast by the library */
    LEAST_CHANNELS = 64, /* AVX-512: fewer likewise */
    LEAST_ROWS     = 4,  /* samples: with fewer a tile has too few sums to hide their latency */
};

static bool is_3x3(const sld_conv_params *p)
{
    return !p->bf16 && p->groups == 1 && p->kernel == 3 && p->stride == 1 && p->pad == 1;
}

static bool rows_are_samples(const sld_conv_params *p, const sld_tiles *tiles)
{
    return p->width <= tiles->narrow;
}

static bool fits(const sld_conv_params *p, const sld_tiles *tiles)
{
    return p->in % tiles->lanes == 0 && p->out % tiles->lanes == 0 &&
           (p->sizes[0] >= LEAST_ROWS || !rows_are_samples(p, tiles));
}

/* NULL: the library does it. */
static const sld_tiles *tiles_for(const sld_conv_params *p)
{
#ifdef __x86_64__
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    if (!is_3x3(p)) {
        return NULL;
    }
    if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) {
        const bool small = p->height * p->width <= MOST_PIXELS && p->in >= LEAST_CHANNELS &&
                           p->out >= LEAST_CHANNELS;
        return small && fits(p, &sld_tiles_avx512) ? &sld_tiles_avx512 : NULL;
    }
    if ((isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 && __builtin_cpu_supports("fma")) {
        return fits(p, &sld_tiles_avx2) ? &sld_tiles_avx2 : NULL;
    }
#endif
    return NULL;
}

bool sld_direct_takes(const sld_conv_params *p)
{
    return tiles_for(p) != NULL;
}

const char *sld_direct_implementation(const sld_direct *d)
{
    return d->tiles->name;
}

/* ---- weights ---- */

static size_t depth_at(const sld_direct *d, size_t left)
{
    return left < (size_t)d->tiles->depth ? left : (size_t)d->tiles->depth;
}

/* values[tap][in][out] = plain[out * out_step + in * in_step + tap]; a few out at a time, whose
 * rows of plain then are in the first-level cache for sixteen in or nine taps. */
static void pack_block(const float *plain, size_t out_step, size_t in_step, bool mirrored,
                       size_t depth, size_t width, size_t lanes, float *values)
{
    for (size_t o = 0; o < width; o += lanes) {
        for (size_t i = 0; i < depth; i++) {
            for (size_t t = 0; t < SLD_TAPS; t++) {
                const float *from = plain + o * out_step + i * in_step + t;
                const size_t tap  = mirrored ? SLD_TAPS - 1 - t : t;
                float       *to   = values + (tap * depth + i) * width + o;
                for (size_t lane = 0; lane < lanes; lane++) {
                    to[lane] = from[lane * out_step];
                }
            }
        }
    }
}

static void pack(const sld_direct *d, const sld_direct_layout *l, const float *plain,
                 size_t out_step, size_t in_step, bool mirrored)
{
    const size_t lanes = (size_t)d->tiles->lanes;
    float       *to    = l->values;
    for (size_t o = 0, width; o < l->out; o += width) {
        width = (size_t)sld_direct_vectors(d, d->shape, l->out - o) * lanes;
        for (size_t i = 0, depth; i < l->in; i += depth) {
            depth = depth_at(d, l->in - i);
            pack_block(plain + o * out_step + i * in_step, out_step, in_step, mirrored, depth,
                       width, lanes, to);
            to += SLD_TAPS * depth * width;
        }
    }
}

void sld_direct_refresh(sld_direct *d, const float *weights, const float *bias)
{
    pack(d, &d->forward, weights, d->in * SLD_TAPS, SLD_TAPS, false);
    if (d->backward.values) {
        pack(d, &d->backward, weights, SLD_TAPS, d->in * SLD_TAPS, true);
    }
    if (d->bias) {
        memcpy(d->bias, bias, d->out * sizeof *bias);
    }
}

/* ---- forward and data gradient ---- */

/* One block of input channels into one of output channels. */
typedef struct {
    const sld_direct        *d;
    const sld_direct_layout *l;
    const float             *x, *w; /* from the blocks' first channels on */
    float                   *y;
    const float             *next; /* weights to be asked for */
    size_t                   depth;
    int                      vectors;
    sld_tile_end             end;
} block;

/* One strip from a sample on: n rows that are `step` pixels apart. */
static void run_strip(block *b, const sld_direct_strip *strip, size_t sample, size_t step, size_t n)
{
    const sld_direct *d     = b->d;
    const sld_tiles  *tiles = d->tiles;
    const size_t      first = sample * d->H * d->W, in = b->l->in, out = b->l->out;
    const size_t      w_tap = b->depth * (size_t)(b->vectors * tiles->lanes);
    float            *y     = b->y + (first + strip->first) * out;
    sld_tap           taps[SLD_TAPS];
    for (int t = 0; t < strip->n_taps; t++) {
        taps[t] = (sld_tap){b->x + (first + strip->taps[t].pixel) * in,
                            b->w + strip->taps[t].tap * w_tap};
    }
    for (size_t rows; n > 0; n -= rows) {
        rows = sld_direct_part_of(n, (size_t)d->shape.rows);
        tiles->sum(taps, strip->n_taps, b->depth, (int)rows, b->vectors, step * in, y, step * out,
                   &b->end, b->next);
        b->next += (size_t)(tiles->ahead * strip->n_taps) * b->depth;
        for (int t = 0; t < strip->n_taps; t++) {
            taps[t].x += rows * step * in;
        }
        y += rows * step * out;
    }
}

static void run_block(block *b, size_t n)
{
    const sld_direct *d = b->d;
    for (size_t s = 0; s < n; s++) {
        for (int i = 0; i < d->across; i++) {
            run_strip(b, &d->strips[i], s, d->strips[i].step, d->strips[i].n);
        }
    }
    for (int i = d->across; i < d->n_strips; i++) {
        run_strip(b, &d->strips[i], 0, d->H * d->W, n);
    }
}

static void run(const sld_direct *d, const sld_direct_layout *l, size_t n, const float *x,
                const float *bias, bool add, bool relu, float *y)
{
    block b = {.d = d, .l = l, .w = l->values};
    for (size_t o = 0, width; o < l->out; o += width) {
        b.vectors = sld_direct_vectors(d, d->shape, l->out - o);
        width     = (size_t)(b.vectors * d->tiles->lanes);
        b.y       = y + o;
        for (size_t i = 0; i < l->in; i += b.depth) {
            b.depth = depth_at(d, l->in - i);
            b.x     = x + i;
            b.next  = b.w + SLD_TAPS * b.depth * width;
            b.end   = (sld_tile_end){.bias = bias && i == 0 ? bias + o : NULL,
                                     .keep = add || i > 0,
                                     .relu = relu && i + b.depth == l->in};
            run_block(&b, n);
            b.w += SLD_TAPS * b.depth * width;
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

/* ---- made and freed ---- */

static void add_strip(sld_direct *d, size_t first, size_t step, size_t n)
{
    if (n == 0) {
        return;
    }
    sld_direct_strip *strip = &d->strips[d->n_strips++];
    *strip                  = (sld_direct_strip){.first = first, .step = step, .n = n};
    for (size_t t = 0; t < SLD_TAPS; t++) {
        const size_t y = first / d->W + t / 3, x = first % d->W + t % 3; /* of the padded image */
        if (y >= 1 && y <= d->H && x >= 1 && x <= d->W) {
            strip->taps[strip->n_taps++] = (sld_direct_tap){(y - 1) * d->W + x - 1, t};
        }
    }
}

/* The inner columns row by row, then the two outer columns, then what is in neither, corners or all
 * pixels. False: out of memory. */
static bool find_strips(sld_direct *d)
{
    const size_t H = d->H, W = d->W;
    const bool   samples = rows_are_samples(&d->params, d->tiles);
    d->shape             = samples ? d->tiles->samples : d->tiles->pixels;
    d->strips            = calloc(samples ? H * W : H + 6, sizeof *d->strips);
    if (!d->strips) {
        return false;
    }
    for (size_t y = 0; y < H && !samples; y++) {
        add_strip(d, y * W + 1, 1, W - 2);
    }
    for (size_t x = 0; x < W && !samples; x += W - 1) {
        add_strip(d, W + x, W, H > 2 ? H - 2 : 0);
    }
    d->across = d->n_strips;
    for (size_t p = 0; p < H * W; p++) {
        const bool in_row = p % W > 0 && p % W < W - 1, in_column = p >= W && p < (H - 1) * W;
        if (samples || !(in_row || in_column)) {
            add_strip(d, p, 0, 1);
        }
    }
    return true;
}

static float *floats(size_t n)
{
    return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

static bool make(sld_direct *d)
{
    const size_t n = d->in * d->out * SLD_TAPS;
    d->forward     = (sld_direct_layout){.in = d->in, .out = d->out, .values = floats(n)};
    d->bias        = d->params.bias ? floats(d->out) : NULL;
    if (!d->forward.values || (d->params.bias && !d->bias) || !find_strips(d)) {
        return false;
    }
    d->backward = (sld_direct_layout){.in = d->out, .out = d->in};
    if (d->params.training && d->params.data_gradient && !(d->backward.values = floats(n))) {
        return false;
    }
    return !d->params.training || sld_direct_make_parts(d);
}

sld_status sld_direct_create(sld_ctx *ctx, const sld_conv_params *params, sld_direct **out)
{
    *out          = NULL;
    sld_direct *d = calloc(1, sizeof *d);
    if (d) {
        d->tiles        = tiles_for(params);
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
    sld_direct_free_parts(d);
    free(d->strips);
    free(d->forward.values);
    free(d->backward.values);
    free(d->bias);
    free(d);
}
#endif
