/* conv_onednn.h: one convolution by oneDNN, as the files that make and use it see it. */
#ifndef SLD_CONV_ONEDNN_H
#define SLD_CONV_ONEDNN_H

#include "onednn.h"

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, N_PASSES };
enum { IMAGE, OUT, N_ENDS }; /* of a convolution: x or dx, y or dy */

/* Weights, or their gradient, in one of the library's layouts. */
typedef struct {
    dnnl_memory_desc_t md;
    dnnl_memory_t      memory; /* owns its bytes, but for gradients: address per call */
    dnnl_primitive_t   convert;
    dnnl_memory_t      scratch; /* of the conversion, as of a pass */
    bool               turned;  /* converted from the turned weights, see winograd.c */
} packed;

/* How a pass computes: on channels-last float32; by Winograd's algorithm on images in groups of
 * channels; on channels-last images rounded to bfloat16 into float32. */
typedef enum { DIRECT, WINOGRAD, ROUNDED } form;

/* One pass for one number of samples. */
typedef struct {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t      run;
    dnnl_memory_t         scratch; /* borrowed from the sld_kernels; NULL: wants none */
    const packed         *weights; /* one of the convolution's */
    form                  form;
} pass;

/* Everything for one number of samples. */
typedef struct {
    dnnl_memory_desc_t md[N_ENDS], grouped_md[N_ENDS]; /* channels last; in groups of 16 */
    dnnl_memory_desc_t rounded_md;                     /* of x, channels last */
    dnnl_memory_t      image[N_ENDS], grouped[N_ENDS]; /* addresses change per call */
    dnnl_memory_t      rounded;
    size_t             pixels[N_ENDS]; /* of one sample */
    pass               passes[N_PASSES];
} sized;

struct sld_conv {
    sld_kernels       *k;
    sld_conv_params    params;
    sized             *sizes;
    packed            *weights; /* (N_PASSES * n_sizes) as the passes want them, n_weights made */
    int                n_weights;
    dnnl_memory_desc_t plain_md, turned_md, bias_md;
    dnnl_memory_t      plain, turned, bias, bias_gradient; /* plain: (O,I,H,W), address per call */
    size_t             gradient_floats, bias_at;
    char               names[3 * 8][48];
    int                n_names;
};

/* ---- choose.c ---- */

/* As dnnl_primitive_desc_create(), by the implementation that is fastest for the convolution. */
dnnl_status_t sld_onednn_choose(const sld_conv *conv, int which,
                                const dnnl_convolution_desc_t *desc,
                                const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *out);

/* ---- winograd.c ---- */

/* Whether a pass on so many samples is faster by Winograd's algorithm. */
bool sld_winograd_pays(const sld_conv_params *p, int which, int n);
/* (O,I,3,3) -> (I,O,3,3) with each kernel turned by half a circle: the data gradient is the
 * convolution of dy with these. */
void sld_winograd_turn(const float *weights, size_t out, size_t in, float *turned);
/* x: (n,pixels,C) -> y: (n,C/16,pixels,16). */
void sld_winograd_group(const float *x, size_t n, size_t pixels, size_t channels, float *y);
/* The way back, with what the library cannot do on channels-last images:
 * y = act(x + y) with add, else act(x); act = relu or identity. */
void sld_winograd_ungroup(const float *x, size_t n, size_t pixels, size_t channels, bool add,
                          bool relu, float *y);

#endif
