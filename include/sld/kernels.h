/* sld/kernels.h: the arithmetic of one thread on plain channels-last float32 arrays: convolution
 * (our own kernels, oneDNN or OpenBLAS), linear layer, batch norm, activation, pooling, channel shuffle.
 * Axes: n samples, H, W pixels, C channels; rows = n*H*W for kernels that see pixels only.
 * Everything here is Local. The same arguments give the same bits on every call. Kernels other than
 * convolutions give the same bits on every instruction set too. */
#ifndef SLD_KERNELS_H
#define SLD_KERNELS_H

#include "sld/base.h"

/* ---- what the convolutions of one network share: the library's engine and scratch memory ---- */

typedef struct sld_kernels sld_kernels;

/* Pins convolutions to an instruction set: "auto", "avx2" or "avx512". Call it before the first
 * sld_kernels_create() of the process. SLD_ERR_CONFIG for another word, and where oneDNN has been used
 * already. */
sld_status sld_kernels_pin_isa(sld_ctx *ctx, const char *isa);
/* Makes the libraries compute on the calling thread alone, whatever the environment says. Create
 * and use it on one thread. The caller owns *out and destroys it after its convolutions. */
sld_status sld_kernels_create(sld_ctx *ctx, sld_kernels **out);
void       sld_kernels_destroy(sld_kernels *k); /* Accepts NULL. */
/* Allocates the scratch memory; call once, after the last sld_conv_create() and before the first
 * sld_conv_refresh(). SLD_ERR_NOMEM. */
sld_status sld_kernels_ready(sld_ctx *ctx, sld_kernels *k);
/* The instructions that convolutions use: "AVX-512, bf16, AMX". A literal. */
const char *sld_kernels_isa(void);
/* Writes the libraries' versions and the instruction set, for the fingerprint. text: n bytes. */
void sld_kernels_versions(char *text, size_t n);

/* Writes the BLAS that convolutions may use; "none": none is linked. text: n bytes. */
void sld_kernels_blas(char *text, size_t n);

/* The most GFLOP/s that this thread can reach with the instructions that convolutions may use. 0:
 * the CPU, this build or its limits leave no such instruction. */
typedef struct sld_peaks {
    double f32;  /* fused multiply-adds */
    double bf16; /* products of bfloat16 summed in float32: by AMX, without it those of f32 */
} sld_peaks;
/* Measures both in registers, for so many seconds each. */
sld_peaks sld_kernels_peaks(double seconds);

/* ---- convolution: one layer for a few numbers of samples ---- */

typedef struct sld_conv sld_conv;

typedef struct sld_conv_params {
    int        height, width, in, out; /* of the input image; channels */
    int        kernel, stride, pad, groups;
    bool       bias;
    bool       add, relu;     /* evaluation: y = relu(conv(x) + bias + y) */
    bool       bf16;          /* x, dy and weights are rounded to bfloat16; sums and results (y, dx,
                                 dw) are float32. A pass that is faster in float32 computes in it */
    bool       training;      /* makes the backward kernels; not with add or relu */
    bool       data_gradient; /* training: makes that of dx too */
    const int *sizes;         /* samples per call, largest first; a call gives an index into it */
    int        n_sizes;
} sld_conv_params;

/* Whether a forward pass gives a sample the same bits in a call of any number of samples, sizes[0] at
 * most. */
bool sld_conv_takes_any_number(const sld_conv_params *params);
/* Chooses an implementation of each pass and size. Borrows k; the caller owns *out. SLD_ERR_NOMEM;
 * SLD_ERR_LIB of oneDNN. */
sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out);
void       sld_conv_destroy(sld_conv *conv); /* Accepts NULL. */
/* Pixels of the output along an axis: floor((size + 2 pad - kernel) / stride) + 1. */
int sld_conv_out_size(int size, int kernel, int stride, int pad);

/* weights: (O,I/groups,H,W); bias: (O) or NULL. Copies both into the kernels' own layout. */
sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias);
/* x: (n,H,W,in), y: (n,H',W',out), n = sizes[size]. */
sld_status sld_conv_forward(sld_ctx *ctx, sld_conv *conv, int size, const float *x, float *y);
/* The backward passes: only with training, and that of dx with data_gradient. */
sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx);
/* dw: sld_conv_gradient_floats() floats, 64-byte aligned, with the bias gradient in it. The layout
 * is the kernels' own and the same for every size, so that partial gradients add element by
 * element. add: the gradient, summed by itself first, is added to dw; only if
 * sld_conv_adds_gradient(). Else dw is written. */
sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, bool add, float *dw);
bool       sld_conv_adds_gradient(const sld_conv *conv, int size);
size_t     sld_conv_gradient_floats(const sld_conv *conv);
/* Brings dw into weights: (O,I/groups,H,W) and bias: (O), which it leaves alone without a bias. */
sld_status sld_conv_unpack_gradient(sld_ctx *ctx, sld_conv *conv, const float *dw, float *weights,
                                    float *bias);
/* The name of the i-th implementation that was chosen, in a fixed order; NULL: past the last. */
const char *sld_conv_implementation(const sld_conv *conv, int i);

/* ---- linear layer: each row by itself, summed in one fixed order ---- */

/* x: (n,in), weights_t: (in,out), bias: (out), y: (n,out). */
void sld_linear_forward(const float *x, const float *weights_t, const float *bias, size_t n,
                        size_t in, size_t out, float *y);
/* dy: (n,out), weights: (out,in), dx: (n,in) written. */
void sld_linear_backward_data(const float *dy, const float *weights, size_t n, size_t in,
                              size_t out, float *dx);
/* dw: (out,in) and db: (out), written. */
void sld_linear_backward_weights(const float *x, const float *dy, size_t n, size_t in, size_t out,
                                 float *dw, float *db);
void sld_transpose(const float *a, size_t rows, size_t columns, float *b); /* b: (columns,rows) */

/* ---- batch norm on (rows,C) ---- */

/* One pass in double, shifted by the first row. m2: the sum of squared deviations from the mean.
 * rows > 0. */
void sld_bn_measure(const float *x, size_t rows, size_t channels, double *mean, double *m2);
/* y = act(x * scale + shift + residual), rounded to float32 once, where act is relu or the
 * identity. residual may be NULL or y. */
void sld_bn_forward(const float *x, const float *residual, bool relu, size_t rows, size_t channels,
                    const double *scale, const double *shift, float *y);
/* dz = dy + dy2 wherever relu_y is not <= 0, else 0. relu_y NULL: everywhere; dy2 NULL: dy alone.
 * dz may be relu_y. Per channel, sum_dz is the sum of dz and sum_dzx that of dz * (x - mean). */
void sld_bn_backward_sums(const float *dy, const float *dy2, const float *relu_y, const float *x,
                          const float *mean, size_t rows, size_t channels, float *dz,
                          double *sum_dz, double *sum_dzx);
/* dx = scale * (dz - mean_dz - (x - mean) * slope); dx may be x or dz. */
void sld_bn_backward_data(const float *dz, const float *x, size_t rows, size_t channels,
                          const float *mean, const float *scale, const float *mean_dz,
                          const float *slope, float *dx);

/* ---- element by element, and pooling ---- */

/* NaN stays NaN through relu, so that a diverged network shows. */
void sld_relu_forward(const float *x, size_t n, float *y);
void sld_relu_backward(const float *dy, const float *y, size_t n, float *dx); /* dx may be y */
void sld_add_forward(const float *a, const float *b, bool relu, size_t n, float *y);
void sld_accumulate(const float *a, size_t n, float *sum); /* sum += a */
/* y: the bfloat16 nearest to each x, ties to even, as float32. NaN stays NaN. */
void sld_round_bf16(const float *x, size_t n, float *y);
/* x: (n,pixels,C), y: (n,C): the mean over pixels. */
void sld_global_pool_forward(const float *x, size_t n, size_t pixels, size_t channels, float *y);
void sld_global_pool_backward(const float *dy, size_t n, size_t pixels, size_t channels, float *dx);

/* ---- pooling over windows ---- */

typedef struct sld_pool_params {
    int height, width, channels; /* of the input image */
    int kernel, stride, pad;     /* pad at most half the kernel: no window is empty */
} sld_pool_params;

size_t sld_pool_windows(const sld_pool_params *p); /* output pixels of one image */
/* x: (n,H,W,C), y: (n,H',W',C) with sizes of sld_conv_out_size(). Padding is never the maximum. In
 * the mean it counts as zeros, so that the divisor is always kernel^2. dx is written. */
void sld_max_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y);
void sld_max_pool_backward(const float *x, const float *y, const float *dy, size_t n,
                           const sld_pool_params *p, float *dx);
void sld_average_pool_forward(const float *x, size_t n, const sld_pool_params *p, float *y);
void sld_average_pool_backward(const float *dy, size_t n, const sld_pool_params *p, float *dx);

/* ---- channels in another order; strides are floats from row to row ---- */

void sld_copy_channels(const float *x, size_t x_stride, size_t rows, size_t channels, float *y,
                       size_t y_stride);
/* y[r][c * streams + k] = x[k][r][c] for c below channels; streams > 1; y: (rows,streams*channels).
 */
void sld_interleave(const float *const *x, size_t stride, size_t streams, size_t rows,
                    size_t channels, float *y);
/* x[k][r][c] = (y + y2)[r][c * streams + k]. y2 NULL: y alone; x[k] NULL: leaves that one out. */
void sld_deinterleave(const float *y, const float *y2, size_t streams, size_t rows, size_t channels,
                      float *const *x, size_t stride);

#endif
