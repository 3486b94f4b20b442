/* layer_linear.c: the linear layer behind the pooled features. */
#include <string.h>

#include "layer.h"

typedef struct {
    size_t       in, out;
    const float *weights;   /* (out,in), borrowed from the model, for training alone */
    float       *weights_t; /* (in,out), a copy */
    float       *bias;      /* (out), a copy */
} state_t;

sld_val sld_graph_linear(sld_graph *g, sld_val x, int out, const char *name, ...)
{
    va_list args;
    va_start(args, name);
    const char *full = sld_graph_name(g, name, args);
    va_end(args);

    const sld_layer *in    = sld_graph_at(g, x);
    sld_layer        layer = {.kind     = &sld_linear_kind,
                              .name     = full,
                              .n_in     = 1,
                              .in       = {x},
                              .height   = 1,
                              .width    = 1,
                              .channels = out};
    if (out < 1) {
        sld_graph_mistake(g, "%s: %d outputs", full, out);
    }
    if (sld_layer_pixels(in) != 1) {
        sld_graph_mistake(g, "%s: expected an input of 1 x 1 pixels, got %d x %d", full, in->height,
                          in->width);
    }
    const size_t dims[] = {(size_t)out, (size_t)in->channels};
    sld_graph_tensor(g, &layer, "weight", true, 2, dims);
    sld_graph_tensor(g, &layer, "bias", true, 1, dims);
    return sld_graph_append(g, &layer);
}

static double macs(const sld_layer *layer, const sld_layer *input)
{
    return (double)layer->channels * input->channels;
}

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    state_t *s;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s));
    s->in  = (size_t)env->inputs[0]->channels;
    s->out = (size_t)env->layer->channels;
    *state = s;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, s->out * sizeof *s->bias, (void **)&s->bias));
    return sld_arena_alloc(ctx, env->arena, s->in * s->out * sizeof *s->weights_t,
                           (void **)&s->weights_t);
}

static sld_status refresh(sld_ctx *ctx, void *state, const float *const *tensors)
{
    state_t *s = state;
    s->weights = tensors[0];
    memcpy(s->bias, tensors[1], s->out * sizeof *s->bias);
    sld_transpose(s->weights, s->out, s->in, s->weights_t);
    return SLD_OK;
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_linear_forward(sh->x[0], s->weights_t, s->bias, sh->n, s->in, s->out, sh->y);
    return SLD_OK;
}

static sld_status backward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_linear_backward_data(sh->dy, s->weights, sh->n, s->in, s->out, sh->dx[0]);
    return SLD_OK;
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_linear_backward_weights(sh->x[0], sh->dy, sh->n, s->in, s->out, sh->dw,
                                sh->dw + s->in * s->out);
    return SLD_OK;
}

static size_t gradient_floats(const void *state)
{
    const state_t *s = state;
    return s->in * s->out + s->out;
}

static sld_status unpack(sld_ctx *ctx, void *state, const float *dw, float *const *gradients)
{
    const state_t *s = state;
    memcpy(gradients[0], dw, s->in * s->out * sizeof *dw);
    memcpy(gradients[1], dw + s->in * s->out, s->out * sizeof *dw);
    return SLD_OK;
}

const sld_layer_kind sld_linear_kind = {
    .name             = "linear",
    .place            = {SLD_IN_NEW},
    .forward_phase    = SLD_PHASE_LAYERS,
    .data_phase       = SLD_PHASE_LAYERS,
    .weights_phase    = SLD_PHASE_LAYERS,
    .macs             = macs,
    .create           = create,
    .refresh          = refresh,
    .forward          = forward,
    .backward         = backward,
    .backward_weights = backward_weights,
    .gradient_floats  = gradient_floats,
    .unpack           = unpack,
};
