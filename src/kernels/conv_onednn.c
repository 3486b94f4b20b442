/* conv_onednn.c: convolution by oneDNN on plain channels-last images. The library chooses the
 * layout of weights and weight gradients for the largest number of samples; the other sizes take
 * the same, so that weights are converted once per step and partial gradients of any size add up.
 */
#ifdef SLD_HAVE_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "onednn.h"

enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, N_PASSES };

/* One pass for one number of samples. */
typedef struct {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t      run;
    dnnl_memory_t         scratch; /* borrowed from the sld_kernels; NULL: wants none */
} pass;

/* Everything for one number of samples. */
typedef struct {
    dnnl_memory_desc_t image_md, out_md; /* channels last */
    dnnl_memory_t      image, out;       /* x or dx, y or dy: addresses change per call */
    pass               passes[N_PASSES];
} sized;

/* Weights in one of the library's layouts. */
typedef struct {
    dnnl_memory_desc_t md;
    dnnl_memory_t      memory; /* owns its bytes, but for gradients: address per call */
    dnnl_primitive_t   convert;
} packed;

struct sld_conv {
    sld_kernels       *k;
    sld_conv_params    params;
    sized             *sizes;
    packed             weights[N_PASSES]; /* as each pass wants them; the last: gradient */
    dnnl_memory_desc_t plain_md, bias_md;
    dnnl_memory_t      plain, bias, bias_gradient; /* plain: (O,I,H,W), address per call */
    size_t             gradient_floats, bias_at;
    char               names[3 * 8][48];
    int                n_names;
};

int sld_conv_out_size(int size, int kernel, int stride, int pad)
{
    return (size + 2 * pad - kernel) / stride + 1;
}

/* ---- descriptors ---- */

static dnnl_status_t image_md(dnnl_memory_desc_t *md, int n, int channels, int height, int width)
{
    const dnnl_dims_t dims = {n, channels, height, width};
    return dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, dnnl_nhwc);
}

/* (O,I,H,W), with groups (G,O/G,I/G,H,W), in memory the same. tag any: the library chooses. */
static dnnl_status_t weights_md(dnnl_memory_desc_t *md, const sld_conv_params *p, bool plain)
{
    const int g = p->groups;
    if (g == 1) {
        const dnnl_dims_t dims = {p->out, p->in, p->kernel, p->kernel};
        return dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32,
                                            plain ? dnnl_oihw : dnnl_format_tag_any);
    }
    const dnnl_dims_t dims = {g, p->out / g, p->in / g, p->kernel, p->kernel};
    return dnnl_memory_desc_init_by_tag(md, 5, dims, dnnl_f32,
                                        plain ? dnnl_goihw : dnnl_format_tag_any);
}

/* relu and add as post-operations on the result: y = relu(conv + y). */
static dnnl_status_t make_attributes(const sld_conv_params *p, dnnl_primitive_attr_t *attr)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t   st  = dnnl_primitive_attr_create(attr);
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    }
    if (st == dnnl_success) {
        st = dnnl_post_ops_create(&ops);
    }
    if (st == dnnl_success && p->add) {
        st = dnnl_post_ops_append_sum(ops, 1.0f);
    }
    if (st == dnnl_success && p->relu) {
        st = dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_set_post_ops(*attr, ops);
    }
    dnnl_post_ops_destroy(ops);
    return st;
}

static dnnl_status_t describe(const sld_conv *conv, const sized *s, int which,
                              const dnnl_memory_desc_t *weights, dnnl_convolution_desc_t *desc)
{
    const sld_conv_params    *p       = &conv->params;
    const dnnl_dims_t         strides = {p->stride, p->stride}, pad = {p->pad, p->pad};
    const dnnl_memory_desc_t *bias = p->bias ? &conv->bias_md : NULL;
    const dnnl_alg_kind_t     alg  = dnnl_convolution_direct;
    switch (which) {
    case FORWARD:
        return dnnl_convolution_forward_desc_init(
            desc, p->training ? dnnl_forward_training : dnnl_forward_inference, alg, &s->image_md,
            weights, bias, &s->out_md, strides, pad, pad);
    case BACKWARD_DATA:
        return dnnl_convolution_backward_data_desc_init(desc, alg, &s->image_md, weights,
                                                        &s->out_md, strides, pad, pad);
    default:
        return dnnl_convolution_backward_weights_desc_init(desc, alg, &s->image_md, weights, bias,
                                                           &s->out_md, strides, pad, pad);
    }
}

/* ---- creation ---- */

static sld_status create_pass(sld_ctx *ctx, sld_conv *conv, sized *s, int which, bool first)
{
    static const dnnl_query_t weights_query[N_PASSES] = {
        dnnl_query_weights_md, dnnl_query_weights_md, dnnl_query_diff_weights_md};
    pass                   *p    = &s->passes[which];
    dnnl_primitive_attr_t   attr = NULL;
    dnnl_convolution_desc_t desc;
    dnnl_memory_desc_t      any;

    dnnl_status_t st = weights_md(&any, &conv->params, false);
    if (st == dnnl_success) {
        st = describe(conv, s, which, first ? &any : &conv->weights[which].md, &desc);
    }
    if (st == dnnl_success) {
        st = make_attributes(&conv->params, &attr);
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_desc_create(&p->pd, &desc, attr, conv->k->engine,
                                        which == FORWARD ? NULL : s->passes[FORWARD].pd);
    }
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_success) {
        st = dnnl_primitive_create(&p->run, p->pd);
    }
    SLD_TRY(sld_onednn_check(ctx, st, "convolution"));
    if (first) {
        conv->weights[which].md = *dnnl_primitive_desc_query_md(p->pd, weights_query[which], 0);
    }
    const char *name = NULL;
    if (conv->n_names < (int)(sizeof conv->names / sizeof *conv->names) &&
        dnnl_primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success) {
        strncpy(conv->names[conv->n_names++], name, sizeof *conv->names - 1);
    }
    return sld_onednn_scratch(ctx, conv->k, p->pd, &p->scratch);
}

static sld_status create_size(sld_ctx *ctx, sld_conv *conv, int i)
{
    const sld_conv_params *p = &conv->params;
    sized                 *s = &conv->sizes[i];

    dnnl_status_t st = image_md(&s->image_md, p->sizes[i], p->in, p->height, p->width);
    if (st == dnnl_success) {
        st = image_md(&s->out_md, p->sizes[i], p->out,
                      sld_conv_out_size(p->height, p->kernel, p->stride, p->pad),
                      sld_conv_out_size(p->width, p->kernel, p->stride, p->pad));
    }
    if (st == dnnl_success) {
        st = dnnl_memory_create(&s->image, &s->image_md, conv->k->engine, DNNL_MEMORY_NONE);
    }
    if (st == dnnl_success) {
        st = dnnl_memory_create(&s->out, &s->out_md, conv->k->engine, DNNL_MEMORY_NONE);
    }
    SLD_TRY(sld_onednn_check(ctx, st, "image memory"));

    SLD_TRY(create_pass(ctx, conv, s, FORWARD, i == 0));
    if (p->training && p->data_gradient) {
        SLD_TRY(create_pass(ctx, conv, s, BACKWARD_DATA, i == 0));
    }
    if (p->training) {
        SLD_TRY(create_pass(ctx, conv, s, BACKWARD_WEIGHTS, i == 0));
    }
    return SLD_OK;
}

/* The memory of one layout and the conversion between it and (O,I,H,W): to it for weights, from it
 * for the gradient. */
static sld_status create_packed(sld_ctx *ctx, sld_conv *conv, int which)
{
    packed                   *w      = &conv->weights[which];
    const bool                from   = which == BACKWARD_WEIGHTS;
    dnnl_engine_t             engine = conv->k->engine;
    const dnnl_memory_desc_t *src    = from ? &w->md : &conv->plain_md;
    const dnnl_memory_desc_t *dst    = from ? &conv->plain_md : &w->md;
    dnnl_primitive_desc_t     pd     = NULL;

    dnnl_status_t st = dnnl_memory_create(&w->memory, &w->md, engine,
                                          from ? DNNL_MEMORY_NONE : DNNL_MEMORY_ALLOCATE);
    if (st == dnnl_success) {
        st = dnnl_reorder_primitive_desc_create(&pd, src, engine, dst, engine, NULL);
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_create(&w->convert, pd);
    }
    dnnl_primitive_desc_destroy(pd);
    return sld_onednn_check(ctx, st, "layout of the weights");
}

static sld_status create_weights(sld_ctx *ctx, sld_conv *conv)
{
    const sld_conv_params *p = &conv->params;
    SLD_TRY(create_packed(ctx, conv, FORWARD));
    if (p->training && p->data_gradient) {
        SLD_TRY(create_packed(ctx, conv, BACKWARD_DATA));
    }
    if (p->training) {
        SLD_TRY(create_packed(ctx, conv, BACKWARD_WEIGHTS));
        const size_t bytes    = dnnl_memory_desc_get_size(&conv->weights[BACKWARD_WEIGHTS].md);
        conv->bias_at         = (bytes + 63) / 64 * 16;
        conv->gradient_floats = conv->bias_at + (p->bias ? ((size_t)p->out + 15) / 16 * 16 : 0);
    }
    dnnl_engine_t engine = conv->k->engine;
    dnnl_status_t st = dnnl_memory_create(&conv->plain, &conv->plain_md, engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias, &conv->bias_md, engine, DNNL_MEMORY_ALLOCATE);
    }
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias_gradient, &conv->bias_md, engine, DNNL_MEMORY_NONE);
    }
    return sld_onednn_check(ctx, st, "weights memory");
}

sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out)
{
    *out           = NULL;
    sld_conv *conv = calloc(1, sizeof *conv);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %zu bytes", sizeof *conv);
    }
    conv->k       = k;
    conv->params  = *params;
    conv->sizes   = calloc((size_t)params->n_sizes, sizeof *conv->sizes);
    sld_status st = conv->sizes
                        ? SLD_OK
                        : SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %d sizes", params->n_sizes);
    if (st == SLD_OK) {
        const dnnl_dims_t bias_dims = {params->out};
        dnnl_status_t     lib       = weights_md(&conv->plain_md, params, true);
        if (lib == dnnl_success) {
            lib = dnnl_memory_desc_init_by_tag(&conv->bias_md, 1, bias_dims, dnnl_f32, dnnl_a);
        }
        st = sld_onednn_check(ctx, lib, "weights");
    }
    for (int i = 0; st == SLD_OK && i < params->n_sizes; i++) {
        st = create_size(ctx, conv, i);
    }
    if (st == SLD_OK) {
        st = create_weights(ctx, conv);
    }
    if (st != SLD_OK) {
        sld_conv_destroy(conv);
        return st;
    }
    conv->params.sizes = NULL; /* borrowed by the call alone */
    *out               = conv;
    return SLD_OK;
}

void sld_conv_destroy(sld_conv *conv)
{
    if (!conv) {
        return;
    }
    for (int i = 0; conv->sizes && i < conv->params.n_sizes; i++) {
        sized *s = &conv->sizes[i];
        for (int j = 0; j < N_PASSES; j++) {
            dnnl_primitive_destroy(s->passes[j].run);
            dnnl_primitive_desc_destroy(s->passes[j].pd);
        }
        dnnl_memory_destroy(s->image);
        dnnl_memory_destroy(s->out);
    }
    for (int j = 0; j < N_PASSES; j++) {
        dnnl_primitive_destroy(conv->weights[j].convert);
        dnnl_memory_destroy(conv->weights[j].memory);
    }
    dnnl_memory_destroy(conv->plain);
    dnnl_memory_destroy(conv->bias);
    dnnl_memory_destroy(conv->bias_gradient);
    free(conv->sizes);
    free(conv);
}

/* ---- use ---- */

/* The library takes addresses without const, also of what it only reads. */
static dnnl_status_t look_at(dnnl_memory_t memory, const float *address)
{
    return dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)address);
}

static dnnl_status_t convert(const sld_conv *conv, int which, dnnl_memory_t from, dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    return dnnl_primitive_execute(conv->weights[which].convert, conv->k->stream, 2, args);
}

sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias)
{
    dnnl_status_t st = look_at(conv->plain, weights);
    for (int which = FORWARD; which <= BACKWARD_DATA; which++) {
        if (st == dnnl_success && conv->weights[which].memory) {
            st = convert(conv, which, conv->plain, conv->weights[which].memory);
        }
    }
    if (st == dnnl_success && conv->bias) {
        void *to = NULL;
        st       = dnnl_memory_get_data_handle(conv->bias, &to);
        if (st == dnnl_success) {
            memcpy(to, bias, (size_t)conv->params.out * sizeof *bias);
        }
    }
    return sld_onednn_check(ctx, st, "conversion of weights");
}

static dnnl_status_t execute(const sld_conv *conv, int size, int which,
                             const dnnl_exec_arg_t *three, int n)
{
    const pass     *p = &conv->sizes[size].passes[which];
    dnnl_exec_arg_t args[5];
    memcpy(args, three, (size_t)n * sizeof *args);
    if (p->scratch) {
        args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratch};
    }
    return dnnl_primitive_execute(p->run, conv->k->stream, n, args);
}

sld_status sld_conv_forward(sld_ctx *ctx, sld_conv *conv, int size, const float *x, float *y)
{
    const sized          *s      = &conv->sizes[size];
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, s->image},
                                    {DNNL_ARG_WEIGHTS, conv->weights[FORWARD].memory},
                                    {DNNL_ARG_DST, s->out},
                                    {DNNL_ARG_BIAS, conv->bias}};
    dnnl_status_t         st     = look_at(s->image, x);
    if (st == dnnl_success) {
        st = look_at(s->out, y);
    }
    if (st == dnnl_success) {
        st = execute(conv, size, FORWARD, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution forward");
}

sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx)
{
    const sized          *s      = &conv->sizes[size];
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_DIFF_DST, s->out},
                                    {DNNL_ARG_WEIGHTS, conv->weights[BACKWARD_DATA].memory},
                                    {DNNL_ARG_DIFF_SRC, s->image}};
    dnnl_status_t         st     = look_at(s->out, dy);
    if (st == dnnl_success) {
        st = look_at(s->image, dx);
    }
    if (st == dnnl_success) {
        st = execute(conv, size, BACKWARD_DATA, args, 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward data");
}

sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, float *dw)
{
    const sized          *s      = &conv->sizes[size];
    dnnl_memory_t         grad   = conv->weights[BACKWARD_WEIGHTS].memory;
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, s->image},
                                    {DNNL_ARG_DIFF_DST, s->out},
                                    {DNNL_ARG_DIFF_WEIGHTS, grad},
                                    {DNNL_ARG_DIFF_BIAS, conv->bias_gradient}};
    dnnl_status_t         st     = look_at(s->image, x);
    if (st == dnnl_success) {
        st = look_at(s->out, dy);
    }
    if (st == dnnl_success) {
        st = look_at(grad, dw);
    }
    if (st == dnnl_success && conv->bias) {
        st = look_at(conv->bias_gradient, dw + conv->bias_at);
    }
    if (st == dnnl_success) {
        st = execute(conv, size, BACKWARD_WEIGHTS, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward weights");
}

size_t sld_conv_gradient_floats(const sld_conv *conv)
{
    return conv->gradient_floats;
}

sld_status sld_conv_unpack_gradient(sld_ctx *ctx, sld_conv *conv, const float *dw, float *weights,
                                    float *bias)
{
    dnnl_memory_t grad = conv->weights[BACKWARD_WEIGHTS].memory;
    dnnl_status_t st   = look_at(grad, dw);
    if (st == dnnl_success) {
        st = look_at(conv->plain, weights);
    }
    if (st == dnnl_success) {
        st = convert(conv, BACKWARD_WEIGHTS, grad, conv->plain);
    }
    if (conv->bias) {
        memcpy(bias, dw + conv->bias_at, (size_t)conv->params.out * sizeof *bias);
    }
    return sld_onednn_check(ctx, st, "conversion of gradients");
}

const char *sld_conv_implementation(const sld_conv *conv, int i)
{
    return i < conv->n_names ? conv->names[i] : NULL;
}
#endif
