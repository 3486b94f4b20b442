/* augment_view.c: a weak or strong view of a picture: crop, flip, and in the strong view
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

/* One sld_rng_f64 per quantity, in this order and whatever the options say:
 *   1 top, 2 left of the crop, 3 flip;
 *   strong view only: 4 side, 5 x, 6 y of the cutout, then operation and magnitude in turn.
 * So a changed option leaves the other draws as they were: a third operation moves neither the
 * first two nor the cutout. The two views draw from streams of their own. */
void sld_augment_draw(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      size_t H, size_t W, sld_view_draw *out)
{
    const int pad = params->crop_pad;
    sld_rng   rng =
        sld_rng_make(params->seed, view ? SLD_RNG_STRONG : SLD_RNG_WEAK, (uint32_t)epoch, sample);

    *out      = (sld_view_draw){0};
    out->top  = uniform_int(&rng, 2 * pad + 1) - pad;
    out->left = uniform_int(&rng, 2 * pad + 1) - pad;
    out->flip = sld_rng_f64(&rng) < params->flip;
    if (!view) {
        return;
    }
    out->cutout_side = uniform(&rng, 0.0, params->cutout);
    /* The public code asks numpy for uniform(W), which sets the low end and leaves the high end at
     * 1: the centre falls in (1,W], never in the first pixel. */
    out->cutout_centre[0] = uniform(&rng, (double)W, 1.0);
    out->cutout_centre[1] = uniform(&rng, (double)H, 1.0);

    out->n_ops = params->strong_ops;
    for (int i = 0; i < out->n_ops; i++) {
        double low, high;
        out->op[i] = (sld_aug_op)uniform_int(&rng, SLD_AUG_OPS);
        sld_aug_range(out->op[i], &low, &high);
        out->value[i] = uniform(&rng, low, high);
    }
}

/* out[y][x] = in[y + top][x + left], black outside, then mirrored left to right. */
static void crop_and_flip(const sld_view_draw *draw, const uint8_t *in, size_t H, size_t W,
                          size_t C, uint8_t *out)
{
    for (size_t y = 0; y < H; y++, out += W * C) {
        const ptrdiff_t from_y = (ptrdiff_t)y + draw->top;

        memset(out, 0, W * C);
        if (from_y < 0 || from_y >= (ptrdiff_t)H) {
            continue;
        }
        const uint8_t *row = in + (size_t)from_y * W * C;
        for (size_t x = 0; x < W; x++) {
            const ptrdiff_t from_x = (ptrdiff_t)(draw->flip ? W - 1 - x : x) + draw->left;
            if (from_x >= 0 && from_x < (ptrdiff_t)W) {
                memcpy(out + x * C, row + (size_t)from_x * C, C);
            }
        }
    }
}

void sld_augment_view(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out, void *scratch)
{
    sld_view_draw draw;
    sld_augment_draw(params, view, epoch, sample, H, W, &draw);

    /* The picture goes to and fro between out and scratch and ends in out. */
    uint8_t *here = draw.n_ops % 2 == 0 ? out : scratch, *there = here == out ? scratch : out;
    crop_and_flip(&draw, in, H, W, C, here);
    for (int i = 0; i < draw.n_ops; i++) {
        sld_aug_apply(draw.op[i], draw.value[i], here, H, W, C, there);
        uint8_t *last = here;
        here          = there;
        there         = last;
    }
    sld_aug_cutout(draw.cutout_side, draw.cutout_centre, out, H, W, C);
}

size_t sld_aug_scratch(size_t H, size_t W, size_t C)
{
    return H * W * C;
}
