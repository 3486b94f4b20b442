/* layer_addition.c: the addition of two values. */
#include "layer.h"

typedef struct {
    size_t floats; /* per sample */
    bool   relu;
} state_t;

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    state_t *s;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s));
    s->floats = sld_layer_floats(env->layer);
    s->relu   = env->layer->relu;
    *state    = s;
    return SLD_OK;
}

/* If only this addition reads a batch norm, the batch norm does the addition too, as a new layer
 * behind the present last one: one pass over memory in place of two. Its old layer has no reader
 * then and is dropped in the end. */
static bool fuses(const sld_graph *g, sld_val a)
{
    if (g->status != SLD_OK || g->layers[a].kind != &sld_bn_kind || g->layers[a].relu ||
        g->layers[a].n_in != 1) {
        return false;
    }
    for (int i = a + 1; i < g->n_layers; i++) {
        for (int j = 0; j < g->layers[i].n_in; j++) {
            if (g->layers[i].in[j] == a) {
                return false;
            }
        }
    }
    return true;
}

sld_val sld_graph_add(sld_graph *g, sld_val a, sld_val b, bool relu)
{
    const sld_layer *x = sld_graph_at(g, a), *r = sld_graph_at(g, b);
    if (x->height != r->height || x->width != r->width || x->channels != r->channels) {
        sld_graph_mistake(g, "addition of %d x %d x %d (%s) and %d x %d x %d (%s)", x->height,
                          x->width, x->channels, x->name, r->height, r->width, r->channels,
                          r->name);
    }
    if (a != b && fuses(g, a)) {
        sld_layer layer = *x;
        layer.in[1]     = b;
        layer.n_in      = 2;
        layer.relu      = relu;
        return sld_graph_append(g, &layer);
    }
    const sld_layer layer = {.kind     = &sld_add_kind,
                             .name     = "",
                             .n_in     = 2,
                             .in       = {a, b},
                             .height   = x->height,
                             .width    = x->width,
                             .channels = x->channels,
                             .relu     = relu};
    return sld_graph_append(g, &layer);
}

static sld_status add_forward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    const state_t *own = state;
    sld_add_forward(s->x[0], s->x[1], own->relu, s->n * own->floats, s->y);
    return SLD_OK;
}

/* Both inputs have the same gradient. One copy of it lies over the output. */
static sld_status add_backward(sld_ctx *ctx, void *state, const sld_shard *s)
{
    const state_t *own = state;
    const size_t   n   = s->n * own->floats;
    if (own->relu) {
        sld_relu_backward(s->dy, s->y, n, s->y);
    } else {
        for (size_t i = 0; i < n; i++) {
            s->y[i] = s->dy[i];
        }
    }
    return SLD_OK;
}

const sld_layer_kind sld_add_kind = {
    .name          = "addition",
    .place         = {SLD_IN_OUTPUT, SLD_IN_OUTPUT},
    .reads_y       = true,
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = add_forward,
    .backward      = add_backward,
};
