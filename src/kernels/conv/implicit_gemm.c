/* conv/implicit_gemm.c: any convolution as matrix products whose rows are found by their addresses
 * (implicit GEMM), on AVX2 and AVX-512. What is read gets its border of zeros first, then all taps
 * of a window lie at fixed distances from its first pixel, those of one row of the window side by
 * side. The forward is one product, a row a pixel of y; the data gradient is one for each place of a
 * pixel within the stride, whose pixels meet the same taps. The weight gradient packs both factors
 * and sums products of columns (implicit_gemm_weights.c).
 *
 * Each result is one chain of fused multiply-adds in the order of the taps, whatever is computed
 * beside it. */
#include "conv/implicit_gemm_plan.h"
#include "conv/stride_classes.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_ROWS = 128 }; /* rows that one pass over the weights serves, about */

static bool supports(const sld_conv_params *p, sld_conv_pass pass)
{
    return sld_loops_of_cpu() && !p->bf16;
}

/* ---- products ---- */

static bool make_tables(sld_gemm_product *p, size_t rows, size_t segments)
{
    p->from     = calloc(rows, sizeof *p->from);
    p->to       = calloc(rows, sizeof *p->to);
    p->segments = calloc(segments, sizeof *p->segments);
    p->taps     = calloc(segments, sizeof *p->taps);
    return p->from && p->to && p->segments && p->taps;
}

/* Channels of the tap at this place of what is read; neighbours become one segment. */
static void add_tap(const sld_gemm_pass *pass, sld_gemm_product *p, int tap, size_t at)
{
    sld_segment *next    = &p->segments[p->n_segments];
    p->taps[p->n_taps++] = tap;
    if (p->n_segments > 0 && pass->groups == 1 && next[-1].at + next[-1].n == at) {
        next[-1].n += pass->depth;
        return;
    }
    *next = (sld_segment){at, pass->depth};
    p->n_segments++;
}

/* Pixel (y,x) of what is read, with its border, in floats from the sample's first. */
static size_t place(const sld_gemm_pass *pass, int y, int x)
{
    return ((size_t)y * pass->width + (size_t)x) * pass->in;
}

/* Adds a row for a pixel of every sample of a chunk. */
static void add_rows(const sld_gemm_pass *pass, sld_gemm_product *p, size_t each, size_t from,
                     size_t to)
{
    for (size_t s = 0; s < pass->chunk; s++) {
        p->from[s * each + p->rows] = (uint32_t)(s * pass->height * pass->width * pass->in + from);
        p->to[s * each + p->rows]   = (uint32_t)(s * pass->out_pixels * pass->out + to);
    }
    p->rows++;
}

static size_t chunk_of(size_t pixels, size_t max)
{
    const size_t n = pixels < CHUNK_ROWS ? CHUNK_ROWS / pixels : 1;
    return n < max ? n : max;
}

static bool make_forward(sld_gemm *g)
{
    const sld_conv_params *p = &g->params;
    sld_gemm_pass         *f = &g->forward;
    const int              H = sld_conv_out_of(p, p->height), W = sld_conv_out_of(p, p->width);

    f->in         = (size_t)p->in;
    f->out        = (size_t)p->out;
    f->from_H     = (size_t)p->height;
    f->from_W     = (size_t)p->width;
    f->top        = (size_t)p->pad;
    f->left       = (size_t)p->pad;
    f->height     = p->pad ? (size_t)((H - 1) * p->stride + p->kernel) : f->from_H;
    f->width      = p->pad ? (size_t)((W - 1) * p->stride + p->kernel) : f->from_W;
    f->out_pixels = (size_t)(H * W);
    f->chunk      = chunk_of(f->out_pixels, g->max);
    f->n_products = 1;
    if (!make_tables(f->products, f->chunk * f->out_pixels, (size_t)(p->kernel * p->kernel))) {
        return false;
    }
    for (int t = 0; t < p->kernel * p->kernel; t++) {
        add_tap(f, f->products, t, place(f, t / p->kernel, t % p->kernel));
    }
    for (int i = 0; i < H * W; i++) {
        add_rows(f, f->products, f->out_pixels, place(f, i / W * p->stride, i % W * p->stride),
                 (size_t)i * f->out);
    }
    return true;
}

/* ---- the data gradient ----
 * A product for each class of pixels of conv/stride_classes.h. */

static bool make_class(sld_gemm *g, sld_gemm_product *product, int cy, int cx)
{
    const sld_conv_params *p = &g->params;
    sld_gemm_pass         *b = &g->backward;
    const int    H = sld_class_size(p, p->height, cy), W = sld_class_size(p, p->width, cx);
    const size_t each = (size_t)(H * W);
    int          y, x;

    if (!make_tables(product, b->chunk * each + 1, (size_t)(p->kernel * p->kernel))) {
        return false;
    }
    for (int t = p->kernel * p->kernel - 1; t >= 0; t--) { /* dy's pixels in their order */
        if (sld_class_meets(p, cy, t / p->kernel, &y) &&
            sld_class_meets(p, cx, t % p->kernel, &x)) {
            add_tap(b, product, t, place(b, y + (int)b->top, x + (int)b->left));
        }
    }
    for (int i = 0; i < H * W; i++) {
        const int row = i / W * p->stride + cy, column = i % W * p->stride + cx;
        add_rows(b, product, each, place(b, i / W, i % W),
                 (size_t)(row * p->width + column) * b->out);
    }
    return true;
}

static bool make_backward(sld_gemm *g)
{
    const sld_conv_params *p = &g->params;
    sld_gemm_pass         *b = &g->backward;

    b->in         = (size_t)p->out;
    b->out        = (size_t)p->in;
    b->from_H     = (size_t)sld_conv_out_of(p, p->height);
    b->from_W     = (size_t)sld_conv_out_of(p, p->width);
    b->out_pixels = (size_t)(p->height * p->width);
    sld_class_border(p, p->height, &b->top, &b->height);
    sld_class_border(p, p->width, &b->left, &b->width);
    b->chunk      = chunk_of(b->out_pixels / (size_t)(p->stride * p->stride) + 1, g->max);
    b->n_products = p->stride * p->stride;
    for (int c = 0; c < b->n_products; c++) {
        if (!make_class(g, &b->products[c], c / p->stride, c % p->stride)) {
            return false;
        }
    }
    return true;
}

/* ---- made and freed ---- */

static void free_pass(sld_gemm_pass *pass)
{
    for (int i = 0; pass->products && i < pass->n_products; i++) {
        sld_gemm_product *p = &pass->products[i];
        free(p->from);
        free(p->to);
        free(p->segments);
        free(p->taps);
        free(p->weights);
    }
    free(pass->products);
}

static void destroy(void *state)
{
    sld_gemm *g = state;
    if (g) {
        free_pass(&g->forward);
        free_pass(&g->backward);
        free(g->bias);
        free(g);
    }
}

static float *floats(size_t n)
{
    const size_t bytes = n * sizeof(float) + 64; /* memory for no floats is memory too */
    float       *p     = sld_memory_alloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

/* The products of a pass, and their weights. */
static bool make_pass(sld_gemm *g, sld_gemm_pass *pass, size_t n_products, bool (*make)(sld_gemm *))
{
    const sld_conv_params *p = &g->params;
    pass->groups             = (size_t)p->groups;
    pass->depth              = (size_t)(pass == &g->forward ? p->in : p->out) / pass->groups;
    pass->columns            = (size_t)(pass == &g->forward ? p->out : p->in) / pass->groups;
    pass->products           = calloc(n_products, sizeof *pass->products);
    if (!pass->products || !make(g)) {
        return false;
    }
    const size_t lanes = (size_t)g->loops->lanes;
    const size_t width = (pass->columns + lanes - 1) / lanes * lanes;
    for (size_t i = 0; i < n_products; i++) {
        sld_gemm_product *product = &pass->products[i];
        product->depth            = (size_t)product->n_taps * pass->depth;
        product->weights          = floats(pass->groups * product->depth * width);
        if (!product->weights) {
            return false;
        }
    }
    return true;
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *p, unsigned passes,
                         void **out)
{
    sld_gemm *g = calloc(1, sizeof *g);
    if (!g) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes", sizeof *g);
    }
    *out            = g;
    g->loops        = sld_loops_of_cpu();
    g->params       = *p;
    g->params.sizes = NULL; /* borrowed by the call alone */
    g->max          = (size_t)p->sizes[0];
    g->bias         = floats((size_t)(p->out + p->groups * g->loops->lanes));

    const size_t classes  = (size_t)(p->stride * p->stride);
    const bool   backward = passes & 1u << SLD_BACKWARD_DATA;
    if (!g->bias || !make_pass(g, &g->forward, 1, make_forward) ||
        (backward && !make_pass(g, &g->backward, classes, make_backward))) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: a convolution's %d x %d weights of %d x %d", p->in, p->out,
                        p->kernel, p->kernel);
    }
    return SLD_OK;
}

/* ---- weights ---- */

/* One block of columns: (depth,width), from (O,I/groups,taps). */
static void pack_block(const sld_gemm *g, const sld_gemm_pass *pass,
                       const sld_gemm_product *product, const float *weights, size_t column,
                       size_t n, size_t width, float *to)
{
    const size_t taps        = (size_t)(g->params.kernel * g->params.kernel);
    const size_t out         = taps * (size_t)(g->params.in / g->params.groups); /* to the next */
    const bool   forward     = pass == &g->forward;
    const size_t each_column = forward ? out : taps, each_depth = forward ? taps : out;
    for (int t = 0; t < product->n_taps; t++) {
        const float *from = weights + column * each_column + product->taps[t];
        for (size_t d = 0; d < pass->depth; d++, to += width) {
            for (size_t c = 0; c < n; c++) {
                to[c] = from[d * each_depth + c * each_column];
            }
        }
    }
}

static void pack(const sld_gemm *g, const sld_gemm_pass *pass, const float *weights)
{
    const size_t group = (size_t)(g->params.out / g->params.groups) *
                         (size_t)(g->params.in / g->params.groups) *
                         (size_t)(g->params.kernel * g->params.kernel);
    for (int i = 0; i < pass->n_products; i++) {
        const sld_gemm_product *product = &pass->products[i];
        float                  *to      = product->weights;
        for (size_t j = 0; j < pass->groups; j++) {
            for (size_t c = 0, width; c < pass->columns; c += width) {
                const size_t n = sld_gemm_block_at(g, pass->columns, c, &width);
                pack_block(g, pass, product, weights + j * group, c, n, width, to);
                to += product->depth * width;
            }
        }
    }
}

static sld_status refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    sld_gemm *g = state;
    pack(g, &g->forward, weights);
    if (g->backward.products) {
        pack(g, &g->backward, weights);
    }
    if (g->params.bias) { /* whole vectors may be read behind the last channel */
        memcpy(g->bias, bias, (size_t)g->params.out * sizeof *bias);
    }
    return SLD_OK;
}

/* ---- passes ---- */

/* All blocks of columns of one product for some samples. */
static void multiply(const sld_gemm *g, const sld_gemm_pass *pass, const sld_gemm_product *product,
                     size_t samples, const float *x, float *y)
{
    const bool     forward = pass == &g->forward;
    const size_t   lanes   = (size_t)g->loops->lanes;
    sld_gemm_block b       = {.from       = product->from,
                              .to         = product->to,
                              .rows       = samples * product->rows,
                              .segments   = product->segments,
                              .n_segments = product->n_segments,
                              .weights    = product->weights};
    b.end.accumulate       = forward && g->params.add;
    b.end.relu             = forward && g->params.relu;
    for (size_t j = 0; j < pass->groups; j++) {
        b.x = x + j * pass->depth;
        for (size_t c = 0, width; c < pass->columns; c += width) {
            const size_t n = sld_gemm_block_at(g, pass->columns, c, &width);
            const size_t o = j * pass->columns + c;
            b.y            = y + o;
            b.vectors      = (int)(width / lanes);
            b.last         = n - (width - lanes);
            b.end.bias     = forward && g->params.bias ? g->bias + o : NULL;
            g->loops->gemm(&b);
            b.weights += product->depth * width;
        }
    }
}

static void run(const sld_gemm *g, const sld_gemm_pass *pass, const sld_conv_call *call,
                const float *from, float *to)
{
    const size_t from_floats = pass->from_H * pass->from_W * pass->in;
    for (size_t s = 0, n; s < call->n; s += n) {
        n              = call->n - s < pass->chunk ? call->n - s : pass->chunk;
        const float *x = sld_gemm_border(pass, n, from + s * from_floats, call->scratch);
        for (int i = 0; i < pass->n_products; i++) {
            multiply(g, pass, &pass->products[i], n, x, to + s * pass->out_pixels * pass->out);
        }
    }
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const sld_gemm *g = state;
    run(g, &g->forward, call, x, y);
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const sld_gemm *g = state;
    run(g, &g->backward, call, dy, dx);
    return SLD_OK;
}

static size_t scratch_bytes(const void *state)
{
    const sld_gemm *g        = state;
    const size_t    passes[] = {sld_gemm_bordered_floats(&g->forward),
                             g->backward.products ? sld_gemm_bordered_floats(&g->backward) : 0,
                             g->params.training ? sld_gemm_gradient_scratch_floats(g) : 0};
    size_t          max      = 0;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        max = passes[i] > max ? passes[i] : max;
    }
    return max * sizeof(float);
}

static const char *implementation(const void *state, int i)
{
    const sld_gemm *g = state;
    return i == 0 ? g->loops->gemm_name : NULL;
}

const sld_conv_algorithm sld_implicit_gemm = {.name             = "implicit gemm",
                                              .supports         = supports,
                                              .create           = create,
                                              .destroy          = destroy,
                                              .scratch_bytes    = scratch_bytes,
                                              .refresh          = refresh,
                                              .forward          = forward,
                                              .backward_data    = backward_data,
                                              .backward_weights = sld_gemm_backward_weights,
                                              .accumulates      = sld_gemm_accumulates,
                                              .gradient_floats  = sld_gemm_gradient_floats,
                                              .unpack_gradient  = sld_gemm_unpack_gradient,
                                              .implementation   = implementation};
