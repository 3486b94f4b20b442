/* pool_lanes.h: channels from begin to end of one window (lanes_each.h). */

/* A value that is not a number wins: a diverged network shows. */
static inline void V(largest)(const float *x, window w, size_t begin, size_t end, float *y)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        V(vec) max[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            max[v] = V(vec_load)(x + c + v * FLOATS);
        }
        for (size_t r = 0; r < w.rows; r++) {
            for (size_t q = 0; q < w.columns; q++) {
                const float *at = x + r * w.row + q * w.pixel + c;
                for (size_t v = 0; v < VECTORS; v++) {
                    const V(vec) a = V(vec_load)(at + v * FLOATS);
                    max[v]         = V(where)((a > max[v]) | (a != a), a, max[v]);
                }
            }
        }
        for (size_t v = 0; v < VECTORS; v++) {
            V(vec_store)(y + c + v * FLOATS, max[v]);
        }
    }
}

/* Of equal values the first in the window takes the gradient. */
static inline void V(to_largest)(const float *x, window w, size_t begin, size_t end, const float *y,
                                 const float *dy, float *dx)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        const V(vec) zero = {0};
        V(vec) max[VECTORS], d[VECTORS];
        V(masks) open[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            max[v]  = V(vec_load)(y + c + v * FLOATS);
            d[v]    = V(vec_load)(dy + c + v * FLOATS);
            open[v] = zero == zero;
        }
        for (size_t r = 0; r < w.rows; r++) {
            for (size_t q = 0; q < w.columns; q++) {
                for (size_t v = 0; v < VECTORS; v++) {
                    const size_t at    = r * w.row + q * w.pixel + c + v * FLOATS;
                    const V(masks) hit = open[v] & (V(vec_load)(x + at) == max[v]);
                    V(vec_store)(dx + at, V(vec_load)(dx + at) + V(where)(hit, d[v], zero));
                    open[v] &= ~hit;
                }
            }
        }
    }
}

static inline void V(mean)(const float *x, window w, size_t begin, size_t end, float share,
                           float *y)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        V(vec) sum[VECTORS] = {0};
        for (size_t r = 0; r < w.rows; r++) {
            for (size_t q = 0; q < w.columns; q++) {
                const float *at = x + r * w.row + q * w.pixel + c;
                for (size_t v = 0; v < VECTORS; v++) {
                    sum[v] += V(vec_load)(at + v * FLOATS);
                }
            }
        }
        for (size_t v = 0; v < VECTORS; v++) {
            V(vec_store)(y + c + v * FLOATS, sum[v] * share);
        }
    }
}

static inline void V(to_all)(const float *dy, window w, size_t begin, size_t end, float share,
                             float *dx)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        V(vec) d[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            d[v] = V(vec_load)(dy + c + v * FLOATS) * share;
        }
        for (size_t r = 0; r < w.rows; r++) {
            for (size_t q = 0; q < w.columns; q++) {
                float *to = dx + r * w.row + q * w.pixel + c;
                for (size_t v = 0; v < VECTORS; v++) {
                    V(vec_store)(to + v * FLOATS, V(vec_load)(to + v * FLOATS) + d[v]);
                }
            }
        }
    }
}
