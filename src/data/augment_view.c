/* augment_view.c: a weak or strong view of an image: crop, flip, and in the strong view
 * RandAugment and cutout. Chance comes from a stream of its own per (seed, view, epoch, sample). */
#include <string.h>

#include "augment.h"
#include "sld/data.h"

static double uniform(sld_rng *rng, double low, double high)
{
    return low + (high - low) * sld_rng_f64(rng);
}

static int uniform_int(sld_rng *rng, int n) /* 0..n-1; n is small, so the bias is below 2^-40 */
{
    return (int)(sld_rng_f64(rng) * n);
}

/* Where a crop of `size` begins along an axis of n pixels with `pad` more on both sides. It always
 * draws a number. */
static int place(sld_rng *rng, size_t n, int size, int pad, bool centred)
{
    const int room   = (int)n + 2 * pad - size;
    const int random = uniform_int(rng, room + 1);
    return (centred ? room / 2 : random) - pad;
}

/* Draws corner and sizes of the crop. Sizes come from a stream of their own, because the number of
 * tries varies. */
static void draw_crop(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      size_t H, size_t W, sld_rng *rng, sld_view_draw *out)
{
    const int pad     = params->resized ? 0 : params->crop_pad;
    bool      centred = false;

    if (params->resized) {
        sld_rng box = sld_rng_make(params->seed, view ? SLD_RNG_STRONG_BOX : SLD_RNG_WEAK_BOX,
                                   (uint32_t)epoch, sample);
        centred =
            !sld_aug_draw_box(&box, params->area, params->ratio, H, W, &out->height, &out->width);
    } else {
        out->height = (int)(params->height ? params->height : H);
        out->width  = (int)(params->width ? params->width : W);
    }
    out->top  = place(rng, H, out->height, pad, centred);
    out->left = place(rng, W, out->width, pad, centred);
}

/* One sld_rng_f64 per quantity, in this order and whatever the options say:
 *   1 top, 2 left of the crop, 3 flip;
 *   strong view only: 4 side, 5 x, 6 y of the cutout, then operation and magnitude in turn.
 * So a changed option leaves the other draws as they were: a third operation moves neither the
 * first two nor the cutout. The two views draw from streams of their own. */
void sld_augment_draw(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      size_t H, size_t W, sld_view_draw *out)
{
    sld_rng rng =
        sld_rng_make(params->seed, view ? SLD_RNG_STRONG : SLD_RNG_WEAK, (uint32_t)epoch, sample);

    *out = (sld_view_draw){0};
    draw_crop(params, view, epoch, sample, H, W, &rng, out);
    out->flip = sld_rng_f64(&rng) < params->flip;
    if (!view) {
        return;
    }
    out->cutout_side = uniform(&rng, 0.0, params->cutout);
    /* The public code asks numpy for uniform(W), which sets the low end and leaves the high end at
     * 1: the centre falls in (1,W], never in the first pixel. */
    out->cutout_centre[0] = uniform(&rng, (double)(params->width ? params->width : W), 1.0);
    out->cutout_centre[1] = uniform(&rng, (double)(params->height ? params->height : H), 1.0);

    out->n_ops = params->strong_ops;
    for (int i = 0; i < out->n_ops; i++) {
        double low, high;
        out->op[i] = (sld_aug_op)uniform_int(&rng, SLD_AUG_OPS);
        sld_aug_range(out->op[i], &low, &high);
        out->value[i] = uniform(&rng, low, high);
    }
}

/* out[y][x] = in[y + top][x + left], black outside, then mirrored left to right. out: (h,w,C) */
static void crop_and_flip(const sld_view_draw *draw, const uint8_t *in, size_t H, size_t W,
                          size_t C, size_t h, size_t w, uint8_t *out)
{
    for (size_t y = 0; y < h; y++, out += w * C) {
        const ptrdiff_t from_y = (ptrdiff_t)y + draw->top;

        memset(out, 0, w * C);
        if (from_y < 0 || from_y >= (ptrdiff_t)H) {
            continue;
        }
        const uint8_t *row = in + (size_t)from_y * W * C;
        for (size_t x = 0; x < w; x++) {
            const ptrdiff_t from_x = (ptrdiff_t)(draw->flip ? w - 1 - x : x) + draw->left;
            if (from_x >= 0 && from_x < (ptrdiff_t)W) {
                memcpy(out + x * C, row + (size_t)from_x * C, C);
            }
        }
    }
}

/* Makes the first step of a view: the crop (h,w,C) of its image. */
static void cut(const sld_augment_params *params, const sld_view_draw *draw, const uint8_t *in,
                size_t H, size_t W, size_t C, size_t h, size_t w, uint8_t *out, void *scratch)
{
    if (params->resized) {
        const sld_aug_box box = {(size_t)draw->top, (size_t)draw->left, (size_t)draw->height,
                                 (size_t)draw->width};
        sld_aug_resize(&box, draw->flip, in, W, C, h, w, out, scratch);
    } else {
        crop_and_flip(draw, in, H, W, C, h, w, out);
    }
}

void sld_augment_view(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out, void *scratch)
{
    const size_t  h     = params->height ? params->height : H;
    const size_t  w     = params->width ? params->width : W;
    uint8_t      *other = (uint8_t *)scratch + sld_aug_resize_scratch(H, W, C);
    sld_view_draw draw;
    sld_augment_draw(params, view, epoch, sample, H, W, &draw);

    /* Operations write to out and other alternately, and the last one to out. */
    uint8_t *here = draw.n_ops % 2 == 0 ? out : other, *there = here == out ? other : out;
    cut(params, &draw, in, H, W, C, h, w, here, scratch);
    for (int i = 0; i < draw.n_ops; i++) {
        sld_aug_apply(draw.op[i], draw.value[i], here, h, w, C, there);
        uint8_t *last = here;
        here          = there;
        there         = last;
    }
    sld_aug_cutout(draw.cutout_side, draw.cutout_centre, out, h, w, C);
}

size_t sld_aug_scratch(size_t H, size_t W, size_t C)
{
    return sld_aug_resize_scratch(H, W, C) + H * W * C;
}
