/* layer_bn.c: batch norm over the whole global batch, with the addition and the activation behind
 * it: y = act((x - mean) / sqrt(var + eps) * weight + bias + residual). Ioffe and Szegedy, 2015. In
 * evaluation it stands alone only where it cannot be folded into a convolution. */
#include <math.h>

#include "batch_norm.h"
#include "layer.h"

/* Rows of statistics and coefficients, (C) each. */
typedef struct {
    size_t       channels, pixels;
    bool         relu;
    int          updates; /* of the running statistics per forward */
    double      *a, *b;   /* forward: y = x * a + b */
    double      *inv_std;
    float       *mean, *scale; /* backward: dx = scale * (dz - mean_dz - (x-mean)*slope) */
    float       *mean_dz, *slope;
    const float *weight, *bias; /* borrowed from the model */
} state_t;

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };

static sld_val append(sld_graph *g, sld_layer layer)
{
    const size_t channels = (size_t)layer.channels;
    sld_graph_tensor(g, &layer, "weight", true, 1, &channels);
    sld_graph_tensor(g, &layer, "bias", true, 1, &channels);
    sld_graph_tensor(g, &layer, "running_mean", false, 1, &channels);
    sld_graph_tensor(g, &layer, "running_var", false, 1, &channels);
    return sld_graph_append(g, &layer);
}

sld_val sld_graph_bn(sld_graph *g, sld_val x, sld_val residual, bool relu, const char *name, ...)
{
    va_list args;
    va_start(args, name);
    const char *full = sld_graph_name(g, name, args);
    va_end(args);

    const sld_layer *in    = sld_graph_at(g, x);
    const sld_layer  layer = {.kind     = &sld_bn_kind,
                              .name     = full,
                              .n_in     = 1,
                              .in       = {x},
                              .height   = in->height,
                              .width    = in->width,
                              .channels = in->channels,
                              .relu     = relu && residual < 0,
                              .updates  = 1};
    const sld_val    y     = append(g, layer);
    return residual < 0 ? y : sld_graph_add(g, y, residual, relu);
}

void sld_graph_bn_updates(sld_graph *g, sld_val bn, int n)
{
    if (sld_graph_at(g, bn)->kind != &sld_bn_kind) {
        sld_graph_mistake(g, "value %d is no batch norm and has no statistics to move", bn);
    }
    if (g->status == SLD_OK) {
        g->layers[bn].updates = n;
    }
}

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    const size_t channels = (size_t)env->layer->channels;
    state_t     *s;
    float       *rows;
    double      *doubles;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s));
    SLD_TRY(sld_arena_alloc(ctx, env->arena, 4 * channels * sizeof *rows, (void **)&rows));
    SLD_TRY(sld_arena_alloc(ctx, env->arena, 3 * channels * sizeof *doubles, (void **)&doubles));
    s->channels = channels;
    s->pixels   = sld_layer_pixels(env->layer);
    s->relu     = env->layer->relu;
    s->updates  = env->layer->updates;
    s->a        = doubles;
    s->b        = doubles + channels;
    s->inv_std  = doubles + 2 * channels;
    s->mean     = rows;
    s->scale    = rows + channels;
    s->mean_dz  = rows + 2 * channels;
    s->slope    = rows + 3 * channels;
    *state      = s;
    return SLD_OK;
}

/* In training the coefficients follow from the batch; in evaluation from the running statistics. */
static sld_status refresh(sld_ctx *ctx, void *state, const float *const *tensors)
{
    state_t *s = state;
    s->weight  = tensors[WEIGHT];
    s->bias    = tensors[BIAS];
    for (size_t c = 0; c < s->channels; c++) {
        s->a[c] = s->weight[c] / sqrt((double)tensors[RUNNING_VAR][c] + SLD_BN_EPS);
        s->b[c] = s->bias[c] - tensors[RUNNING_MEAN][c] * s->a[c];
    }
    return SLD_OK;
}

static void measure(void *state, const sld_shard *sh, sld_moments out)
{
    const state_t *s = state;
    sld_bn_measure(sh->x[0], sh->n * s->pixels, s->channels, out.a, out.b);
    /* The message counts samples for all layers alike; the merge is homogeneous in count and m2. */
    for (size_t c = 0; c < s->channels; c++) {
        out.b[c] /= (double)s->pixels;
    }
}

static void take(void *state, size_t rows, sld_moments all, float *const *tensors)
{
    state_t     *s    = state;
    const double n    = (double)rows * (double)s->pixels;
    float       *mean = tensors[RUNNING_MEAN], *var = tensors[RUNNING_VAR];
    const double unbias = n > 1 ? n / (n - 1) : 1;
    for (size_t c = 0; c < s->channels; c++) {
        const double v = all.b[c] / (double)rows;
        s->inv_std[c]  = 1 / sqrt(v + SLD_BN_EPS);
        s->a[c]        = s->weight[c] * s->inv_std[c];
        s->b[c]        = s->bias[c] - all.a[c] * s->a[c];
        s->mean[c]     = (float)all.a[c];
        s->scale[c]    = (float)s->a[c];
        for (int i = 0; i < s->updates; i++) {
            mean[c] = (float)((1 - SLD_BN_MOMENTUM) * (double)mean[c] + SLD_BN_MOMENTUM * all.a[c]);
            var[c] =
                (float)((1 - SLD_BN_MOMENTUM) * (double)var[c] + SLD_BN_MOMENTUM * (v * unbias));
        }
    }
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_bn_forward(sh->x[0], sh->x[1], s->relu, sh->n * s->pixels, s->channels, s->a, s->b, sh->y);
    return SLD_OK;
}

static void backward_sums(void *state, const sld_shard *sh, sld_moments out)
{
    const state_t *s = state;
    sld_bn_backward_sums(sh->dy, sh->dy2, s->relu ? sh->y : NULL, sh->x[0], s->mean,
                         sh->n * s->pixels, s->channels, sh->y, out.a, out.b);
}

/* With xhat = (x - mean) * inv_std: dbias = sum dz, dweight = sum dz * xhat,
 * dx = weight * inv_std * (dz - dbias/n - xhat * dweight/n). */
static void take_sums(void *state, size_t rows, sld_moments all, float *const *gradients)
{
    state_t     *s = state;
    const double n = (double)rows * (double)s->pixels;
    for (size_t c = 0; c < s->channels; c++) {
        gradients[WEIGHT][c] = (float)(all.b[c] * s->inv_std[c]);
        gradients[BIAS][c]   = (float)all.a[c];
        s->mean_dz[c]        = (float)(all.a[c] / n);
        s->slope[c]          = (float)(all.b[c] * s->inv_std[c] * s->inv_std[c] / n);
    }
}

static sld_status backward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_bn_backward_data(sh->y, sh->x[0], sh->n * s->pixels, s->channels, s->mean, s->scale,
                         s->mean_dz, s->slope, sh->dx[0]);
    return SLD_OK;
}

const sld_layer_kind sld_bn_kind = {
    .name           = "batch norm",
    .place          = {SLD_IN_INPUT, SLD_IN_OUTPUT},
    .adds_gradients = true,
    .reduces        = true,
    .reads_y        = true,
    .forward_phase  = SLD_PHASE_BATCH_NORM,
    .data_phase     = SLD_PHASE_BATCH_NORM,
    .weights_phase  = SLD_PHASE_BATCH_NORM,
    .create         = create,
    .refresh        = refresh,
    .forward        = forward,
    .backward       = backward,
    .measure        = measure,
    .take           = take,
    .backward_sums  = backward_sums,
    .take_sums      = take_sums,
};
