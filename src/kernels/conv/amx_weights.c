/* conv/amx_weights.c: the weight gradient of conv/amx.c: a tile of it is 16 channels of dy by 16 of x
 * in one tap, the depth pixels. dy is rounded and transposed, so that the pixels of a channel lie
 * side by side; x is rounded in pairs of pixels, and a tap is a shift along them: of whole pairs,
 * because an even number of samples lie together. A step is 32 pixels of one row of results; what
 * fills it up is 0 in dy.
 *
 * dw: for each 16 channels of dy and each tap, tiles (16 of dy,16 of x); then the bias. A tile is
 * summed in registers over all pixels of a call, so it can be added to what is in dw. */
#include <stdlib.h>
#include <string.h>

#include "conv/amx.h"
#include "conv/stride_classes.h"

static size_t in_of(const sld_amx *a)
{
    return sld_amx_whole((size_t)a->params.in, SLD_AMX_SIDE);
}

static size_t out_of(const sld_amx *a)
{
    return sld_amx_whole((size_t)a->params.out, SLD_AMX_SIDE);
}

static size_t rows_of(const sld_amx *a)
{
    return (size_t)sld_conv_out_of(&a->params, a->params.height);
}

static size_t columns_of(const sld_amx *a)
{
    return (size_t)sld_conv_out_of(&a->params, a->params.width);
}

/* ---- tables ---- */

static void find_x_places(sld_amx *a)
{
    const sld_amx_images *i = &a->pixels;
    for (size_t y = i->top; y < i->top + i->H && y < i->height; y++) {
        for (size_t x = i->left; x < i->left + i->W && x < i->width; x++) {
            uint32_t *to = a->x_places + sld_amx_place(i, y, x);
            for (size_t s = 0; s < i->together; s++) {
                to[s] = (uint32_t)(((s * i->H + y - i->top) * i->W + x - i->left) * i->channels);
            }
        }
    }
}

/* The same of dy, row by row of results in whole steps. */
static void find_dy_places(sld_amx *a)
{
    const size_t H = rows_of(a), W = columns_of(a), together = a->pixels.together;
    for (size_t y = 0; y < H; y++) {
        uint32_t *to = a->dy_places + y * a->row_steps * SLD_AMX_DEPTH;
        for (size_t k = 0; k < W * together; k++) {
            const size_t sample = k % together, x = k / together;
            to[k] = (uint32_t)(((sample * H + y) * W + x) * (size_t)a->params.out);
        }
    }
}

static void find_steps(sld_amx *a)
{
    const sld_amx_images *i    = &a->pixels;
    const size_t          rows = rows_of(a);
    size_t               *step = a->steps;
    for (size_t r = 0; r < sld_amx_groups(i, a->max) * rows; r++) {
        const size_t first =
            r / rows * sld_amx_group(i) + sld_amx_place(i, r % rows * i->stride, 0);
        for (size_t k = 0; k < a->row_steps; k++) {
            *step++ = (first + k * SLD_AMX_DEPTH) * SLD_AMX_SIDE;
        }
    }
}

static uint32_t *nowhere(size_t n)
{
    uint32_t *places = malloc(n * sizeof *places);
    return places ? memset(places, 0xff, n * sizeof *places) : NULL;
}

/* Samples whose rows of results fill a step: an even number. */
static size_t together_in_step(size_t results)
{
    return results < SLD_AMX_SIDE ? SLD_AMX_DEPTH / results / 2 * 2 : 2;
}

bool sld_amx_gradient_create(sld_amx *a)
{
    const size_t kernel          = (size_t)a->params.kernel;
    a->pixels                    = sld_amx_images_of(&a->params, together_in_step(columns_of(a)));
    const sld_amx_images *i      = &a->pixels;
    const size_t          groups = sld_amx_groups(i, a->max);
    a->row_steps = (columns_of(a) * i->together + SLD_AMX_DEPTH - 1) / SLD_AMX_DEPTH;
    /* an odd number of cache lines, so that channels do not share their places in a cache */
    const size_t steps = groups * rows_of(a) * a->row_steps;
    a->channel         = (steps + (steps % 2 == 0 ? 1 : 0)) * SLD_AMX_DEPTH;
    a->x_places        = nowhere(sld_amx_whole(sld_amx_group(i), SLD_AMX_DEPTH));
    a->dy_places       = nowhere(rows_of(a) * a->row_steps * SLD_AMX_DEPTH);
    a->steps           = calloc(steps, sizeof *a->steps);
    a->shifts          = calloc(kernel * kernel, sizeof *a->shifts);
    if (!a->x_places || !a->dy_places || !a->steps || !a->shifts) {
        return false;
    }
    find_x_places(a);
    find_dy_places(a);
    find_steps(a);
    for (size_t t = 0; t < kernel * kernel; t++) {
        a->shifts[t] = (uint32_t)(sld_amx_place(i, t / kernel, t % kernel) * SLD_AMX_SIDE);
    }
    return true;
}

/* ---- scratch: zeros, x, dy ---- */

static size_t zero_floats(const sld_amx *a)
{
    return in_of(a) > out_of(a) ? in_of(a) : out_of(a);
}

/* Of 16 channels of x, with the pixels that a last step may read. */
static size_t block_values(const sld_amx *a)
{
    const size_t pixels = sld_amx_groups(&a->pixels, a->max) * sld_amx_group(&a->pixels);
    return (pixels + 2 * SLD_AMX_DEPTH) * SLD_AMX_SIDE;
}

static size_t x_values(const sld_amx *a)
{
    return in_of(a) / SLD_AMX_SIDE * block_values(a);
}

size_t sld_amx_gradient_scratch_bytes(const sld_amx *a)
{
    return zero_floats(a) * sizeof(float) +
           (x_values(a) + out_of(a) * a->channel) * sizeof(uint16_t);
}

static size_t weight_floats(const sld_amx *a)
{
    return sld_amx_taps(a) * in_of(a) * out_of(a);
}

size_t sld_amx_gradient_floats(const void *state)
{
    const sld_amx *a = state;
    return weight_floats(a) + (a->bias ? (size_t)a->params.out : 0);
}

/* ---- packing ---- */

static size_t some_channels(size_t channels, size_t from)
{
    return channels - from < SLD_AMX_SIDE ? channels - from : SLD_AMX_SIDE;
}

/* 32 pixels of a group; limit: floats of its samples that there are. */
static void find_pixels(const uint32_t *places, const float *x, size_t limit, const float *zeros,
                        const float *pixels[SLD_AMX_DEPTH])
{
    for (size_t j = 0; j < SLD_AMX_DEPTH; j++) {
        pixels[j] = places[j] < limit ? x + places[j] : zeros;
    }
}

/* Samples of the group that begins with sample s. */
static size_t samples_of(const sld_amx *a, size_t n, size_t s)
{
    return n - s < a->pixels.together ? n - s : a->pixels.together;
}

/* Behind the last pixel of the last group there are 32 of zeros. */
static void pack_x(const sld_amx *a, size_t n, const float *x, const float *zeros, uint16_t *to)
{
    const sld_amx_images *i     = &a->pixels;
    const size_t          group = sld_amx_group(i), sample = i->H * i->W * i->channels;
    const float          *pixels[SLD_AMX_DEPTH];
    size_t                at = 0;
    for (size_t s = 0; s < n; s += i->together, at += group) {
        for (size_t k = 0; k < group; k += SLD_AMX_DEPTH) {
            find_pixels(a->x_places + k, x + s * sample, samples_of(a, n, s) * sample, zeros,
                        pixels);
            for (size_t c = 0; c < i->channels; c += SLD_AMX_SIDE) {
                a->loops->pair(pixels, c, some_channels(i->channels, c),
                               to + c / SLD_AMX_SIDE * block_values(a) + (at + k) * SLD_AMX_SIDE);
            }
        }
    }
    for (size_t c = 0; c < in_of(a); c += SLD_AMX_SIDE) {
        memset(to + c / SLD_AMX_SIDE * block_values(a) + at * SLD_AMX_SIDE, 0,
               SLD_AMX_VALUES * sizeof *to);
    }
}

static void pack_dy(const sld_amx *a, size_t n, const float *dy, const float *zeros, uint16_t *to)
{
    const size_t steps = rows_of(a) * a->row_steps, out = (size_t)a->params.out;
    const size_t sample = rows_of(a) * columns_of(a) * out;
    const float *pixels[SLD_AMX_DEPTH];
    for (size_t s = 0; s < n; s += a->pixels.together) {
        for (size_t k = 0; k < steps; k++, to += SLD_AMX_DEPTH) {
            find_pixels(a->dy_places + k * SLD_AMX_DEPTH, dy + s * sample,
                        samples_of(a, n, s) * sample, zeros, pixels);
            for (size_t c = 0; c < out; c += SLD_AMX_SIDE) {
                a->loops->transpose(pixels, c, some_channels(out, c), to + c * a->channel,
                                    a->channel);
            }
        }
    }
}

/* ---- sums ---- */

/* The tiles of x in the order of rows of the window, channels, columns of the window: neighbours
 * read the same pixels. Sets the i-th, for some blocks of dy. */
static void find_panel(const sld_amx *a, size_t i, const uint16_t *x, float *dw, size_t across,
                       sld_amx_gradient_of_tiles *p, size_t panel)
{
    const size_t kernel = (size_t)a->params.kernel, blocks = in_of(a) / SLD_AMX_SIDE;
    const size_t block = i / kernel % blocks;
    const size_t tap   = i / kernel / blocks * kernel + i % kernel;
    p->x[panel]        = x + block * block_values(a) + a->shifts[tap];
    for (size_t j = 0; j < across; j++) {
        p->dw[j][panel] = dw + ((j * sld_amx_taps(a) + tap) * blocks + block) * SLD_AMX_SUMS;
    }
}

/* Some blocks of 16 channels of dy. */
static void sum_blocks(const sld_amx *a, const uint16_t *x, size_t across, bool add, float *dw,
                       sld_amx_gradient_of_tiles *p)
{
    const size_t panels = sld_amx_taps(a) * in_of(a) / SLD_AMX_SIDE;
    for (size_t i = 0, n; i < panels; i += n) {
        n = panels - i < SLD_AMX_PANELS ? panels - i : SLD_AMX_PANELS;
        for (size_t j = 0; j < n; j++) {
            find_panel(a, i + j, x, dw, across, p, j);
        }
        a->loops->multiply_gradient(p, (int)across, (int)n, add);
    }
}

/* As sld_conv_sum_bias(), of what the products see of dy. */
static void sum_bias(const sld_amx *a, size_t rows, const float *dy, bool add, float *scratch,
                     float *sum)
{
    const size_t out = (size_t)a->params.out;
    float       *to  = add ? scratch : sum;
    memset(to, 0, out * sizeof *to);
    for (size_t r = 0; r < rows; r++) {
        a->loops->add_rounded(dy + r * out, out, to);
    }
    if (add) {
        sld_accumulate(scratch, out, sum);
    }
}

sld_status sld_amx_backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                    const float *x, const float *dy, bool add, float *dw)
{
    const sld_amx            *a        = state;
    const size_t              blocks   = out_of(a) / SLD_AMX_SIDE;
    float                    *zeros    = call->scratch;
    void                     *behind   = zeros + zero_floats(a);
    uint16_t                 *pairs    = behind;
    uint16_t                 *channels = pairs + x_values(a);
    uint8_t                   before[SLD_AMX_CONFIG];
    sld_amx_gradient_of_tiles tiles = {.channel = a->channel, .steps = a->steps};
    if (a->bias) {
        sum_bias(a, call->n * rows_of(a) * columns_of(a), dy, add, call->scratch,
                 dw + weight_floats(a));
    }
    memset(zeros, 0, zero_floats(a) * sizeof *zeros);
    pack_x(a, call->n, x, zeros, pairs);
    pack_dy(a, call->n, dy, zeros, channels);
    tiles.n_steps = sld_amx_groups(&a->pixels, call->n) * rows_of(a) * a->row_steps;
    a->loops->take(before);
    for (size_t b = 0, n; b < blocks; b += n) {
        n = blocks - b < SLD_AMX_ACROSS ? blocks - b : SLD_AMX_ACROSS;
        for (size_t j = 0; j < n; j++) {
            tiles.dy[j] = channels + (b + j) * SLD_AMX_SIDE * a->channel;
        }
        sum_blocks(a, pairs, n, add, dw + b * sld_amx_taps(a) * in_of(a) * SLD_AMX_SIDE, &tiles);
    }
    a->loops->give(before);
    return SLD_OK;
}

sld_status sld_amx_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                   float *bias)
{
    const sld_amx   *a     = state;
    const sld_loops *loops = sld_loops_of_cpu();
    const size_t     in = (size_t)a->params.in, out = (size_t)a->params.out, taps = sld_amx_taps(a);
    const size_t tap = in_of(a) * SLD_AMX_SIDE; /* floats from a tap's tiles to the next one's */
    if (a->bias) {
        memcpy(bias, dw + weight_floats(a), out * sizeof *bias);
    }
    for (size_t o = 0; o < out; o++) {
        const float *row = dw + o / SLD_AMX_SIDE * taps * tap + o % SLD_AMX_SIDE * SLD_AMX_SIDE;
        for (size_t c = 0, n; c < in; c += n, weights += n * taps) {
            const float *from = row + c * SLD_AMX_SIDE;
            n                 = some_channels(in, c);
            if (sld_amx_by_nine(a, loops, n)) {
                loops->join_taps(from, tap, weights, taps);
                continue;
            }
            for (size_t i = 0; i < n * taps; i++) {
                weights[i] = from[i % taps * tap + i / taps];
            }
        }
    }
    return SLD_OK;
}
