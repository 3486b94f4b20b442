/* linear.c: the linear layer. Plain loops and not a matrix product of a library: each row is summed
 * by itself in one order, so a sample's logits cannot depend on its place or its neighbours. The
 * layer is a thousandth of a network's work. */
#include "simd/lanes.h"
#include "sld/kernels.h"

#define SLD_OF_LANES "linear_lanes.h"
#include "simd/lanes_each.h"

void sld_linear_forward(const float *x, const float *weights_t, const float *bias, size_t n,
                        size_t in, size_t out, float *y)
{
#define STEP(begin, end, width) outputs_##width(x, weights_t, bias, n, in, out, begin, end, y)
    SLD_FOR_CHANNELS(out, float, STEP);
#undef STEP
}

SLD_VECTORISED
void sld_linear_backward_data(const float *dy, const float *weights, size_t n, size_t in,
                              size_t out, float *dx)
{
    memset(dx, 0, n * in * sizeof *dx);
    for (size_t r = 0; r < n; r++) {
        for (size_t o = 0; o < out; o++) {
            const float  d = dy[r * out + o];
            const float *w = weights + o * in;
            for (size_t i = 0; i < in; i++) {
                dx[r * in + i] += d * w[i];
            }
        }
    }
}

SLD_VECTORISED
void sld_linear_backward_weights(const float *x, const float *dy, size_t n, size_t in, size_t out,
                                 float *dw, float *db)
{
    for (size_t o = 0; o < out; o++) {
        float *w = dw + o * in;
        memset(w, 0, in * sizeof *w);
        db[o] = 0;
        for (size_t r = 0; r < n; r++) {
            const float d = dy[r * out + o];
            db[o] += d;
            for (size_t i = 0; i < in; i++) {
                w[i] += d * x[r * in + i];
            }
        }
    }
}

void sld_transpose(const float *a, size_t rows, size_t columns, float *b)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            b[c * rows + r] = a[r * columns + c];
        }
    }
}
