/* Linear layer, activation and pooling; values that are not numbers. */
#include "fixture.h"

static void test_linear(void **state)
{
    (void)state;
    const size_t n = 5, in = 33, out = 79; /* whole groups of outputs and every rest */
    float       *x = random_floats(n * in), *w = random_floats(out * in), *b = random_floats(out);
    float  *wt = random_floats(in * out), *y = random_floats(n * out), *dy = random_floats(n * out);
    float  *dx = random_floats(n * in), *dw = random_floats(out * in), *db = random_floats(out);
    double *ey = zeros(n * out), *edx = zeros(n * in), *edw = zeros(out * in), *edb = zeros(out);
    for (size_t r = 0; r < n; r++) {
        for (size_t o = 0; o < out; o++) {
            const double d  = (double)dy[r * out + o];
            ey[r * out + o] = (double)b[o];
            edb[o] += d;
            for (size_t i = 0; i < in; i++) {
                ey[r * out + o] += (double)x[r * in + i] * (double)w[o * in + i];
                edx[r * in + i] += d * (double)w[o * in + i];
                edw[o * in + i] += d * (double)x[r * in + i];
            }
        }
    }
    sld_transpose(w, out, in, wt);
    sld_linear_forward(x, wt, b, n, in, out, y);
    sld_linear_backward_data(dy, w, n, in, out, dx);
    sld_linear_backward_weights(x, dy, n, in, out, dw, db);
    assert_true(distance(y, ey, n * out) < 1e-6); /* float32 sums of 33 and 79 products */
    assert_true(distance(dx, edx, n * in) < 1e-6);
    assert_true(distance(dw, edw, out * in) < 1e-6);
    assert_true(distance(db, edb, out) < 1e-6);

    for (size_t i = 0; i < n * out; i++) { /* input after input, whatever the vectors */
        float sum = 0;
        for (size_t k = 0; k < in; k++) {
            sum += x[i / out * in + k] * w[i % out * in + k];
        }
        assert_true(y[i] == sum + b[i % out]);
    }

    float *alone = random_floats(out); /* a row does not depend on where it stands */
    for (size_t r = 0; r < n; r++) {
        sld_linear_forward(x + r * in, wt, b, 1, in, out, alone);
        assert_memory_equal(alone, y + r * out, out * sizeof *alone);
    }
    float *all[] = {x, w, b, wt, y, dy, dx, dw, db, alone};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
    free(ey);
    free(edx);
    free(edw);
    free(edb);
}

static void test_relu(void **state)
{
    (void)state;
    const float x[] = {-1, 0, 2, NAN, -INFINITY, INFINITY}, dy[] = {1, 2, 3, 4, 5, 6};
    float       y[6], dx[6];
    sld_relu_forward(x, 6, y);
    assert_true(y[0] == 0 && y[1] == 0 && y[2] == 2 && isnan(y[3]) && y[4] == 0 && isinf(y[5]));
    sld_relu_backward(dy, y, 6, dx);
    assert_true(dx[0] == 0 && dx[1] == 0 && dx[2] == 3 && dx[3] == 4 && dx[4] == 0 && dx[5] == 6);
    const float zero[16] = {0};
    sld_add_forward(x, zero, true, 6, y);
    assert_true(y[0] == 0 && y[2] == 2 && isnan(y[3]));

    /* through batch norm's relu too: a diverged network must show in its loss */
    const float  bad[16]  = {NAN};
    const double ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float        out[16];
    sld_bn_forward(bad, NULL, true, 1, 16, ones, ones, out);
    assert_true(isnan(out[0]) && out[1] == 1);
}

static void test_round_bf16(void **state)
{
    (void)state;
    /* exact, ties to even both ways, above a tie, and what is no number or too large for one */
    const uint32_t bits[] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001,
                             0xbf808001, 0x7fffffff, 0x7f800000, 0x7f7fffff};
    const uint32_t want[] = {0x3f800000, 0x3f800000, 0x3f820000, 0x3f810000,
                             0xbf810000, 0x7fff0000, 0x7f800000, 0x7f800000};
    float          x[8], y[8];
    memcpy(x, bits, sizeof x);
    sld_round_bf16(x, 8, y);
    assert_memory_equal(y, want, sizeof y);
}

static void test_global_pool(void **state)
{
    (void)state;
    const float x[] = {1, 10, 3, 30, 5, 50, 7, 70}; /* (2 samples, 2 pixels, 2 channels) */
    float       y[4], dx[8];
    sld_global_pool_forward(x, 2, 2, 2, y);
    assert_true(y[0] == 2 && y[1] == 20 && y[2] == 6 && y[3] == 60);
    sld_global_pool_backward(y, 2, 2, 2, dx);
    assert_true(dx[0] == 1 && dx[3] == 10 && dx[4] == 3 && dx[7] == 30);
}

/* oneDNN numbers the instruction sets of x86-64 and of arm64 alike. What is told of them, to people
 * and to the fingerprint, must differ. */
static void test_instruction_set(void **state)
{
    char versions[256];

    (void)state;
    sld_kernels_versions(versions, sizeof versions);
#ifdef __x86_64__
    assert_null(strstr(versions, "x86"));
    assert_null(strstr(versions, "aarch64"));
#else
    assert_null(strstr(sld_kernels_isa(), "AVX-512"));
    assert_null(strstr(sld_kernels_isa(), "SSE"));
    assert_true(!strstr(versions, "oneDNN") || strstr(versions, "aarch64 isa") ||
                strstr(versions, "not x86-64 isa"));
#endif
}

int main(void)
{
    random_numbers                  = sld_rng_make(3, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_linear), cmocka_unit_test(test_relu),
                                       cmocka_unit_test(test_round_bf16),
                                       cmocka_unit_test(test_global_pool),
                                       cmocka_unit_test(test_instruction_set)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
