/* augment_geometry.c: Rotate, Shear, Translate: affine maps from the output image to the input,
 * nearest neighbour, black outside. The arithmetic, and with it which pixel is nearest, is
 * Pillow's. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "augment.h"

/* Output (x,y) comes from input (xx x + xy y + x0, yx x + yy y + y0). */
typedef struct affine {
    double xx, xy, x0, yx, yy, y0;
} affine;

static inline void take_pixel(const uint8_t *in, ptrdiff_t y, ptrdiff_t x, size_t H, size_t W,
                              size_t C, uint8_t *out)
{
    if (x >= 0 && x < (ptrdiff_t)W && y >= 0 && y < (ptrdiff_t)H) {
        memcpy(out, in + ((size_t)y * W + (size_t)x) * C, C);
    } else {
        memset(out, 0, C);
    }
}

/* To 16.16 fixed point, half up. */
static int32_t fixed(double v)
{
    return (int32_t)floor(v * 65536.0 + 0.5);
}

/* Whether a corner of the output has an origin that 16.16 can hold. */
static bool fits_fixed(const affine *m, double x, double y)
{
    return fabs(x * m->xx + y * m->xy + m->x0) < 32768.0 &&
           fabs(x * m->yx + y * m->yy + m->y0) < 32768.0;
}

/* Turned or sheared images: steps in 16.16 fixed point from the centre of the first pixel. */
static inline void map_fixed(const affine *m, const uint8_t *in, size_t H, size_t W, size_t C,
                             uint8_t *out)
{
    const int32_t xx = fixed(m->xx), xy = fixed(m->xy), yx = fixed(m->yx), yy = fixed(m->yy);
    int32_t       row_x = fixed(m->x0 + m->xx * 0.5 + m->xy * 0.5);
    int32_t       row_y = fixed(m->y0 + m->yx * 0.5 + m->yy * 0.5);

    for (size_t y = 0; y < H; y++, row_x += xy, row_y += yy) {
        int32_t from_x = row_x, from_y = row_y;
        for (size_t x = 0; x < W; x++, out += C, from_x += xx, from_y += yx) {
            take_pixel(in, from_y >> 16, from_x >> 16, H, W, C, out);
        }
    }
}

/* Truncation that sends the open interval (-1,0) outside. */
static ptrdiff_t whole(double v)
{
    return v < 0.0 ? -1 : (ptrdiff_t)v;
}

/* Pure shifts, and images too large for fixed point: the same walk in double precision. */
static inline void map_double(const affine *m, const uint8_t *in, size_t H, size_t W, size_t C,
                              uint8_t *out)
{
    double row_x = m->x0 + m->xy * 0.5 + m->xx * 0.5;
    double row_y = m->y0 + m->yy * 0.5 + m->yx * 0.5;

    for (size_t y = 0; y < H; y++, row_x += m->xy, row_y += m->yy) {
        double from_x = row_x, from_y = row_y;
        for (size_t x = 0; x < W; x++, out += C, from_x += m->xx, from_y += m->yx) {
            take_pixel(in, whole(from_y), whole(from_x), H, W, C, out);
        }
    }
}

static void map_affine(affine m, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    const double w = (double)W, h = (double)H;
    const bool   shift = m.xy == 0.0 && m.yx == 0.0;
    const bool   fits  = fits_fixed(&m, 0, 0) && fits_fixed(&m, w, 0) && fits_fixed(&m, 0, h) &&
                      fits_fixed(&m, w, h);

    /* The constant 3 lets the compiler copy a pixel without a loop. */
    if (!shift && fits && C == 3) {
        map_fixed(&m, in, H, W, 3, out);
    } else if (!shift && fits) {
        map_fixed(&m, in, H, W, C, out);
    } else if (C == 3) {
        map_double(&m, in, H, W, 3, out);
    } else {
        map_double(&m, in, H, W, C, out);
    }
}

/* Python's round(v, 15) but for ties of the product, which move v by 1e-15 and no pixel. It also
 * takes away the last bits, in which one libm's sine may differ from another's. */
static double round_15(double v)
{
    return rint(v * 1e15) / 1e15;
}

/* Counter-clockwise by value degrees about the centre of the image. */
void sld_aug_rotate(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    double degrees = fmod(value, 360.0);
    if (degrees < 0.0) {
        degrees += 360.0; /* Python's % yields [0,360); its rounding is part of the answer */
    }
    const double angle = -(degrees * (3.14159265358979323846 / 180.0));
    const double cos_a = round_15(cos(angle)), sin_a = round_15(sin(angle));
    const double centre_x = (double)W / 2.0, centre_y = (double)H / 2.0;

    affine m = {.xx = cos_a, .xy = sin_a, .yx = -sin_a, .yy = cos_a};
    m.x0     = m.xx * -centre_x + m.xy * -centre_y + centre_x;
    m.y0     = m.yx * -centre_x + m.yy * -centre_y + centre_y;
    map_affine(m, in, H, W, C, out);
}

void sld_aug_shear_x(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    map_affine((affine){.xx = 1.0, .xy = value, .yy = 1.0}, in, H, W, C, out);
}

void sld_aug_shear_y(double value, const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out)
{
    map_affine((affine){.xx = 1.0, .yx = value, .yy = 1.0}, in, H, W, C, out);
}

void sld_aug_translate_x(double value, const uint8_t *in, size_t H, size_t W, size_t C,
                         uint8_t *out)
{
    map_affine((affine){.xx = 1.0, .x0 = value * (double)W, .yy = 1.0}, in, H, W, C, out);
}

void sld_aug_translate_y(double value, const uint8_t *in, size_t H, size_t W, size_t C,
                         uint8_t *out)
{
    map_affine((affine){.xx = 1.0, .yy = 1.0, .y0 = value * (double)H}, in, H, W, C, out);
}
