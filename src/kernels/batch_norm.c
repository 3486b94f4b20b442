/* batch_norm.c: statistics, forward and backward of batch norm on (rows,C). Rows are taken in
 * blocks that stay in the first-level cache; inside a block, sixteen channels at a time. */
#include "lanes.h"
#include "sld/kernels.h"

#define BLOCK_ROWS 64 /* float32 sums never run over more rows than these */

SLD_INLINE size_t block_rows(size_t rows, size_t r0)
{
    return rows - r0 < BLOCK_ROWS ? rows - r0 : BLOCK_ROWS;
}

/* Adds one block's sums of d = x - first and d*d to mean[] and m2[], in double: the statistics of a
 * batch then do not feel how it was cut. Four partial sums hide the latency of the additions; their
 * order is fixed. */
SLD_INLINE void measure_block(const float *x, const float *first, size_t rows, size_t channels,
                              size_t width, double *mean, double *m2)
{
    const sld_d8 shift = sld_load_double(first, width);
    sld_d8       s1[4] = {{0}}, s2[4] = {{0}};
    size_t       r = 0;
    for (; r + 4 <= rows; r += 4) {
        for (size_t k = 0; k < 4; k++) {
            const sld_d8 d = sld_load_double(x + (r + k) * channels, width) - shift;
            s1[k] += d;
            s2[k] += d * d;
        }
    }
    for (; r < rows; r++) {
        const sld_d8 d = sld_load_double(x + r * channels, width) - shift;
        s1[0] += d;
        s2[0] += d * d;
    }
    const sld_d8 sum    = (s1[0] + s1[1]) + (s1[2] + s1[3]),
                 square = (s2[0] + s2[1]) + (s2[2] + s2[3]);
    for (size_t c = 0; c < width; c++) {
        mean[c] += sum[c];
        m2[c] += square[c];
    }
}

SLD_VECTORISED
void sld_bn_measure(const float *x, size_t rows, size_t channels, double *mean, double *m2)
{
    memset(mean, 0, channels * sizeof *mean);
    memset(m2, 0, channels * sizeof *m2);
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n  = block_rows(rows, r);
        const float *xr = x + r * channels;
#define STEP(c, width) measure_block(xr + (c), x + (c), n, channels, width, mean + (c), m2 + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_HALF, STEP);
#undef STEP
    }
    const double count = (double)rows;
    for (size_t c = 0; c < channels; c++) {
        const double s1 = mean[c], s2 = m2[c] - s1 * s1 / count;
        mean[c] = (double)x[c] + s1 / count;
        m2[c]   = s2 < 0 ? 0 : s2; /* rounding alone can make it negative; NaN stays */
    }
}

/* One rounding per element: a ReLU that flips for want of a bit changes a whole gradient. */
SLD_INLINE void forward_block(const float *x, const float *residual, bool relu, size_t rows,
                              size_t channels, size_t width, const double *scale,
                              const double *shift, float *y)
{
    const sld_d8 a = sld_load_doubles(scale, width), b = sld_load_doubles(shift, width);
    for (size_t r = 0; r < rows; r++) {
        sld_d8 v = sld_load_double(x + r * channels, width) * a + b;
        if (residual) {
            v += sld_load_double(residual + r * channels, width);
        }
        sld_store_rounded(y + r * channels, v, relu, width);
    }
}

/* The variants are spelt out so that each loop is compiled without branches. */
SLD_VECTORISED
void sld_bn_forward(const float *x, const float *residual, bool relu, size_t rows, size_t channels,
                    const double *scale, const double *shift, float *y)
{
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n = block_rows(rows, r), at = r * channels;
#define CALL(res, act, c, width)                                                                   \
    forward_block(x + at + (c), res, act, n, channels, width, scale + (c), shift + (c),            \
                  y + at + (c))
#define STEP(c, width)                                                                             \
    do {                                                                                           \
        if (residual && relu) {                                                                    \
            CALL(residual + at + (c), true, c, width);                                             \
        } else if (residual) {                                                                     \
            CALL(residual + at + (c), false, c, width);                                            \
        } else if (relu) {                                                                         \
            CALL(NULL, true, c, width);                                                            \
        } else {                                                                                   \
            CALL(NULL, false, c, width);                                                           \
        }                                                                                          \
    } while (0)
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_HALF, STEP);
#undef STEP
#undef CALL
    }
}

/* One row: dz, and its part of the sums. */
SLD_INLINE void sums_row(const float *dy, const float *dy2, const float *relu_y, const float *x,
                         sld_f16 mean, size_t at, size_t width, float *dz, sld_f16 *s1, sld_f16 *s2)
{
    sld_f16 d = sld_load(dy + at, width);
    if (dy2) {
        d += sld_load(dy2 + at, width);
    }
    if (relu_y) {
        d = sld_gate(d, sld_load(relu_y + at, width));
    }
    sld_store(dz + at, d, width);
    *s1 += d;
    *s2 += d * (sld_load(x + at, width) - mean);
}

SLD_INLINE void sums_block(const float *dy, const float *dy2, const float *relu_y, const float *x,
                           const float *mean, size_t rows, size_t channels, size_t width, float *dz,
                           double *sum_dz, double *sum_dzx)
{
    const sld_f16 m     = sld_load(mean, width);
    sld_f16       s1[2] = {{0}}, s2[2] = {{0}};
    size_t        r = 0;
    for (; r + 2 <= rows; r += 2) {
        sums_row(dy, dy2, relu_y, x, m, r * channels, width, dz, &s1[0], &s2[0]);
        sums_row(dy, dy2, relu_y, x, m, (r + 1) * channels, width, dz, &s1[1], &s2[1]);
    }
    if (r < rows) {
        sums_row(dy, dy2, relu_y, x, m, r * channels, width, dz, &s1[0], &s2[0]);
    }
    sld_fold(sum_dz, s1[0] + s1[1], width);
    sld_fold(sum_dzx, s2[0] + s2[1], width);
}

SLD_VECTORISED
void sld_bn_backward_sums(const float *dy, const float *dy2, const float *relu_y, const float *x,
                          const float *mean, size_t rows, size_t channels, float *dz,
                          double *sum_dz, double *sum_dzx)
{
    memset(sum_dz, 0, channels * sizeof *sum_dz);
    memset(sum_dzx, 0, channels * sizeof *sum_dzx);
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n = block_rows(rows, r), at = r * channels;
#define CALL(two, gate, c, width)                                                                  \
    sums_block(dy + at + (c), two, gate, x + at + (c), mean + (c), n, channels, width,             \
               dz + at + (c), sum_dz + (c), sum_dzx + (c))
#define STEP(c, width)                                                                             \
    do {                                                                                           \
        if (dy2 && relu_y) {                                                                       \
            CALL(dy2 + at + (c), relu_y + at + (c), c, width);                                     \
        } else if (relu_y) {                                                                       \
            CALL(NULL, relu_y + at + (c), c, width);                                               \
        } else if (dy2) {                                                                          \
            CALL(dy2 + at + (c), NULL, c, width);                                                  \
        } else {                                                                                   \
            CALL(NULL, NULL, c, width);                                                            \
        }                                                                                          \
    } while (0)
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
#undef CALL
    }
}

SLD_INLINE void data_block(const float *dz, const float *x, size_t rows, size_t channels,
                           size_t width, const float *mean, const float *scale,
                           const float *mean_dz, const float *slope, float *dx)
{
    const sld_f16 m = sld_load(mean, width), a = sld_load(scale, width);
    const sld_f16 g = sld_load(mean_dz, width), k = sld_load(slope, width);
    for (size_t r = 0; r < rows; r++) {
        const size_t  at = r * channels;
        const sld_f16 d  = sld_load(dz + at, width) - g;
        sld_store(dx + at, a * (d - (sld_load(x + at, width) - m) * k), width);
    }
}

SLD_VECTORISED
void sld_bn_backward_data(const float *dz, const float *x, size_t rows, size_t channels,
                          const float *mean, const float *scale, const float *mean_dz,
                          const float *slope, float *dx)
{
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n = block_rows(rows, r), at = r * channels;
#define STEP(c, width)                                                                             \
    data_block(dz + at + (c), x + at + (c), n, channels, width, mean + (c), scale + (c),           \
               mean_dz + (c), slope + (c), dx + at + (c))
        SLD_FOR_CHANNEL_GROUPS(channels, SLD_LANES, STEP);
#undef STEP
    }
}
