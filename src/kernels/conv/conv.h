/* conv/conv.h: what an algorithm for convolutions is: one row of the table in conv.c. A convolution
 * takes, pass by pass, the first row that supports it; rows that serve several of its passes make
 * one state for all of them. */
#ifndef SLD_CONV_H
#define SLD_CONV_H

#include "sld/kernels.h"

typedef enum { SLD_FORWARD, SLD_BACKWARD_DATA, SLD_BACKWARD_WEIGHTS, SLD_PASSES } sld_conv_pass;

enum { SLD_IMAGE, SLD_OUT, SLD_ENDS }; /* of a convolution: x or dx, y or dy */

/* What the convolutions of one network share; one of them works at a time. */
typedef struct sld_library sld_library; /* oneDNN's engine; NULL in a build without */
struct sld_kernels {
    sld_library *library;
    void        *scratch; /* 64-byte aligned */
    size_t       scratch_bytes;
    float *rounded[SLD_ENDS]; /* copies, rounded to bfloat16, of what the present call reads: x
                                       or the weights, dy; NULL: no convolution wants them */
    size_t rounded_bytes[SLD_ENDS];
};

/* Local. Before sld_kernels_ready(): the scratch memory will have room for so many. */
void sld_kernels_want_scratch(sld_kernels *k, size_t bytes);
/* Local. The same for the rounded copies at this end. */
void sld_kernels_want_rounded(sld_kernels *k, int end, size_t floats);

/* Local. The part of the library that a build computes the remaining convolutions with: oneDNN
 * (onednn_library.c) or OpenBLAS (openblas_library.c), whose *out stays NULL. */
sld_status sld_library_create(sld_ctx *ctx, sld_library **out);
void       sld_library_destroy(sld_library *library); /* Accepts NULL. */
sld_status sld_library_ready(sld_ctx *ctx, sld_library *library, void *scratch);

/* One call of a pass. */
typedef struct {
    int    size; /* index into the convolution's numbers of samples */
    size_t n;    /* samples */
    float *scratch;
} sld_conv_call;

typedef struct {
    const char *name;
    bool (*supports)(const sld_conv_params *params, sld_conv_pass pass);
    bool any_number; /* forward: a sample has the same bits in a call of any number */
    /* passes: a bit for each that this row serves. params->sizes is borrowed by the call alone. */
    sld_status (*create)(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                         unsigned passes, void **out);
    void (*destroy)(void *state); /* Accepts NULL. */
    size_t (*scratch_bytes)(const void *state);
    /* As the sld_conv functions of the same names. */
    sld_status (*refresh)(sld_ctx *ctx, void *state, const float *weights, const float *bias);
    sld_status (*forward)(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y);
    sld_status (*backward_data)(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx);
    sld_status (*backward_weights)(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw);
    bool (*accumulates)(const void *state, size_t n); /* backward_weights may be told to add */
    size_t (*gradient_floats)(const void *state);
    sld_status (*unpack_gradient)(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                  float *bias);
    const char *(*implementation)(const void *state, int i); /* NULL past the last */
} sld_conv_algorithm;

extern const sld_conv_algorithm sld_winograd3x3, sld_direct3x3, sld_depthwise, sld_implicit_gemm;
extern const sld_conv_algorithm sld_amx_gemm;             /* bfloat16 alone */
extern const sld_conv_algorithm sld_depthwise_few_pixels; /* the weight gradient, beside oneDNN */
extern const sld_conv_algorithm sld_onednn, sld_im2col;   /* one of them in a build */

/* Local. sld_conv_create() by one row alone, for tests and measurements; SLD_ERR_ARG where it does
 * not support a pass that params ask for. */
sld_status sld_conv_create_by(sld_ctx *ctx, sld_kernels *k, const sld_conv_algorithm *row,
                              const sld_conv_params *params, sld_conv **out);

/* Local. Whether params ask for a pass. */
static inline bool sld_conv_wants(const sld_conv_params *p, sld_conv_pass pass)
{
    return pass == SLD_FORWARD ||
           (p->training && (pass == SLD_BACKWARD_WEIGHTS || p->data_gradient));
}

/* Local. Whether a pass of a convolution that asks for bfloat16 reads rounded values. The shape alone
 * decides. The other passes stay float32, which is faster for them even on AMX. */
bool sld_conv_in_bf16(const sld_conv_params *params, sld_conv_pass pass);

/* Local. The sum of dy over rows; with add, added to what is there. */
void sld_conv_sum_bias(const float *dy, size_t rows, size_t channels, bool add, float *scratch,
                       float *sum);

/* Local. Of `left` things, the first part, where no part may have more than `max` and all are as
 * even as can be. */
static inline size_t sld_part_of(size_t left, size_t max)
{
    const size_t parts = (left + max - 1) / max;
    return (left + parts - 1) / parts;
}

#endif
