/* conv_direct.h: 3x3 convolutions by our own register tiles, for AVX2 and for AVX-512. A tile's
 * rows are pixels that follow each other, or samples at one pixel, so that a weight is read once
 * for all of them, and a tap that lies outside of the image is left out: 31 % of the products on
 * 4x4, 16 % on 8x8, 4 % on 32x32. Beside the library's fastest (oneDNN 2.6, eight samples, one
 * core), nominal GFLOP/s forward, data gradient and weight gradient. AVX2 (Zen 3, 99 at most): 16
 * channels on 32x32 97, 97, 100 to 75, 91, 75; 64 on 32x32 103, 103, 92 to 71, 80, 63; 64 on 8x8
 * 111, 111, 111 to 88, 107, 75; 512 on 4x4 115, 117, 125 to 49, 58, 28. AVX-512 (172 at most): 512
 * channels on 4x4 231, 232, 205 to 150, 200, 115; 256 on 8x8 189, 191, 178 to 177, 171, 145; 64 on
 * 8x8 195, 194, 163 to 187, 168, 165. With samples as rows no difference is left on 16x16; pixels
 * as rows have not been measured there. */
#ifndef SLD_CONV_DIRECT_H
#define SLD_CONV_DIRECT_H

#include "sld/kernels.h"

typedef struct sld_direct sld_direct;

/* Local. Whether this convolution is one of those, on this CPU and under parallel.isa. */
bool sld_direct_takes(const sld_conv_params *params);

/* Local. Owned by the caller. What the passes need for a while is scratch memory that the caller
 * hands in, sld_direct_scratch_bytes() of it, 64-byte aligned. */
sld_status  sld_direct_create(sld_ctx *ctx, const sld_conv_params *params, sld_direct **out);
void        sld_direct_destroy(sld_direct *direct); /* Accepts NULL. */
size_t      sld_direct_scratch_bytes(const sld_direct *direct);
const char *sld_direct_implementation(const sld_direct *direct);

/* As the sld_conv functions of the same names; n: samples. */
void   sld_direct_refresh(sld_direct *direct, const float *weights, const float *bias);
void   sld_direct_forward(const sld_direct *direct, size_t n, const float *x, float *y);
void   sld_direct_backward_data(const sld_direct *direct, size_t n, const float *dy, float *dx);
void   sld_direct_backward_weights(const sld_direct *direct, size_t n, const float *x,
                                   const float *dy, float *scratch, float *dw);
size_t sld_direct_gradient_floats(const sld_direct *direct);
void   sld_direct_unpack_gradient(const sld_direct *direct, const float *dw, float *weights,
                                  float *bias);

#endif
