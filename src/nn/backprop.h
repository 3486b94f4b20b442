/* backprop.h: the state of a network in training, for the files that set it up and run it. */
#ifndef SLD_BACKPROP_H
#define SLD_BACKPROP_H

#include "layer.h"
#include "model.h"
#include "plan.h"

struct sld_backprop {
    const sld_comm *comm;
    sld_model      *model;
    sld_precision   precision;
    sld_tree      **trees; /* each borrowed */
    size_t          n_trees;
    sld_arena      *arena;
    sld_kernels    *kernels;
    sld_plan       *plan;
    void          **states; /* one per layer, made by its kind */
    int            *sizes;  /* all shard sizes of all ranks, largest first */
    int             n_sizes;
    size_t          max_rows, max_shard; /* of this rank's rows in any tree; of one shard */

    float **values; /* (max_rows,H,W,C) per layer; the image's is NULL */
    float  *shard_gradients, *batch_gradients;
    double *moments;        /* one message per slot */
    size_t  moments_stride; /* bytes */

    /* Partial weight gradients in the kernels' layouts. A root has room for all layers, because it
     * stays until the reduction, view by view. A slot above the roots has room for the layers of
     * one segment, because it is merged within that. Slot 0 of the roots also has the gradients of
     * batch norms, behind those that are reduced over shards and ranks. */
    float  *partials;
    size_t *root_at, *spill_at; /* (layers) offset in a root and in a slot above, floats */
    size_t  reduced_floats, root_floats, spill_floats;
    int     max_roots, max_slots;
    int     roots, views; /* index of those of the last backward; how many views to add */

    size_t       tree;   /* of the last forward */
    const float *images; /* of the last forward, borrowed */
    const float *dlogits;
};

/* Slot 0 of a view's roots. */
static inline float *sld_backprop_root(const sld_backprop *net, int view)
{
    return net->partials + (size_t)(view * net->max_roots) * net->root_floats;
}

/* A layer's partial weight gradient in a slot. */
static inline float *sld_backprop_partial(const sld_backprop *net, int slot, int layer)
{
    if (slot < net->max_roots) {
        return sld_backprop_root(net, net->roots) + (size_t)slot * net->root_floats +
               net->root_at[layer];
    }
    return sld_backprop_root(net, 2) + (size_t)(slot - net->max_roots) * net->spill_floats +
           net->spill_at[layer];
}

#endif
