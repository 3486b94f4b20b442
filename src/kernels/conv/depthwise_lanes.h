/* conv/depthwise_lanes.h: channels from begin to end of depthwise convolutions (lanes_each.h). */

/* One vector of channels of all pixels of one image. */
SLD_INLINE void V(sum_vector)(const sld_depthwise_sums *d, const float *x, size_t c, float *y)
{
    V(vec) w[SLD_DEPTHWISE_TAPS];
#pragma GCC unroll 9
    for (size_t t = 0; t < SLD_DEPTHWISE_TAPS; t++) {
        w[t] = V(vec_load)(d->weights + t * d->C + c);
    }
    for (size_t pixel = 0; pixel < d->pixels; pixel++) {
        const int32_t *from = d->taps + pixel * SLD_DEPTHWISE_TAPS;
        float         *to   = y + pixel * d->C + c;
        V(vec) sum          = {0};
#pragma GCC unroll 9
        for (size_t t = 0; t < SLD_DEPTHWISE_TAPS; t++) {
            if (from[t] >= 0) {
                sum += V(vec_load)(x + (size_t)from[t] * d->C + c) * w[t];
            }
        }
        if (d->bias) {
            sum += V(vec_load)(d->bias + c);
        }
        if (d->add) {
            sum += V(vec_load)(to);
        }
        V(vec_store)(to, d->relu ? V(gate)(sum, sum) : sum);
    }
}

static inline void V(sums)(const sld_depthwise_sums *d, const float *x, size_t begin, size_t end,
                           float *y)
{
    for (size_t c = begin; c < end; c += FLOATS) {
        V(sum_vector)(d, x, c, y);
    }
}

/* The sums of all taps stay in registers; samples and pixels come in their order. */
SLD_INLINE void V(gradient_of_vector)(const sld_depthwise_gradient *d, size_t n, const float *x,
                                      const float *dy, bool add, float *dw)
{
    V(vec) sums[SLD_DEPTHWISE_TAPS] = {0};
    for (size_t s = 0; s < n; s++, x += d->x_pixels * d->C, dy += d->dy_pixels * d->C) {
        for (size_t pixel = 0; pixel < d->dy_pixels; pixel++) {
            const int32_t *from = d->taps + pixel * SLD_DEPTHWISE_TAPS;
            const V(vec) b      = V(vec_load)(dy + pixel * d->C);
#pragma GCC unroll 9
            for (size_t t = 0; t < SLD_DEPTHWISE_TAPS; t++) {
                if (from[t] >= 0) {
                    sums[t] += V(vec_load)(x + (size_t)from[t] * d->C) * b;
                }
            }
        }
    }
#pragma GCC unroll 9
    for (size_t t = 0; t < SLD_DEPTHWISE_TAPS; t++) {
        float *to = dw + t * d->C;
        V(vec_store)(to, add ? sums[t] + V(vec_load)(to) : sums[t]);
    }
}

static inline void V(gradient)(const sld_depthwise_gradient *d, size_t n, const float *x,
                               const float *dy, bool add, size_t begin, size_t end, float *dw)
{
    for (size_t c = begin; c < end; c += FLOATS) {
        V(gradient_of_vector)(d, n, x + c, dy + c, add, dw + c);
    }
}
