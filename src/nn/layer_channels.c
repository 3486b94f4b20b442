/* layer_channels.c: a range of channels, the concatenation of channels, and the channel shuffle,
 * which transposes the channels, seen as (groups, C / groups) (Zhang et al., 2018, ShuffleNet). */
#include <string.h>

#include "layer.h"

#define MAX_GROUPS 16 /* of a shuffle */

typedef struct {
    size_t pixels, in[2], out; /* channels of the inputs and of the output */
    size_t first, groups;
} state_t;

static sld_status create(sld_ctx *ctx, const sld_layer_env *env, void **state)
{
    state_t *s;
    SLD_TRY(sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s));
    s->pixels = sld_layer_pixels(env->layer);
    for (int i = 0; i < env->layer->n_in; i++) {
        s->in[i] = (size_t)env->inputs[i]->channels;
    }
    s->out    = (size_t)env->layer->channels;
    s->first  = (size_t)env->layer->first_channel;
    s->groups = (size_t)env->layer->conv.groups;
    *state    = s;
    return SLD_OK;
}

/* ---- a range of channels ---- */

sld_val sld_graph_slice(sld_graph *g, sld_val x, int first, int channels)
{
    const sld_layer *in = sld_graph_at(g, x);
    if (first < 0 || channels < 1 || first + channels > in->channels) {
        sld_graph_mistake(g, "channels %d to %d of %d", first, first + channels, in->channels);
    }
    const sld_layer layer = {.kind          = &sld_slice_kind,
                             .name          = "",
                             .n_in          = 1,
                             .in            = {x},
                             .height        = in->height,
                             .width         = in->width,
                             .channels      = channels,
                             .first_channel = first};
    return sld_graph_append(g, &layer);
}

static sld_status slice_forward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s = state;
    sld_copy_channels(sh->x[0] + s->first, s->in[0], sh->n * s->pixels, s->out, sh->y, s->out);
    return SLD_OK;
}

static sld_status slice_backward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s    = state;
    const size_t   rows = sh->n * s->pixels, behind = s->first + s->out;
    for (size_t r = 0; r < rows; r++) {
        float *row = sh->dx[0] + r * s->in[0];
        memset(row, 0, s->first * sizeof *row);
        memcpy(row + s->first, sh->dy + r * s->out, s->out * sizeof *row);
        memset(row + behind, 0, (s->in[0] - behind) * sizeof *row);
    }
    return SLD_OK;
}

const sld_layer_kind sld_slice_kind = {
    .name          = "channel range",
    .place         = {SLD_IN_NEW},
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = slice_forward,
    .backward      = slice_backward,
};

/* ---- concatenation ---- */

sld_val sld_graph_concat(sld_graph *g, sld_val a, sld_val b)
{
    const sld_layer *x = sld_graph_at(g, a), *y = sld_graph_at(g, b);
    if (x->height != y->height || x->width != y->width) {
        sld_graph_mistake(g, "concatenation of %d x %d (%s) and %d x %d (%s)", x->height, x->width,
                          x->name, y->height, y->width, y->name);
    }
    const sld_layer layer = {.kind     = &sld_concat_kind,
                             .name     = "",
                             .n_in     = 2,
                             .in       = {a, b},
                             .height   = x->height,
                             .width    = x->width,
                             .channels = x->channels + y->channels};
    return sld_graph_append(g, &layer);
}

static sld_status concat_forward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s    = state;
    const size_t   rows = sh->n * s->pixels;
    sld_copy_channels(sh->x[0], s->in[0], rows, s->in[0], sh->y, s->out);
    sld_copy_channels(sh->x[1], s->in[1], rows, s->in[1], sh->y + s->in[0], s->out);
    return SLD_OK;
}

static sld_status concat_backward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s    = state;
    const size_t   rows = sh->n * s->pixels;
    for (int i = 0; i < 2; i++) {
        if (sh->dx[i]) {
            sld_copy_channels(sh->dy + (i ? s->in[0] : 0), s->out, rows, s->in[i], sh->dx[i],
                              s->in[i]);
        }
    }
    return SLD_OK;
}

const sld_layer_kind sld_concat_kind = {
    .name          = "concatenation",
    .place         = {SLD_IN_NEW, SLD_IN_NEW},
    .forward_phase = SLD_PHASE_LAYERS,
    .data_phase    = SLD_PHASE_LAYERS,
    .create        = create,
    .forward       = concat_forward,
    .backward      = concat_backward,
};

/* ---- shuffle ---- */

sld_val sld_graph_shuffle(sld_graph *g, sld_val x, int groups)
{
    const sld_layer *in = sld_graph_at(g, x);
    if (groups < 2 || groups > MAX_GROUPS || in->channels % groups != 0) {
        sld_graph_mistake(g, "shuffle: %d groups of %d channels", groups, in->channels);
        return x;
    }
    sld_layer layer = {.kind     = &sld_shuffle_kind,
                       .name     = "",
                       .n_in     = 1,
                       .in       = {x},
                       .height   = in->height,
                       .width    = in->width,
                       .channels = in->channels,
                       .conv     = {.groups = groups}};
    /* A shuffle in two groups of a concatenation of halves interleaves these, in one pass over
     * memory in place of two. The concatenation has no reader then and is dropped in the end. */
    if (g->status == SLD_OK && in->kind == &sld_concat_kind && groups == 2 &&
        2 * g->layers[in->in[0]].channels == in->channels) {
        layer.n_in  = 2;
        layer.in[0] = in->in[0];
        layer.in[1] = in->in[1];
    }
    return sld_graph_append(g, &layer);
}

/* The streams to interleave are parts of x, or both inputs. */
static sld_status shuffle_forward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s    = state;
    const bool     two  = s->in[1] > 0;
    const size_t   each = s->out / s->groups;
    const float   *stream[MAX_GROUPS];
    for (size_t k = 0; k < s->groups; k++) {
        stream[k] = two ? sh->x[k] : sh->x[0] + k * each;
    }
    sld_interleave(stream, two ? each : s->out, s->groups, sh->n * s->pixels, each, sh->y);
    return SLD_OK;
}

static sld_status shuffle_backward(sld_ctx *ctx, void *state, const sld_shard *sh)
{
    const state_t *s    = state;
    const bool     two  = s->in[1] > 0;
    const size_t   each = s->out / s->groups;
    float         *stream[MAX_GROUPS];
    for (size_t k = 0; k < s->groups; k++) {
        stream[k] = two ? sh->dx[k] : sh->dx[0] + k * each;
    }
    sld_deinterleave(sh->dy, sh->dy2, s->groups, sh->n * s->pixels, each, stream,
                     two ? each : s->out);
    return SLD_OK;
}

const sld_layer_kind sld_shuffle_kind = {
    .name           = "channel shuffle",
    .place          = {SLD_IN_NEW, SLD_IN_NEW},
    .adds_gradients = true,
    .forward_phase  = SLD_PHASE_LAYERS,
    .data_phase     = SLD_PHASE_LAYERS,
    .create         = create,
    .forward        = shuffle_forward,
    .backward       = shuffle_backward,
};
