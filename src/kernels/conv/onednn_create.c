/* onednn_create.c: the primitives of one convolution by oneDNN on channels-last images. The
 * library chooses the layout of weights and weight gradients for the largest number of samples; the
 * other sizes take the same where it allows that, so that weights are converted once per step, and
 * always for the gradient, so that partial gradients of any size add up. */
#ifdef SLD_HAVE_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "onednn.h"

int sld_conv_out_size(int size, int kernel, int stride, int pad)
{
    return (size + 2 * pad - kernel) / stride + 1;
}

/* ---- descriptors ---- */

static dnnl_status_t image_md(dnnl_memory_desc_t *md, dnnl_data_type_t type, int n, int channels,
                              int height, int width)
{
    const dnnl_dims_t dims = {n, channels, height, width};
    return dnnl_memory_desc_init_by_tag(md, 4, dims, type, dnnl_nhwc);
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

static const dnnl_memory_desc_t *end_md(const sized *s, int which, bool rounded, int end)
{
    return rounded && sld_onednn_reads(which, end) ? &s->rounded_md[end] : &s->md[end];
}

static dnnl_status_t describe(const sld_conv *conv, const sized *s, int which, bool rounded,
                              const dnnl_memory_desc_t *weights, dnnl_convolution_desc_t *desc)
{
    const sld_conv_params    *p       = &conv->params;
    const dnnl_dims_t         strides = {p->stride, p->stride}, pad = {p->pad, p->pad};
    const dnnl_memory_desc_t *image = end_md(s, which, rounded, IMAGE);
    const dnnl_memory_desc_t *out   = end_md(s, which, rounded, OUT);
    const dnnl_memory_desc_t *bias  = p->bias ? &conv->bias_md : NULL;
    const dnnl_alg_kind_t     alg   = dnnl_convolution_direct;
    switch (which) {
    case FORWARD:
        return dnnl_convolution_forward_desc_init(
            desc, p->training ? dnnl_forward_training : dnnl_forward_inference, alg, image, weights,
            bias, out, strides, pad, pad);
    case BACKWARD_DATA:
        return dnnl_convolution_backward_data_desc_init(desc, alg, image, weights, out, strides,
                                                        pad, pad);
    default:
        return dnnl_convolution_backward_weights_desc_init(desc, alg, image, weights, bias, out,
                                                           strides, pad, pad);
    }
}

/* ---- weights ---- */

/* The conversion between a layout and (O,I,H,W): to it for weights, from it for the gradient. */
static sld_status create_conversion(sld_ctx *ctx, const sld_conv *conv, packed *w, bool gradient)
{
    dnnl_primitive_attr_t     attr   = NULL;
    dnnl_engine_t             engine = conv->k->engine;
    const dnnl_memory_desc_t *plain  = &conv->plain_md;
    const dnnl_memory_desc_t *src = gradient ? &w->md : plain, *dst = gradient ? plain : &w->md;
    dnnl_primitive_desc_t     pd = NULL;

    dnnl_status_t st = dnnl_memory_create(&w->memory, &w->md, engine,
                                          gradient ? DNNL_MEMORY_NONE : DNNL_MEMORY_ALLOCATE);
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_create(&attr);
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    }
    if (st == dnnl_success) {
        st = dnnl_reorder_primitive_desc_create(&pd, src, engine, dst, engine, attr);
    }
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_success) {
        st = dnnl_primitive_create(&w->convert, pd);
    }
    sld_status made = sld_onednn_check(ctx, st, "layout of the weights");
    if (made == SLD_OK) {
        made = sld_onednn_scratch(ctx, conv->k, pd, &w->scratch);
    }
    dnnl_primitive_desc_destroy(pd);
    return made;
}

/* The weights of a pass: those of another size where the layout is the same. */
static sld_status find_weights(sld_ctx *ctx, sld_conv *conv, pass *p, int which)
{
    static const dnnl_query_t query[N_PASSES] = {dnnl_query_weights_md, dnnl_query_weights_md,
                                                 dnnl_query_diff_weights_md};
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(p->pd, query[which], 0);

    for (int i = 0; i < conv->params.n_sizes && conv->sizes[i].passes[which].weights; i++) {
        const packed *w = conv->sizes[i].passes[which].weights;
        if (dnnl_memory_desc_equal(&w->md, md)) {
            p->weights = w;
            return SLD_OK;
        }
    }
    packed *w  = &conv->weights[conv->n_weights++];
    w->md      = *md;
    p->weights = w;
    return create_conversion(ctx, conv, w, which == BACKWARD_WEIGHTS);
}

/* ---- passes ---- */

static const char *implementation(const pass *p)
{
    const char *name = "";
    dnnl_primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &name);
    return name;
}

/* SLD_OK without a primitive when the library has none of that kind, or for bfloat16 only plain
 * loops. */
static sld_status try_pass(sld_ctx *ctx, sld_conv *conv, sized *s, int which, bool rounded,
                           bool fixed)
{
    pass                   *p    = &s->passes[which];
    dnnl_primitive_attr_t   attr = NULL;
    dnnl_convolution_desc_t desc;
    dnnl_memory_desc_t      weights;

    dnnl_status_t st = weights_md(&weights, &conv->params, false);
    if (fixed) {
        weights = conv->sizes[0].passes[which].weights->md;
    } else if (rounded && which != BACKWARD_WEIGHTS) {
        weights.data_type = dnnl_bf16;
    }
    if (st == dnnl_success) {
        st = describe(conv, s, which, rounded, &weights, &desc);
    }
    if (st == dnnl_success) {
        st = make_attributes(&conv->params, &attr);
    }
    if (st == dnnl_success) {
        st = sld_onednn_choose(conv, which, &desc, attr,
                               which == FORWARD ? NULL : s->passes[FORWARD].pd, &p->pd);
    }
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_success && rounded && strncmp(implementation(p), "ref", 3) == 0) {
        dnnl_primitive_desc_destroy(p->pd);
        st = dnnl_unimplemented;
    }
    if (st == dnnl_unimplemented) {
        p->pd = NULL;
        return SLD_OK;
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_create(&p->run, p->pd);
    }
    p->rounded = rounded;
    return sld_onednn_check(ctx, st, "convolution");
}

/* bfloat16 where it is asked for and the library has it for the first size, else float32; in the
 * layout of the first size, else in any but for the gradient. */
static sld_status create_pass(sld_ctx *ctx, sld_conv *conv, sized *s, int which)
{
    pass      *p     = &s->passes[which];
    const bool first = s == conv->sizes;

    const bool bf16 = conv->params.bf16 && (first || conv->sizes->passes[which].rounded);
    for (int rounded = bf16; rounded >= 0 && !p->run; rounded--) {
        SLD_TRY(try_pass(ctx, conv, s, which, rounded, !first));
        if (!p->run && !first && which != BACKWARD_WEIGHTS) {
            SLD_TRY(try_pass(ctx, conv, s, which, rounded, false));
        }
    }
    if (!p->run) {
        return sld_onednn_check(ctx, dnnl_unimplemented, "convolution");
    }
    SLD_TRY(find_weights(ctx, conv, p, which));
    if (conv->n_names < (int)(sizeof conv->names / sizeof *conv->names)) {
        strncpy(conv->names[conv->n_names++], implementation(p), sizeof *conv->names - 1);
    }
    return sld_onednn_scratch(ctx, conv->k, p->pd, &p->scratch);
}

static dnnl_status_t create_end(const sld_conv *conv, sized *s, int end, int n, int channels,
                                int height, int width)
{
    dnnl_engine_t engine = conv->k->engine;
    s->values[end]       = (size_t)n * (size_t)height * (size_t)width * (size_t)channels;

    dnnl_status_t st = image_md(&s->md[end], dnnl_f32, n, channels, height, width);
    if (st == dnnl_success) {
        st = dnnl_memory_create(&s->image[end], &s->md[end], engine, DNNL_MEMORY_NONE);
    }
    if (st == dnnl_success && conv->params.bf16) {
        st = image_md(&s->rounded_md[end], dnnl_bf16, n, channels, height, width);
    }
    if (st == dnnl_success && conv->params.bf16) {
        st = dnnl_memory_create(&s->rounded[end], &s->rounded_md[end], engine, DNNL_MEMORY_NONE);
    }
    return st;
}

static sld_status create_size(sld_ctx *ctx, sld_conv *conv, int i)
{
    const sld_conv_params *p = &conv->params;
    sized                 *s = &conv->sizes[i];

    dnnl_status_t st = create_end(conv, s, IMAGE, p->sizes[i], p->in, p->height, p->width);
    if (st == dnnl_success) {
        st = create_end(conv, s, OUT, p->sizes[i], p->out,
                        sld_conv_out_size(p->height, p->kernel, p->stride, p->pad),
                        sld_conv_out_size(p->width, p->kernel, p->stride, p->pad));
    }
    SLD_TRY(sld_onednn_check(ctx, st, "image memory"));

    for (int which = 0; which < N_PASSES; which++) {
        const bool wanted =
            which == FORWARD ||
            (p->training && (which == BACKWARD_WEIGHTS ? !conv->own_gradient : p->data_gradient));
        if (wanted) {
            SLD_TRY(create_pass(ctx, conv, s, which));
        }
        for (int end = 0; end < N_ENDS && s->passes[which].rounded; end++) {
            if (sld_onednn_reads(which, end)) {
                sld_onednn_rounded(conv->k, end, dnnl_memory_desc_get_size(&s->rounded_md[end]));
            }
        }
    }
    return SLD_OK;
}

/* Memory that is not of one size: the plain weights, the bias, the gradient's place for it. */
static sld_status create_shared(sld_ctx *ctx, sld_conv *conv)
{
    const sld_conv_params *p      = &conv->params;
    dnnl_engine_t          engine = conv->k->engine;
    if (conv->own_gradient) {
        conv->gradient_floats = sld_depthwise_gradient_floats(p);
    } else if (p->training) {
        const dnnl_memory_desc_t *md    = &conv->sizes[0].passes[BACKWARD_WEIGHTS].weights->md;
        const size_t              bytes = dnnl_memory_desc_get_size(md);
        conv->bias_at                   = (bytes + 63) / 64 * 16;
        conv->gradient_floats = conv->bias_at + (p->bias ? ((size_t)p->out + 15) / 16 * 16 : 0);
    }
    dnnl_status_t st = dnnl_memory_create(&conv->plain, &conv->plain_md, engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias, &conv->bias_md, engine, DNNL_MEMORY_ALLOCATE);
    }
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias_gradient, &conv->bias_md, engine, DNNL_MEMORY_NONE);
    }
    return sld_onednn_check(ctx, st, "weights memory");
}

/* Our own kernels in place of the library's. */
static sld_status create_conv3(sld_ctx *ctx, sld_conv *conv)
{
    SLD_TRY(sld_conv3_create(ctx, &conv->params, &conv->conv3));
    strncpy(conv->names[conv->n_names++], sld_conv3_implementation(conv->conv3),
            sizeof *conv->names - 1);
    conv->gradient_floats = sld_conv3_gradient_floats(conv->conv3);
    sld_onednn_want_scratch(conv->k, sld_conv3_scratch_bytes(conv->conv3));
    return SLD_OK;
}

static sld_status create_all(sld_ctx *ctx, sld_conv *conv)
{
    const sld_conv_params *p         = &conv->params;
    const dnnl_dims_t      bias_dims = {p->out};
    const size_t           n         = (size_t)p->n_sizes;

    conv->sizes   = calloc(n, sizeof *conv->sizes);
    conv->weights = calloc(N_PASSES * n, sizeof *conv->weights);
    if (!conv->sizes || !conv->weights) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %zu sizes", n);
    }
    for (size_t i = 0; i < n; i++) {
        conv->sizes[i].n = (size_t)p->sizes[i];
    }
    if (sld_conv3_takes(p)) {
        return create_conv3(ctx, conv);
    }
    if (p->training && sld_depthwise_takes(p)) {
        conv->own_gradient = true;
        strncpy(conv->names[conv->n_names++], "depthwise", sizeof *conv->names - 1);
    }
    dnnl_status_t st = weights_md(&conv->plain_md, p, true);
    if (st == dnnl_success) {
        st = dnnl_memory_desc_init_by_tag(&conv->bias_md, 1, bias_dims, dnnl_f32, dnnl_a);
    }
    SLD_TRY(sld_onednn_check(ctx, st, "weights"));
    for (int i = 0; i < p->n_sizes; i++) {
        SLD_TRY(create_size(ctx, conv, i));
    }
    return create_shared(ctx, conv);
}

sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out)
{
    *out           = NULL;
    sld_conv *conv = calloc(1, sizeof *conv);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %zu bytes", sizeof *conv);
    }
    conv->k             = k;
    conv->params        = *params;
    const sld_status st = create_all(ctx, conv);
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
        for (int j = 0; j < N_ENDS; j++) {
            dnnl_memory_destroy(s->image[j]);
            dnnl_memory_destroy(s->rounded[j]);
        }
    }
    for (int j = 0; j < conv->n_weights; j++) {
        dnnl_primitive_destroy(conv->weights[j].convert);
        dnnl_memory_destroy(conv->weights[j].memory);
    }
    dnnl_memory_destroy(conv->plain);
    dnnl_memory_destroy(conv->bias);
    dnnl_memory_destroy(conv->bias_gradient);
    sld_conv3_destroy(conv->conv3);
    free(conv->weights);
    free(conv->sizes);
    free(conv);
}
#endif
