/* layer_pool.c: the mean over all pixels of an image. */
#include "layer.h"

typedef struct {
    size_t pixels, channels;
} state_t;

sld_val sld_graph_global_pool(sld_graph *g, sld_val x)
{
    const sld_layer layer = {.kind     = &sld_global_pool_kind,
                             .name     = "",
                             .n_in     = 1,
                             .in       = {x},
                             .height   = 1,
                             .width    = 1,
                             .channels = sld_graph_at(g, x)->channels};
    return sld_graph_append(g, &layer);
}

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    state_t *s;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s));
    s->pixels   = sld_layer_pixels(env->inputs[0]);
    s->channels = (size_t)env->layer->channels;
    *state      = s;
    return SLD_OK;
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    const state_t *own = state;
    sld_global_pool_forward(s->x[0], s->n, own->pixels, own->channels, s->y);
    return SLD_OK;
}

static sld_status backward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    const state_t *own = state;
    sld_global_pool_backward(s->dy, s->n, own->pixels, own->channels, s->dx[0]);
    return SLD_OK;
}

const sld_layer_kind sld_global_pool_kind = {
    .name          = "global average pool",
    .place         = {SLD_IN_NEW},
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = forward,
    .backward      = backward,
};
