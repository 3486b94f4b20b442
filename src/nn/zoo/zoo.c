/* zoo.c: the table of networks. A new family: one file with a build function, its rows here. */
#include "zoo.h"

#include <string.h>

#include "init.h"

// clang-format off
static const sld_network networks[] = {
    {"resnet8",    32, 100, sld_zoo_resnet_cifar, 1,                 SLD_INIT_RESNET, NULL},
    {"resnet14",   32, 100, sld_zoo_resnet_cifar, 2,                 SLD_INIT_RESNET, NULL},
    {"resnet20",   32, 100, sld_zoo_resnet_cifar, 3,                 SLD_INIT_RESNET, NULL},
    {"resnet32",   32, 100, sld_zoo_resnet_cifar, 5,                 SLD_INIT_RESNET, NULL},
    {"resnet44",   32, 100, sld_zoo_resnet_cifar, 7,                 SLD_INIT_RESNET, NULL},
    {"resnet56",   32, 100, sld_zoo_resnet_cifar, 9,                 SLD_INIT_RESNET, NULL},
    {"resnet110",  32, 100, sld_zoo_resnet_cifar, 18,                SLD_INIT_RESNET, NULL},
    {"resnet8x4",  32, 100, sld_zoo_resnet_cifar, SLD_RESNET_X4 + 1, SLD_INIT_RESNET, NULL},
    {"resnet32x4", 32, 100, sld_zoo_resnet_cifar, SLD_RESNET_X4 + 5, SLD_INIT_RESNET, NULL},
    {"ResNet18",   32, 100, sld_zoo_resnet_small, SLD_RESNET18,      SLD_INIT_RESNET, NULL},
    {"ResNet50",   32, 100, sld_zoo_resnet_small, SLD_RESNET50,      SLD_INIT_RESNET, NULL},
    {"wrn_16_1",   32, 100, sld_zoo_wrn, 16 * SLD_WRN_DEPTH + 1, SLD_INIT_WRN, NULL},
    {"wrn_16_2",   32, 100, sld_zoo_wrn, 16 * SLD_WRN_DEPTH + 2, SLD_INIT_WRN, NULL},
    {"wrn_40_1",   32, 100, sld_zoo_wrn, 40 * SLD_WRN_DEPTH + 1, SLD_INIT_WRN, NULL},
    {"wrn_40_2",   32, 100, sld_zoo_wrn, 40 * SLD_WRN_DEPTH + 2, SLD_INIT_WRN, NULL},
    {"vgg8",       32, 100, sld_zoo_vgg, SLD_VGG8,  SLD_INIT_VGG, NULL},
    {"vgg11",      32, 100, sld_zoo_vgg, SLD_VGG11, SLD_INIT_VGG, NULL},
    {"vgg13",      32, 100, sld_zoo_vgg, SLD_VGG13, SLD_INIT_VGG, NULL},
    {"vgg16",      32, 100, sld_zoo_vgg, SLD_VGG16, SLD_INIT_VGG, NULL},
    {"vgg19",      32, 100, sld_zoo_vgg, SLD_VGG19, SLD_INIT_VGG, NULL},
    {"MobileNetV2", 32, 100, sld_zoo_mobilenet_v2_half, 0, SLD_INIT_VGG,     NULL},
    {"ShuffleV1",   32, 100, sld_zoo_shufflenet_v1,     0, SLD_INIT_DEFAULT, NULL},
    {"ShuffleV2",   32, 100, sld_zoo_shufflenet_v2,     0, SLD_INIT_DEFAULT, NULL},
    {"imagenet_ResNet18",  224, 1000, sld_zoo_resnet_imagenet, SLD_RESNET18,  SLD_INIT_RESNET, NULL},
    {"imagenet_ResNet34",  224, 1000, sld_zoo_resnet_imagenet, SLD_RESNET34,  SLD_INIT_RESNET, NULL},
    {"imagenet_ResNet50",  224, 1000, sld_zoo_resnet_imagenet, SLD_RESNET50,  SLD_INIT_RESNET, NULL},
    {"imagenet_ResNet101", 224, 1000, sld_zoo_resnet_imagenet, SLD_RESNET101, SLD_INIT_RESNET, NULL},
    /* MobileNetV1 under the name that the public ImageNet code gives it. */
    {"imagenet_MobileNetV1", 224, 1000, sld_zoo_mobilenet_v1, 0, SLD_INIT_DEFAULT,
     "imagenet_MobileNetV2"},
};
// clang-format on

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
        const char *alias = networks[i].alias;
        if (strcmp(networks[i].name, name) == 0 || (alias && strcmp(alias, name) == 0)) {
            return &networks[i];
        }
    }
    return NULL;
}
