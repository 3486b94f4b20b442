/* conv/amx.c: any convolution without groups, in bfloat16 on AMX, as products of tiles: a row of
 * them is a pixel of the result, a column a channel of it, the depth taps and channels. conv/amx.h
 * has the layout.
 *
 * Each result is one chain of sums in the order of the taps, whatever is computed beside it. Taps
 * that lie side by side are one run of values; the 32 of its last step may reach into the pixel
 * behind it, whose values then meet weights of 0. So a value that is not finite may spread to a
 * neighbour's result; finite ones do not. */
#include "conv/amx.h"

#include <stdlib.h>

static bool supports(const sld_conv_params *p, sld_conv_pass pass)
{
    return p->bf16 && p->groups == 1 && sld_amx_loops_of_cpu();
}

/* ---- made and freed ---- */

static void destroy(void *state)
{
    sld_amx *a = state;
    if (a) {
        sld_amx_drop_plan(&a->forward);
        sld_amx_drop_plan(&a->backward);
        free(a->bias);
        free(a->x_places);
        free(a->dy_places);
        free(a->steps);
        free(a->shifts);
        free(a);
    }
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *p, unsigned passes,
                         void **out)
{
    sld_amx *a = calloc(1, sizeof *a);
    if (!a) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes", sizeof *a);
    }
    *out            = a;
    a->kernels      = k;
    a->loops        = sld_amx_loops_of_cpu();
    a->params       = *p;
    a->params.sizes = NULL; /* borrowed by the call alone */
    a->max          = (size_t)p->sizes[0];
    a->bias         = p->bias ? calloc((size_t)p->out, sizeof *a->bias) : NULL;
    if ((p->bias && !a->bias) || !sld_amx_plan(a, passes) ||
        (passes & 1u << SLD_BACKWARD_WEIGHTS && !sld_amx_gradient_create(a))) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: a convolution's %d x %d weights of %d x %d", p->in, p->out,
                        p->kernel, p->kernel);
    }
    return SLD_OK;
}

/* ---- passes ---- */

/* Some samples of one pass, and a block of the columns of one of its products. */
typedef struct {
    const sld_amx         *a;
    const sld_amx_pass    *pass;
    const sld_amx_product *product;
    size_t                 samples;
    const uint16_t        *images;
    float                 *y; /* of the first sample */
    const uint16_t        *weights;
    size_t                 column;
    int                    columns, column_tiles;
} work;

/* A tile of rows: some columns of a row of results, of all samples of a group. */
typedef struct {
    size_t group, y, x;
} place;

static place next(const sld_amx_product *p, place at)
{
    at.x += p->across;
    if (at.x >= p->W) {
        at.x = 0;
        if (++at.y == p->H) {
            at.y = 0;
            at.group++;
        }
    }
    return at;
}

/* A bit for each row of a tile: of so many columns and samples. */
static uint32_t wanted_rows(const sld_amx_images *images, size_t across, size_t samples)
{
    uint32_t rows = (1u << across * images->together) - 1;
    for (size_t r = samples; samples < images->together && r < across * images->together; r++) {
        rows &= ~((r % images->together >= samples ? 1u : 0) << r);
    }
    return rows;
}

static const uint16_t *find_tile(const work *w, place at, sld_amx_results *to)
{
    const sld_amx_images  *i     = &w->pass->images;
    const sld_amx_product *p     = w->product;
    const size_t           first = at.group * i->together, left = w->samples - first;
    to->y = w->y + first * w->pass->to_sample + p->to + at.y * p->to_row + at.x * p->to_column +
            w->column;
    to->rows = wanted_rows(i, p->W - at.x < p->across ? p->W - at.x : p->across,
                           left < i->together ? left : i->together);
    return w->images +
           (at.group * sld_amx_group(i) + at.y * p->from_row + at.x * i->together) * i->channels;
}

static sld_amx_results results_of(const work *w)
{
    const bool forward = w->pass == &w->a->forward;
    return (sld_amx_results){.to      = w->product->row_to,
                             .columns = w->columns,
                             .end     = {forward && w->a->bias ? w->a->bias + w->column : NULL,
                                     forward && w->a->params.add, forward && w->a->params.relu}};
}

static void run_block(const work *w)
{
    const sld_amx_product   *p = w->product;
    const size_t             n = sld_amx_groups(&w->pass->images, w->samples) * p->H * p->tiles;
    sld_amx_results          to[SLD_AMX_ACROSS] = {results_of(w), results_of(w)};
    sld_amx_product_of_tiles tiles              = {.x_row   = w->pass->images.channels,
                                                   .steps   = p->steps,
                                                   .n_steps = p->n_steps,
                                                   .weights = w->weights};
    float                    sums[SLD_AMX_ACROSS * SLD_AMX_ACROSS * SLD_AMX_SUMS];
    place                    at = {0};
    for (size_t i = 0, rows; i < n; i += rows) {
        rows = n - i < SLD_AMX_ACROSS ? n - i : SLD_AMX_ACROSS;
        for (size_t r = 0; r < rows; r++) {
            tiles.x[r] = find_tile(w, at, &to[r]);
            at         = next(p, at);
        }
        w->a->loops->multiply(&tiles, (int)rows, w->column_tiles, sums);
        for (size_t r = 0; r < rows; r++) {
            w->a->loops->store(sums + r * (size_t)w->column_tiles * SLD_AMX_SUMS, &to[r]);
        }
    }
}

static void run_product(work *w)
{
    w->weights = w->product->weights;
    for (w->column = 0; w->column < w->pass->out; w->column += (size_t)w->columns) {
        const size_t left = w->pass->out - w->column;
        w->columns        = left < SLD_AMX_BLOCK ? (int)left : SLD_AMX_BLOCK;
        w->column_tiles   = (int)sld_amx_block_tiles(w->pass, w->column);
        run_block(w);
        w->weights += w->product->n_steps * (size_t)w->column_tiles * SLD_AMX_VALUES;
    }
}

static void run(const sld_amx *a, const sld_amx_pass *pass, const sld_conv_call *call,
                const float *from, float *to)
{
    const sld_amx_images *i       = &pass->images;
    const size_t          chunk   = sld_amx_chunk(i, a->max);
    void                 *scratch = call->scratch;
    uint16_t             *images  = scratch;
    uint8_t               before[SLD_AMX_CONFIG];
    a->loops->take(before);
    for (size_t s = 0; s < call->n; s += chunk) {
        work w    = {.a = a, .pass = pass, .images = images, .y = to + s * pass->to_sample};
        w.samples = call->n - s < chunk ? call->n - s : chunk;
        sld_amx_put_images(a, i, w.samples, from + s * i->H * i->W * i->channels, images);
        for (size_t j = 0; j < pass->n_products; j++) {
            w.product = &pass->products[j];
            run_product(&w);
        }
    }
    a->loops->give(before);
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const sld_amx *a = state;
    run(a, &a->forward, call, x, y);
    return SLD_OK;
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const sld_amx *a = state;
    run(a, &a->backward, call, dy, dx);
    return SLD_OK;
}

static size_t pass_bytes(const sld_amx *a, const sld_amx_pass *pass)
{
    return pass->products ? sld_amx_images_bytes(&pass->images, a->max) : 0;
}

static size_t scratch_bytes(const void *state)
{
    const sld_amx *a        = state;
    const size_t   passes[] = {pass_bytes(a, &a->forward), pass_bytes(a, &a->backward),
                             a->steps ? sld_amx_gradient_scratch_bytes(a) : 0,
                               sld_amx_pack_scratch_bytes(a)};
    size_t         max      = 0;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        max = passes[i] > max ? passes[i] : max;
    }
    return max;
}

static bool accumulates(const void *state, size_t n)
{
    return true;
}

static const char *implementation(const void *state, int i)
{
    const sld_amx *a = state;
    return i == 0 ? a->loops->name : NULL;
}

const sld_conv_algorithm sld_amx_gemm = {.name             = "amx",
                                         .supports         = supports,
                                         .any_number       = true,
                                         .create           = create,
                                         .destroy          = destroy,
                                         .scratch_bytes    = scratch_bytes,
                                         .refresh          = sld_amx_refresh,
                                         .forward          = forward,
                                         .backward_data    = backward_data,
                                         .backward_weights = sld_amx_backward_weights,
                                         .accumulates      = accumulates,
                                         .gradient_floats  = sld_amx_gradient_floats,
                                         .unpack_gradient  = sld_amx_unpack_gradient,
                                         .implementation   = implementation};
