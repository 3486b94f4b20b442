/* Batch norm: statistics, forward and backward against double precision. */
#include "fixture.h"

static const size_t channel_counts[] = {1, 7, 16, 24, 58, 64};
static const size_t row_counts[]     = {1, 3, 64, 65, 1024};
#define FOR_EACH_SHAPE                                                                             \
    for (size_t ci_ = 0; ci_ < 6; ci_++)                                                           \
        for (size_t ri_ = 0, channels = channel_counts[ci_], rows = 0;                             \
             ri_ < 5 && (rows = row_counts[ri_]) > 0; ri_++)

/* A mean a thousand times the deviation: squares of float32 values would lose every digit. */
static void test_statistics_of_a_shifted_channel(void **state)
{
    (void)state;
    FOR_EACH_SHAPE
    {
        float  *x    = random_floats(rows * channels);
        double *mean = zeros(channels), *m2 = zeros(channels);
        for (size_t i = 0; i < rows * channels; i++) {
            x[i] = 1000 * (float)(i % channels) + x[i];
        }
        sld_bn_measure(x, rows, channels, mean, m2);
        for (size_t c = 0; c < channels; c++) {
            double s1 = 0, s2 = 0;
            for (size_t r = 0; r < rows; r++) {
                s1 += (double)x[r * channels + c] / (double)rows;
            }
            for (size_t r = 0; r < rows; r++) {
                s2 += pow((double)x[r * channels + c] - s1, 2);
            }
            assert_true(fabs(mean[c] - s1) <
                        1e-9); /* doubles of up to 1e5, summed in another order */
            assert_true(fabs(m2[c] - s2) <= 1e-7 * s2 + 1e-9);
        }
        free(x);
        free(mean);
        free(m2);
    }
}

static void test_forward(void **state)
{
    (void)state;
    FOR_EACH_SHAPE
    {
        const size_t n = rows * channels;
        float       *x = random_floats(n), *r = random_floats(n), *y = random_floats(n);
        float       *a_float = random_floats(channels), *b_float = random_floats(channels);
        double      *a = zeros(channels), *b = zeros(channels);
        double      *expected = zeros(n);
        for (size_t c = 0; c < channels; c++) {
            a[c] = a_float[c];
            b[c] = b_float[c];
        }
        for (int variant = 0; variant < 4; variant++) {
            const bool relu = variant & 1, add = variant & 2;
            for (size_t i = 0; i < n; i++) {
                const size_t c = i % channels;
                expected[i]    = x[i] * a[c] + b[c] + (add ? (double)r[i] : 0);
                expected[i]    = relu && expected[i] < 0 ? 0 : expected[i];
            }
            sld_bn_forward(x, add ? r : NULL, relu, rows, channels, a, b, y);
            assert_true(distance(y, expected, n) <= 0x1p-24); /* one rounding */
        }
        free(x);
        free(r);
        free(y);
        free(a_float);
        free(b_float);
        free(a);
        free(b);
        free(expected);
    }
}

static void test_backward(void **state)
{
    (void)state;
    FOR_EACH_SHAPE
    {
        const size_t n = rows * channels;
        float       *x = random_floats(n), *dy = random_floats(n), *dy2 = random_floats(n);
        float       *y = random_floats(n), *dz = random_floats(n), *dx = random_floats(n);
        float       *mean = random_floats(channels), *a = random_floats(channels);
        float       *g = random_floats(channels), *k = random_floats(channels);
        double      *sums = zeros(2 * channels), *expected = zeros(n);
        for (int variant = 0; variant < 4; variant++) {
            const bool relu = variant & 1, two = variant & 2;
            double    *e_sums = zeros(2 * channels), *e_dz = zeros(n);
            for (size_t i = 0; i < n; i++) {
                const size_t c = i % channels;
                const double d = (double)dy[i] + (two ? (double)dy2[i] : 0);
                e_dz[i]        = relu && y[i] <= 0 ? 0 : d;
                e_sums[c] += e_dz[i];
                e_sums[channels + c] += e_dz[i] * ((double)x[i] - (double)mean[c]);
            }
            sld_bn_backward_sums(dy, two ? dy2 : NULL, relu ? y : NULL, x, mean, rows, channels, dz,
                                 sums, sums + channels);
            assert_true(distance(dz, e_dz, n) < 1e-6); /* one rounding */
            for (size_t c = 0; c < 2 * channels; c++) {
                /* float32 sums over 64 rows, in units of a row's product */
                assert_true(fabs(sums[c] - e_sums[c]) < 3e-6 * (double)rows + 1e-6);
            }
            free(e_sums);
            free(e_dz);
        }
        for (size_t i = 0; i < n; i++) {
            const size_t c = i % channels;
            expected[i]    = (double)a[c] * ((double)dz[i] - (double)g[c] -
                                          ((double)x[i] - (double)mean[c]) * (double)k[c]);
        }
        sld_bn_backward_data(dz, x, rows, channels, mean, a, g, k, dx);
        assert_true(distance(dx, expected, n) < 1e-6);                 /* five roundings */
        sld_bn_backward_data(dz, x, rows, channels, mean, a, g, k, x); /* over x: the same */
        assert_memory_equal(x, dx, n * sizeof *x);
        float *all[] = {x, dy, dy2, y, dz, dx, mean, a, g, k};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            free(all[i]);
        }
        free(sums);
        free(expected);
    }
}

/* The order of all additions, value by value: blocks of 64 rows, in them partial sums of every
 * fourth row in double, or of every second in float32. No width of vectors may change a bit. */
static void test_sums_have_one_order_whatever_the_vectors(void **state)
{
    (void)state;
    FOR_EACH_SHAPE
    {
        const size_t n = rows * channels;
        float       *x = random_floats(n), *dy = random_floats(n), *dz = random_floats(n);
        float       *shift = random_floats(channels);
        double      *mean = zeros(channels), *m2 = zeros(channels), *sums = zeros(2 * channels);
        sld_bn_measure(x, rows, channels, mean, m2);
        sld_bn_backward_sums(dy, NULL, NULL, x, shift, rows, channels, dz, sums, sums + channels);
        for (size_t c = 0; c < channels; c++) {
            double s1 = 0, s2 = 0, e_dz = 0, e_dzx = 0;
            for (size_t begin = 0; begin < rows; begin += 64) {
                const size_t in_block = rows - begin < 64 ? rows - begin : 64;
                double       p1[4] = {0}, p2[4] = {0};
                float        q1[2] = {0}, q2[2] = {0};
                for (size_t r = 0; r < in_block; r++) {
                    const size_t at   = (begin + r) * channels + c;
                    const size_t four = r < in_block / 4 * 4 ? r % 4 : 0;
                    const size_t two  = r < in_block / 2 * 2 ? r % 2 : 0;
                    const double d    = (double)x[at] - (double)x[c];
                    p1[four] += d;
                    p2[four] += d * d;
                    q1[two] += dy[at];
                    q2[two] += dy[at] * (x[at] - shift[c]);
                }
                s1 += (p1[0] + p1[1]) + (p1[2] + p1[3]);
                s2 += (p2[0] + p2[1]) + (p2[2] + p2[3]);
                e_dz += (double)(q1[0] + q1[1]);
                e_dzx += (double)(q2[0] + q2[1]);
            }
            s2 -= s1 * s1 / (double)rows;
            assert_true(mean[c] == (double)x[c] + s1 / (double)rows);
            assert_true(m2[c] == (s2 < 0 ? 0 : s2));
            assert_true(sums[c] == e_dz && sums[channels + c] == e_dzx);
        }
        float  *floats[]  = {x, dy, dz, shift};
        double *doubles[] = {mean, m2, sums};
        for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
            free(floats[i]);
        }
        for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
            free(doubles[i]);
        }
    }
}

int main(void)
{
    random_numbers                  = sld_rng_make(2, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_of_a_shifted_channel), cmocka_unit_test(test_forward),
        cmocka_unit_test(test_backward),
        cmocka_unit_test(test_sums_have_one_order_whatever_the_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
