/* batch_norm_lanes.h: channels from begin to end in one block of rows (lanes_each.h). Where there
 * are variants, each is compiled by itself, without branches in its loop. */

/* ---- statistics ---- */

/* Vectors at a time: two, whose eight sums each fill the registers. */
#define AT_ONCE (VECTORS < 2 ? 1 : 2)

SLD_INLINE void V(measure_row)(const float *x, const V(doubles) * shift, V(doubles) * s1,
                               V(doubles) * s2)
{
    for (size_t v = 0; v < AT_ONCE; v++) {
        const V(doubles) d = V(load_double)(x + v * DOUBLES) - shift[v];
        s1[v] += d;
        s2[v] += d * d;
    }
}

/* Four partial sums hide the latency of the additions; their order is fixed. */
SLD_INLINE void V(measure_group)(const float *x, const float *first, size_t rows, size_t channels,
                                 double *mean, double *m2)
{
    V(doubles) s1[4][AT_ONCE] = {0}, s2[4][AT_ONCE] = {0}, shift[AT_ONCE];
    for (size_t v = 0; v < AT_ONCE; v++) {
        shift[v] = V(load_double)(first + v * DOUBLES);
    }
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
        for (size_t k = 0; k < 4; k++) {
            V(measure_row)(x + (r + k) * channels, shift, s1[k], s2[k]);
        }
    }
    for (; r < rows; r++) {
        V(measure_row)(x + r * channels, shift, s1[0], s2[0]);
    }
    for (size_t v = 0; v < AT_ONCE; v++) {
        V(add_to)(mean + v * DOUBLES, (s1[0][v] + s1[1][v]) + (s1[2][v] + s1[3][v]));
        V(add_to)(m2 + v * DOUBLES, (s2[0][v] + s2[1][v]) + (s2[2][v] + s2[3][v]));
    }
}

/* Adds the block's sums of d = x - first and d*d to mean[] and m2[], in double: the statistics of a
 * batch then do not feel how it was cut. */
static inline void V(measure)(const float *x, const float *first, size_t rows, size_t channels,
                              size_t begin, size_t end, double *mean, double *m2)
{
    for (size_t c = begin; c < end; c += AT_ONCE * DOUBLES) {
        V(measure_group)(x + c, first + c, rows, channels, mean + c, m2 + c);
    }
}

#undef AT_ONCE

/* ---- forward ---- */

/* One rounding per element: a ReLU that flips for want of a bit changes a whole gradient. */
SLD_INLINE void V(forward_groups)(const float *x, const float *residual, bool relu, size_t rows,
                                  size_t channels, size_t begin, size_t end, const double *scale,
                                  const double *shift, float *y)
{
    for (size_t c = begin; c < end; c += VECTORS * DOUBLES) {
        V(doubles) a[VECTORS], b[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            a[v] = V(load_doubles)(scale + c + v * DOUBLES);
            b[v] = V(load_doubles)(shift + c + v * DOUBLES);
        }
        for (size_t r = 0; r < rows; r++) {
            for (size_t v = 0; v < VECTORS; v++) {
                const size_t at = r * channels + c + v * DOUBLES;
                V(doubles) sum  = V(load_double)(x + at) * a[v] + b[v];
                if (residual) {
                    sum += V(load_double)(residual + at);
                }
                V(store_rounded)(y + at, sum, relu);
            }
        }
    }
}

static inline void V(forward)(const float *x, const float *residual, bool relu, size_t rows,
                              size_t channels, size_t begin, size_t end, const double *scale,
                              const double *shift, float *y)
{
#define FORWARD(res, act)                                                                          \
    V(forward_groups)(x, res, act, rows, channels, begin, end, scale, shift, y)
    if (residual && relu) {
        FORWARD(residual, true);
    } else if (residual) {
        FORWARD(residual, false);
    } else if (relu) {
        FORWARD(NULL, true);
    } else {
        FORWARD(NULL, false);
    }
#undef FORWARD
}

/* ---- backward ---- */

/* One row: dz, and its part of the sums. */
SLD_INLINE void V(sums_row)(const float *dy, const float *dy2, const float *relu_y, const float *x,
                            const V(vec) * mean, size_t row, float *dz, V(vec) * s1, V(vec) * s2)
{
    for (size_t v = 0; v < VECTORS; v++) {
        const size_t at = row + v * FLOATS;
        V(vec) d        = V(vec_load)(dy + at);
        if (dy2) {
            d += V(vec_load)(dy2 + at);
        }
        if (relu_y) {
            d = V(gate)(d, V(vec_load)(relu_y + at));
        }
        V(vec_store)(dz + at, d);
        s1[v] += d;
        s2[v] += d * (V(vec_load)(x + at) - mean[v]);
    }
}

SLD_INLINE void V(sums_groups)(const float *dy, const float *dy2, const float *relu_y,
                               const float *x, const float *mean, size_t rows, size_t channels,
                               size_t begin, size_t end, float *dz, double *sum_dz, double *sum_dzx)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        V(vec) s1[2][VECTORS] = {0}, s2[2][VECTORS] = {0}, m[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            m[v] = V(vec_load)(mean + c + v * FLOATS);
        }
        size_t r = 0;
        for (; r + 2 <= rows; r += 2) {
            const size_t row = r * channels + c;
            V(sums_row)(dy, dy2, relu_y, x, m, row, dz, s1[0], s2[0]);
            V(sums_row)(dy, dy2, relu_y, x, m, row + channels, dz, s1[1], s2[1]);
        }
        if (r < rows) {
            V(sums_row)(dy, dy2, relu_y, x, m, r * channels + c, dz, s1[0], s2[0]);
        }
        for (size_t v = 0; v < VECTORS; v++) {
            V(fold)(sum_dz + c + v * FLOATS, s1[0][v] + s1[1][v]);
            V(fold)(sum_dzx + c + v * FLOATS, s2[0][v] + s2[1][v]);
        }
    }
}

static inline void V(sums)(const float *dy, const float *dy2, const float *relu_y, const float *x,
                           const float *mean, size_t rows, size_t channels, size_t begin,
                           size_t end, float *dz, double *sum_dz, double *sum_dzx)
{
#define SUMS(two, gate)                                                                            \
    V(sums_groups)(dy, two, gate, x, mean, rows, channels, begin, end, dz, sum_dz, sum_dzx)
    if (dy2 && relu_y) {
        SUMS(dy2, relu_y);
    } else if (relu_y) {
        SUMS(NULL, relu_y);
    } else if (dy2) {
        SUMS(dy2, NULL);
    } else {
        SUMS(NULL, NULL);
    }
#undef SUMS
}

static inline void V(data)(const float *dz, const float *x, size_t rows, size_t channels,
                           size_t begin, size_t end, const float *mean, const float *scale,
                           const float *mean_dz, const float *slope, float *dx)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        V(vec) m[VECTORS], a[VECTORS], g[VECTORS], k[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            m[v] = V(vec_load)(mean + c + v * FLOATS);
            a[v] = V(vec_load)(scale + c + v * FLOATS);
            g[v] = V(vec_load)(mean_dz + c + v * FLOATS);
            k[v] = V(vec_load)(slope + c + v * FLOATS);
        }
        for (size_t r = 0; r < rows; r++) {
            for (size_t v = 0; v < VECTORS; v++) {
                const size_t at = r * channels + c + v * FLOATS;
                const V(vec) d  = V(vec_load)(dz + at) - g[v];
                V(vec_store)(dx + at, a[v] * (d - (V(vec_load)(x + at) - m[v]) * k[v]));
            }
        }
    }
}
