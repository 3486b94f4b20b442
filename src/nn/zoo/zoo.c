/* zoo.c: the table of networks. A new family: one file with a build function, its rows here. */
#include "zoo.h"

#include <string.h>

#include "init.h"

#define RESNET(name, variant)                                                                      \
    {                                                                                              \
        name, 32, sld_zoo_resnet_cifar, variant, SLD_INIT_RESNET                                   \
    }

static const sld_network networks[] = {
    RESNET("resnet8", 1),
    RESNET("resnet14", 2),
    RESNET("resnet20", 3),
    RESNET("resnet32", 5),
    RESNET("resnet44", 7),
    RESNET("resnet56", 9),
    RESNET("resnet110", 18),
    RESNET("resnet8x4", SLD_RESNET_X4 + 1),
    RESNET("resnet32x4", SLD_RESNET_X4 + 5),
};

size_t sld_network_count(void)
{
    return sizeof networks / sizeof *networks;
}

const sld_network *sld_network_at(size_t i)
{
    return i < sld_network_count() ? &networks[i] : NULL;
}

const sld_network *sld_network_find(const char *name)
{
    for (size_t i = 0; i < sld_network_count(); i++) {
        if (strcmp(networks[i].name, name) == 0) {
            return &networks[i];
        }
    }
    return NULL;
}
