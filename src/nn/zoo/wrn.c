/* wrn.c: wide residual networks (Zagoruyko and Komodakis, 2016) wrn_DEPTH_WIDTH for 32 x 32 images,
 * without dropout: batch norm and relu before each convolution. */
#include <stdio.h>

#include "zoo.h"

/* A block that changes the shape projects the activated input, not x itself. */
static sld_val basic_block(sld_graph *g, sld_val x, int in, int out, int stride, bool twice,
                           const char *block)
{
    const sld_conv_shape first  = {.out = out, .kernel = 3, .stride = stride, .pad = 1};
    const sld_conv_shape second = {.out = out, .kernel = 3, .stride = 1, .pad = 1};
    const sld_conv_shape fit    = {.out = out, .kernel = 1, .stride = stride};

    sld_val active = sld_graph_bn(g, x, -1, true, "%s.bn1", block);
    if (twice) {
        sld_graph_bn_updates(g, active, 2);
    }
    sld_val y = sld_graph_conv(g, active, first, "%s.conv1", block);
    y         = sld_graph_bn(g, y, -1, true, "%s.bn2", block);
    y         = sld_graph_conv(g, y, second, "%s.conv2", block);
    if (in != out) {
        x = sld_graph_conv(g, active, fit, "%s.convShortcut", block);
    }
    return sld_graph_add(g, x, y, false);
}

/* The public code's forward calls three batch norms a second time for features that nobody uses:
 * the first of stages 2 and 3, and the last one. So their running statistics move twice per forward
 * in training, by 0.19 in all. This changes evaluation, but no output of the step. */
sld_val sld_zoo_wrn(sld_graph *g, sld_val x, int classes, int variant)
{
    const int            width  = variant % SLD_WRN_DEPTH;
    const int            blocks = (variant / SLD_WRN_DEPTH - 4) / 6;
    const sld_conv_shape stem   = {.out = 16, .kernel = 3, .stride = 1, .pad = 1};

    x      = sld_graph_conv(g, x, stem, "conv1");
    int in = stem.out;
    for (int stage = 0; stage < 3; stage++) {
        const int out = (16 << stage) * width;
        for (int i = 0; i < blocks; i++) {
            char block[32];
            snprintf(block, sizeof block, "block%d.layer.%d", stage + 1, i);
            const bool first = stage > 0 && i == 0;
            x                = basic_block(g, x, in, out, first ? 2 : 1, first, block);
            in               = out;
        }
    }
    x = sld_graph_bn(g, x, -1, true, "bn1");
    sld_graph_bn_updates(g, x, 2);
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "fc");
}
