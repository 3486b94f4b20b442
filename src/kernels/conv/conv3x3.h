/* conv3x3.h: 3x3 convolutions of stride 1 with a border of zeros, by our own kernels for AVX2 and
 * AVX-512, channels in whole vectors. Maps of few pixels are summed up tap by tap, samples side by
 * side, where a tap that lies outside of the image is left out: 31 % of the products on 4x4
 * (direct3x3.c). All others go through F(2x2,3x3) (winograd3x3.c), 16 products in place of 36,
 * with sums that are nine times shorter and so no less exact: over 150 random shapes at most 4e-7
 * to 8e-7 of the largest value, where sums over all taps and channels come to 7e-7 to 1.6e-6.
 *
 * Nominal GFLOP/s forward, data gradient and weight gradient, eight samples, one core. AVX-512
 * (140 at most) beside the library's fastest (oneDNN 2.6): 16 channels on 32x32 118, 118, 118 to
 * 73, 88, 100; 64 on 32x32 210, 210, 200 to 86, 64, 77; 128 on 16x16 228, 228, 212 to 128, 128,
 * 121. AVX2 on the same CPU beside tiles tap by tap, which on Zen 3 were 1.05 to 1.5 times the
 * library: 16 on 32x32 90, 94, 88 to 74, 51, 51; 64 on 32x32 138, 138, 113 to 73, 72, 57; 256 on
 * 8x8 125, 125, 115 to 89, 90, 71. Where weights are large and pixels few the transformed weights
 * cost more than the products that they save: 512 channels on 4x4, AVX-512, 90 against 180. */
#ifndef SLD_CONV3_H
#define SLD_CONV3_H

#include "sld/kernels.h"

typedef struct sld_conv3 sld_conv3;

/* Local. Whether this convolution is one of those, on this CPU and under parallel.isa. */
bool sld_conv3_takes(const sld_conv_params *params);

/* Local. Owned by the caller. What the passes need for a while is scratch memory that the caller
 * hands in, sld_conv3_scratch_bytes() of it, 64-byte aligned. */
sld_status  sld_conv3_create(sld_ctx *ctx, const sld_conv_params *params, sld_conv3 **out);
void        sld_conv3_destroy(sld_conv3 *conv); /* Accepts NULL. */
size_t      sld_conv3_scratch_bytes(const sld_conv3 *conv);
const char *sld_conv3_implementation(const sld_conv3 *conv);

/* As the sld_conv functions of the same names; n: samples. */
void   sld_conv3_refresh(sld_conv3 *conv, const float *weights, const float *bias);
void   sld_conv3_forward(const sld_conv3 *conv, size_t n, const float *x, float *scratch, float *y);
void   sld_conv3_backward_data(const sld_conv3 *conv, size_t n, const float *dy, float *scratch,
                               float *dx);
void   sld_conv3_backward_weights(const sld_conv3 *conv, size_t n, const float *x, const float *dy,
                                  bool add, float *scratch, float *dw);
bool   sld_conv3_adds_gradient(const sld_conv3 *conv, size_t n);
size_t sld_conv3_gradient_floats(const sld_conv3 *conv);
void sld_conv3_unpack_gradient(const sld_conv3 *conv, const float *dw, float *weights, float *bias);

#endif
