/* test_augment_ops.c: properties of the image operations over sizes and channels. That they give
 * Pillow's bytes is golden_augment's to show. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

#include "sld/data.h"

#define MAX_BYTES   (57 * 57 * 3)
#define GUARD       64 /* bytes on each side of an image that nobody may write */
#define GUARD_VALUE 0xA5

static const struct size {
    size_t H, W;
} sizes[] = {{1, 1}, {2, 3}, {3, 2}, {1, 40}, {32, 32}, {57, 57}};
#define N_SIZES (sizeof sizes / sizeof *sizes)

typedef struct guarded {
    uint8_t *memory, *image;
    size_t   bytes;
} guarded;

static guarded guarded_create(size_t bytes)
{
    guarded g = {.memory = malloc(bytes + 2 * GUARD), .bytes = bytes};
    assert_non_null(g.memory);
    memset(g.memory, GUARD_VALUE, bytes + 2 * GUARD);
    g.image = g.memory + GUARD;
    return g;
}

static void guarded_check_and_free(guarded *g)
{
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(g->memory[i], GUARD_VALUE);
        assert_int_equal(g->image[g->bytes + i], GUARD_VALUE);
    }
    free(g->memory);
}

static void fill_random(sld_rng *rng, uint8_t *image, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        image[i] = (uint8_t)sld_rng_below(rng, 256);
    }
}

static double random_value(sld_rng *rng, sld_aug_op op)
{
    double low, high;
    sld_aug_range(op, &low, &high);
    return low + (high - low) * sld_rng_f64(rng);
}

/* Every byte of the output is written and no other; two calls agree. */
static void operations_write_the_image_and_nothing_else(void **state)
{
    sld_rng rng = sld_rng_make(1, SLD_RNG_STRONG, 0, 0);

    for (size_t s = 0; s < N_SIZES; s++) {
        for (size_t C = 1; C <= 3; C += 2) {
            const size_t H = sizes[s].H, W = sizes[s].W, bytes = H * W * C;
            uint8_t     *in = malloc(bytes); /* exact: a sanitizer sees a read past it */
            assert_non_null(in);
            for (int trial = 0; trial < 10 * SLD_AUG_OPS; trial++) {
                const sld_aug_op op    = (sld_aug_op)(trial % SLD_AUG_OPS);
                const double     value = random_value(&rng, op);
                guarded          a = guarded_create(bytes), b = guarded_create(bytes);

                fill_random(&rng, in, bytes);
                memset(b.image, 0, bytes); /* a starts as GUARD_VALUE: a byte left out differs */
                sld_aug_apply(op, value, in, H, W, C, a.image);
                sld_aug_apply(op, value, in, H, W, C, b.image);
                assert_memory_equal(a.image, b.image, bytes);
                guarded_check_and_free(&a);
                guarded_check_and_free(&b);
            }
            free(in);
        }
    }
}

/* A grey image of three equal channels stays grey, and is what the one-channel image gives. */
static void one_channel_is_three_equal_ones(void **state)
{
    sld_rng rng = sld_rng_make(2, SLD_RNG_STRONG, 0, 0);
    uint8_t grey[MAX_BYTES], rgb[MAX_BYTES], grey_out[MAX_BYTES], rgb_out[MAX_BYTES];

    for (size_t s = 0; s < N_SIZES; s++) {
        const size_t H = sizes[s].H, W = sizes[s].W, n = H * W;
        for (int trial = 0; trial < 4 * SLD_AUG_OPS; trial++) {
            const sld_aug_op op    = (sld_aug_op)(trial % SLD_AUG_OPS);
            const double     value = random_value(&rng, op);
            fill_random(&rng, grey, n);
            for (size_t i = 0; i < 3 * n; i++) {
                rgb[i] = grey[i / 3];
            }
            sld_aug_apply(op, value, grey, H, W, 1, grey_out);
            sld_aug_apply(op, value, rgb, H, W, 3, rgb_out);
            for (size_t i = 0; i < 3 * n; i++) {
                assert_int_equal(rgb_out[i], grey_out[i / 3]);
            }
            if (op == SLD_AUG_COLOR) {
                assert_memory_equal(grey_out, grey, n);
            }
        }
    }
}

static void neutral_magnitudes_change_nothing(void **state)
{
    static const struct {
        sld_aug_op op;
        double     value;
    } neutral[] = {
        {SLD_AUG_IDENTITY, 0.3},   {SLD_AUG_ROTATE, 0.0},      {SLD_AUG_SOLARIZE, 256.0},
        {SLD_AUG_POSTERIZE, 8.0},  {SLD_AUG_COLOR, 1.0},       {SLD_AUG_CONTRAST, 1.0},
        {SLD_AUG_BRIGHTNESS, 1.0}, {SLD_AUG_SHARPNESS, 1.0},   {SLD_AUG_SHEAR_X, 0.0},
        {SLD_AUG_SHEAR_Y, 0.0},    {SLD_AUG_TRANSLATE_X, 0.0}, {SLD_AUG_TRANSLATE_Y, 0.0},
    };
    sld_rng rng = sld_rng_make(3, SLD_RNG_STRONG, 0, 0);
    uint8_t in[MAX_BYTES], out[MAX_BYTES];

    for (size_t s = 0; s < N_SIZES; s++) {
        const size_t bytes = sizes[s].H * sizes[s].W * 3;
        fill_random(&rng, in, bytes);
        for (size_t i = 0; i < sizeof neutral / sizeof *neutral; i++) {
            sld_aug_apply(neutral[i].op, neutral[i].value, in, sizes[s].H, sizes[s].W, 3, out);
            assert_memory_equal(out, in, bytes);
        }
    }
}

/* The matrix maps output to input: a positive shift brings in what lies right or below. */
static void geometry_moves_as_the_reference_does(void **state)
{
    /* clang-format off */
    const uint8_t in[16] = { 1,  2,  3,  4,
                             5,  6,  7,  8,
                             9, 10, 11, 12,
                            13, 14, 15, 16};
    const struct {
        sld_aug_op op;
        double     value;
        uint8_t    wanted[16];
    } cases[] = {
        {SLD_AUG_TRANSLATE_X, 0.25, { 2,  3,  4, 0,  6,  7,  8, 0, 10, 11, 12, 0, 14, 15, 16, 0}},
        {SLD_AUG_TRANSLATE_X, -0.5, { 0,  0,  1, 2,  0,  0,  5, 6,  0,  0,  9, 10, 0,  0, 13, 14}},
        {SLD_AUG_TRANSLATE_Y, 0.25, { 5,  6,  7, 8,  9, 10, 11, 12, 13, 14, 15, 16, 0,  0,  0, 0}},
        {SLD_AUG_ROTATE,      90.0, { 4,  8, 12, 16, 3,  7, 11, 15,  2,  6, 10, 14, 1,  5,  9, 13}},
        {SLD_AUG_SHEAR_X,      1.0, { 2,  3,  4, 0,  7,  8,  0, 0, 12,  0,  0, 0,  0,  0,  0, 0}},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[16];
        sld_aug_apply(cases[i].op, cases[i].value, in, 4, 4, 1, out);
        assert_memory_equal(out, cases[i].wanted, 16);
    }
}

/* Against a rectangle drawn pixel by pixel from the definition. */
static void cutout_fills_its_rectangle_and_nothing_else(void **state)
{
    sld_rng rng = sld_rng_make(4, SLD_RNG_STRONG, 0, 0);

    for (int trial = 0; trial < 3000; trial++) {
        const size_t H = sizes[(size_t)trial % N_SIZES].H, W = sizes[(size_t)trial % N_SIZES].W;
        const size_t C         = trial % 4 < 2 ? 1 : 3;
        const double side      = trial % 7 == 0 ? 1.0 : sld_rng_f64(&rng);
        const double centre[2] = {(double)W * sld_rng_f64(&rng), (double)H * sld_rng_f64(&rng)};
        const double half      = side * (double)W / 2.0;
        const long   x0        = centre[0] > half ? (long)(centre[0] - half) : 0;
        const long   y0        = centre[1] > half ? (long)(centre[1] - half) : 0;
        guarded      g         = guarded_create(H * W * C);

        memset(g.image, 7, g.bytes);
        sld_aug_cutout(side, centre, g.image, H, W, C);
        for (size_t i = 0; i < g.bytes; i++) {
            const long x = (long)(i / C % W), y = (long)(i / C / W);
            const bool inside = side > 0.0 && x >= x0 && y >= y0 &&
                                (double)x <= (double)x0 + 2.0 * half &&
                                (double)y <= (double)y0 + 2.0 * half;
            const int colour = C == 1 ? 123 : i % 3 == 0 ? 125 : i % 3 == 1 ? 123 : 114;
            assert_int_equal(g.image[i], inside ? colour : 7);
        }
        guarded_check_and_free(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_write_the_image_and_nothing_else),
        cmocka_unit_test(one_channel_is_three_equal_ones),
        cmocka_unit_test(neutral_magnitudes_change_nothing),
        cmocka_unit_test(geometry_moves_as_the_reference_does),
        cmocka_unit_test(cutout_fills_its_rectangle_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
