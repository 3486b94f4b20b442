/* onednn.h: one convolution by oneDNN, as the files that make and use it see it. */
#ifndef SLD_ONEDNN_H
#define SLD_ONEDNN_H

#include "conv/onednn_library.h"

/* Weights, or their gradient, in one of the library's layouts. */
typedef struct {
    sld_md           md;
    dnnl_memory_t    memory; /* owns its bytes, but for gradients: address per call */
    dnnl_primitive_t convert;
    dnnl_memory_t    scratch; /* of the conversion, as of a pass */
    size_t          *offsets; /* of our own conversion (sld_onednn_offsets); NULL: the library's */
    size_t           bytes;   /* of the layout, padding included */
} packed;

/* One pass for one number of samples. */
typedef struct {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t      run;
    dnnl_memory_t         scratch; /* borrowed from the sld_kernels; NULL: wants none */
    const packed         *weights; /* one of the convolution's */
} made_pass;

/* Everything for one number of samples. */
typedef struct {
    sld_md        md[SLD_ENDS];    /* channels last */
    dnnl_memory_t image[SLD_ENDS]; /* addresses change per call */
    made_pass     passes[SLD_PASSES];
} sized;

typedef struct {
    sld_kernels    *k;
    sld_conv_params params; /* without sizes */
    unsigned        passes; /* asked for: a bit each */
    const int      *n;      /* samples by size: borrowed while it is made */
    sized          *sizes;
    packed         *weights; /* (SLD_PASSES * n_sizes) as the passes want them, n_weights made */
    int             n_weights;
    sld_md          plain_md, bias_md;
    dnnl_memory_t   plain, bias, bias_gradient; /* plain: (O,I,H,W), address per call */
    size_t          gradient_floats, bias_at;
    char            names[3 * 8][48];
    int             n_names;
} sld_onednn_conv;

/* Local. As the functions of a sld_conv_algorithm. (onednn_create.c) */
sld_status sld_onednn_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                             unsigned passes, void **out);
void       sld_onednn_destroy(void *state);

/* Local. Whether the library's own conversion between (O,I,H,W) and this layout is right.
 * (onednn_convert.c) */
bool sld_onednn_reorders(sld_const_md md);
/* Local. Where it is not: values from a layout's first to each index along each dimension, one
 * dimension behind the other. The place of a value is the sum over its dimensions. */
dnnl_status_t sld_onednn_offsets(sld_const_md md, size_t *offsets);
/* Local. Weights to and from such a layout. */
void sld_onednn_pack(const sld_conv_params *params, const packed *w, const float *plain, float *to);
void sld_onednn_unpack(const sld_conv_params *params, const packed *w, const float *from,
                       float *plain);

/* Local. Part of the name of the implementation that is fastest for a pass; NULL: the library's
 * first. (onednn_choose.c) */
const char *sld_onednn_preferred(const sld_conv_params *params, int which);

#endif
