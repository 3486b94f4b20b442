/* augment.h: the operations behind sld_aug_apply(), in files by their kind in Pillow. All are
 * Local. They read an image and write another of the same shape (H,W,C), C 1 or 3; the two do not
 * overlap. */
#ifndef SLD_DATA_AUGMENT_H
#define SLD_DATA_AUGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "sld/base.h"

typedef void sld_aug_fn(double value, const uint8_t *in, size_t H, size_t W, size_t C,
                        uint8_t *out);

/* augment_point.c: each byte becomes a function of itself; value: threshold, bits, else unused. */
sld_aug_fn sld_aug_identity, sld_aug_autocontrast, sld_aug_equalize, sld_aug_solarize,
    sld_aug_posterize;

/* augment_enhance.c: value: 0 gives the degenerate image, 1 the image itself. */
sld_aug_fn sld_aug_color, sld_aug_contrast, sld_aug_brightness, sld_aug_sharpness;

/* augment_geometry.c: value: degrees, shear, share of the size. */
sld_aug_fn sld_aug_rotate, sld_aug_shear_x, sld_aug_shear_y, sld_aug_translate_x,
    sld_aug_translate_y;

/* augment_resize.c. A part of an image, in pixels. */
typedef struct sld_aug_box {
    size_t top, left, height, width;
} sld_aug_box;

/* Draws the sizes of a box in an image of (H,W): its share of the area is `area` to 1, its width
 * over height 1/ratio to ratio. False: no try has fitted, and the box is the largest of such a
 * shape, which belongs in the centre. */
bool sld_aug_draw_box(sld_rng *rng, double area, double ratio, size_t H, size_t W, int *height,
                      int *width);
/* Resamples the box of in: (H,W,C) to out: (h,w,C), w at most W, mirrored left to right if flip is
 * set. scratch: sld_aug_resize_scratch(H,W,C) bytes. */
void   sld_aug_resize(const sld_aug_box *box, bool flip, const uint8_t *in, size_t W, size_t C,
                      size_t h, size_t w, uint8_t *out, void *scratch);
size_t sld_aug_resize_scratch(size_t H, size_t W, size_t C);

/* The grey of a colour by ITU-R 601, rounded in 16-bit fixed point as in Pillow. */
static inline uint8_t sld_aug_luma(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}

#endif
