/* conv/conv.c: convolutions by the first algorithm of a table that supports them, pass by pass. In
 * bfloat16 where there is no AMX, what a pass reads is rounded here, and computed by the kernels of
 * float32. */
#include "conv/conv.h"

#include <stdlib.h>
#include <string.h>

/* In the order of preference; the last takes everything. tests/bench/kernels.py measures them: our
 * own kernels are as fast as oneDNN's or faster. In float32 version 2 of it keeps the shapes that it
 * always had, and so their bits; version 3 is left CPUs without AVX2. */
// clang-format off
static const sld_conv_algorithm *const table[] = {
    &sld_amx_gemm, &sld_winograd3x3, &sld_direct3x3,
#if defined(SLD_ONEDNN) && SLD_ONEDNN == 2
    &sld_depthwise_few_pixels, &sld_onednn
#elif defined(SLD_ONEDNN)
    &sld_depthwise, &sld_implicit_gemm, &sld_onednn
#else
    &sld_depthwise, &sld_implicit_gemm, &sld_im2col
#endif
};
// clang-format on
enum { ROWS = sizeof table / sizeof *table };

/* The work of one row of the table for one convolution. */
typedef struct {
    const sld_conv_algorithm *row;
    void                     *state;
    bool                      rounds; /* it reads what is rounded to bfloat16 */
} part;

struct sld_conv {
    sld_kernels *k;
    part         parts[SLD_PASSES];
    int          n_parts;
    const part  *passes[SLD_PASSES]; /* NULL: not asked for */
    size_t       floats[SLD_ENDS];   /* of one sample */
    size_t       n_weights;
    size_t       n[]; /* samples by size */
};

int sld_conv_out_size(int size, int kernel, int stride, int pad)
{
    return (size + 2 * pad - kernel) / stride + 1;
}

/* The shape alone decides, so that one experiment rounds alike on every machine. Measured with
 * `tests/bench/kernels.py --precision bf16` against f32 on AMX, where bfloat16 gains most. */
bool sld_conv_in_bf16(const sld_conv_params *p, sld_conv_pass pass)
{
    enum { FEW_IN = 16, FEW_CHANNELS = 32 };
    if (p->groups > 1) {
        return false;
    }
    if (p->kernel > 1) {
        return p->in >= FEW_IN;
    }
    return pass == SLD_FORWARD         ? p->in >= FEW_CHANNELS
           : pass == SLD_BACKWARD_DATA ? p->out >= FEW_CHANNELS
                                       : (int64_t)p->in * p->out >= FEW_CHANNELS * FEW_CHANNELS;
}

/* ---- made and freed ---- */

/* Whether a pass reads x or dy, not writes it. */
static bool reads(int pass, int end)
{
    return pass == SLD_BACKWARD_WEIGHTS || end == (pass == SLD_FORWARD ? SLD_IMAGE : SLD_OUT);
}

static sld_status add_part(sld_ctx *ctx, sld_conv *conv, const sld_conv_algorithm *row,
                           const sld_conv_params *p, bool rounds, unsigned passes)
{
    part *new   = &conv->parts[conv->n_parts++];
    new->row    = row;
    new->rounds = rounds;
    SLD_TRY(row->create(ctx, conv->k, p, passes, &new->state));
    sld_kernels_want_scratch(conv->k, row->scratch_bytes(new->state));
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        if (passes & 1u << pass) {
            conv->passes[pass] = new;
        }
    }
    return SLD_OK;
}

static unsigned wanted(const sld_conv_params *p)
{
    unsigned passes = 0;
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        passes |= sld_conv_wants(p, pass) ? 1u << pass : 0;
    }
    return passes;
}

typedef struct {
    const sld_conv_algorithm *const *at;
    size_t                           n;
} some_rows;

/* Row by row, each with those of the passes that no row before it took. *left: passes, of which it
 * leaves those that no row takes. */
static sld_status add_parts(sld_ctx *ctx, sld_conv *conv, some_rows rows, const sld_conv_params *p,
                            bool rounds, unsigned *left)
{
    for (size_t r = 0; r < rows.n && *left; r++) {
        unsigned taken = 0;
        for (int pass = 0; pass < SLD_PASSES; pass++) {
            taken |= *left & 1u << pass && rows.at[r]->supports(p, pass) ? 1u << pass : 0;
        }
        if (taken) {
            SLD_TRY(add_part(ctx, conv, rows.at[r], p, rounds, taken));
        }
        *left &= ~taken;
    }
    return SLD_OK;
}

static void want_rounded(const sld_conv *conv, unsigned passes)
{
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        for (int end = 0; end < SLD_ENDS && passes & 1u << pass; end++) {
            if (reads(pass, end)) {
                sld_kernels_want_rounded(conv->k, end, conv->n[0] * conv->floats[end]);
            }
        }
    }
    if (passes) {
        sld_kernels_want_rounded(conv->k, SLD_IMAGE, conv->n_weights);
    }
}

/* in_bf16: a bit for each pass that reads rounded values. Rows for bfloat16 round by themselves; for
 * the others it is done here. */
static sld_status create_parts(sld_ctx *ctx, sld_conv *conv, some_rows rows,
                               const sld_conv_params *p, unsigned in_bf16)
{
    sld_conv_params precise = *p;
    const unsigned  passes  = wanted(p);
    unsigned        left = passes & in_bf16, others = passes & ~in_bf16;
    precise.bf16 = false;
    SLD_TRY(add_parts(ctx, conv, rows, p, false, &left));
    want_rounded(conv, left);
    SLD_TRY(add_parts(ctx, conv, rows, &precise, true, &left));
    SLD_TRY(add_parts(ctx, conv, rows, &precise, false, &others));
    return left | others ? SLD_FAIL(ctx, SLD_ERR_ARG,
                                    "convolution: no algorithm makes the passes %u", left | others)
                         : SLD_OK;
}

static void set_sizes(sld_conv *conv, const sld_conv_params *p)
{
    const size_t height     = (size_t)sld_conv_out_size(p->height, p->kernel, p->stride, p->pad);
    const size_t width      = (size_t)sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    conv->floats[SLD_IMAGE] = (size_t)p->height * (size_t)p->width * (size_t)p->in;
    conv->floats[SLD_OUT]   = height * width * (size_t)p->out;
    conv->n_weights         = (size_t)p->out * (size_t)(p->in / p->groups * p->kernel * p->kernel);
    for (int i = 0; i < p->n_sizes; i++) {
        conv->n[i] = (size_t)p->sizes[i];
    }
}

static sld_status create(sld_ctx *ctx, sld_kernels *k, some_rows rows, const sld_conv_params *p,
                         unsigned in_bf16, sld_conv **out)
{
    *out           = NULL;
    sld_conv *conv = calloc(1, sizeof *conv + (size_t)p->n_sizes * sizeof *conv->n);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes",
                        sizeof *conv);
    }
    conv->k = k;
    set_sizes(conv, p);
    const sld_status st = create_parts(ctx, conv, rows, p, in_bf16);
    if (st != SLD_OK) {
        sld_conv_destroy(conv);
        return st;
    }
    *out = conv;
    return SLD_OK;
}

bool sld_conv_takes_any_number(const sld_conv_params *params)
{
    sld_conv_params p = *params;
    size_t          r = 0;
    p.bf16            = p.bf16 && sld_conv_in_bf16(&p, SLD_FORWARD);
    while (r < ROWS - 1 && !table[r]->supports(&p, SLD_FORWARD)) {
        r++;
    }
    return table[r]->any_number;
}

sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out)
{
    unsigned in_bf16 = 0;
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        in_bf16 |= params->bf16 && sld_conv_in_bf16(params, pass) ? 1u << pass : 0;
    }
    return create(ctx, k, (some_rows){table, ROWS}, params, in_bf16, out);
}

sld_status sld_conv_create_by(sld_ctx *ctx, sld_kernels *k, const sld_conv_algorithm *row,
                              const sld_conv_params *params, sld_conv **out)
{
    return create(ctx, k, (some_rows){&row, 1}, params, params->bf16 ? ~0u : 0, out);
}

void sld_conv_destroy(sld_conv *conv)
{
    for (int i = 0; conv && i < conv->n_parts; i++) {
        conv->parts[i].row->destroy(conv->parts[i].state);
    }
    free(conv);
}

/* ---- passes ---- */

static sld_conv_call call_of(const sld_conv *conv, int size)
{
    return (sld_conv_call){size, conv->n[size], conv->k->scratch};
}

/* x as this part reads it: n floats. */
static const float *read_by(const sld_conv *conv, const part *p, int end, const float *x, size_t n)
{
    if (!p->rounds) {
        return x;
    }
    sld_round_bf16(x, n, conv->k->rounded[end]);
    return conv->k->rounded[end];
}

static const float *read_end(const sld_conv *conv, const part *p, int end, const float *x, int size)
{
    return read_by(conv, p, end, x, conv->n[size] * conv->floats[end]);
}

sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias)
{
    for (int i = 0; i < conv->n_parts; i++) {
        const part  *p    = &conv->parts[i];
        const float *read = read_by(conv, p, SLD_IMAGE, weights, conv->n_weights);
        SLD_TRY(p->row->refresh(ctx, p->state, read, bias));
    }
    return SLD_OK;
}

sld_status sld_conv_forward(sld_ctx *ctx, sld_conv *conv, int size, const float *x, float *y)
{
    const part         *p    = conv->passes[SLD_FORWARD];
    const sld_conv_call call = call_of(conv, size);
    return p->row->forward(ctx, p->state, &call, read_end(conv, p, SLD_IMAGE, x, size), y);
}

sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx)
{
    const part         *p    = conv->passes[SLD_BACKWARD_DATA];
    const sld_conv_call call = call_of(conv, size);
    return p->row->backward_data(ctx, p->state, &call, read_end(conv, p, SLD_OUT, dy, size), dx);
}

sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, bool add, float *dw)
{
    const part         *p    = conv->passes[SLD_BACKWARD_WEIGHTS];
    const sld_conv_call call = call_of(conv, size);
    return p->row->backward_weights(ctx, p->state, &call, read_end(conv, p, SLD_IMAGE, x, size),
                                    read_end(conv, p, SLD_OUT, dy, size), add, dw);
}

bool sld_conv_adds_gradient(const sld_conv *conv, int size)
{
    const part *p = conv->passes[SLD_BACKWARD_WEIGHTS];
    return p->row->accumulates(p->state, conv->n[size]);
}

size_t sld_conv_gradient_floats(const sld_conv *conv)
{
    const part *p = conv->passes[SLD_BACKWARD_WEIGHTS];
    return p ? p->row->gradient_floats(p->state) : 0;
}

sld_status sld_conv_unpack_gradient(sld_ctx *ctx, sld_conv *conv, const float *dw, float *weights,
                                    float *bias)
{
    const part *p = conv->passes[SLD_BACKWARD_WEIGHTS];
    return p->row->unpack_gradient(ctx, p->state, dw, weights, bias);
}

const char *sld_conv_implementation(const sld_conv *conv, int i)
{
    for (int j = 0; j < conv->n_parts; j++) {
        const part *p = &conv->parts[j];
        int         n = 0;
        for (const char *name; (name = p->row->implementation(p->state, n)); n++) {
            if (n == i) {
                return name;
            }
        }
        i -= n;
    }
    return NULL;
}

void sld_conv_sum_bias(const float *dy, size_t rows, size_t channels, bool add, float *scratch,
                       float *sum)
{
    float *to = add ? scratch : sum;
    memset(to, 0, channels * sizeof *to);
    for (size_t r = 0; r < rows; r++) {
        sld_accumulate(dy + r * channels, channels, to);
    }
    if (add) {
        sld_accumulate(scratch, channels, sum);
    }
}
