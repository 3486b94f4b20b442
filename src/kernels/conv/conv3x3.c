/* conv/conv3x3.c: memory and weights of a 3x3 convolution of our own, whichever algorithm it takes. */
#include "conv/conv3x3.h"

#include <stdlib.h>
#include <string.h>

enum { UNPACKED_ROWS = 8 }; /* input channels whose gradient is in the first-level cache */

bool sld_conv3x3_supports(const sld_conv_params *p)
{
    const sld_loops *loops = sld_loops_of_cpu();
    return loops && !p->bf16 && p->groups == 1 && p->kernel == 3 && p->stride == 1 && p->pad == 1 &&
           p->in % loops->lanes == 0 && p->out % loops->lanes == 0;
}

/* ---- made and freed ---- */

static float *floats(size_t n)
{
    return sld_memory_alloc(n * sizeof(float));
}

static bool allocate(sld_conv3x3 *c, unsigned passes, size_t weights_of_filter)
{
    const size_t n        = c->in * c->out * weights_of_filter;
    const bool   backward = passes & 1u << SLD_BACKWARD_DATA;

    c->forward  = (sld_conv3_pass){.in = c->in, .out = c->out, .weights = floats(n)};
    c->backward = (sld_conv3_pass){.in = c->out, .out = c->in};
    if (backward) {
        c->backward.weights = floats(n);
    }
    if (c->params.bias) {
        c->bias = floats(c->out);
    }
    return c->forward.weights && (!backward || c->backward.weights) && (!c->params.bias || c->bias);
}

sld_status sld_conv3x3_create(sld_ctx *ctx, const sld_conv_params *params, unsigned passes,
                              const sld_conv3x3_kind *kind, sld_conv3x3 **out)
{
    *out           = NULL;
    sld_conv3x3 *c = calloc(1, sizeof *c);
    if (c) {
        c->loops            = sld_loops_of_cpu();
        c->params           = *params;
        c->params.sizes     = NULL; /* borrowed by the call alone */
        c->H                = (size_t)params->height;
        c->W                = (size_t)params->width;
        c->in               = (size_t)params->in;
        c->out              = (size_t)params->out;
        c->max              = (size_t)params->sizes[0];
        c->vectors          = (size_t)c->loops->samples.vectors;
        c->gradient_vectors = kind->gradient_vectors ? kind->gradient_vectors : c->vectors;
        c->pack             = kind->pack;
    }
    if (!c || !allocate(c, passes, kind->weights_of_filter)) {
        sld_conv3x3_destroy(c);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution's %d x %d x 9 weights",
                        params->in, params->out);
    }
    *out = c;
    return SLD_OK;
}

void sld_conv3x3_destroy(void *state)
{
    sld_conv3x3 *c = state;
    if (c) {
        free(c->forward.weights);
        free(c->backward.weights);
        free(c->bias);
        free(c);
    }
}

/* ---- weights and their gradient ---- */

sld_status sld_conv3x3_refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    sld_conv3x3 *c    = state;
    const size_t each = c->in * SLD_TAPS; /* of an output channel */
    c->pack(c, &c->forward, (sld_conv3_source){weights, each, SLD_TAPS, false});
    if (c->backward.weights) {
        c->pack(c, &c->backward, (sld_conv3_source){weights, SLD_TAPS, each, true});
    }
    if (c->bias) {
        memcpy(c->bias, bias, c->out * sizeof *bias);
    }
    return SLD_OK;
}

static size_t weight_floats(const sld_conv3x3 *c)
{
    return c->in * c->out * SLD_TAPS;
}

size_t sld_conv3x3_gradient_floats(const void *state)
{
    const sld_conv3x3 *c = state;
    return weight_floats(c) + (c->bias ? c->out : 0);
}

void sld_conv3x3_bias_gradient(const sld_conv3x3 *c, const sld_conv_call *call, const float *dy,
                               bool add, float *dw)
{
    if (c->bias) {
        sld_conv_sum_bias(dy, call->n * c->H * c->W, c->out, add, call->scratch,
                          dw + weight_floats(c));
    }
}

/* Input channels [from,to) of one block of output channels: dw is (tap,in,width). */
static void unpack_rows(const sld_conv3x3 *c, const float *dw, size_t width, size_t from, size_t to,
                        float *weights)
{
    for (size_t o = 0; o < width; o += (size_t)c->loops->lanes) {
        for (size_t i = from; i < to; i++) {
            c->loops->join_taps(dw + i * width + o, c->in * width,
                                weights + (o * c->in + i) * SLD_TAPS, c->in * SLD_TAPS);
        }
    }
}

sld_status sld_conv3x3_unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                       float *bias)
{
    const sld_conv3x3 *c     = state;
    const size_t       lanes = (size_t)c->loops->lanes;
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
    return SLD_OK;
}
