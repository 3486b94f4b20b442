/* mobilenet.c: MobileNetV2 (Sandler et al., 2018) at half width for 32 x 32 images, as the
 * distillation literature builds it, and MobileNetV1 (Howard et al., 2017) for ImageNet. */
#include <stdio.h>

#include "zoo.h"

static sld_val conv_bn(sld_graph *g, sld_val x, sld_conv_shape shape, bool relu, const char *module,
                       int i)
{
    x = sld_graph_conv(g, x, shape, "%s.%d", module, i);
    return sld_graph_bn(g, x, -1, relu, "%s.%d", module, i + 1);
}

static sld_conv_shape pointwise(int out)
{
    return (sld_conv_shape){.out = out, .kernel = 1, .stride = 1};
}

static sld_conv_shape depthwise(int channels, int stride)
{
    return (sld_conv_shape){
        .out = channels, .kernel = 3, .stride = stride, .pad = 1, .groups = channels};
}

/* The activation is relu, not relu6. The expansion layer exists even if it expands by 1. */
static sld_val inverted_residual(sld_graph *g, sld_val x, int out, int stride, int expansion,
                                 const char *block)
{
    const int in = sld_graph_channels(g, x);

    sld_val y = conv_bn(g, x, pointwise(in * expansion), true, block, 0);
    y         = conv_bn(g, y, depthwise(in * expansion, stride), true, block, 3);
    y         = conv_bn(g, y, pointwise(out), false, block, 6);
    return stride == 1 && in == out ? sld_graph_add(g, y, x, false) : y;
}

/* Half of the channels of each stage, not rounded to a multiple of 8; the last layer's 1280 are not
 * halved. The stem halves the image already: 16 x 16 pixels. */
sld_val sld_zoo_mobilenet_v2_half(sld_graph *g, sld_val x, int classes, int variant)
{
    static const struct {
        int expansion, out, blocks, stride;
    } stages[] = {
        {1, 8, 1, 1},  {6, 12, 2, 1}, {6, 16, 3, 2},  {6, 32, 4, 2},
        {6, 48, 3, 1}, {6, 80, 3, 2}, {6, 160, 1, 1},
    };
    const sld_conv_shape stem = {.out = 16, .kernel = 3, .stride = 2, .pad = 1};

    x = conv_bn(g, x, stem, true, "conv1", 0);
    for (int s = 0; s < 7; s++) {
        for (int i = 0; i < stages[s].blocks; i++) {
            char block[32];
            snprintf(block, sizeof block, "blocks.%d.%d.conv", s, i);
            x = inverted_residual(g, x, stages[s].out, i == 0 ? stages[s].stride : 1,
                                  stages[s].expansion, block);
        }
    }
    x = conv_bn(g, x, pointwise(1280), true, "conv2", 0);
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "classifier.0");
}

sld_val sld_zoo_mobilenet_v1(sld_graph *g, sld_val x, int classes, int variant)
{
    static const struct {
        int out, stride;
    } blocks[] = {
        {64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2},  {512, 1},
        {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1},
    };
    const sld_conv_shape stem = {.out = 32, .kernel = 3, .stride = 2, .pad = 1};

    x = conv_bn(g, x, stem, true, "model.0", 0);
    for (int i = 0; i < 13; i++) {
        char block[32];
        snprintf(block, sizeof block, "model.%d", i + 1);
        x = conv_bn(g, x, depthwise(sld_graph_channels(g, x), blocks[i].stride), true, block, 0);
        x = conv_bn(g, x, pointwise(blocks[i].out), true, block, 3);
    }
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "fc");
}
