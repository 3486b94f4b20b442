/* conv/conv.c: convolutions by the first algorithm of a table that supports them, pass by pass. */
#include "conv/conv.h"

#include <stdlib.h>
#include <string.h>

/* In the order of preference; the last takes everything. tests/bench/kernels.py measures them: our
 * own kernels are as fast as oneDNN's or faster. In float32 version 2 of it keeps the shapes that it
 * always had, and so their bits; version 3 is left bfloat16 without AMX, and CPUs without AVX2. */
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
} part;

struct sld_conv {
    sld_kernels *k;
    bool         bias;
    part         parts[SLD_PASSES];
    int          n_parts;
    const part  *passes[SLD_PASSES]; /* NULL: not asked for */
    size_t       n[];                /* samples by size */
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

static sld_status add_part(sld_ctx *ctx, sld_conv *conv, const sld_conv_algorithm *row,
                           const sld_conv_params *p, unsigned passes)
{
    part *new = &conv->parts[conv->n_parts++];
    new->row  = row;
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

/* Row by row, each with those of the passes that no row before it took. */
static sld_status create_parts(sld_ctx *ctx, sld_conv *conv, const sld_conv_algorithm *const *rows,
                               size_t n_rows, const sld_conv_params *p, unsigned passes)
{
    unsigned left = passes;
    for (size_t r = 0; r < n_rows && left; r++) {
        unsigned taken = 0;
        for (int pass = 0; pass < SLD_PASSES; pass++) {
            taken |= left & 1u << pass && rows[r]->supports(p, pass) ? 1u << pass : 0;
        }
        if (taken) {
            SLD_TRY(add_part(ctx, conv, rows[r], p, taken));
        }
        left &= ~taken;
    }
    return left ? SLD_FAIL(ctx, SLD_ERR_ARG, "convolution: no algorithm makes the passes %u", left)
                : SLD_OK;
}

/* in_bf16: a bit for each pass that rounds to bfloat16. */
static sld_status create(sld_ctx *ctx, sld_kernels *k, const sld_conv_algorithm *const *rows,
                         size_t n_rows, const sld_conv_params *p, unsigned in_bf16, sld_conv **out)
{
    sld_conv_params precise = *p;
    precise.bf16            = false;
    *out                    = NULL;
    sld_conv *conv          = calloc(1, sizeof *conv + (size_t)p->n_sizes * sizeof *conv->n);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes",
                        sizeof *conv);
    }
    conv->k    = k;
    conv->bias = p->bias;
    for (int i = 0; i < p->n_sizes; i++) {
        conv->n[i] = (size_t)p->sizes[i];
    }
    const unsigned passes = wanted(p);
    sld_status     st     = create_parts(ctx, conv, rows, n_rows, p, passes & in_bf16);
    if (st == SLD_OK) {
        st = create_parts(ctx, conv, rows, n_rows, &precise, passes & ~in_bf16);
    }
    if (st != SLD_OK) {
        sld_conv_destroy(conv);
        return st;
    }
    *out = conv;
    return SLD_OK;
}

sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out)
{
    unsigned in_bf16 = 0;
    for (int pass = 0; pass < SLD_PASSES; pass++) {
        in_bf16 |= params->bf16 && sld_conv_in_bf16(params, pass) ? 1u << pass : 0;
    }
    return create(ctx, k, table, ROWS, params, in_bf16, out);
}

sld_status sld_conv_create_by(sld_ctx *ctx, sld_kernels *k, const sld_conv_algorithm *row,
                              const sld_conv_params *params, sld_conv **out)
{
    return create(ctx, k, &row, 1, params, params->bf16 ? ~0u : 0, out);
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

sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias)
{
    for (int i = 0; i < conv->n_parts; i++) {
        const part *p = &conv->parts[i];
        SLD_TRY(p->row->refresh(ctx, p->state, weights, bias));
    }
    return SLD_OK;
}

sld_status sld_conv_forward(sld_ctx *ctx, sld_conv *conv, int size, const float *x, float *y)
{
    const part         *p    = conv->passes[SLD_FORWARD];
    const sld_conv_call call = call_of(conv, size);
    return p->row->forward(ctx, p->state, &call, x, y);
}

sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx)
{
    const part         *p    = conv->passes[SLD_BACKWARD_DATA];
    const sld_conv_call call = call_of(conv, size);
    return p->row->backward_data(ctx, p->state, &call, dy, dx);
}

sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, bool add, float *dw)
{
    const part         *p    = conv->passes[SLD_BACKWARD_WEIGHTS];
    const sld_conv_call call = call_of(conv, size);
    return p->row->backward_weights(ctx, p->state, &call, x, dy, add, dw);
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
