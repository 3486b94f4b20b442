/* layer_conv.c: convolution, grouped and depthwise included. */
#include "layer.h"

sld_val sld_graph_conv(sld_graph *g, sld_val x, sld_conv_shape shape, const char *name, ...)
{
    va_list args;
    va_start(args, name);
    const char *full = sld_graph_name(g, name, args);
    va_end(args);

    const sld_layer *in = sld_graph_at(g, x);
    shape.groups        = shape.groups < 1 ? 1 : shape.groups;
    if (shape.out < 1 || shape.kernel < 1 || shape.stride < 1 || shape.pad < 0) {
        sld_graph_mistake(g, "%s: %d channels, kernel %d, stride %d, pad %d", full, shape.out,
                          shape.kernel, shape.stride, shape.pad);
        return 0;
    }
    if (in->channels % shape.groups != 0 || shape.out % shape.groups != 0) {
        sld_graph_mistake(g, "%s: %d groups do not divide %d input and %d output channels", full,
                          shape.groups, in->channels, shape.out);
    }
    if (in->height + 2 * shape.pad < shape.kernel || in->width + 2 * shape.pad < shape.kernel) {
        sld_graph_mistake(g, "%s: an image of %d x %d is smaller than the kernel of %d", full,
                          in->height, in->width, shape.kernel);
    }
    sld_layer layer = {
        .kind     = &sld_conv_kind,
        .name     = full,
        .n_in     = 1,
        .in       = {x},
        .height   = sld_conv_out_size(in->height, shape.kernel, shape.stride, shape.pad),
        .width    = sld_conv_out_size(in->width, shape.kernel, shape.stride, shape.pad),
        .channels = shape.out,
        .conv     = shape,
    };
    const size_t dims[] = {(size_t)shape.out, (size_t)(in->channels / shape.groups),
                           (size_t)shape.kernel, (size_t)shape.kernel};
    sld_graph_tensor(g, &layer, "weight", true, 4, dims);
    if (shape.bias) {
        sld_graph_tensor(g, &layer, "bias", true, 1, dims);
    }
    return sld_graph_append(g, &layer);
}

static double macs(const sld_layer *layer, const sld_layer *input)
{
    const sld_conv_shape *c = &layer->conv;
    return (double)sld_layer_floats(layer) * (input->channels / c->groups) * c->kernel * c->kernel;
}

static sld_conv_params params_of(const sld_layer *layer, const sld_layer *input)
{
    const sld_conv_shape *c = &layer->conv;
    return (sld_conv_params){.height = input->height,
                             .width  = input->width,
                             .in     = input->channels,
                             .out    = c->out,
                             .kernel = c->kernel,
                             .stride = c->stride,
                             .pad    = c->pad,
                             .groups = c->groups,
                             .bias   = c->bias};
}

static bool any_number(const sld_layer *layer, const sld_layer *input, bool bf16)
{
    static const int sizes[] = {SLD_EVAL_BLOCK};
    sld_conv_params  params  = params_of(layer, input);
    params.bf16              = bf16;
    params.sizes             = sizes;
    params.n_sizes           = 1;
    return sld_conv_takes_any_number(&params);
}

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    sld_conv_params params = params_of(env->layer, env->inputs[0]);
    params.bias            = params.bias || env->fused_bias;
    params.add             = env->fused_add;
    params.relu            = env->fused_relu;
    params.bf16            = env->bf16;
    params.training        = env->training;
    params.data_gradient   = env->wants_dx[0];
    params.sizes           = env->sizes;
    params.n_sizes         = env->n_sizes;
    return sld_conv_create(ctx, env->kernels, &params, (sld_conv **)state);
}

static void destroy(void *state)
{
    sld_conv_destroy(state);
}

static sld_status refresh(sld_ctx *ctx, void *state, const float *const *tensors)
{
    return sld_conv_refresh(ctx, state, tensors[0], tensors[1]);
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    return sld_conv_forward(ctx, state, s->size, s->x[0], s->y);
}

static sld_status backward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    return sld_conv_backward_data(ctx, state, s->size, s->dy, s->dx[0]);
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_shard *s)
{
    return sld_conv_backward_weights(ctx, state, s->size, s->x[0], s->dy, s->add, s->dw);
}

static bool adds_weights(const void *state, int size)
{
    return sld_conv_adds_gradient(state, size);
}

static size_t gradient_floats(const void *state)
{
    return sld_conv_gradient_floats(state);
}

static sld_status unpack(sld_ctx *ctx, void *state, const float *dw, float *const *gradients)
{
    return sld_conv_unpack_gradient(ctx, state, dw, gradients[0], gradients[1]);
}

static const char *implementation(const void *state, int i)
{
    return sld_conv_implementation(state, i);
}

const sld_layer_kind sld_conv_kind = {
    .name             = "convolution",
    .place            = {SLD_IN_NEW},
    .forward_phase    = SLD_PHASE_CONV_FORWARD,
    .data_phase       = SLD_PHASE_CONV_BACKWARD_DATA,
    .weights_phase    = SLD_PHASE_CONV_BACKWARD_WEIGHTS,
    .macs             = macs,
    .any_number       = any_number,
    .create           = create,
    .destroy          = destroy,
    .refresh          = refresh,
    .forward          = forward,
    .backward         = backward,
    .backward_weights = backward_weights,
    .adds_weights     = adds_weights,
    .gradient_floats  = gradient_floats,
    .unpack           = unpack,
    .implementation   = implementation,
};
