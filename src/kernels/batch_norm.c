/* batch_norm.c: statistics, forward and backward of batch norm on (rows,C). Rows are taken in
 * blocks that stay in the first-level cache; inside a block, one group of channels after another.
 */
#include "simd/lanes.h"
#include "sld/kernels.h"

#define SLD_MANY_CHANNELS
#define SLD_OF_LANES "batch_norm_lanes.h"
#include "simd/lanes_each.h"

#define BLOCK_ROWS 64 /* float32 sums never run over more rows than these */

static size_t at_most(size_t max, size_t rows)
{
    return rows < max ? rows : max;
}

/* Rows of a block in which nothing is summed: some 4 KB of each array, which are read and written at
 * one go even where a group of channels is no whole line; not so few that their coefficients are read
 * more often than they. */
static size_t rows_at_one_go(size_t channels)
{
    const size_t rows = 1024 / channels;
    return rows < 8 ? 8 : at_most(BLOCK_ROWS, rows);
}

void sld_bn_measure(const float *x, size_t rows, size_t channels, double *mean, double *m2)
{
    memset(mean, 0, channels * sizeof *mean);
    memset(m2, 0, channels * sizeof *m2);
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n  = at_most(BLOCK_ROWS, rows - r);
        const float *xr = x + r * channels;
#define STEP(begin, end, width) measure_##width(xr, x, n, channels, begin, end, mean, m2)
        SLD_FOR_MANY_CHANNELS(channels, double, STEP);
#undef STEP
    }
    const double count = (double)rows;
    for (size_t c = 0; c < channels; c++) {
        const double s1 = mean[c], s2 = m2[c] - s1 * s1 / count;
        mean[c] = (double)x[c] + s1 / count;
        m2[c]   = s2 < 0 ? 0 : s2; /* rounding alone can make it negative; NaN stays */
    }
}

void sld_bn_forward(const float *x, const float *residual, bool relu, size_t rows, size_t channels,
                    const double *scale, const double *shift, float *y)
{
    const size_t block = rows_at_one_go(channels);
    for (size_t r = 0; r < rows; r += block) {
        const size_t n = at_most(block, rows - r), at = r * channels;
        const float *res = residual ? residual + at : NULL;
#define STEP(begin, end, width)                                                                    \
    forward_##width(x + at, res, relu, n, channels, begin, end, scale, shift, y + at)
        SLD_FOR_MANY_CHANNELS(channels, double, STEP);
#undef STEP
    }
}

void sld_bn_backward_sums(const float *dy, const float *dy2, const float *relu_y, const float *x,
                          const float *mean, size_t rows, size_t channels, float *dz,
                          double *sum_dz, double *sum_dzx)
{
    memset(sum_dz, 0, channels * sizeof *sum_dz);
    memset(sum_dzx, 0, channels * sizeof *sum_dzx);
    for (size_t r = 0; r < rows; r += BLOCK_ROWS) {
        const size_t n = at_most(BLOCK_ROWS, rows - r), at = r * channels;
        const float *two = dy2 ? dy2 + at : NULL, *gate = relu_y ? relu_y + at : NULL;
#define STEP(begin, end, width)                                                                    \
    sums_##width(dy + at, two, gate, x + at, mean, n, channels, begin, end, dz + at, sum_dz,       \
                 sum_dzx)
        SLD_FOR_MANY_CHANNELS(channels, float, STEP);
#undef STEP
    }
}

void sld_bn_backward_data(const float *dz, const float *x, size_t rows, size_t channels,
                          const float *mean, const float *scale, const float *mean_dz,
                          const float *slope, float *dx)
{
    const size_t block = rows_at_one_go(channels);
    for (size_t r = 0; r < rows; r += block) {
        const size_t n = at_most(block, rows - r), at = r * channels;
#define STEP(begin, end, width)                                                                    \
    data_##width(dz + at, x + at, n, channels, begin, end, mean, scale, mean_dz, slope, dx + at)
        SLD_FOR_MANY_CHANNELS(channels, float, STEP);
#undef STEP
    }
}
