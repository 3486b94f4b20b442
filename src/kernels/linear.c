/* linear.c: the linear layer. Plain loops and not a matrix product of a library: each row is summed
 * by itself in one order, so a sample's logits cannot depend on its place or its neighbours. The
 * layer is a thousandth of a network's work. */
#include "lanes.h"
#include "sld/kernels.h"

SLD_VECTORISED
void sld_linear_forward(const float *x, const float *weights_t, const float *bias, size_t n,
                        size_t in, size_t out, float *y)
{
    for (size_t r = 0; r < n; r++) {
        const float *xr = x + r * in;
        size_t       o  = 0;
        for (; o + 4 * SLD_LANES <= out; o += 4 * SLD_LANES) {
            sld_f16 s[4] = {{0}};
            for (size_t i = 0; i < in; i++) {
                for (size_t k = 0; k < 4; k++) {
                    s[k] += xr[i] * sld_load(weights_t + i * out + o + k * SLD_LANES, SLD_LANES);
                }
            }
            for (size_t k = 0; k < 4; k++) {
                const size_t at = o + k * SLD_LANES;
                sld_store(y + r * out + at, s[k] + sld_load(bias + at, SLD_LANES), SLD_LANES);
            }
        }
        for (; o < out; o++) {
            float s = 0;
            for (size_t i = 0; i < in; i++) {
                s += xr[i] * weights_t[i * out + o];
            }
            y[r * out + o] = s + bias[o];
        }
    }
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
