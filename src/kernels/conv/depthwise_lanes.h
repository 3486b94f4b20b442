/* depthwise_lanes.h: the weight gradient of channels from begin to end (lanes_each.h). */

SLD_INLINE void V(gradient_of_tap)(const sld_depthwise *d, size_t n, const float *x,
                                   const float *dy, size_t tap, float *dw)
{
    V(floats) sums[VECTORS] = {0};
    for (size_t s = 0; s < n; s++) {
        for (size_t pixel = 0; pixel < d->out_h * d->out_w; pixel++) {
            size_t from;
            if (!sld_depthwise_meets(d, pixel, tap, &from)) {
                continue;
            }
            const float *a = x + (s * d->H * d->W + from) * d->C;
            const float *b = dy + (s * d->out_h * d->out_w + pixel) * d->C;
            for (size_t v = 0; v < VECTORS; v++) {
                sums[v] += V(load)(a + v * FLOATS) * V(load)(b + v * FLOATS);
            }
        }
    }
    for (size_t v = 0; v < VECTORS; v++) {
        V(store)(dw + tap * d->C + v * FLOATS, sums[v]);
    }
}

static inline void V(gradient)(const sld_depthwise *d, size_t n, const float *x, const float *dy,
                               size_t begin, size_t end, float *dw)
{
    for (size_t c = begin; c < end; c += VECTORS * FLOATS) {
        for (size_t tap = 0; tap < SLD_DEPTHWISE_TAPS; tap++) {
            V(gradient_of_tap)(d, n, x + c, dy + c, tap, dw + c);
        }
    }
}
