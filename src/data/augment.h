/* augment.h: the operations behind sld_aug_apply(), one per idea of Pillow. All are local, take a
 * picture in and write another of the same shape (H,W,C), C 1 or 3, to memory of its own. */
#ifndef SLD_DATA_AUGMENT_H
#define SLD_DATA_AUGMENT_H

#include <stddef.h>
#include <stdint.h>

typedef void sld_aug_fn(double value, const uint8_t *in, size_t H, size_t W, size_t C,
                        uint8_t *out);

/* augment_point.c: each byte replaced by itself alone; value: threshold, bits, else unused */
sld_aug_fn sld_aug_identity, sld_aug_autocontrast, sld_aug_equalize, sld_aug_solarize,
    sld_aug_posterize;

/* augment_enhance.c: value: 0 the degenerate picture, 1 the picture itself */
sld_aug_fn sld_aug_color, sld_aug_contrast, sld_aug_brightness, sld_aug_sharpness;

/* augment_geometry.c: value: degrees, shear, share of the size */
sld_aug_fn sld_aug_rotate, sld_aug_shear_x, sld_aug_shear_y, sld_aug_translate_x,
    sld_aug_translate_y;

/* Grey of a colour by ITU-R 601, rounded in 16-bit fixed point as Pillow does. */
static inline uint8_t sld_aug_luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}

#endif
