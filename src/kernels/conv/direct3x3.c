/* conv/direct3x3.c: sums over taps and input channels, a tile's rows being samples at one pixel, so
 * that a weight is read once for all of them. Output channels are cut into blocks of a few vectors,
 * input channels into blocks whose weights for nine taps, (tap,in,out of the block), stay in a near
 * cache while all pixels use them. */
#include "conv/conv3x3.h"

enum { LEAST_ROWS = 4 }; /* samples: with fewer a tile has too few sums to hide their latency */

/* ---- the taps that lie on the image ---- */

static void find_taps(sld_conv3x3 *c, size_t pixel)
{
    sld_direct_pixel *p = &c->pixels[pixel];
    for (size_t t = 0; t < SLD_TAPS; t++) {
        const size_t y = pixel / c->W + t / 3, x = pixel % c->W + t % 3; /* of the padded image */
        if (y >= 1 && y <= c->H && x >= 1 && x <= c->W) {
            p->taps[p->n_taps].pixel = (y - 1) * c->W + x - 1;
            p->taps[p->n_taps++].tap = t;
        }
    }
}

/* Adds a pair of pixels that meet; one behind the last pair lengthens its run. */
static void add_pair(sld_direct_tap *tap, size_t x, size_t dy)
{
    sld_run *last = tap->runs + tap->n_runs - 1;
    if (tap->n_runs > 0 && last->x + last->n == x && last->dy + last->n == dy) {
        last->n++;
        return;
    }
    tap->runs[tap->n_runs++] = (sld_run){(uint32_t)x, (uint32_t)dy, 1};
}

static void find_pairs(sld_conv3x3 *c)
{
    for (size_t p = 0; p < c->H * c->W; p++) {
        find_taps(c, p);
        for (int i = 0; i < c->pixels[p].n_taps; i++) {
            add_pair(&c->taps[c->pixels[p].taps[i].tap], c->pixels[p].taps[i].pixel, p);
        }
    }
}

/* ---- weights ---- */

static size_t depth_at(const sld_conv3x3 *c, size_t left)
{
    return left < (size_t)c->loops->depth ? left : (size_t)c->loops->depth;
}

static void pack_block(const sld_conv3x3 *c, sld_conv3_source from, size_t depth, size_t width,
                       float *to)
{
    const ptrdiff_t tap   = (ptrdiff_t)(depth * width);
    float          *first = from.mirrored ? to + (SLD_TAPS - 1) * tap : to;
    for (size_t o = 0; o < width; o += (size_t)c->loops->lanes) {
        for (size_t i = 0; i < depth; i++) {
            c->loops->split_taps(from.plain + o * from.out + i * from.in, from.out,
                                 first + i * width + o, from.mirrored ? -tap : tap);
        }
    }
}

static void pack(const sld_conv3x3 *c, const sld_conv3_pass *pass, sld_conv3_source from)
{
    const size_t lanes = (size_t)c->loops->lanes;
    float       *to    = pass->weights;
    for (size_t o = 0, width; o < pass->out; o += width) {
        width = (size_t)sld_conv3_vectors(c, c->vectors, pass->out - o) * lanes;
        for (size_t i = 0, depth; i < pass->in; i += depth) {
            sld_conv3_source block = from;
            block.plain += o * from.out + i * from.in;
            depth = depth_at(c, pass->in - i);
            pack_block(c, block, depth, width, to);
            to += SLD_TAPS * depth * width;
        }
    }
}

/* ---- sums ---- */

/* One block of input channels into one of output channels. */
typedef struct {
    const float *x, *w; /* from the blocks' first channels on */
    float       *y;
    const float *next; /* weights to be asked for */
    size_t       depth;
    int          vectors;
    sld_epilogue end;
} block;

/* One pixel of all samples. */
static void run_pixel(const sld_conv3x3 *c, const sld_conv3_pass *pass, block *b, size_t pixel,
                      size_t n)
{
    const sld_loops        *loops = c->loops;
    const sld_direct_pixel *p     = &c->pixels[pixel];
    const size_t            x = c->H * c->W * pass->in, y = c->H * c->W * pass->out;
    const size_t            each = b->depth * (size_t)(b->vectors * loops->lanes); /* of a tap */
    sld_tap                 taps[SLD_TAPS];
    for (int t = 0; t < p->n_taps; t++) {
        taps[t] = (sld_tap){b->x + p->taps[t].pixel * pass->in, b->w + p->taps[t].tap * each};
    }
    for (size_t s = 0, rows; s < n; s += rows) {
        rows = sld_part_of(n - s, (size_t)loops->samples.rows);
        loops->sum(taps, p->n_taps, b->depth, (int)rows, b->vectors, x,
                   b->y + s * y + pixel * pass->out, y, &b->end, b->next);
        b->next += (size_t)(loops->prefetch * p->n_taps) * b->depth;
        for (int t = 0; t < p->n_taps; t++) {
            taps[t].x += rows * x;
        }
    }
}

static void run(const sld_conv3x3 *c, const sld_conv3_pass *pass, size_t n, const float *x,
                const float *bias, bool add, bool relu, float *y)
{
    block b = {.w = pass->weights};
    for (size_t o = 0, width; o < pass->out; o += width) {
        b.vectors = sld_conv3_vectors(c, c->vectors, pass->out - o);
        width     = (size_t)(b.vectors * c->loops->lanes);
        b.y       = y + o;
        for (size_t i = 0; i < pass->in; i += b.depth) {
            b.depth = depth_at(c, pass->in - i);
            b.x     = x + i;
            b.next  = b.w + SLD_TAPS * b.depth * width;
            b.end   = (sld_epilogue){.bias       = bias && i == 0 ? bias + o : NULL,
                                     .accumulate = add || i > 0,
                                     .relu       = relu && i + b.depth == pass->in};
            for (size_t p = 0; p < c->H * c->W; p++) {
                run_pixel(c, pass, &b, p, n);
            }
            b.w += SLD_TAPS * b.depth * width;
        }
    }
}

/* ---- the row of the table ---- */

static bool supports(const sld_conv_params *p, sld_conv_pass pass)
{
    return sld_conv3x3_supports(p) && p->height * p->width <= SLD_DIRECT_PIXELS &&
           p->sizes[0] >= LEAST_ROWS;
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                         unsigned passes, void **out)
{
    const sld_loops       *loops = sld_loops_of_cpu();
    const sld_conv3x3_kind kind  = {SLD_TAPS, (size_t)loops->weights.vectors, pack};
    sld_conv3x3           *c     = NULL;
    SLD_TRY(sld_conv3x3_create(ctx, params, passes, &kind, &c));
    find_pairs(c);
    *out = c;
    return SLD_OK;
}

static size_t scratch_bytes(const void *state)
{
    const sld_conv3x3 *c      = state;
    const size_t       floats = sld_direct_scratch_floats(c);
    return c->params.training ? (floats > c->out ? floats : c->out) * sizeof(float) : 0;
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const sld_conv3x3 *c = state;
    run(c, &c->forward, call->n, x, c->bias, c->params.add, c->params.relu, y);
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const sld_conv3x3 *c = state;
    run(c, &c->backward, call->n, dy, NULL, false, false, dx);
    return SLD_OK;
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw)
{
    sld_conv3x3_bias_gradient(state, call, dy, add, dw);
    sld_direct_gradient(state, call->n, x, dy, add, call->scratch, dw);
    return SLD_OK;
}

static bool accumulates(const void *state, size_t n)
{
    return n <= sld_direct_together(state);
}

static const char *implementation(const void *state, int i)
{
    const sld_conv3x3 *c = state;
    return i == 0 ? c->loops->direct_name : NULL;
}

const sld_conv_algorithm sld_direct3x3 = {.name             = "direct3x3",
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
