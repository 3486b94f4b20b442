/* conv3x3.c: which 3x3 convolutions are ours, their memory, and the way to the kernels. */
#ifdef SLD_HAVE_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "conv3x3_internal.h"
#include "oneapi/dnnl/dnnl.h"

enum {
    LEAST_ROWS    = 4, /* samples of a small map: with fewer a tile has too few sums to hide their
                          latency */
    UNPACKED_ROWS = 8, /* input channels whose gradient is in the first-level cache */
};

/* ---- which convolutions ---- */

/* NULL: this CPU has none of those. */
static const sld_conv3_isa *isa_of_cpu(void)
{
#ifdef __x86_64__
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) {
        return &sld_conv3_avx512;
    }
    if ((isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 && __builtin_cpu_supports("fma")) {
        return &sld_conv3_avx2;
    }
#endif
    return NULL;
}

bool sld_conv3_takes(const sld_conv_params *p)
{
    const sld_conv3_isa *isa = isa_of_cpu();
    return isa && !p->bf16 && p->groups == 1 && p->kernel == 3 && p->stride == 1 && p->pad == 1 &&
           p->in % isa->lanes == 0 && p->out % isa->lanes == 0;
}

static bool is_small(const sld_conv_params *p)
{
    return p->height * p->width <= SLD_SMALL_PIXELS && p->sizes[0] >= LEAST_ROWS;
}

const char *sld_conv3_implementation(const sld_conv3 *c)
{
    return c->small ? c->isa->small_name : c->isa->winograd_name;
}

/* ---- passes ---- */

static void pack(const sld_conv3 *c, const sld_conv3_pass *pass, sld_conv3_source from)
{
    if (c->small) {
        sld_small_pack(c, pass, from);
    } else {
        sld_winograd_pack(c, pass, from);
    }
}

void sld_conv3_refresh(sld_conv3 *c, const float *weights, const float *bias)
{
    const size_t each = c->in * SLD_TAPS; /* of an output channel */
    pack(c, &c->forward, (sld_conv3_source){weights, each, SLD_TAPS, false});
    if (c->backward.weights) {
        pack(c, &c->backward, (sld_conv3_source){weights, SLD_TAPS, each, true});
    }
    if (c->bias) {
        memcpy(c->bias, bias, c->out * sizeof *bias);
    }
}

void sld_conv3_forward(const sld_conv3 *c, size_t n, const float *x, float *scratch, float *y)
{
    const sld_conv_params *p = &c->params;
    if (c->small) {
        sld_small_run(c, &c->forward, n, x, c->bias, p->add, p->relu, y);
    } else {
        sld_winograd_run(c, &c->forward, n, x, c->bias, p->add, p->relu, scratch, y);
    }
}

void sld_conv3_backward_data(const sld_conv3 *c, size_t n, const float *dy, float *scratch,
                             float *dx)
{
    if (c->small) {
        sld_small_run(c, &c->backward, n, dy, NULL, false, false, dx);
    } else {
        sld_winograd_run(c, &c->backward, n, dy, NULL, false, false, scratch, dx);
    }
}

/* ---- weight gradient ---- */

static size_t weight_floats(const sld_conv3 *c)
{
    return c->in * c->out * SLD_TAPS;
}

size_t sld_conv3_gradient_floats(const sld_conv3 *c)
{
    return weight_floats(c) + (c->bias ? c->out : 0);
}

static void sum_bias(const sld_conv3 *c, const float *dy, size_t rows, float *sum)
{
    memset(sum, 0, c->out * sizeof *sum);
    for (size_t r = 0; r < rows; r++) {
        sld_accumulate(dy + r * c->out, c->out, sum);
    }
}

bool sld_conv3_adds_gradient(const sld_conv3 *c, size_t n)
{
    return !c->small || n <= sld_small_together(c);
}

void sld_conv3_backward_weights(const sld_conv3 *c, size_t n, const float *x, const float *dy,
                                bool add, float *scratch, float *dw)
{
    float *bias = dw + weight_floats(c);
    if (c->bias && add) {
        sum_bias(c, dy, n * c->H * c->W, scratch);
        sld_accumulate(scratch, c->out, bias);
    } else if (c->bias) {
        sum_bias(c, dy, n * c->H * c->W, bias);
    }
    if (c->small) {
        sld_small_gradient(c, n, x, dy, add, scratch, dw);
    } else {
        sld_winograd_gradient(c, n, x, dy, add, scratch, dw);
    }
}

/* Input channels [from,to) of one block of output channels: dw is (tap,in,width). */
static void unpack_rows(const sld_conv3 *c, const float *dw, size_t width, size_t from, size_t to,
                        float *weights)
{
    for (size_t o = 0; o < width; o += (size_t)c->isa->lanes) {
        for (size_t i = from; i < to; i++) {
            c->isa->join_taps(dw + i * width + o, c->in * width,
                              weights + (o * c->in + i) * SLD_TAPS, c->in * SLD_TAPS);
        }
    }
}

void sld_conv3_unpack_gradient(const sld_conv3 *c, const float *dw, float *weights, float *bias)
{
    const size_t lanes = (size_t)c->isa->lanes;
    if (c->bias) {
        memcpy(bias, dw + weight_floats(c), c->out * sizeof *bias);
    }
    for (size_t o = 0, width; o < c->out; o += width) {
        width = (size_t)sld_conv3_vectors(c, c->gradient_vectors, c->out - o) * lanes;
        for (size_t i = 0; i < c->in; i += UNPACKED_ROWS) {
            unpack_rows(c, dw + SLD_TAPS * c->in * o, width, i, i + UNPACKED_ROWS,
                        weights + o * c->in * SLD_TAPS);
        }
    }
}

/* ---- made and freed ---- */

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t sld_conv3_scratch_bytes(const sld_conv3 *c)
{
    if (c->small) {
        return c->params.training ? most(sld_small_scratch_floats(c), c->out) * sizeof(float) : 0;
    }
    size_t floats = sld_winograd_scratch_floats(c, &c->forward);
    if (c->params.training) {
        floats = most(floats, sld_winograd_scratch_floats(c, &c->backward));
        floats = most(floats, sld_winograd_gradient_scratch_floats(c));
    }
    return floats * sizeof(float);
}

static float *floats(size_t n)
{
    return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64);
}

static bool make(sld_conv3 *c)
{
    const sld_conv_params *p        = &c->params;
    const size_t           n        = c->in * c->out * (c->small ? SLD_TAPS : SLD_PLANES);
    const bool             backward = p->training && p->data_gradient;

    c->forward  = (sld_conv3_pass){.in = c->in, .out = c->out, .weights = floats(n)};
    c->backward = (sld_conv3_pass){.in = c->out, .out = c->in};
    if (backward) {
        c->backward.weights = floats(n);
    }
    if (p->bias) {
        c->bias = floats(c->out);
    }
    if (c->small) {
        sld_small_prepare(c);
    }
    return c->forward.weights && (!backward || c->backward.weights) && (!p->bias || c->bias);
}

sld_status sld_conv3_create(sld_ctx *ctx, const sld_conv_params *params, sld_conv3 **out)
{
    *out         = NULL;
    sld_conv3 *c = calloc(1, sizeof *c);
    if (c) {
        c->isa              = isa_of_cpu();
        c->params           = *params;
        c->params.sizes     = NULL; /* borrowed by the call alone */
        c->H                = (size_t)params->height;
        c->W                = (size_t)params->width;
        c->in               = (size_t)params->in;
        c->out              = (size_t)params->out;
        c->most             = (size_t)params->sizes[0];
        c->small            = is_small(params);
        c->vectors          = (size_t)c->isa->samples.vectors;
        c->gradient_vectors = c->small ? (size_t)c->isa->weights.vectors : c->vectors;
    }
    if (!c || !make(c)) {
        sld_conv3_destroy(c);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %d x %d x 9 weights", params->in,
                        params->out);
    }
    *out = c;
    return SLD_OK;
}

void sld_conv3_destroy(sld_conv3 *c)
{
    if (!c) {
        return;
    }
    free(c->forward.weights);
    free(c->backward.weights);
    free(c->bias);
    free(c);
}
#endif
