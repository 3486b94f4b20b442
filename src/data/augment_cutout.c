/* augment_cutout.c: a filled rectangle, as the paper's code draws it with Pillow. */
#include <math.h>
#include <string.h>

#include "augment.h"
#include "sld/data.h"

/* The first and the last pixel covered along an axis of n pixels, both inclusive. The corner is
 * truncated to a whole number, and the far edge is measured from there. A part beyond the border is
 * lost; the other side gets no more. */
static void cover(double centre, double side, size_t n, size_t *first, size_t *last)
{
    const double corner = trunc(fmax(0.0, centre - side / 2.0));
    const double edge   = fmin((double)n, corner + side);

    *first = (size_t)corner;
    *last  = edge < (double)n ? (size_t)edge : n - 1;
}

void sld_aug_cutout(double side, const double centre[2], uint8_t *image, size_t H, size_t W,
                    size_t C)
{
    static const uint8_t colour[3] = {125, 123, 114}; /* ImageNet's mean, before normalisation */
    size_t               x_first, x_last, y_first, y_last;

    if (side <= 0.0) {
        return;
    }
    cover(centre[0], side * (double)W, W, &x_first, &x_last); /* the side follows the width */
    cover(centre[1], side * (double)W, H, &y_first, &y_last);
    for (size_t y = y_first; y < H && y <= y_last; y++) {
        for (size_t x = x_first; x < W && x <= x_last; x++) {
            if (C == 3) {
                memcpy(image + (y * W + x) * 3, colour, 3);
            } else {
                image[y * W + x] = sld_aug_luma(colour[0], colour[1], colour[2]);
            }
        }
    }
}
