/* conv/implicit_gemm_weights.c: the weight gradient of conv/implicit_gemm.c: dw (depth,columns) is
 * the sum over pixels of the window's values times dy. Some pixels at a time are packed: of the
 * windows, panels of a few values of all pixels; of dy, one block of columns. Both then stay in the
 * near caches while a panel's products are summed in registers.
 *
 * dw: of each group blocks of columns, in them (depth rounded up to panels, columns of the block);
 * then the bias. */
#include <string.h>

#include "conv/implicit_gemm_plan.h"

enum { PIXELS = 128 }; /* of a chunk: 24 KB of dy in blocks of three vectors of AVX-512 */

static size_t panel_rows(const sld_gemm *g)
{
    return (size_t)g->loops->weights.rows;
}

/* Values of a window, in whole panels. */
static size_t panelled(const sld_gemm *g)
{
    const size_t rows = panel_rows(g);
    return (g->forward.products->depth + rows - 1) / rows * rows;
}

/* Vectors of the block of columns that begins at column `at`. */
static size_t vectors_at(const sld_gemm *g, size_t at)
{
    const size_t lanes = (size_t)g->loops->lanes;
    return sld_part_of((g->forward.columns - at + lanes - 1) / lanes,
                       (size_t)g->loops->weights.vectors);
}

static size_t weight_floats(const sld_gemm *g)
{
    const size_t lanes = (size_t)g->loops->lanes;
    return g->forward.groups * panelled(g) * ((g->forward.columns + lanes - 1) / lanes * lanes);
}

size_t sld_gemm_gradient_floats(const void *state)
{
    const sld_gemm *g = state;
    return weight_floats(g) + (g->params.bias ? g->forward.out : 0);
}

size_t sld_gemm_gradient_scratch_floats(const sld_gemm *g)
{
    const size_t block  = (size_t)(g->loops->weights.vectors * g->loops->lanes);
    const size_t packed = sld_gemm_bordered_floats(&g->forward) + PIXELS * (panelled(g) + block);
    return packed > g->forward.out ? packed : g->forward.out;
}

bool sld_gemm_accumulates(const void *state, size_t n)
{
    const sld_gemm *g = state;
    return n <= g->forward.chunk && n * g->forward.out_pixels <= PIXELS;
}

/* ---- packing ---- */

/* Where each value of a panel lies, from a window's first on; SIZE_MAX behind the last. */
static void find_panel(const sld_gemm_product *p, size_t first, size_t rows, size_t *at)
{
    const sld_segment *s = p->segments;
    size_t             k = first;
    while (s < p->segments + p->n_segments && k >= s->n) {
        k -= s++->n;
    }
    for (size_t r = 0; r < rows; r++, k++) {
        if (s < p->segments + p->n_segments && k == s->n) {
            k = 0;
            s++;
        }
        at[r] = s < p->segments + p->n_segments ? s->at + k : SIZE_MAX;
    }
}

static inline void copy_panel(const uint32_t *from, size_t pixels, const float *x, size_t at,
                              const size_t rows, float *to)
{
    for (size_t i = 0; i < pixels; i++) {
        memcpy(to + i * rows, x + from[i] + at, rows * sizeof *to);
    }
}

static void pack_panel(const sld_gemm_product *p, const uint32_t *from, size_t pixels,
                       const float *x, size_t first, size_t rows, float *to)
{
    size_t at[SLD_MAX_LANES] = {0};
    find_panel(p, first, rows, at);
    if (at[rows - 1] != SIZE_MAX && at[rows - 1] - at[0] == rows - 1) { /* side by side */
        if (rows == 8) {
            copy_panel(from, pixels, x, at[0], 8, to);
        } else {
            copy_panel(from, pixels, x, at[0], rows, to);
        }
        return;
    }
    for (size_t i = 0; i < pixels; i++) {
        for (size_t r = 0; r < rows; r++) {
            to[i * rows + r] = at[r] == SIZE_MAX ? 0 : x[from[i] + at[r]];
        }
    }
}

/* One block of columns of dy, whole vectors: (pixels,width). */
static void pack_columns(const uint32_t *to_y, size_t pixels, const float *dy, size_t columns,
                         size_t width, float *to)
{
    for (size_t i = 0; i < pixels; i++, to += width) {
        memcpy(to, dy + to_y[i], columns * sizeof *to);
        memset(to + columns, 0, (width - columns) * sizeof *to);
    }
}

/* ---- sums ---- */

/* Some pixels of a chunk, and where they are packed. */
typedef struct {
    size_t       first, pixels;
    const float *x, *dy;     /* of the chunk, x with its borders */
    bool         accumulate; /* something is in dw already */
    float       *packed;
} some_pixels;

/* One group of channels; dw: the group's. */
static void add_group(const sld_gemm *g, size_t group, const some_pixels *s, float *dw)
{
    const sld_gemm_product *p    = g->forward.products;
    const size_t            rows = panel_rows(g), depth = panelled(g);
    float                  *columns = s->packed + PIXELS * depth;
    const sld_run           all     = {0, 0, (uint32_t)s->pixels};
    for (size_t k = 0; k < depth; k += rows) {
        pack_panel(p, p->from + s->first, s->pixels, s->x + group * g->forward.depth, k, rows,
                   s->packed + k * s->pixels);
    }
    for (size_t c = 0, width; c < g->forward.columns; c += width) {
        const size_t vectors = vectors_at(g, c), left = g->forward.columns - c;
        width = vectors * (size_t)g->loops->lanes;
        pack_columns(p->to + s->first, s->pixels, s->dy + group * g->forward.columns + c,
                     left < width ? left : width, width, columns);
        const sld_rows_at results = {columns, width, 0};
        for (size_t k = 0; k < depth; k += rows, dw += rows * width) {
            const sld_rows_at values = {s->packed + k * s->pixels, rows, 0};
            g->loops->rank1_update(&all, 1, 1, (int)rows, (int)vectors, values, results,
                                   s->accumulate, dw);
        }
    }
}

sld_status sld_gemm_backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                     const float *x, const float *dy, bool add, float *dw)
{
    const sld_gemm      *g     = state;
    const sld_gemm_pass *f     = &g->forward;
    const size_t         group = weight_floats(g) / f->groups;
    if (g->params.bias) {
        sld_conv_sum_bias(dy, call->n * f->out_pixels, f->out, add, call->scratch,
                          dw + weight_floats(g));
    }
    for (size_t at = 0, n; at < call->n; at += n) {
        n             = call->n - at < f->chunk ? call->n - at : f->chunk;
        some_pixels s = {.dy     = dy + at * f->out_pixels * f->out,
                         .packed = call->scratch + sld_gemm_bordered_floats(f)};
        s.x = sld_gemm_border(f, n, x + at * f->from_H * f->from_W * f->in, call->scratch);
        for (; s.first < n * f->out_pixels; s.first += s.pixels) {
            s.pixels     = sld_part_of(n * f->out_pixels - s.first, PIXELS);
            s.accumulate = add || at > 0 || s.first > 0;
            for (size_t j = 0; j < f->groups; j++) {
                add_group(g, j, &s, dw + j * group);
            }
        }
    }
    return SLD_OK;
}

sld_status sld_gemm_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                    float *bias)
{
    const sld_gemm *g     = state;
    const size_t    taps  = (size_t)(g->params.kernel * g->params.kernel);
    const size_t    depth = g->forward.depth, columns = g->forward.columns;
    if (g->params.bias) {
        memcpy(bias, dw + weight_floats(g), g->forward.out * sizeof *bias);
    }
    for (size_t j = 0; j < g->forward.groups; j++, weights += columns * depth * taps) {
        for (size_t c = 0, width; c < columns; c += width) {
            width = vectors_at(g, c) * (size_t)g->loops->lanes;
            for (size_t o = c; o < columns && o < c + width; o++) {
                for (size_t k = 0; k < taps * depth; k++) {
                    weights[(o * depth + k % depth) * taps + k / depth] = dw[k * width + o - c];
                }
            }
            dw += panelled(g) * width;
        }
    }
    return SLD_OK;
}
