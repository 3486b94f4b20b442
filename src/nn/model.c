/* model.c: builds a network of the zoo and gives its tensors memory. */
#include "model.h"

#include <stdlib.h>

#include "layer.h"

static sld_status find_network(sld_ctx *ctx, const char *name, const sld_network **out)
{
    *out = sld_network_find(name);
    if (*out) {
        return SLD_OK;
    }
    const char *names[256];
    size_t      n = 0;
    for (; n < sld_network_count() && n < 256; n++) {
        names[n] = sld_network_at(n)->name;
    }
    const int near = sld_text_nearest(name, names, n);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "network: %s is not in this build%s%s", name,
                    near >= 0 ? "; nearest: " : "; sld models lists those that are",
                    near >= 0 ? names[near] : "");
}

/* Trained tensors lie in one buffer; each running statistic has memory of its own. */
static sld_status make_tensors(sld_ctx *ctx, sld_model *m)
{
    const size_t n = (size_t)m->graph.n_tensors;
    SLD_TRY(sld_arena_alloc(ctx, m->arena, n * sizeof *m->tensors, (void **)&m->tensors));
    for (size_t i = 0; i < n; i++) {
        const sld_tensor_spec *spec = &m->graph.tensors[i];
        sld_tensor            *t    = &m->tensors[i];
        t->name                     = spec->name;
        t->n_dims                   = spec->n_dims;
        t->n                        = 1;
        t->trained                  = spec->trained;
        for (int d = 0; d < 4; d++) {
            t->dims[d] = spec->dims[d];
            t->n *= spec->dims[d];
        }
        if (t->trained) {
            m->n_trained += t->n;
        } else {
            SLD_TRY(sld_arena_alloc(ctx, m->values, t->n * sizeof *t->values, (void **)&t->values));
        }
    }
    SLD_TRY(sld_arena_alloc(ctx, m->values, m->n_trained * sizeof(float), (void **)&m->trained));
    float *next = m->trained;
    for (size_t i = 0; i < n; i++) {
        if (m->tensors[i].trained) {
            m->tensors[i].values = next;
            next += m->tensors[i].n;
        }
    }
    return SLD_OK;
}

static sld_status build(sld_ctx *ctx, sld_model *m, int height, int width, int channels)
{
    SLD_TRY(sld_arena_create(ctx, &m->arena));
    SLD_TRY(sld_arena_create(ctx, &m->values));
    sld_graph_init(&m->graph, ctx, m->arena, height, width, channels);
    const sld_val logits = m->network->build(&m->graph, 0, m->classes, m->network->variant);
    m->logits            = sld_graph_finish(&m->graph, logits);
    SLD_TRY(m->graph.status);
    SLD_TRY(sld_graph_find_unseen(&m->graph));
    const sld_layer *last = &m->graph.layers[m->logits];
    if (sld_layer_floats(last) != (size_t)m->classes) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "network %s: expected %d logits, got %zu",
                        m->network->name, m->classes, sld_layer_floats(last));
    }
    return make_tensors(ctx, m);
}

sld_status sld_model_create(sld_ctx *ctx, const char *network, int height, int width, int channels,
                            int classes, sld_model **out)
{
    *out = NULL;
    const sld_network *net;
    SLD_TRY(find_network(ctx, network, &net));
    return sld_model_build(ctx, net, height, width, channels, classes, out);
}

sld_status sld_model_build(sld_ctx *ctx, const sld_network *network, int height, int width,
                           int channels, int classes, sld_model **out)
{
    *out         = NULL;
    sld_model *m = calloc(1, sizeof *m);
    if (!m) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a model of %zu bytes", sizeof *m);
    }
    m->network          = network;
    m->classes          = classes;
    const sld_status st = build(ctx, m, height, width, channels);
    if (st != SLD_OK) {
        sld_model_destroy(m);
        return st;
    }
    *out = m;
    return SLD_OK;
}

void sld_model_destroy(sld_model *model)
{
    if (model) {
        sld_graph_free(&model->graph);
        sld_arena_destroy(model->arena);
        sld_arena_destroy(model->values);
        free(model);
    }
}

void sld_model_release_values(sld_model *model)
{
    sld_arena_destroy(model->values);
    model->values  = NULL;
    model->trained = NULL;
    for (int i = 0; i < model->graph.n_tensors; i++) {
        model->tensors[i].values = NULL;
    }
}

const sld_network *sld_model_network(const sld_model *model)
{
    return model->network;
}

int sld_model_classes(const sld_model *model)
{
    return model->classes;
}

size_t sld_model_tensor_count(const sld_model *model)
{
    return (size_t)model->graph.n_tensors;
}

const sld_tensor *sld_model_tensor(const sld_model *model, size_t i)
{
    return &model->tensors[i];
}

size_t sld_model_trained_count(const sld_model *model)
{
    return model->n_trained;
}

float *sld_model_trained(sld_model *model)
{
    return model->trained;
}

double sld_model_macs(const sld_model *model)
{
    double macs = 0;
    for (int i = 1; i < model->graph.n_layers; i++) {
        const sld_layer *layer = &model->graph.layers[i];
        if (layer->kind->macs) {
            macs += layer->kind->macs(layer, &model->graph.layers[layer->in[0]]);
        }
    }
    return macs;
}

void sld_model_layer_tensors(const sld_model *model, const sld_layer *layer, float **pointers)
{
    for (int i = 0; i < SLD_LAYER_TENSORS; i++) {
        pointers[i] = i < layer->n_tensors ? model->tensors[layer->first_tensor + i].values : NULL;
    }
}

bool sld_model_norms_points(const sld_model *model)
{
    const sld_graph *g = &model->graph;

    for (int i = 0; i < g->n_layers; i++) {
        if (g->layers[i].kind == &sld_bn_kind && g->layers[i].height * g->layers[i].width == 1) {
            return true;
        }
    }
    return false;
}
