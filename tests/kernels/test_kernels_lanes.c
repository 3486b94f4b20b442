/* Every width of vectors that this CPU has gives the bits of the narrowest; the public functions
 * run the widest alone. */
#include "fixture.h"
#include "simd/lanes.h"

#define SLD_OF_LANES "batch_norm_lanes.h"
#include "simd/lanes_each.h"

enum { ROWS = 67, C = 32 }; /* whole groups of any width; rows that are no multiple of four */

typedef struct {
    double mean[C], m2[C], sum_dz[C], sum_dzx[C];
    float  y[ROWS * C], dz[ROWS * C], dx[ROWS * C];
} results;

typedef struct {
    const float  *x, *dy, *dy2, *y, *a, *b, *c, *d;
    const double *scale, *shift;
} inputs;

#define RUN_ALL(width)                                                                             \
    static void run_##width(const inputs *in, results *out)                                        \
    {                                                                                              \
        memset(out, 0, sizeof *out);                                                               \
        measure_##width(in->x, in->x, ROWS, C, 0, C, out->mean, out->m2);                          \
        forward_##width(in->x, in->dy, true, ROWS, C, 0, C, in->scale, in->shift, out->y);         \
        sums_##width(in->dy, in->dy2, in->y, in->x, in->a, ROWS, C, 0, C, out->dz, out->sum_dz,    \
                     out->sum_dzx);                                                                \
        data_##width(in->dy, in->x, ROWS, C, 0, C, in->a, in->b, in->c, in->d, out->dx);           \
    }
RUN_ALL(64x1)
RUN_ALL(32x2)
RUN_ALL(32x1)
RUN_ALL(16x4)
RUN_ALL(16x1)
RUN_ALL(8x1)
RUN_ALL(4x1)

static void test_all_widths_give_the_same_bits(void **state)
{
    (void)state;
    static const struct {
        int bytes;
        void (*run)(const inputs *in, results *out);
    } widths[] = {{64, run_64x1}, {32, run_32x2}, {32, run_32x1},
                  {16, run_16x4}, {16, run_16x1}, {8, run_8x1}};
    float *x = random_floats(ROWS * C), *dy = random_floats(ROWS * C);
    float *dy2 = random_floats(ROWS * C), *y = random_floats(ROWS * C),
          *abcd   = random_floats(6 * C);
    double *scale = zeros(C), *shift = zeros(C);
    for (size_t c = 0; c < C; c++) {
        scale[c] = (double)abcd[4 * C + c];
        shift[c] = (double)abcd[5 * C + c];
    }
    const inputs in = {x, dy, dy2, y, abcd, abcd + C, abcd + 2 * C, abcd + 3 * C, scale, shift};

    static results narrowest, other;
    run_4x1(&in, &narrowest);
    assert_true(narrowest.m2[0] > 0 && narrowest.sum_dzx[C - 1] != 0);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        if (widths[i].bytes <= sld_vector_bytes()) {
            widths[i].run(&in, &other);
            assert_memory_equal(&other, &narrowest, sizeof other);
        }
    }
    free(x);
    free(dy);
    free(dy2);
    free(y);
    free(abcd);
    free(scale);
    free(shift);
}

int main(void)
{
    random_numbers                  = sld_rng_make(5, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_widths_give_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
