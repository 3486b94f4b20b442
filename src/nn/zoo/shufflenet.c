/* shufflenet.c: ShuffleNet V1 (Zhang et al., 2018) with three groups and V2 (Ma et al., 2018) at
 * full width, for 32 x 32 images: a 1 x 1 stem of stride 1. */
#include <stdio.h>

#include "zoo.h"

static sld_val conv_bn(sld_graph *g, sld_val x, int out, int groups, bool relu, const char *block,
                       int i)
{
    const sld_conv_shape shape = {.out = out, .kernel = 1, .stride = 1, .groups = groups};

    x = sld_graph_conv(g, x, shape, "%s.conv%d", block, i);
    return sld_graph_bn(g, x, -1, relu, "%s.bn%d", block, i);
}

static sld_val depthwise_bn(sld_graph *g, sld_val x, int stride, bool relu, const char *block,
                            int i)
{
    const int            channels = sld_graph_channels(g, x);
    const sld_conv_shape shape    = {
           .out = channels, .kernel = 3, .stride = stride, .pad = 1, .groups = channels};

    x = sld_graph_conv(g, x, shape, "%s.conv%d", block, i);
    return sld_graph_bn(g, x, -1, relu, "%s.bn%d", block, i);
}

/* ---- V1 ---- */

enum { GROUPS = 3 };

/* The first convolution of the very first block has one group, and its shuffle then does nothing. A
 * relu follows the depthwise convolution, which the paper leaves out. */
static sld_val v1_block(sld_graph *g, sld_val x, int out, int stride, bool very_first,
                        const char *block)
{
    const int in    = sld_graph_channels(g, x);
    const int added = stride == 2 ? out - in : out; /* the shortcut brings its own channels */

    sld_val y = conv_bn(g, x, added / 4, very_first ? 1 : GROUPS, true, block, 1);
    y         = very_first ? y : sld_graph_shuffle(g, y, GROUPS);
    y         = depthwise_bn(g, y, stride, true, block, 2);
    y         = conv_bn(g, y, added, GROUPS, stride == 2, block, 3);
    if (stride == 1) {
        return sld_graph_add(g, y, x, true);
    }
    /* The divisor counts the padding. x comes from a relu, so that its mean needs none; the batch
     * norm alone does the relu behind the concatenation. */
    return sld_graph_concat(g, y, sld_graph_average_pool(g, x, 3, 2, 1));
}

sld_val sld_zoo_shufflenet_v1(sld_graph *g, sld_val x, int classes, int variant)
{
    static const int     outs[] = {240, 480, 960}, blocks[] = {4, 8, 4};
    const sld_conv_shape stem = {.out = 24, .kernel = 1, .stride = 1};

    x = sld_graph_conv(g, x, stem, "conv1");
    x = sld_graph_bn(g, x, -1, true, "bn1");
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i < blocks[s]; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", s + 1, i);
            x = v1_block(g, x, outs[s], i == 0 ? 2 : 1, s == 0 && i == 0, block);
        }
    }
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "linear");
}

/* ---- V2 ---- */

/* The first half of the channels stays as it is; the block works on the second half. */
static sld_val v2_basic_block(sld_graph *g, sld_val x, const char *block)
{
    const int half = sld_graph_channels(g, x) / 2;
    sld_val   same = sld_graph_slice(g, x, 0, half), y = sld_graph_slice(g, x, half, half);

    y = conv_bn(g, y, half, 1, true, block, 1);
    y = depthwise_bn(g, y, 1, false, block, 2);
    y = conv_bn(g, y, half, 1, true, block, 3);
    return sld_graph_shuffle(g, sld_graph_concat(g, same, y), 2);
}

static sld_val v2_down_block(sld_graph *g, sld_val x, int out, const char *block)
{
    sld_val left = depthwise_bn(g, x, 2, false, block, 1);
    left         = conv_bn(g, left, out / 2, 1, true, block, 2);

    sld_val right = conv_bn(g, x, out / 2, 1, true, block, 3);
    right         = depthwise_bn(g, right, 2, false, block, 4);
    right         = conv_bn(g, right, out / 2, 1, true, block, 5);
    return sld_graph_shuffle(g, sld_graph_concat(g, left, right), 2);
}

sld_val sld_zoo_shufflenet_v2(sld_graph *g, sld_val x, int classes, int variant)
{
    static const int     outs[] = {116, 232, 464}, blocks[] = {3, 7, 3};
    const sld_conv_shape stem = {.out = 24, .kernel = 1, .stride = 1};
    const sld_conv_shape last = {.out = 1024, .kernel = 1, .stride = 1};

    x = sld_graph_conv(g, x, stem, "conv1");
    x = sld_graph_bn(g, x, -1, true, "bn1");
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i <= blocks[s]; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", s + 1, i);
            x = i == 0 ? v2_down_block(g, x, outs[s], block) : v2_basic_block(g, x, block);
        }
    }
    x = sld_graph_conv(g, x, last, "conv2");
    x = sld_graph_bn(g, x, -1, true, "bn2");
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "linear");
}
