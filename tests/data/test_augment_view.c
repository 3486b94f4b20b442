/* test_augment_view.c: what chance decides about a view, and the view it makes. */
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

#define H     32
#define W     32
#define BYTES (H * W * 3)

enum { WEAK, STRONG };

static const sld_augment_params reference = {
    .crop_pad = 4, .flip = 0.5, .strong_ops = 2, .cutout = 0.5, .seed = 1};

static void fill_image(uint8_t *image, size_t n)
{
    sld_rng rng = sld_rng_make(7, SLD_RNG_SYNTH, 0, 0);
    for (size_t i = 0; i < n; i++) {
        image[i] = (uint8_t)(1 + sld_rng_below(&rng, 255)); /* never 0, which is the padding */
    }
}

static sld_view_draw draw_of(const sld_augment_params *params, int view, int64_t epoch,
                             uint64_t sample)
{
    sld_view_draw draw;
    sld_augment_draw(params, view, epoch, sample, H, W, &draw);
    return draw;
}

static void view_of(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                    uint8_t out[BYTES])
{
    static uint8_t in[BYTES];
    uint8_t       *scratch = malloc(sld_aug_scratch(H, W, 3)); /* whatever it holds */
    assert_non_null(scratch);
    fill_image(in, BYTES);
    sld_augment_view(params, view, epoch, sample, in, H, W, 3, out, scratch);
    free(scratch);
}

/* The same arguments give the same bytes whatever was asked before; each argument matters. */
static void a_view_depends_on_seed_epoch_and_sample_alone(void **state)
{
    for (int view = WEAK; view <= STRONG; view++) {
        uint8_t            first[BYTES], again[BYTES];
        sld_augment_params other    = reference;
        int                n_differ = 0;

        other.seed = 2;
        for (uint64_t sample = 0; sample < 50; sample++) {
            view_of(&reference, view, 3, sample, first);
            view_of(&other, view, 3, sample, again);
            n_differ += memcmp(first, again, BYTES) != 0;
            view_of(&reference, view, 4, sample, again);
            n_differ += memcmp(first, again, BYTES) != 0;
            view_of(&reference, view, 3, sample + 50, again);
            n_differ += memcmp(first, again, BYTES) != 0;
            view_of(&reference, 1 - view, 3, sample, again);
            n_differ += memcmp(first, again, BYTES) != 0;
            view_of(&reference, view, 3, sample, again);
            assert_memory_equal(first, again, BYTES);
        }
        assert_true(n_differ >= 190); /* of 200: two weak views meet once in 162 */
    }
}

/* A draw is a function of its position alone: changing one option leaves the other draws alone. */
static void an_option_moves_its_own_draw_only(void **state)
{
    sld_augment_params more = reference, no_cutout = reference, no_crop = reference;
    more.strong_ops  = SLD_AUG_STRONG_OPS;
    no_cutout.cutout = 0.0;
    no_crop.crop_pad = 0;

    for (uint64_t sample = 0; sample < 200; sample++) {
        const sld_view_draw a = draw_of(&reference, STRONG, 1, sample);
        sld_view_draw       b = draw_of(&more, STRONG, 1, sample);
        assert_int_equal(b.n_ops, SLD_AUG_STRONG_OPS);
        assert_memory_equal(a.op, b.op, 2 * sizeof *a.op);
        assert_memory_equal(a.value, b.value, 2 * sizeof *a.value);
        assert_memory_equal(a.cutout_centre, b.cutout_centre, sizeof a.cutout_centre);

        b = draw_of(&no_cutout, STRONG, 1, sample);
        assert_true(b.cutout_side == 0.0);
        assert_memory_equal(a.op, b.op, sizeof a.op);
        assert_true(a.top == b.top && a.left == b.left && a.flip == b.flip);

        b = draw_of(&no_crop, STRONG, 1, sample);
        assert_true(b.top == 0 && b.left == 0 && a.flip == b.flip);
        assert_memory_equal(a.value, b.value, sizeof a.value);
    }
}

/* True when a count of n tries at probability p lies within 5 standard deviations: with fixed seeds
 * the test cannot waver, and a wrong probability of a few per cent lies far outside. */
static bool likely(int count, int n, double p)
{
    return fabs(count - n * p) <= 5.0 * sqrt(n * p * (1.0 - p));
}

static void draws_have_the_reference_distributions(void **state)
{
    enum { N = 20000 };
    sld_augment_params params    = reference;
    int                n_flip[2] = {0}, n_agree = 0;
    int                top[2][9] = {{0}}, left[2][9] = {{0}};
    int                n_op[SLD_AUG_OPS] = {0}, n_low_half[SLD_AUG_OPS] = {0}, n_same = 0;
    int                n_small = 0, n_centre_left = 0, n_centre_top = 0;

    params.flip = 0.3; /* unlike its complement */
    for (uint64_t sample = 0; sample < N; sample++) {
        const sld_view_draw  weak   = draw_of(&params, WEAK, 1, sample);
        const sld_view_draw  strong = draw_of(&params, STRONG, 1, sample);
        const sld_view_draw *of[2]  = {&weak, &strong};

        for (int view = WEAK; view <= STRONG; view++) {
            assert_in_range(of[view]->top + 4, 0, 8);
            assert_in_range(of[view]->left + 4, 0, 8);
            top[view][of[view]->top + 4]++;
            left[view][of[view]->left + 4]++;
            n_flip[view] += of[view]->flip;
        }
        n_agree += weak.top == strong.top;

        assert_true(weak.n_ops == 0 && weak.cutout_side == 0.0);
        assert_int_equal(strong.n_ops, 2);
        n_same += strong.op[0] == strong.op[1];
        for (int i = 0; i < 2; i++) {
            double low, high;
            sld_aug_range(strong.op[i], &low, &high);
            assert_true(strong.value[i] >= low && strong.value[i] <= high);
            n_op[strong.op[i]]++;
            n_low_half[strong.op[i]] += strong.value[i] < (low + high) / 2.0;
        }
        assert_true(strong.cutout_side >= 0.0 && strong.cutout_side < 0.5);
        assert_true(strong.cutout_centre[0] > 1.0 && strong.cutout_centre[0] <= W);
        assert_true(strong.cutout_centre[1] > 1.0 && strong.cutout_centre[1] <= H);
        n_small += strong.cutout_side < 0.25;
        n_centre_left += strong.cutout_centre[0] < (1.0 + W) / 2.0;
        n_centre_top += strong.cutout_centre[1] < (1.0 + H) / 2.0;
    }
    for (int view = WEAK; view <= STRONG; view++) {
        assert_true(likely(n_flip[view], N, 0.3));
        for (int i = 0; i < 9; i++) {
            assert_true(likely(top[view][i], N, 1.0 / 9.0));
            assert_true(likely(left[view][i], N, 1.0 / 9.0));
        }
    }
    for (int op = 0; op < SLD_AUG_OPS; op++) {
        assert_true(likely(n_op[op], 2 * N, 1.0 / SLD_AUG_OPS));
        assert_true(likely(n_low_half[op], n_op[op], 0.5));
    }
    assert_true(likely(n_agree, N, 1.0 / 9.0));        /* the views crop independently */
    assert_true(likely(n_same, N, 1.0 / SLD_AUG_OPS)); /* with replacement */
    assert_true(likely(n_small, N, 0.5));
    assert_true(likely(n_centre_left, N, 0.5) && likely(n_centre_top, N, 0.5));
}

/* The weak view is the padded image cropped, then mirrored, pixel by pixel. */
static void the_weak_view_is_a_padded_crop_and_a_flip(void **state)
{
    uint8_t in[BYTES], out[BYTES];

    fill_image(in, BYTES);
    for (uint64_t sample = 0; sample < 100; sample++) {
        const sld_view_draw draw = draw_of(&reference, WEAK, 1, sample);
        view_of(&reference, WEAK, 1, sample, out);
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                const int  from_y = y + draw.top, from_x = (draw.flip ? W - 1 - x : x) + draw.left;
                const bool inside = from_y >= 0 && from_y < H && from_x >= 0 && from_x < W;
                for (int c = 0; c < 3; c++) {
                    assert_int_equal(out[(y * W + x) * 3 + c],
                                     inside ? in[(from_y * W + from_x) * 3 + c] : 0);
                }
            }
        }
    }
}

/* The strong view is its crop, its operations in order, its cutout. */
static void the_strong_view_applies_what_was_drawn(void **state)
{
    sld_augment_params params = reference;

    for (params.strong_ops = 0; params.strong_ops <= 3; params.strong_ops++) {
        for (uint64_t sample = 0; sample < 50; sample++) {
            const sld_view_draw draw  = draw_of(&params, STRONG, 1, sample);
            sld_augment_params  plain = params;
            uint8_t             out[BYTES], step[2][BYTES];

            plain.strong_ops = 0;
            plain.cutout     = 0.0;
            view_of(&plain, STRONG, 1, sample, step[0]);
            for (int i = 0; i < draw.n_ops; i++) {
                sld_aug_apply(draw.op[i], draw.value[i], step[i % 2], H, W, 3, step[(i + 1) % 2]);
            }
            uint8_t *wanted = step[draw.n_ops % 2];
            sld_aug_cutout(draw.cutout_side, draw.cutout_centre, wanted, H, W, 3);
            view_of(&params, STRONG, 1, sample, out);
            assert_memory_equal(out, wanted, BYTES);
        }
    }
}

/* Sizes smaller than the padding, one channel, most operations: for the sanitizers. */
static void odd_sizes_stay_in_bounds(void **state)
{
    static const size_t      sizes[][2] = {{1, 1}, {2, 3}, {1, 40}, {57, 57}};
    const sld_augment_params params     = {
            .crop_pad = 64, .flip = 0.5, .strong_ops = SLD_AUG_STRONG_OPS, .cutout = 1.0, .seed = 9};

    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t C = 1; C <= 3; C += 2) {
            const size_t h = sizes[s][0], w = sizes[s][1], n = h * w * C;
            uint8_t *in = malloc(n), *out = malloc(n), *scratch = malloc(sld_aug_scratch(h, w, C));
            assert_true(in && out && scratch);
            fill_image(in, n);
            for (uint64_t sample = 0; sample < 100; sample++) {
                for (int view = WEAK; view <= STRONG; view++) {
                    sld_augment_view(&params, view, 1, sample, in, h, w, C, out, scratch);
                }
            }
            free(in);
            free(out);
            free(scratch);
        }
    }
}

/* The views of an experiment are part of its result: a change of draws, order or arithmetic makes
 * every stored run irreproducible, so the sum below may change only on purpose. It is also what
 * Pillow 9.4 gives for the same draws, and shows that another machine, compiler or libm makes the
 * same bytes. */
static void views_are_the_same_on_every_machine(void **state)
{
    sld_sha256 sha;
    char       hex[65];
    uint8_t    out[BYTES];

    sld_sha256_init(&sha);
    for (uint64_t sample = 0; sample < 200; sample++) {
        for (int view = WEAK; view <= STRONG; view++) {
            view_of(&reference, view, 1, sample, out);
            sld_sha256_add(&sha, out, BYTES);
        }
    }
    sld_sha256_hex(&sha, hex);
    assert_string_equal(hex, "4d6348c2779377c6501f83203e87a6576e0d14365d59291fa224acdc6df22f78");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_depends_on_seed_epoch_and_sample_alone),
        cmocka_unit_test(an_option_moves_its_own_draw_only),
        cmocka_unit_test(draws_have_the_reference_distributions),
        cmocka_unit_test(the_weak_view_is_a_padded_crop_and_a_flip),
        cmocka_unit_test(the_strong_view_applies_what_was_drawn),
        cmocka_unit_test(odd_sizes_stay_in_bounds),
        cmocka_unit_test(views_are_the_same_on_every_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
