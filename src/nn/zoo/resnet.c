/* resnet.c: residual networks in four stages (He et al., 2016): ResNet18, 34, 50, 101 for ImageNet
 * with torchvision's names, and the layout for 32 x 32 images: a 3 x 3 stem of stride 1 without
 * pooling. In bottlenecks the stride is on the 3 x 3 convolution. */
#include <stdio.h>

#include "zoo.h"

typedef struct {
    int  blocks[4];
    bool bottleneck;
} plan;

static const plan plans[] = {
    [SLD_RESNET18]  = {{2, 2, 2, 2}, false},
    [SLD_RESNET34]  = {{3, 4, 6, 3}, false},
    [SLD_RESNET50]  = {{3, 4, 6, 3}, true},
    [SLD_RESNET101] = {{3, 4, 23, 3}, true},
};

static sld_val conv_bn(sld_graph *g, sld_val x, int out, int kernel, int stride, bool relu,
                       const char *block, int i)
{
    const sld_conv_shape shape = {
        .out = out, .kernel = kernel, .stride = stride, .pad = kernel / 2};
    x = sld_graph_conv(g, x, shape, "%s.conv%d", block, i);
    return sld_graph_bn(g, x, -1, relu, "%s.bn%d", block, i);
}

/* shortcut: the module's name of the projection. */
static sld_val residual_block(sld_graph *g, sld_val x, int width, int stride, bool bottleneck,
                              const char *block, const char *shortcut)
{
    const int out = bottleneck ? 4 * width : width;
    sld_val   y;
    if (bottleneck) {
        y = conv_bn(g, x, width, 1, 1, true, block, 1);
        y = conv_bn(g, y, width, 3, stride, true, block, 2);
        y = conv_bn(g, y, out, 1, 1, false, block, 3);
    } else {
        y = conv_bn(g, x, width, 3, stride, true, block, 1);
        y = conv_bn(g, y, out, 3, 1, false, block, 2);
    }
    if (stride != 1 || sld_graph_channels(g, x) != out) {
        const sld_conv_shape fit = {.out = out, .kernel = 1, .stride = stride};
        x                        = sld_graph_conv(g, x, fit, "%s.%s.0", block, shortcut);
        x                        = sld_graph_bn(g, x, -1, false, "%s.%s.1", block, shortcut);
    }
    return sld_graph_add(g, y, x, true);
}

static sld_val stages(sld_graph *g, sld_val x, int variant, const char *shortcut)
{
    const plan *p = &plans[variant];
    for (int stage = 0; stage < 4; stage++) {
        for (int i = 0; i < p->blocks[stage]; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", stage + 1, i);
            x = residual_block(g, x, 64 << stage, stage > 0 && i == 0 ? 2 : 1, p->bottleneck, block,
                               shortcut);
        }
    }
    return sld_graph_global_pool(g, x);
}

sld_val sld_zoo_resnet_small(sld_graph *g, sld_val x, int classes, int variant)
{
    const sld_conv_shape stem = {.out = 64, .kernel = 3, .stride = 1, .pad = 1};

    x = sld_graph_conv(g, x, stem, "conv1");
    x = sld_graph_bn(g, x, -1, true, "bn1");
    return sld_graph_linear(g, stages(g, x, variant, "shortcut"), classes, "linear");
}

sld_val sld_zoo_resnet_imagenet(sld_graph *g, sld_val x, int classes, int variant)
{
    const sld_conv_shape stem = {.out = 64, .kernel = 7, .stride = 2, .pad = 3};

    x = sld_graph_conv(g, x, stem, "conv1");
    x = sld_graph_bn(g, x, -1, true, "bn1");
    x = sld_graph_max_pool(g, x, 3, 2, 1);
    return sld_graph_linear(g, stages(g, x, variant, "downsample"), classes, "fc");
}
