/* linear_lanes.h: outputs from begin to end of the linear layer (lanes_each.h). */

/* A few rows of one group; each output is summed up over the inputs in their order. */
SLD_INLINE void V(output_rows)(const float *x, const float *weights_t, const float *bias,
                               size_t rows, size_t in, size_t out, float *y)
{
    V(vec) s[4][VECTORS] = {0};
    for (size_t i = 0; i < in; i++) {
        for (size_t v = 0; v < VECTORS; v++) {
            const V(vec) w = V(vec_load)(weights_t + i * out + v * FLOATS);
            for (size_t r = 0; r < rows; r++) {
                s[r][v] += x[r * in + i] * w;
            }
        }
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < VECTORS; v++) {
            V(vec_store)(y + r * out + v * FLOATS, s[r][v] + V(vec_load)(bias + v * FLOATS));
        }
    }
}

static inline void V(outputs)(const float *x, const float *weights_t, const float *bias, size_t n,
                              size_t in, size_t out, size_t begin, size_t end, float *y)
{
    for (size_t o = begin; o < end; o += VECTORS * FLOATS) {
        size_t r = 0; /* four rows at a time hide the latency of their additions */
        for (; r + 4 <= n; r += 4) {
            V(output_rows)(x + r * in, weights_t + o, bias + o, 4, in, out, y + r * out + o);
        }
        for (; r < n; r++) {
            V(output_rows)(x + r * in, weights_t + o, bias + o, 1, in, out, y + r * out + o);
        }
    }
}
