/* preset.c: recipes of the literature, one row for each pair of networks
 * (docs/recipes.md, "CIFAR-100" and "ImageNet"). What a row sets depends on the method: its
 * learning rate, DKD's beta, weights. */
#include "preset.h"

#include <assert.h>
#include <string.h>

#define CIFAR100 "cifar100/"
#define IMAGENET "imagenet/"

/* lr: one view (none, kd, lskd, dkd, nkd, rld, rc, lr, ctkd), mlkd, sld. ce, kd: sld's weights;
 * NULL: the method's. */
typedef struct recipe {
    const char *name, *teacher, *student;
    const char *lr, *lr_mlkd, *lr_sld, *beta, *ce, *kd;
} recipe;

// clang-format off
static const recipe recipes[] = {
    {CIFAR100 "resnet56-resnet20",      "resnet56",   "resnet20",    "0.05", "0.025", "0.025", "2", NULL, NULL},
    {CIFAR100 "resnet110-resnet32",     "resnet110",  "resnet32",    "0.05", "0.025", "0.025", "2", NULL, NULL},
    {CIFAR100 "resnet32x4-resnet8x4",   "resnet32x4", "resnet8x4",   "0.05", "0.025", "0.025", "8", NULL, NULL},
    {CIFAR100 "wrn_40_2-wrn_16_2",      "wrn_40_2",   "wrn_16_2",    "0.05", "0.025", "0.025", "6", NULL, NULL},
    {CIFAR100 "wrn_40_2-wrn_40_1",      "wrn_40_2",   "wrn_40_1",    "0.05", "0.025", "0.025", "6", NULL, NULL},
    {CIFAR100 "vgg13-vgg8",             "vgg13",      "vgg8",        "0.05", "0.025", "0.025", "6", NULL, NULL},
    {CIFAR100 "resnet32x4-ShuffleV1",   "resnet32x4", "ShuffleV1",   "0.01", "0.01",  "0.009", "8", NULL, NULL},
    {CIFAR100 "resnet32x4-ShuffleV2",   "resnet32x4", "ShuffleV2",   "0.01", "0.01",  "0.008", "8", NULL, NULL},
    {CIFAR100 "ResNet50-MobileNetV2",   "ResNet50",   "MobileNetV2", "0.01", "0.01",  "0.008", "8", NULL, NULL},
    {CIFAR100 "vgg13-MobileNetV2",      "vgg13",      "MobileNetV2", "0.01", "0.01",  "0.008", "6", NULL, NULL},
    {CIFAR100 "wrn_40_2-ShuffleV1",     "wrn_40_2",   "ShuffleV1",   "0.01", "0.01",  "0.01",  "8", NULL, NULL},
    {CIFAR100 "wrn_40_2-vgg8",          "wrn_40_2",   "vgg8",        "0.05", "0.025", "0.025", "8", NULL, NULL},
    {IMAGENET "ResNet34-ResNet18",      "imagenet_ResNet34", "imagenet_ResNet18",    "0.2",  "0.1",   "0.2",   "0.5", "0.5", "0.5"},
    {IMAGENET "ResNet50-MobileNetV1",   "imagenet_ResNet50", "imagenet_MobileNetV1", "0.2",  "0.2",   "0.2",   "2", "1.0", "0.5"},
};

/* The pairs that all rows of a data set share. A pair with a method holds under this method alone. In
 * the ImageNet code the student swap begins after epoch 150 of 100 and so never acts; the method's
 * first_lr_drop stays. The weights of that code for MLKD, lskd, nkd and the rivals are not known; the
 * methods' weights stay. */
static const struct {
    const char *family, *method, *key, *value;
} common[] = {
    {CIFAR100, NULL,   "data.format",        "cifar100"},
    {CIFAR100, NULL,   "train.epochs",       "240"},
    {CIFAR100, NULL,   "train.batch",        "64"},
    {CIFAR100, NULL,   "train.lr_stages",    "[150, 180, 210]"},
    {CIFAR100, NULL,   "train.lr_decay",     "0.1"},
    {CIFAR100, NULL,   "train.momentum",     "0.9"},
    {CIFAR100, NULL,   "train.weight_decay", "0.0005"},
    {CIFAR100, NULL,   "augment.crop_pad",   "4"},
    {CIFAR100, NULL,   "student_swap_after", "150"},
    {IMAGENET, NULL,   "data.format",        "hdf5"},
    {IMAGENET, NULL,   "train.epochs",       "100"},
    {IMAGENET, NULL,   "train.batch",        "512"},
    {IMAGENET, NULL,   "train.lr_stages",    "[30, 60, 90]"},
    {IMAGENET, NULL,   "train.lr_decay",     "0.1"},
    {IMAGENET, NULL,   "train.momentum",     "0.9"},
    {IMAGENET, NULL,   "train.weight_decay", "0.0001"},
    {IMAGENET, NULL,   "data.input_size",    "224"},
    {IMAGENET, NULL,   "augment.crop",       "resized"},
    {IMAGENET, "kd",   "ce.weak",            "0.5"},
    {IMAGENET, "kd",   "kd.weak",            "0.5"},
    {IMAGENET, "kd",   "kd.temperatures",    "[1]"},
    {IMAGENET, "dkd",  "kd.temperatures",    "[1]"},
    {IMAGENET, "dkd",  "kd.ramp",            "1"},
    {IMAGENET, "mlkd", "kd.temperatures",    "[1, 3, 5, 2, 6]"},
};
// clang-format on

size_t sld_preset_count(void)
{
    return sizeof recipes / sizeof *recipes;
}

const char *sld_preset_name(size_t i)
{
    return recipes[i].name;
}

const char *sld_preset_nearest(const char *name)
{
    const char *names[sizeof recipes / sizeof *recipes];

    for (size_t i = 0; i < sld_preset_count(); i++) {
        names[i] = recipes[i].name;
    }
    const int found = sld_text_nearest(name, names, sld_preset_count());
    return found >= 0 ? names[found] : NULL;
}

typedef struct pairs {
    const char *(*out)[2];
    size_t n;
} pairs;

static void add(pairs *p, const char *key, const char *value)
{
    if (value) {
        assert(p->n < SLD_PRESET_PAIRS);
        p->out[p->n][0]   = key;
        p->out[p->n++][1] = value;
    }
}

static void add_recipe(pairs *p, const recipe *r, const char *method)
{
    const bool sld = strcmp(method, "sld") == 0, mlkd = strcmp(method, "mlkd") == 0;

    add(p, "student.network", r->student);
    add(p, "teacher.network", r->teacher);
    add(p, "train.lr", sld ? r->lr_sld : mlkd ? r->lr_mlkd : r->lr);
    if (strcmp(method, "dkd") == 0) {
        add(p, "dkd.beta", r->beta);
    }
    if (sld) {
        add(p, "ce.weak", r->ce);
        add(p, "ce.strong", r->ce);
        add(p, "kd.weak", r->kd);
        add(p, "kd.strong", r->kd);
        add(p, "lss.weak", r->kd);
        add(p, "lss.strong", r->kd);
    }
}

size_t sld_preset_pairs(const char *preset, const char *method,
                        const char *out[SLD_PRESET_PAIRS][2])
{
    pairs p = {.out = out};

    for (size_t i = 0; i < sld_preset_count(); i++) {
        if (strcmp(recipes[i].name, preset) == 0) {
            add_recipe(&p, &recipes[i], method);
        }
    }
    for (size_t i = 0; p.n > 0 && i < sizeof common / sizeof *common; i++) {
        if (strncmp(preset, common[i].family, strlen(common[i].family)) == 0 &&
            (!common[i].method || strcmp(common[i].method, method) == 0)) {
            add(&p, common[i].key, common[i].value);
        }
    }
    return p.n;
}
