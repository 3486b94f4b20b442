/* Pooling over windows and moving channels, against the definitions. */
#include "fixture.h"

static const sld_pool_params shapes[] = {
    {8, 8, 3, 2, 2, 0},  {9, 7, 16, 3, 2, 1}, {5, 6, 37, 3, 1, 1},   {8, 8, 64, 3, 2, 1},
    {4, 4, 20, 4, 4, 0}, {1, 1, 5, 1, 1, 0},  {112, 6, 17, 3, 2, 1}, {4, 3, 79, 2, 1, 0},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, N = 3 };

typedef struct {
    float  *x, *y, *dy, *dx;
    double *ey, *edx;
    size_t  x_floats, y_floats; /* of N images */
} arrays;

static arrays make(const sld_pool_params *p)
{
    arrays a = {.x_floats = N * (size_t)(p->height * p->width * p->channels),
                .y_floats = N * sld_pool_windows(p) * (size_t)p->channels};
    a.x      = random_floats(a.x_floats);
    a.dx     = random_floats(a.x_floats);
    a.y      = random_floats(a.y_floats);
    a.dy     = random_floats(a.y_floats);
    a.ey     = zeros(a.y_floats);
    a.edx    = zeros(a.x_floats);
    return a;
}

static void drop(arrays *a)
{
    free(a->x);
    free(a->dx);
    free(a->y);
    free(a->dy);
    free(a->ey);
    free(a->edx);
}

/* The definition, value by value: fills ey and edx. */
static void define(const sld_pool_params *p, bool largest, arrays *a)
{
    const int columns = sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    const int each = (int)sld_pool_windows(p), taps = p->kernel * p->kernel;
    for (size_t i = 0; i < a->y_floats; i++) {
        const int c = (int)i % p->channels, place = (int)i / p->channels % each;
        const int image = (int)i / p->channels / each;
        size_t    best  = 0;
        bool      any   = false;
        for (int t = 0; t < taps; t++) {
            const int y = place / columns * p->stride - p->pad + t / p->kernel;
            const int x = place % columns * p->stride - p->pad + t % p->kernel;
            if (y < 0 || y >= p->height || x < 0 || x >= p->width) {
                continue;
            }
            const size_t at = (size_t)(((image * p->height + y) * p->width + x) * p->channels + c);
            if (!largest) {
                a->ey[i] += (double)a->x[at] / taps;
                a->edx[at] += (double)a->dy[i] / taps;
            } else if (!any || a->x[at] > a->x[best]) {
                best = at;
                any  = true;
            }
        }
        if (largest) {
            a->ey[i] = (double)a->x[best];
            a->edx[best] += (double)a->dy[i];
        }
    }
}

static void test_max_pool(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        arrays a = make(&shapes[s]);
        for (size_t i = 0; i < a.x_floats; i++) { /* many ties, as behind a relu */
            a.x[i] = a.x[i] < 0.3f ? 0 : roundf(a.x[i] * 4);
        }
        define(&shapes[s], true, &a);
        sld_max_pool_forward(a.x, N, &shapes[s], a.y);
        assert_true(distance(a.y, a.ey, a.y_floats) == 0);
        sld_max_pool_backward(a.x, a.y, a.dy, N, &shapes[s], a.dx);
        assert_true(distance(a.dx, a.edx, a.x_floats) < 1e-6); /* sums of up to nine */
        drop(&a);
    }
}

static void test_average_pool(void **state)
{
    (void)state;
    for (int s = 0; s < SHAPES; s++) {
        arrays a = make(&shapes[s]);
        define(&shapes[s], false, &a);
        sld_average_pool_forward(a.x, N, &shapes[s], a.y);
        assert_true(distance(a.y, a.ey, a.y_floats) < 1e-6); /* sums of up to sixteen */
        sld_average_pool_backward(a.dy, N, &shapes[s], a.dx);
        assert_true(distance(a.dx, a.edx, a.x_floats) < 1e-6);
        drop(&a);
    }
}

static void test_max_pool_keeps_what_is_not_a_number(void **state)
{
    (void)state;
    const sld_pool_params p    = {2, 2, 1, 2, 2, 0};
    const float           x[4] = {1, 2, NAN, 3};
    float                 y    = 0;
    sld_max_pool_forward(x, 1, &p, &y);
    assert_true(isnan(y));
}

/* streams, channels of each, floats from row to row beyond what the streams take */
static void check_weave(size_t streams, size_t channels, bool together)
{
    const size_t rows = 5, all = streams * channels, stride = together ? all : channels;
    float       *x = random_floats(rows * all), *y = random_floats(rows * all);
    float       *y2 = random_floats(rows * all), *back = random_floats(rows * all);
    const float *from[8];
    float       *to[8];
    for (size_t k = 0; k < streams; k++) { /* parts of one row, or arrays of their own */
        from[k] = x + k * channels * (together ? 1 : rows);
        to[k]   = back + k * channels * (together ? 1 : rows);
    }
    sld_interleave(from, stride, streams, rows, channels, y);
    for (size_t i = 0; i < rows * all; i++) {
        const size_t r = i / all, c = i % all / streams, k = i % streams;
        assert_true(y[i] == from[k][r * stride + c]);
    }
    sld_deinterleave(y, NULL, streams, rows, channels, to, stride);
    assert_memory_equal(back, x, rows * all * sizeof *x);
    sld_deinterleave(y, y2, streams, rows, channels, to, stride);
    for (size_t i = 0; i < rows * all; i++) {
        const size_t r = i / all, c = i % all / streams, k = i % streams;
        assert_true(to[k][r * stride + c] == y[i] + y2[i]);
    }
    float *const kept = to[0];
    to[0]             = NULL; /* not wanted */
    sld_deinterleave(y, NULL, streams, rows, channels, to, stride);
    assert_true(to[1][channels - 1] == x[(size_t)(from[1] - x) + channels - 1]);
    assert_true(kept[0] == y[0] + y2[0]);
    free(x);
    free(y);
    free(y2);
    free(back);
}

static void test_interleave(void **state)
{
    (void)state;
    for (size_t streams = 2; streams <= 5; streams++) {
        check_weave(streams, 37, true);
        check_weave(streams, 16, false);
    }
}

static void test_copy_channels(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, 4, 5, 6};
    float       y[] = {0, 0, 0, 0, 0, 0};
    sld_copy_channels(x + 1, 3, 2, 2, y, 3); /* channels 1 and 2 of two rows */
    const float expected[] = {2, 3, 0, 5, 6, 0};
    assert_memory_equal(y, expected, sizeof y);
}

int main(void)
{
    random_numbers                  = sld_rng_make(4, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_pool), cmocka_unit_test(test_average_pool),
        cmocka_unit_test(test_max_pool_keeps_what_is_not_a_number),
        cmocka_unit_test(test_interleave), cmocka_unit_test(test_copy_channels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
