/* channels.c: channels moved about: parts of rows copied, and streams of channels interleaved. */
#include "simd/lanes.h"
#include "sld/kernels.h"

void sld_copy_channels(const float *x, size_t x_stride, size_t rows, size_t channels, float *y,
                       size_t y_stride)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(y + r * y_stride, x + r * x_stride, channels * sizeof *y);
    }
}

/* With a constant number of streams the compiler makes whole vectors of both loops. */
SLD_INLINE void weave(const float *const *x, size_t stride, size_t streams, size_t rows,
                      size_t channels, float *y)
{
    for (size_t r = 0; r < rows; r++) {
        const float *x0 = x[0] + r * stride, *x1 = x[1] + r * stride;
        const float *x2 = streams == 3 ? x[2] + r * stride : NULL;
        float       *to = y + r * channels * streams;
        for (size_t c = 0; c < channels; c++) {
            to[c * streams]     = x0[c];
            to[c * streams + 1] = x1[c];
            if (streams == 3) {
                to[c * streams + 2] = x2[c];
            }
        }
    }
}

SLD_INLINE void unweave(const float *y, const float *y2, size_t streams, size_t rows,
                        size_t channels, float *const *x, size_t stride)
{
    for (size_t r = 0; r < rows; r++) {
        float       *x0 = x[0] + r * stride, *x1 = x[1] + r * stride;
        float       *x2   = streams == 3 ? x[2] + r * stride : NULL;
        const size_t from = r * channels * streams;
        for (size_t c = 0; c < channels; c++) {
            const size_t at = from + c * streams;
            x0[c]           = y2 ? y[at] + y2[at] : y[at];
            x1[c]           = y2 ? y[at + 1] + y2[at + 1] : y[at + 1];
            if (streams == 3) {
                x2[c] = y2 ? y[at + 2] + y2[at + 2] : y[at + 2];
            }
        }
    }
}

SLD_VECTORISED
void sld_interleave(const float *const *x, size_t stride, size_t streams, size_t rows,
                    size_t channels, float *y)
{
    if (streams == 2) {
        weave(x, stride, 2, rows, channels, y);
    } else if (streams == 3) {
        weave(x, stride, 3, rows, channels, y);
    } else {
        for (size_t i = 0; i < rows * channels * streams; i++) {
            y[i] = x[i % streams][i / streams / channels * stride + i / streams % channels];
        }
    }
}

SLD_VECTORISED
void sld_deinterleave(const float *y, const float *y2, size_t streams, size_t rows, size_t channels,
                      float *const *x, size_t stride)
{
    bool all = true;
    for (size_t k = 0; k < streams; k++) {
        all = all && x[k];
    }
    if (all && streams == 2 && y2) {
        unweave(y, y2, 2, rows, channels, x, stride);
    } else if (all && streams == 2) {
        unweave(y, NULL, 2, rows, channels, x, stride);
    } else if (all && streams == 3 && !y2) {
        unweave(y, NULL, 3, rows, channels, x, stride);
    } else {
        for (size_t i = 0; i < rows * channels * streams; i++) {
            const size_t at = i / streams / channels * stride + i / streams % channels;
            if (x[i % streams]) {
                x[i % streams][at] = y2 ? y[i] + y2[i] : y[i];
            }
        }
    }
}
