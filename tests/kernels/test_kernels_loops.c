/* The inner loops of our own convolutions, each instruction set that this CPU has: Winograd's four
 * transforms against their matrices, the taps of weights and back, and the edges of a product's
 * tiles. Whole numbers: every sum is exact. */
#include "conv/loops.h"
#include "fixture.h"

enum { MAX = 3 * SLD_MAX_LANES }; /* channels at most */

typedef double matrix[4][4];

static const matrix Bt = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
static const matrix A  = {{1, 0}, {1, 1}, {1, -1}, {0, -1}};
static const matrix At = {{1, 1, 1, 0}, {0, 1, -1, -1}};
static const matrix Gt = {{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}};

/* y = m x m^T: x (columns,columns), y (rows,rows), of one channel in a distance. */
static void transform(const matrix m, int rows, int columns, const double *x, double *y)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
            double sum = 0;
            for (int k = 0; k < columns; k++) {
                for (int l = 0; l < columns; l++) {
                    sum += m[i][k] * x[k * columns + l] * m[j][l];
                }
            }
            y[i * rows + j] = sum;
        }
    }
}

static float *whole_numbers(size_t n)
{
    float *x = random_floats(n);
    for (size_t i = 0; i < n; i++) {
        x[i] = rintf(4 * x[i]);
    }
    return x;
}

static void each_isa(void (*check)(const sld_loops *loops))
{
#ifdef __x86_64__
    if (sld_isa_of_cpu() >= SLD_ISA_AVX2) {
        check(&sld_loops_avx2);
    }
    if (sld_isa_of_cpu() >= SLD_ISA_AVX512) {
        check(&sld_loops_avx512);
    }
#endif
}

/* One channel c of rows that lie `step` apart. */
static void channel_of(const float *x, size_t n, size_t step, size_t c, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (double)x[i * step + c];
    }
}

static void check_input(const sld_loops *l)
{
    const size_t lanes = (size_t)l->lanes, channels = 2 * lanes;
    float *x = whole_numbers(SLD_POINTS * channels), *v = whole_numbers(SLD_POINTS * channels);
    const float *pixels[SLD_POINTS];
    double       from[SLD_POINTS], want[SLD_POINTS];
    for (size_t i = 0; i < SLD_POINTS; i++) {
        pixels[i] = x + i * channels;
    }
    l->input_transform(pixels, channels, v, channels, lanes);
    for (size_t c = 0; c < channels; c++) {
        channel_of(x, SLD_POINTS, channels, c, from);
        transform(Bt, 4, 4, from, want);
        for (size_t i = 0; i < SLD_POINTS; i++) {
            assert_true((double)v[i * channels + c] == want[i]);
        }
    }
    free(x);
    free(v);
}

static void check_gradient(const sld_loops *l)
{
    const size_t channels = 3 * (size_t)l->lanes;
    float *dy = whole_numbers(SLD_RESULTS * channels), *d = whole_numbers(SLD_POINTS * channels);
    const float *pixels[SLD_RESULTS];
    double       from[SLD_RESULTS], want[SLD_POINTS];
    for (size_t i = 0; i < SLD_RESULTS; i++) {
        pixels[i] = dy + i * channels;
    }
    l->gradient_transform(pixels, 3, d, channels);
    for (size_t c = 0; c < channels; c++) {
        channel_of(dy, SLD_RESULTS, channels, c, from);
        transform(A, 4, 2, from, want);
        for (size_t i = 0; i < SLD_POINTS; i++) {
            assert_true((double)d[i * channels + c] == want[i]);
        }
    }
    free(dy);
    free(d);
}

static void check_output(const sld_loops *l)
{
    const size_t channels = 3 * (size_t)l->lanes;
    float       *m = whole_numbers(SLD_POINTS * channels), *bias = whole_numbers(channels);
    for (int variant = 0; variant < 8; variant++) {
        const sld_epilogue end = {variant & 1 ? bias : NULL, variant & 2, variant & 4};
        float             *y   = whole_numbers(SLD_RESULTS * channels),
              *old             = random_floats(SLD_RESULTS * channels);
        float *pixels[SLD_RESULTS];
        double from[SLD_POINTS], want[SLD_RESULTS];
        memcpy(old, y, SLD_RESULTS * channels * sizeof *y);
        for (size_t i = 0; i < SLD_RESULTS; i++) {
            pixels[i] = y + i * channels;
        }
        l->output_transform(m, channels, 3, &end, pixels);
        for (size_t c = 0; c < channels; c++) {
            channel_of(m, SLD_POINTS, channels, c, from);
            transform(At, 2, 4, from, want);
            for (size_t i = 0; i < SLD_RESULTS; i++) {
                double one = want[i] + (end.bias ? (double)bias[c] : 0);
                one += end.accumulate ? (double)old[i * channels + c] : 0;
                one = end.relu ? fmax(0, one) : one;
                assert_true((double)y[i * channels + c] == one);
            }
        }
        free(y);
        free(old);
    }
    free(m);
    free(bias);
}

static void check_weights(const sld_loops *l)
{
    const size_t n  = 2 * (size_t)l->lanes;
    float       *du = whole_numbers(SLD_POINTS * n), *dw = whole_numbers(SLD_TAPS * n);
    double       from[SLD_POINTS], want[SLD_TAPS];
    l->weights_transform(du, n, n, false, dw, n);
    l->weights_transform(du, n, n, true, dw, n); /* twice as much */
    for (size_t c = 0; c < n; c++) {
        channel_of(du, SLD_POINTS, n, c, from);
        transform(Gt, 3, 4, from, want);
        for (size_t i = 0; i < SLD_TAPS; i++) {
            assert_true((double)dw[i * n + c] == 2 * want[i]);
        }
    }
    free(du);
    free(dw);
}

static void check_taps(const sld_loops *l)
{
    const size_t lanes = (size_t)l->lanes, channel = 2 * SLD_TAPS, tap = 2 * lanes;
    float       *w = whole_numbers(lanes * channel), *back = whole_numbers(lanes * channel);
    float       *packed = whole_numbers(SLD_TAPS * tap);
    float *const last   = packed + (SLD_TAPS - 1) * tap;
    l->split_taps(w, channel, packed, (ptrdiff_t)tap);
    for (size_t c = 0; c < lanes; c++) {
        for (size_t t = 0; t < SLD_TAPS; t++) {
            assert_true(packed[t * tap + c] == w[c * channel + t]);
        }
    }
    l->join_taps(packed, tap, back, channel);
    l->split_taps(w, channel, last, -(ptrdiff_t)tap); /* mirrored */
    for (size_t c = 0; c < lanes; c++) {
        for (size_t t = 0; t < SLD_TAPS; t++) {
            assert_true(back[c * channel + t] == w[c * channel + t]);
            assert_true(last[c - t * tap] == w[c * channel + t]);
        }
    }
    free(w);
    free(back);
    free(packed);
}

/* Rows that fill no tile and columns that fill no vector; neighbours stay as they were. */
static void check_edge(const sld_loops *l, size_t rows, int vectors, size_t last, bool add)
{
    enum { DEPTH = 11, X_ROW = 20, Y_ROW = MAX + 5 };
    const sld_segment segments[] = {{2, 3}, {7, 8}};
    const size_t      lanes = (size_t)l->lanes, width = (size_t)vectors * lanes;
    const size_t      columns = width - lanes + last;
    float            *x = whole_numbers(rows * X_ROW), *y = whole_numbers(rows * Y_ROW);
    float            *w = whole_numbers(DEPTH * width), *old = random_floats(rows * Y_ROW);
    uint32_t          from[32], to[32];
    memcpy(old, y, rows * Y_ROW * sizeof *y);
    for (size_t r = 0; r < rows; r++) { /* written in the opposite order */
        from[r] = (uint32_t)(r * X_ROW);
        to[r]   = (uint32_t)((rows - 1 - r) * Y_ROW);
    }
    const sld_gemm_block block = {.x          = x,
                                  .y          = y,
                                  .from       = from,
                                  .to         = to,
                                  .rows       = rows,
                                  .segments   = segments,
                                  .n_segments = 2,
                                  .vectors    = vectors,
                                  .last       = last,
                                  .weights    = w,
                                  .end        = {.accumulate = add}};
    l->gemm(&block);
    for (size_t i = 0; i < rows * Y_ROW; i++) {
        const size_t r = rows - 1 - i / Y_ROW, c = i % Y_ROW;
        double       want = c >= columns || add ? (double)old[i] : 0;
        for (size_t k = 0; k < DEPTH && c < columns; k++) {
            const size_t at = k < 3 ? 2 + k : 7 + k - 3;
            want += (double)x[r * X_ROW + at] * (double)w[k * width + c];
        }
        assert_true((double)y[i] == want);
    }
    free(x);
    free(y);
    free(w);
    free(old);
}

static void check_edges(const sld_loops *l)
{
    for (size_t rows = 1; rows <= 17; rows++) {
        for (int vectors = 1; vectors <= 3; vectors++) {
            const size_t lanes = (size_t)l->lanes;
            check_edge(l, rows, vectors, 1, rows % 2);
            check_edge(l, rows, vectors, lanes - 1, rows % 2 == 0);
            check_edge(l, rows, vectors, lanes, rows % 2);
        }
    }
}

#define TEST(name, check)                                                                          \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        each_isa(check);                                                                           \
    }
TEST(test_input_transform, check_input)
TEST(test_gradient_transform, check_gradient)
TEST(test_output_transform, check_output)
TEST(test_weights_transform, check_weights)
TEST(test_taps, check_taps)
TEST(test_edges_of_tiles, check_edges)

int main(void)
{
    random_numbers                  = sld_rng_make(7, SLD_RNG_SYNTH, 0, 0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_input_transform),
                                       cmocka_unit_test(test_gradient_transform),
                                       cmocka_unit_test(test_output_transform),
                                       cmocka_unit_test(test_weights_transform),
                                       cmocka_unit_test(test_taps),
                                       cmocka_unit_test(test_edges_of_tiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
