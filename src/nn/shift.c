/* shift.c: biases that change no logit. A batch norm removes any constant that was added to a
 * channel of its input, and layers in between may pass such a constant on as another constant. The
 * gradient of the bias is then exactly 0. Its sum in float32 would be noise, which momentum and
 * weight decay would turn into a random walk. */
#include <stdlib.h>

#include "layer.h"

/* Whether a constant per channel in input i of the layer becomes a constant in its output. */
static bool hands_on(const sld_layer *layer, int i)
{
    const sld_layer_kind *kind = layer->kind;
    if (kind == &sld_conv_kind || kind == &sld_average_pool_kind) {
        return layer->conv.pad == 0; /* with padding the border would differ */
    }
    if (kind == &sld_bn_kind) {
        return i == 1 && !layer->relu;
    }
    return (kind == &sld_add_kind && !layer->relu) || kind == &sld_max_pool_kind ||
           kind == &sld_global_pool_kind || kind == &sld_slice_kind || kind == &sld_concat_kind ||
           kind == &sld_shuffle_kind;
}

sld_status sld_graph_find_unseen(sld_graph *g)
{
    const sld_val logits = g->n_layers - 1;
    bool         *seen   = calloc((size_t)g->n_layers, sizeof *seen);
    if (!seen) {
        return SLD_FAIL(g->ctx, SLD_ERR_NOMEM, "out of memory: a network of %d layers",
                        g->n_layers);
    }
    seen[logits] = true;
    for (int l = logits; l > 0; l--) {
        sld_layer *layer = &g->layers[l];
        for (int i = 0; i < layer->n_in; i++) {
            const bool takes_away = layer->kind->reduces && i == 0;
            seen[layer->in[i]] |= !takes_away && (seen[l] || !hands_on(layer, i));
        }
        const bool adds    = layer->kind == &sld_bn_kind ? !layer->relu : layer->conv.bias;
        layer->bias_unseen = adds && !seen[l];
    }
    free(seen);
    return SLD_OK;
}
