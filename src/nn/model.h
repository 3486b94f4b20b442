/* model.h: a graph with memory for its tensors. */
#ifndef SLD_MODEL_H
#define SLD_MODEL_H

#include "graph.h"

struct sld_model {
    const sld_network *network;
    sld_arena         *arena;
    sld_arena         *values; /* of the tensors; NULL once they are released */
    sld_graph          graph;
    sld_val            logits; /* the last layer */
    int                classes;
    sld_tensor        *tensors; /* one per graph tensor, in state_dict order */
    float             *trained; /* all trained tensors one after another */
    size_t             n_trained;
};

/* Local. Fills pointers[] with the values of the layer's tensors, in their order; NULL past them.
 */
void sld_model_layer_tensors(const sld_model *model, const sld_layer *layer, float **pointers);

#endif
