/* test_augment_resize.c: the random resized crop: the box that chance decides, and its resampling
 * against the sum it stands for. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sld/data.h"

enum { WEAK, STRONG, SIDE = 40, VIEW = 32, MAX = 64 * 64 * 3 };

static const sld_augment_params reference = {.height     = VIEW,
                                             .width      = VIEW,
                                             .resized    = true,
                                             .area       = 0.08,
                                             .ratio      = 4.0 / 3.0,
                                             .flip       = 0.5,
                                             .strong_ops = 2,
                                             .cutout     = 0.5,
                                             .seed       = 1};

/* Edges and slopes, not noise alone: what a wrong weight shows in. */
static void fill_image(uint8_t *image, size_t n)
{
    sld_rng rng = sld_rng_make(7, SLD_RNG_SYNTH, 0, 0);
    for (size_t i = 0; i < n; i++) {
        image[i] = (uint8_t)(i % 7 < 3 ? sld_rng_below(&rng, 256) : i * 11);
    }
}

static void view_of(const sld_augment_params *params, int view, uint64_t sample, size_t H, size_t W,
                    uint8_t *out)
{
    static uint8_t in[MAX];
    uint8_t       *scratch = malloc(sld_aug_scratch(H, W, 3));
    assert_non_null(scratch);
    assert_true(H * W * 3 <= MAX);
    fill_image(in, H * W * 3);
    sld_augment_view(params, view, 1, sample, in, H, W, 3, out, scratch);
    free(scratch);
}

/* ---- the box ---- */

static sld_view_draw draw_in(const sld_augment_params *params, uint64_t sample, size_t H, size_t W)
{
    sld_view_draw draw;
    sld_augment_draw(params, WEAK, 3, sample, H, W, &draw);
    assert_true(draw.height > 0 && draw.width > 0 && draw.top >= 0 && draw.left >= 0);
    assert_true((size_t)(draw.top + draw.height) <= H && (size_t)(draw.left + draw.width) <= W);
    return draw;
}

/* torchvision's rule on images of 400 x 400: area uniform in [0.08,1], width over height between
 * 3/4 and 4/3 with a uniform logarithm, drawn again where it does not fit, as it does for small
 * areas. */
static void boxes_have_the_reference_distribution(void **state)
{
    enum { N = 20000, S = 400 };
    double area = 0, logarithm = 0, corner = 0;
    int    small = 0;
    for (uint64_t sample = 0; sample < N; sample++) {
        const sld_view_draw d     = draw_in(&reference, sample, S, S);
        const double        share = (double)(d.height * d.width) / (S * S);
        const double        shape = (double)d.width / d.height;
        /* sides are rounded by up to 1/2 of 98 or more pixels (8 % of the area, 4:3) */
        assert_true(share > 0.08 * 0.99 && share <= 1.0);
        assert_true(shape > 0.75 * 0.99 && shape < 4.0 / 3.0 * 1.01);
        if (share < 0.5) { /* every shape fits: nothing was drawn again */
            small++;
            area += share;
            logarithm += log(shape);
            corner += (double)d.top / (S - d.height) - (double)d.left / (S - d.width);
        }
    }
    /* Tries with a share from 0.5 to 0.75 always fit too, of those above it 0.119 / 0.25: the
     * integral of -ln(a) / ln(4/3). So 0.42 of 0.42 + 0.25 + 0.119 are below. Five standard
     * deviations, here and of means over some 10600 draws: areas uniform in [0.08,0.5], 0.121;
     * logarithms in +-0.288, 0.166; differences of two uniform numbers, 0.41; each over
     * sqrt(10600). */
    assert_true(fabs(small - N * 0.5323) < 5 * sqrt(N * 0.25));
    assert_true(fabs(area / small - 0.29) < 0.0059);
    assert_true(fabs(logarithm / small) < 0.0081);
    assert_true(fabs(corner / small) < 0.0199);
}

static void what_never_fits_is_cut_from_the_centre(void **state)
{
    sld_augment_params whole = reference;
    whole.area               = 1.0; /* with a shape of exactly 1 alone it would fit */
    for (uint64_t sample = 0; sample < 50; sample++) {
        const sld_view_draw d = draw_in(&whole, sample, 30, 90);
        assert_true(d.height == 30 && d.width == 40 && d.top == 0 && d.left == 25);
        const sld_view_draw e = draw_in(&whole, sample, 90, 30);
        assert_true(e.height == 40 && e.width == 30 && e.top == 25 && e.left == 0);
    }
}

/* Other draws are those of the padded crop: an option moves its own alone. */
static void the_box_moves_nothing_else(void **state)
{
    sld_augment_params padded = reference;
    padded.resized            = false;
    for (uint64_t sample = 0; sample < 100; sample++) {
        sld_view_draw a, b;
        sld_augment_draw(&reference, STRONG, 1, sample, SIDE, SIDE, &a);
        sld_augment_draw(&padded, STRONG, 1, sample, SIDE, SIDE, &b);
        assert_true(a.flip == b.flip && a.cutout_side == b.cutout_side);
        assert_memory_equal(a.cutout_centre, b.cutout_centre, sizeof a.cutout_centre);
        assert_memory_equal(a.op, b.op, sizeof a.op);
        assert_memory_equal(a.value, b.value, sizeof a.value);
    }
}

/* ---- the resampling ---- */

/* Weight of input pixel i for output pixel `at`, not yet divided by their sum. */
static double triangle(int from, int to, int at, int i)
{
    const double scale = (double)from / to, wide = scale > 1 ? scale : 1;
    return fmax(0, 1 - fabs(i + 0.5 - (at + 0.5) * scale) / wide);
}

static double direct(const uint8_t *in, size_t W, const sld_view_draw *d, int y, int x, int c)
{
    double sum = 0, total = 0;
    x = d->flip ? VIEW - 1 - x : x;
    for (int i = 0; i < d->height; i++) {
        for (int j = 0; j < d->width; j++) {
            const double w = triangle(d->height, VIEW, y, i) * triangle(d->width, VIEW, x, j);
            sum += w * in[((size_t)(d->top + i) * W + (size_t)(d->left + j)) * 3 + (size_t)c];
            total += w;
        }
    }
    return sum / total;
}

static void a_view_is_the_weighted_mean_of_its_box(void **state)
{
    static const size_t sizes[][2] = {{SIDE, SIDE}, {VIEW, 57}, {64, 64}};
    static uint8_t      in[MAX];
    uint8_t             out[VIEW * VIEW * 3];
    for (size_t s = 0; s < 3; s++) {
        const size_t H = sizes[s][0], W = sizes[s][1];
        double       off = 0;
        fill_image(in, H * W * 3);
        for (uint64_t sample = 0; sample < 12; sample++) {
            sld_view_draw draw;
            sld_augment_draw(&reference, WEAK, 1, sample, H, W, &draw);
            view_of(&reference, WEAK, sample, H, W, out);
            for (int i = 0; i < VIEW * VIEW * 3; i++) {
                const double error =
                    out[i] - direct(in, W, &draw, i / 3 / VIEW, i / 3 % VIEW, i % 3);
                assert_true(fabs(error) < 1.001); /* rounded twice by up to 1/2 of 255 */
                off += error;
            }
        }
        /* halves go up, and where a view's weights are 32nds or 64ths there are many; a rounding
         * that cuts would be off by -1/2 */
        assert_true(fabs(off / (12 * VIEW * VIEW * 3)) < 0.1);
    }
}

/* The whole image at its own size is the image, and larger or smaller it stays within it. */
static void a_flat_or_equal_image_stays(void **state)
{
    static uint8_t     in[MAX];
    sld_augment_params whole = reference;
    uint8_t            out[VIEW * VIEW * 3], scratch[3 * MAX];
    whole.area  = 1.0;
    whole.ratio = 1.0;
    whole.flip  = 0.0;
    view_of(&whole, WEAK, 1, VIEW, VIEW, out);
    fill_image(in, sizeof out);
    assert_memory_equal(in, out, sizeof out);
    memset(in, 255, sizeof in);
    for (uint64_t sample = 0; sample < 20; sample++) {
        sld_augment_view(&reference, WEAK, 1, sample, in, 64, 64, 3, out, scratch);
        assert_memory_equal(in, out, sizeof out);
    }
}

/* One channel, sides of one pixel, views smaller than the image: for the sanitizers. */
static void odd_sizes_stay_in_bounds(void **state)
{
    static const size_t sizes[][4] = {{1, 1, 1, 1}, {2, 3, 1, 2}, {1, 40, 1, 7}, {57, 31, 57, 31}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t C = 1; C <= 3; C += 2) {
            const size_t       H = sizes[s][0], W = sizes[s][1], h = sizes[s][2], w = sizes[s][3];
            sld_augment_params params = reference;
            params.height             = h;
            params.width              = w;
            uint8_t *in = malloc(H * W * C), *out = malloc(h * w * C);
            uint8_t *scratch = malloc(sld_aug_scratch(H, W, C));
            assert_true(in && out && scratch);
            fill_image(in, H * W * C);
            for (uint64_t sample = 0; sample < 200; sample++) {
                params.resized    = sample % 2;
                params.strong_ops = (int)(sample % 3);
                sld_augment_view(&params, sample % 5 > 0, 1, sample, in, H, W, C, out, scratch);
            }
            free(in);
            free(out);
            free(scratch);
        }
    }
}

/* As in test_augment_view.c: may change only on purpose, and is what Pillow 9.4 gives for the same
 * boxes (crop, resize by BILINEAR, mirror). */
static void views_are_the_same_on_every_machine(void **state)
{
    sld_sha256 sha;
    char       hex[65];
    uint8_t    out[VIEW * VIEW * 3];
    sld_sha256_init(&sha);
    for (uint64_t sample = 0; sample < 200; sample++) {
        view_of(&reference, WEAK, sample, SIDE + sample % 20, SIDE + sample % 7, out);
        sld_sha256_add(&sha, out, sizeof out);
    }
    sld_sha256_hex(&sha, hex);
    assert_string_equal(hex, "196fcaa7233e66b07853c9ca51226b107c57abf079349c0b60c23a49ce1cba0a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_have_the_reference_distribution),
        cmocka_unit_test(what_never_fits_is_cut_from_the_centre),
        cmocka_unit_test(the_box_moves_nothing_else),
        cmocka_unit_test(a_view_is_the_weighted_mean_of_its_box),
        cmocka_unit_test(a_flat_or_equal_image_stays),
        cmocka_unit_test(odd_sizes_stay_in_bounds),
        cmocka_unit_test(views_are_the_same_on_every_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
