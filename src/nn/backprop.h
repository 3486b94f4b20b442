/* backprop.h: the state of a network in training, for the files that set it up and run it. */
#ifndef SLD_BACKPROP_H
#define SLD_BACKPROP_H

#include "layer.h"
#include "model.h"
#include "plan.h"

/* What belongs to one of the views that are under way together. */
typedef struct sld_view_pass {
    void  **states; /* one per layer, made by its kind */
    float **values; /* (max_rows,H,W,C) per layer; the image's is NULL */
    float  *batch_gradients;
    double *moments; /* one message per slot */

    const sld_segment *under_way; /* whose sums are on their way between the ranks; NULL: none */
    int                root;      /* which view's roots take the weight gradients: 0 or 1 */
    const float       *images;    /* of the last forward, borrowed */
    const float       *dlogits;   /* of the last backward, borrowed */
} sld_view_pass;

struct sld_backprop {
    const sld_comm *comm;
    sld_model      *model;
    sld_precision   precision;
    sld_tree      **trees; /* each borrowed */
    size_t          n_trees;
    sld_arena      *arena;
    sld_kernels    *kernels;
    sld_plan       *plan;
    int            *sizes; /* all shard sizes of all ranks, largest first */
    int             n_sizes;
    size_t          max_rows, max_shard; /* of this rank's rows in any tree; of one shard */

    sld_view_pass passes[SLD_TREE_LANES]; /* each reduces in the lane of its index */
    int           max_passes;             /* how many of them there are */
    float        *shard_gradients;
    size_t        moments_stride; /* bytes */

    /* Partial weight gradients in the kernels' layouts. A root has room for all layers, because it
     * stays until the reduction, view by view. A slot above the roots has room for the layers of
     * one segment, because it is merged within that. Slot 0 of the roots also has the gradients of
     * batch norms, behind those that are reduced over shards and ranks. */
    float  *partials;
    size_t *root_at, *spill_at; /* (layers) offset in a root and in a slot above, floats */
    size_t  reduced_floats, root_floats, spill_floats;
    int     max_roots, max_slots;
    int     views; /* of this step so far, whose gradients are to be added */

    size_t tree;     /* of the last forward */
    int    n_passes; /* views in it */
};

/* Whether a pass has a state of its own for the layer: what a layer that reduces keeps from forward to
 * backward belongs to one view. The others have that of the first pass. */
static inline bool sld_backprop_owns_state(const sld_backprop *net, int pass, int layer)
{
    return pass == 0 || net->model->graph.layers[layer].kind->reduces;
}

/* Slot 0 of a view's roots. */
static inline float *sld_backprop_root(const sld_backprop *net, int view)
{
    return net->partials + (size_t)(view * net->max_roots) * net->root_floats;
}

/* A layer's partial weight gradient in a slot, for the view with this root. */
static inline float *sld_backprop_partial(const sld_backprop *net, int root, int slot, int layer)
{
    if (slot < net->max_roots) {
        return sld_backprop_root(net, root) + (size_t)slot * net->root_floats + net->root_at[layer];
    }
    return sld_backprop_root(net, 2) + (size_t)(slot - net->max_roots) * net->spill_floats +
           net->spill_at[layer];
}

#endif
