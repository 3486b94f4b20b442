/* zoo.h: the families' build functions; zoo.c lists the networks. */
#ifndef SLD_ZOO_H
#define SLD_ZOO_H

#include "sld/nn.h"

/* variant: blocks per stage; with SLD_RESNET_X4 added, the wide networks with a stem of 32. */
enum { SLD_RESNET_X4 = 100 };
sld_val sld_zoo_resnet_cifar(sld_graph *g, sld_val x, int classes, int variant);

/* variant: SLD_WRN_DEPTH * depth + width. */
enum { SLD_WRN_DEPTH = 100 };
sld_val sld_zoo_wrn(sld_graph *g, sld_val x, int classes, int variant);

enum { SLD_VGG8, SLD_VGG11, SLD_VGG13, SLD_VGG16, SLD_VGG19 };
sld_val sld_zoo_vgg(sld_graph *g, sld_val x, int classes, int variant);

enum { SLD_RESNET18, SLD_RESNET34, SLD_RESNET50, SLD_RESNET101 };
sld_val sld_zoo_resnet_small(sld_graph *g, sld_val x, int classes, int variant);
sld_val sld_zoo_resnet_imagenet(sld_graph *g, sld_val x, int classes, int variant);

/* Without variants. */
sld_val sld_zoo_mobilenet_v2_half(sld_graph *g, sld_val x, int classes, int variant);
sld_val sld_zoo_mobilenet_v1(sld_graph *g, sld_val x, int classes, int variant);
sld_val sld_zoo_shufflenet_v1(sld_graph *g, sld_val x, int classes, int variant);
sld_val sld_zoo_shufflenet_v2(sld_graph *g, sld_val x, int classes, int variant);

#endif
