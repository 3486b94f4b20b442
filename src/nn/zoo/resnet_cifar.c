/* resnet_cifar.c: the residual networks for 32 x 32 images (He et al., 2016, section 4.2) as the
 * distillation literature uses them: three stages, a projected shortcut wherever the shape changes,
 * the mean over pixels at the end. The x4 variants are four times as wide behind a stem of 32. */
#include <stdio.h>

#include "zoo.h"

static sld_val basic_block(sld_graph *g, sld_val x, int in, int out, int stride, const char *block)
{
    const sld_conv_shape down = {.out = out, .kernel = 3, .stride = stride, .pad = 1};
    const sld_conv_shape same = {.out = out, .kernel = 3, .stride = 1, .pad = 1};
    const sld_conv_shape fit  = {.out = out, .kernel = 1, .stride = stride};

    sld_val y = sld_graph_conv(g, x, down, "%s.conv1", block);
    y         = sld_graph_bn(g, y, -1, true, "%s.bn1", block);
    y         = sld_graph_conv(g, y, same, "%s.conv2", block);
    y         = sld_graph_bn(g, y, -1, false, "%s.bn2", block);
    if (stride != 1 || in != out) {
        x = sld_graph_conv(g, x, fit, "%s.downsample.0", block);
        x = sld_graph_bn(g, x, -1, false, "%s.downsample.1", block);
    }
    return sld_graph_add(g, y, x, true);
}

sld_val sld_zoo_resnet_cifar(sld_graph *g, sld_val x, int classes, int variant)
{
    const bool           wide   = variant >= SLD_RESNET_X4;
    const int            blocks = wide ? variant - SLD_RESNET_X4 : variant;
    const sld_conv_shape stem   = {.out = wide ? 32 : 16, .kernel = 3, .stride = 1, .pad = 1};

    x      = sld_graph_conv(g, x, stem, "conv1");
    x      = sld_graph_bn(g, x, -1, true, "bn1");
    int in = stem.out;
    for (int stage = 0; stage < 3; stage++) {
        const int out = (wide ? 64 : 16) << stage;
        for (int i = 0; i < blocks; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", stage + 1, i);
            x  = basic_block(g, x, in, out, stage > 0 && i == 0 ? 2 : 1, block);
            in = out;
        }
    }
    x = sld_graph_global_pool(g, x);
    return sld_graph_linear(g, x, classes, "fc");
}
