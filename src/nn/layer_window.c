/* layer_window.c: pooling over windows: the largest value, and the mean, whose divisor counts the
 * padding. */
#include "layer.h"

static sld_val append(sld_graph *g, const sld_layer_kind *kind, sld_val x, int kernel, int stride,
                      int pad)
{
    const sld_layer *in = sld_graph_at(g, x);
    if (kernel < 1 || stride < 1 || pad < 0 || 2 * pad > kernel || in->height + 2 * pad < kernel ||
        in->width + 2 * pad < kernel) {
        sld_graph_mistake(g, "%s: kernel %d, stride %d, pad %d on an image of %d x %d", kind->name,
                          kernel, stride, pad, in->height, in->width);
        return 0;
    }
    const sld_layer layer = {.kind     = kind,
                             .name     = "",
                             .n_in     = 1,
                             .in       = {x},
                             .height   = sld_conv_out_size(in->height, kernel, stride, pad),
                             .width    = sld_conv_out_size(in->width, kernel, stride, pad),
                             .channels = in->channels,
                             .conv     = {.kernel = kernel, .stride = stride, .pad = pad}};
    return sld_graph_append(g, &layer);
}

sld_val sld_graph_max_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad)
{
    return append(g, &sld_max_pool_kind, x, kernel, stride, pad);
}

sld_val sld_graph_average_pool(sld_graph *g, sld_val x, int kernel, int stride, int pad)
{
    return append(g, &sld_average_pool_kind, x, kernel, stride, pad);
}

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    const sld_layer *in = env->inputs[0];
    sld_pool_params *p;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *p, (void **)&p));
    *p     = (sld_pool_params){.height   = in->height,
                               .width    = in->width,
                               .channels = in->channels,
                               .kernel   = env->layer->conv.kernel,
                               .stride   = env->layer->conv.stride,
                               .pad      = env->layer->conv.pad};
    *state = p;
    return SLD_OK;
}

static sld_status max_forward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    sld_max_pool_forward(s->x[0], s->n, state, s->y);
    return SLD_OK;
}

static sld_status max_backward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    sld_max_pool_backward(s->x[0], s->y, s->dy, s->n, state, s->dx[0]);
    return SLD_OK;
}

const sld_layer_kind sld_max_pool_kind = {
    .name          = "max pool",
    .place         = {SLD_IN_NEW},
    .reads_y       = true,
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = max_forward,
    .backward      = max_backward,
};

static sld_status average_forward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    sld_average_pool_forward(s->x[0], s->n, state, s->y);
    return SLD_OK;
}

static sld_status average_backward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    sld_average_pool_backward(s->dy, s->n, state, s->dx[0]);
    return SLD_OK;
}

const sld_layer_kind sld_average_pool_kind = {
    .name          = "average pool",
    .place         = {SLD_IN_NEW},
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = average_forward,
    .backward      = average_backward,
};
