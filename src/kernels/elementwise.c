/* elementwise.c: activation, addition and the mean over pixels. */
#include "simd/lanes.h"
#include "sld/kernels.h"

SLD_VECTORISED
void sld_relu_forward(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] <= 0 ? 0 : x[i];
    }
}

SLD_VECTORISED
void sld_relu_backward(const float *dy, const float *y, size_t n, float *dx)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = y[i] <= 0 ? 0 : dy[i];
    }
}

SLD_VECTORISED
void sld_add_forward(const float *a, const float *b, bool relu, size_t n, float *y)
{
    if (relu) {
        for (size_t i = 0; i < n; i++) {
            const float v = a[i] + b[i];
            y[i]          = v <= 0 ? 0 : v;
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            y[i] = a[i] + b[i];
        }
    }
}

SLD_VECTORISED
void sld_accumulate(const float *a, size_t n, float *sum)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += a[i];
    }
}

SLD_VECTORISED
void sld_round_bf16(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        const uint32_t nearest = bits + 0x7fff + (bits >> 16 & 1);
        const uint32_t nan     = bits | 0x400000;
        bits                   = ((bits & 0x7fffffff) > 0x7f800000 ? nan : nearest) & 0xffff0000;
        memcpy(y + i, &bits, sizeof bits);
    }
}

SLD_VECTORISED
void sld_global_pool_forward(const float *x, size_t n, size_t pixels, size_t channels, float *y)
{
    const float share = 1.0f / (float)pixels;
    for (size_t i = 0; i < n; i++) {
        float *out = y + i * channels;
        memset(out, 0, channels * sizeof *out);
        for (size_t p = 0; p < pixels; p++) {
            const float *in = x + (i * pixels + p) * channels;
            for (size_t c = 0; c < channels; c++) {
                out[c] += in[c];
            }
        }
        for (size_t c = 0; c < channels; c++) {
            out[c] *= share;
        }
    }
}

SLD_VECTORISED
void sld_global_pool_backward(const float *dy, size_t n, size_t pixels, size_t channels, float *dx)
{
    const float share = 1.0f / (float)pixels;
    for (size_t i = 0; i < n; i++) {
        const float *in = dy + i * channels;
        for (size_t p = 0; p < pixels; p++) {
            float *out = dx + (i * pixels + p) * channels;
            for (size_t c = 0; c < channels; c++) {
                out[c] = in[c] * share;
            }
        }
    }
}
