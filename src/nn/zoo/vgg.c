/* vgg.c: plain convolutional networks (Simonyan and Zisserman, 2015) for small images: five blocks
 * of 3 x 3 convolutions with batch norm, one linear layer. The convolutions have biases although
 * batch norm follows. */
#include "zoo.h"

enum { BLOCKS = 5 };

/* Convolutions per block, by variant. */
static const int depths[][BLOCKS] = {
    [SLD_VGG8] = {1, 1, 1, 1, 1},  [SLD_VGG11] = {1, 1, 2, 2, 2}, [SLD_VGG13] = {2, 2, 2, 2, 2},
    [SLD_VGG16] = {2, 2, 3, 3, 3}, [SLD_VGG19] = {2, 2, 4, 4, 4},
};

sld_val sld_zoo_vgg(sld_graph *g, sld_val x, int classes, int variant)
{
    const bool large = sld_graph_height(g, x) == 64;
    for (int b = 0; b < BLOCKS; b++) {
        const sld_conv_shape shape = {
            .out = b < 3 ? 64 << b : 512, .kernel = 3, .stride = 1, .pad = 1, .bias = true};
        for (int i = 0; i < depths[variant][b]; i++) { /* convolution, batch norm, relu */
            x = sld_graph_conv(g, x, shape, "block%d.%d", b, 3 * i);
            x = sld_graph_bn(g, x, -1, true, "block%d.%d", b, 3 * i + 1);
        }
        if (b < 3 || (b == 3 && large)) { /* the fourth pool for images of 64 pixels alone */
            x = sld_graph_max_pool(g, x, 2, 2, 0);
        }
    }
    return sld_graph_linear(g, sld_graph_global_pool(g, x), classes, "classifier");
}
