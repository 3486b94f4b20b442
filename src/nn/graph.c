/* graph.c: builds a graph. It keeps the first mistake, and every call after that does nothing, so
 * that a file of the zoo reads like the network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "layer.h"

void sld_graph_mistake(sld_graph *g, const char *format, ...)
{
    char    text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (g->status == SLD_OK) {
        g->status = SLD_FAIL(g->ctx, SLD_ERR_CONFIG, "network: %s", text);
    }
}

static bool out_of_memory(sld_graph *g, const void *pointer)
{
    if (!pointer && g->status == SLD_OK) {
        g->status =
            SLD_FAIL(g->ctx, SLD_ERR_NOMEM, "out of memory: a network of %d layers", g->n_layers);
    }
    return !pointer;
}

const char *sld_graph_name(sld_graph *g, const char *format, va_list args)
{
    char text[128];
    vsnprintf(text, sizeof text, format, args);
    const char *name = sld_arena_strdup(g->arena, text);
    return out_of_memory(g, name) ? "" : name;
}

sld_val sld_graph_append(sld_graph *g, const sld_layer *layer)
{
    if (g->status != SLD_OK) {
        return 0;
    }
    if (g->n_layers == g->layers_capacity) {
        const int  capacity = g->layers_capacity ? 2 * g->layers_capacity : 64;
        sld_layer *grown    = realloc(g->layers, (size_t)capacity * sizeof *grown);
        if (out_of_memory(g, grown)) {
            return 0;
        }
        g->layers          = grown;
        g->layers_capacity = capacity;
    }
    g->layers[g->n_layers] = *layer;
    return g->n_layers++;
}

void sld_graph_tensor(sld_graph *g, sld_layer *layer, const char *suffix, bool trained, int n_dims,
                      const size_t *dims)
{
    if (g->status != SLD_OK) {
        return;
    }
    if (g->n_tensors == g->tensors_capacity) {
        const int        capacity = g->tensors_capacity ? 2 * g->tensors_capacity : 64;
        sld_tensor_spec *grown    = realloc(g->tensors, (size_t)capacity * sizeof *grown);
        if (out_of_memory(g, grown)) {
            return;
        }
        g->tensors          = grown;
        g->tensors_capacity = capacity;
    }
    char text[160];
    snprintf(text, sizeof text, "%s.%s", layer->name, suffix);
    sld_tensor_spec spec = {sld_arena_strdup(g->arena, text), n_dims, {1, 1, 1, 1}, trained};
    if (out_of_memory(g, spec.name)) {
        return;
    }
    memcpy(spec.dims, dims, (size_t)n_dims * sizeof *dims);
    if (layer->n_tensors++ == 0) {
        layer->first_tensor = g->n_tensors;
    }
    g->tensors[g->n_tensors++] = spec;
}

const sld_layer *sld_graph_at(sld_graph *g, sld_val v)
{
    if (g->status == SLD_OK && (v < 0 || v >= g->n_layers)) {
        sld_graph_mistake(g, "value %d does not exist", v);
    }
    static const sld_layer nothing = {.height = 1, .width = 1, .channels = 1, .name = ""};
    return g->status == SLD_OK ? &g->layers[v] : &nothing;
}

int sld_graph_height(sld_graph *g, sld_val x)
{
    return sld_graph_at(g, x)->height;
}

int sld_graph_channels(sld_graph *g, sld_val x)
{
    return sld_graph_at(g, x)->channels;
}

/* The image: value 0, which no layer makes. */
static const sld_layer_kind image_kind = {.name = "image"};

void sld_graph_init(sld_graph *g, sld_ctx *ctx, sld_arena *arena, int height, int width,
                    int channels)
{
    *g                    = (sld_graph){.ctx = ctx, .arena = arena};
    const sld_layer image = {
        .kind = &image_kind, .name = "", .height = height, .width = width, .channels = channels};
    sld_graph_append(g, &image);
    if (height < 1 || width < 1 || channels < 1) {
        sld_graph_mistake(g, "image of %d x %d x %d", height, width, channels);
    }
}

sld_val sld_graph_finish(sld_graph *g, sld_val logits)
{
    sld_graph_at(g, logits);
    int *place = g->status == SLD_OK ? calloc((size_t)g->n_layers, sizeof *place) : NULL;
    if (g->status != SLD_OK || out_of_memory(g, place)) {
        return 0;
    }
    place[0] = place[logits] = 1; /* first: whether the layer is needed */
    for (int i = logits; i > 0; i--) {
        for (int j = 0; place[i] && j < g->layers[i].n_in; j++) {
            place[g->layers[i].in[j]] = 1;
        }
    }
    int kept = 0; /* then: its new position */
    for (int i = 0; i <= logits; i++) {
        if (place[i]) {
            sld_layer layer = g->layers[i];
            for (int j = 0; j < layer.n_in; j++) {
                layer.in[j] = place[layer.in[j]];
            }
            place[i]          = kept;
            g->layers[kept++] = layer;
        }
    }
    free(place);
    g->n_layers = kept;
    return kept - 1;
}

void sld_graph_free(sld_graph *g)
{
    free(g->layers);
    free(g->tensors);
    g->layers  = NULL;
    g->tensors = NULL;
}
