/* onednn.h: one convolution by oneDNN, as the files that make and use it see it. */
#ifndef SLD_CONV_ONEDNN_H
#define SLD_CONV_ONEDNN_H

#include "conv3x3.h"
#include "depthwise.h"
#include "onednn_library.h"

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, N_PASSES };

/* Weights, or their gradient, in one of the library's layouts. */
typedef struct {
    dnnl_memory_desc_t md;
    dnnl_memory_t      memory; /* owns its bytes, but for gradients: address per call */
    dnnl_primitive_t   convert;
    dnnl_memory_t      scratch; /* of the conversion, as of a pass */
} packed;

/* One pass for one number of samples. */
typedef struct {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t      run;
    dnnl_memory_t         scratch; /* borrowed from the sld_kernels; NULL: wants none */
    const packed         *weights; /* one of the convolution's */
    bool                  rounded; /* what it reads is rounded to bfloat16 */
} pass;

/* Everything for one number of samples. */
typedef struct {
    size_t             n;                              /* samples */
    dnnl_memory_desc_t md[N_ENDS], rounded_md[N_ENDS]; /* channels last */
    dnnl_memory_t      image[N_ENDS], rounded[N_ENDS]; /* addresses change per call */
    size_t             values[N_ENDS];
    pass               passes[N_PASSES];
} sized;

struct sld_conv {
    sld_kernels       *k;
    sld_conv3         *conv3; /* does all passes, and nothing of the library is made; NULL: none */
    bool               own_gradient; /* the weights' by depthwise.h */
    sld_conv_params    params;
    sized             *sizes;
    packed            *weights; /* (N_PASSES * n_sizes) as the passes want them, n_weights made */
    int                n_weights;
    dnnl_memory_desc_t plain_md, bias_md;
    dnnl_memory_t      plain, bias, bias_gradient; /* plain: (O,I,H,W), address per call */
    size_t             gradient_floats, bias_at;
    char               names[3 * 8][48];
    int                n_names;
};

/* Whether a pass reads x or dy, not writes it: what may be rounded. */
static inline bool sld_onednn_reads(int which, int end)
{
    return which == BACKWARD_WEIGHTS || end == (which == FORWARD ? IMAGE : OUT);
}

/* ---- onednn_choose.c ---- */

/* As dnnl_primitive_desc_create(), by the implementation that is fastest for the convolution. */
dnnl_status_t sld_onednn_choose(const sld_conv *conv, int which,
                                const dnnl_convolution_desc_t *desc,
                                const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *out);

#endif
