/* augment.c: the table of RandAugment operations: name, range of the magnitude, function. */
#include "augment.h"
#include "sld/data.h"

/* The ranges are those of the paper's code, where the enhancements only ever weaken. */
static const struct {
    const char *name;
    double      low, high;
    sld_aug_fn *apply;
} operations[SLD_AUG_OPS] = {
    [SLD_AUG_IDENTITY]     = {"Identity", 0, 1, sld_aug_identity},
    [SLD_AUG_AUTOCONTRAST] = {"AutoContrast", 0, 1, sld_aug_autocontrast},
    [SLD_AUG_EQUALIZE]     = {"Equalize", 0, 1, sld_aug_equalize},
    [SLD_AUG_ROTATE]       = {"Rotate", -30, 30, sld_aug_rotate},
    [SLD_AUG_SOLARIZE]     = {"Solarize", 0, 256, sld_aug_solarize},
    [SLD_AUG_COLOR]        = {"Color", 0.05, 0.95, sld_aug_color},
    [SLD_AUG_POSTERIZE]    = {"Posterize", 4, 8, sld_aug_posterize},
    [SLD_AUG_CONTRAST]     = {"Contrast", 0.05, 0.95, sld_aug_contrast},
    [SLD_AUG_BRIGHTNESS]   = {"Brightness", 0.05, 0.95, sld_aug_brightness},
    [SLD_AUG_SHARPNESS]    = {"Sharpness", 0.05, 0.95, sld_aug_sharpness},
    [SLD_AUG_SHEAR_X]      = {"ShearX", -0.3, 0.3, sld_aug_shear_x},
    [SLD_AUG_SHEAR_Y]      = {"ShearY", -0.3, 0.3, sld_aug_shear_y},
    [SLD_AUG_TRANSLATE_X]  = {"TranslateX", -0.3, 0.3, sld_aug_translate_x},
    [SLD_AUG_TRANSLATE_Y]  = {"TranslateY", -0.3, 0.3, sld_aug_translate_y},
};

const char *sld_aug_name(sld_aug_op op)
{
    return operations[op].name;
}

void sld_aug_range(sld_aug_op op, double *low, double *high)
{
    *low  = operations[op].low;
    *high = operations[op].high;
}

void sld_aug_apply(sld_aug_op op, double value, const uint8_t *in, size_t H, size_t W, size_t C,
                   uint8_t *out)
{
    operations[op].apply(value, in, H, W, C, out);
}
