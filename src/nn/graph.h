/* graph.h: the graph that the zoo builds: layers in topological order, each with one value as its
 * output, and their tensors. A kind of layer is a table of functions in a file of its own. */
#ifndef SLD_GRAPH_H
#define SLD_GRAPH_H

#include <stdarg.h>

#include "sld/kernels.h"
#include "sld/nn.h"

#define SLD_MAX_INPUTS 4

typedef struct sld_layer      sld_layer;
typedef struct sld_layer_kind sld_layer_kind;

struct sld_layer {
    const sld_layer_kind *kind;
    const char           *name; /* PyTorch module name, "" without tensors; owned by the arena */
    int                   n_in;
    sld_val               in[SLD_MAX_INPUTS];
    int                   height, width, channels; /* of the output, per sample */
    int                   first_tensor, n_tensors; /* in the graph's list */
    bool                  relu;                    /* the output passes through relu */
    sld_conv_shape        conv;          /* convolutions and pools; groups: of a shuffle too */
    int                   first_channel; /* of a range of channels */
    int                   updates;       /* batch norm: of its running statistics per forward */
    bool                  bias_unseen;   /* convolution, batch norm: its bias changes no logit */
};

/* A tensor as in PyTorch's state_dict, before it has memory. */
typedef struct sld_tensor_spec {
    const char *name;
    int         n_dims;
    size_t      dims[4];
    bool        trained;
} sld_tensor_spec;

struct sld_graph {
    sld_ctx         *ctx;
    sld_arena       *arena;
    sld_status       status; /* of the first mistake; its record is in ctx */
    sld_layer       *layers; /* value i is the output of layer i; layer 0 is the image */
    int              n_layers, layers_capacity;
    sld_tensor_spec *tensors;
    int              n_tensors, tensors_capacity;
};

void sld_graph_init(sld_graph *g, sld_ctx *ctx, sld_arena *arena, int height, int width,
                    int channels);
/* Drops layers on which the logits do not depend. Returns the logits' new value, the last layer. */
sld_val sld_graph_finish(sld_graph *g, sld_val logits);
/* Finds bias_unseen for training, where statistics are the batch's. Call it after
 * sld_graph_finish(). */
sld_status sld_graph_find_unseen(sld_graph *g);
void       sld_graph_free(sld_graph *g); /* the lists; names belong to the arena */

/* ---- for the files of layer kinds ---- */

/* Appends a layer and returns its value; in a graph with a mistake, 0. */
sld_val sld_graph_append(sld_graph *g, const sld_layer *layer);
void sld_graph_tensor(sld_graph *g, sld_layer *layer, const char *suffix, bool trained, int n_dims,
                      const size_t *dims);
/* The layer that makes v. If there is none it records a mistake and returns the image. */
const sld_layer *sld_graph_at(sld_graph *g, sld_val v);
void sld_graph_mistake(sld_graph *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *sld_graph_name(sld_graph *g, const char *format, va_list args);

/* Values of one sample at the layer's output. */
static inline size_t sld_layer_floats(const sld_layer *layer)
{
    return (size_t)layer->height * (size_t)layer->width * (size_t)layer->channels;
}

static inline size_t sld_layer_pixels(const sld_layer *layer)
{
    return (size_t)layer->height * (size_t)layer->width;
}

#endif
