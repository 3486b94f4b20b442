/* depthwise.h: the weight gradient of depthwise 3x3 convolutions on maps of few pixels, for
 * which the library has no depthwise kernel: its general one fills a block of 16 x 16 weights per
 * channel, 256 times the products and the memory. */
#ifndef SLD_CONV_DEPTHWISE_H
#define SLD_CONV_DEPTHWISE_H

#include "sld/kernels.h"

/* Local. Whether this convolution is one of those. */
bool sld_depthwise_takes(const sld_conv_params *params);

/* As the sld_conv functions of the same names; n: samples. dw: (9,C). */
size_t sld_depthwise_gradient_floats(const sld_conv_params *params);
void   sld_depthwise_backward_weights(const sld_conv_params *params, size_t n, const float *x,
                                      const float *dy, float *dw);
void sld_depthwise_unpack_gradient(const sld_conv_params *params, const float *dw, float *weights);

#endif
