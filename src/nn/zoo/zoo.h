/* zoo.h: the families' build functions; zoo.c lists the networks. */
#ifndef SLD_ZOO_H
#define SLD_ZOO_H

#include "sld/nn.h"

/* variant: blocks per stage; with SLD_RESNET_X4 added, the wide networks with a stem of 32. */
enum { SLD_RESNET_X4 = 100 };
sld_val sld_zoo_resnet_cifar(sld_graph *g, sld_val x, int classes, int variant);

#endif
