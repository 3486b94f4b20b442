/* conv/onednn_create.c: the primitives of one convolution by oneDNN on channels-last images. The
 * library chooses the layout of weights and weight gradients for the largest number of samples; the
 * other sizes take the same where it allows that, so that weights are converted once per step, and
 * always for the gradient, so that partial gradients of any size add up. */
#ifdef SLD_ONEDNN
#include <stdlib.h>
#include <string.h>

#include "conv/onednn.h"

/* ---- descriptors ---- */

static dnnl_status_t image_md(int n, int channels, int height, int width, sld_md *out)
{
    const dnnl_dims_t dims = {n, channels, height, width};
    return sld_md_create(4, dims, dnnl_f32, dnnl_nhwc, out);
}

/* (O,I,H,W), with groups (G,O/G,I/G,H,W), in memory the same. Not plain: the library chooses. */
static dnnl_status_t weights_md(const sld_conv_params *p, bool plain, sld_md *out)
{
    const int g = p->groups;
    if (g == 1) {
        const dnnl_dims_t dims = {p->out, p->in, p->kernel, p->kernel};
        return sld_md_create(4, dims, dnnl_f32, plain ? dnnl_oihw : dnnl_format_tag_any, out);
    }
    const dnnl_dims_t dims = {g, p->out / g, p->in / g, p->kernel, p->kernel};
    return sld_md_create(5, dims, dnnl_f32, plain ? dnnl_goihw : dnnl_format_tag_any, out);
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
    if (st == dnnl_success) {
        st = sld_post_ops_append(ops, p->add, p->relu);
    }
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_set_post_ops(*attr, ops);
    }
    dnnl_post_ops_destroy(ops);
    return st;
}

static sld_onednn_pass describe(const sld_onednn_conv *conv, const sized *s, int which,
                                sld_const_md weights)
{
    const sld_conv_params *p       = &conv->params;
    const dnnl_prop_kind_t kinds[] = {p->training ? dnnl_forward_training : dnnl_forward_inference,
                                      dnnl_backward_data, dnnl_backward_weights};
    const sld_onednn_pass pass = {.kind    = kinds[which],
                                  .image   = s->md[SLD_IMAGE],
                                  .weights = weights,
                                  .bias    = p->bias ? conv->bias_md : NULL,
                                  .out     = s->md[SLD_OUT],
                                  .strides = {p->stride, p->stride},
                                  .pad     = {p->pad, p->pad}};
    return pass;
}

/* ---- weights ---- */

/* By the library: to the layout for weights, from it for the gradient. */
static sld_status create_reorder(sld_ctx *ctx, const sld_onednn_conv *conv, packed *w,
                                 bool gradient)
{
    dnnl_primitive_attr_t attr   = NULL;
    dnnl_engine_t         engine = conv->k->library->engine;
    const sld_const_md    plain  = conv->plain_md;
    const sld_const_md    src = gradient ? w->md : plain, dst = gradient ? plain : w->md;
    dnnl_primitive_desc_t pd = NULL;

    dnnl_status_t st = dnnl_primitive_attr_create(&attr);
    if (st == dnnl_success) {
        st = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    }
    if (st == dnnl_success) {
        st = dnnl_reorder_primitive_desc_create(&pd, src, engine, dst, engine, attr);
    }
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_success) {
        st = sld_onednn_make(pd, &w->convert);
    }
    sld_status made = sld_onednn_check(ctx, st, "layout of the weights");
    if (made == SLD_OK) {
        made = sld_onednn_scratch(ctx, conv->k, pd, &w->scratch);
    }
    dnnl_primitive_desc_destroy(pd);
    return made;
}

/* By our own tables. */
static sld_status create_offsets(sld_ctx *ctx, const sld_onednn_conv *conv, packed *w)
{
    const sld_conv_params *p = &conv->params;
    w->offsets = calloc((size_t)(p->groups + p->out + p->in + 2 * p->kernel), sizeof *w->offsets);
    if (!w->offsets) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution's %d x %d weights", p->in,
                        p->out);
    }
    return sld_onednn_check(ctx, sld_onednn_offsets(w->md, w->offsets), "layout of the weights");
}

/* The memory of a layout, and the conversion between it and (O,I,H,W). */
static sld_status create_conversion(sld_ctx *ctx, const sld_onednn_conv *conv, packed *w,
                                    bool gradient)
{
    w->bytes = dnnl_memory_desc_get_size(w->md);
    SLD_TRY(sld_onednn_check(ctx,
                             dnnl_memory_create(&w->memory, w->md, conv->k->library->engine,
                                                gradient ? DNNL_MEMORY_NONE : DNNL_MEMORY_ALLOCATE),
                             "layout of the weights"));
    return sld_onednn_reorders(w->md) ? create_reorder(ctx, conv, w, gradient)
                                      : create_offsets(ctx, conv, w);
}

/* The weights of a pass: those of another size where the layout is the same. */
static sld_status find_weights(sld_ctx *ctx, sld_onednn_conv *conv, made_pass *p, int which)
{
    static const dnnl_query_t query[SLD_PASSES] = {dnnl_query_weights_md, dnnl_query_weights_md,
                                                   dnnl_query_diff_weights_md};
    const sld_const_md        md = dnnl_primitive_desc_query_md(p->pd, query[which], 0);

    for (int i = 0; i < conv->params.n_sizes && conv->sizes[i].passes[which].weights; i++) {
        const packed *w = conv->sizes[i].passes[which].weights;
        if (dnnl_memory_desc_equal(w->md, md)) {
            p->weights = w;
            return SLD_OK;
        }
    }
    packed *w  = &conv->weights[conv->n_weights++];
    p->weights = w;
    SLD_TRY(sld_onednn_check(ctx, sld_md_clone(md, &w->md), "layout of the weights"));
    return create_conversion(ctx, conv, w, which == SLD_BACKWARD_WEIGHTS);
}

/* ---- passes ---- */

static const char *implementation(const made_pass *p)
{
    const char *name = "";
    dnnl_primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, &name);
    return name;
}

/* fixed: in the layout of the first size. SLD_OK without a primitive when the library has none. */
static sld_status try_pass(sld_ctx *ctx, sld_onednn_conv *conv, sized *s, int which, bool fixed)
{
    made_pass            *p       = &s->passes[which];
    dnnl_primitive_attr_t attr    = NULL;
    sld_md                any     = NULL;
    sld_const_md          weights = fixed ? conv->sizes[0].passes[which].weights->md : NULL;

    dnnl_status_t st = dnnl_success;
    if (!fixed) {
        st      = weights_md(&conv->params, false, &any);
        weights = any;
    }
    if (st == dnnl_success) {
        st = make_attributes(&conv->params, &attr);
    }
    if (st == dnnl_success) {
        const sld_onednn_pass described = describe(conv, s, which, weights);
        st = sld_onednn_find(conv->k->library->engine, &described, attr,
                             which == SLD_FORWARD ? NULL : s->passes[SLD_FORWARD].pd,
                             sld_onednn_preferred(&conv->params, which), &p->pd);
    }
    sld_md_destroy(any);
    dnnl_primitive_attr_destroy(attr);
    if (st == dnnl_unimplemented) {
        p->pd = NULL;
        return SLD_OK;
    }
    if (st == dnnl_success) {
        st = sld_onednn_make(p->pd, &p->run);
    }
    return sld_onednn_check(ctx, st, "convolution");
}

/* In the layout of the first size, else in any but for the gradient. */
static sld_status create_pass(sld_ctx *ctx, sld_onednn_conv *conv, sized *s, int which)
{
    made_pass *p     = &s->passes[which];
    const bool first = s == conv->sizes;

    SLD_TRY(try_pass(ctx, conv, s, which, !first));
    if (!p->run && !first && which != SLD_BACKWARD_WEIGHTS) {
        SLD_TRY(try_pass(ctx, conv, s, which, false));
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

static dnnl_status_t create_end(const sld_onednn_conv *conv, sized *s, int end, int n, int channels,
                                int height, int width)
{
    const dnnl_status_t st = image_md(n, channels, height, width, &s->md[end]);
    return st == dnnl_success ? dnnl_memory_create(&s->image[end], s->md[end],
                                                   conv->k->library->engine, DNNL_MEMORY_NONE)
                              : st;
}

static sld_status create_size(sld_ctx *ctx, sld_onednn_conv *conv, int i)
{
    const sld_conv_params *p = &conv->params;
    sized                 *s = &conv->sizes[i];

    dnnl_status_t st = create_end(conv, s, SLD_IMAGE, conv->n[i], p->in, p->height, p->width);
    if (st == dnnl_success) {
        st = create_end(conv, s, SLD_OUT, conv->n[i], p->out,
                        sld_conv_out_size(p->height, p->kernel, p->stride, p->pad),
                        sld_conv_out_size(p->width, p->kernel, p->stride, p->pad));
    }
    SLD_TRY(sld_onednn_check(ctx, st, "image memory"));

    for (int which = 0; which < SLD_PASSES; which++) {
        /* the library makes a backward pass with the forward as a hint */
        if (which == SLD_FORWARD || conv->passes & 1u << which) {
            SLD_TRY(create_pass(ctx, conv, s, which));
        }
    }
    return SLD_OK;
}

/* Memory that is not of one size: the plain weights, the bias, the gradient's place for it. */
static sld_status create_shared(sld_ctx *ctx, sld_onednn_conv *conv)
{
    const sld_conv_params *p      = &conv->params;
    dnnl_engine_t          engine = conv->k->library->engine;
    if (conv->passes & 1u << SLD_BACKWARD_WEIGHTS) {
        const sld_const_md md    = conv->sizes[0].passes[SLD_BACKWARD_WEIGHTS].weights->md;
        const size_t       bytes = dnnl_memory_desc_get_size(md);
        conv->bias_at            = (bytes + 63) / 64 * 16;
        conv->gradient_floats    = conv->bias_at + (p->bias ? ((size_t)p->out + 15) / 16 * 16 : 0);
    }
    dnnl_status_t st = dnnl_memory_create(&conv->plain, conv->plain_md, engine, DNNL_MEMORY_NONE);
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias, conv->bias_md, engine, DNNL_MEMORY_ALLOCATE);
    }
    if (st == dnnl_success && p->bias) {
        st = dnnl_memory_create(&conv->bias_gradient, conv->bias_md, engine, DNNL_MEMORY_NONE);
    }
    return sld_onednn_check(ctx, st, "weights memory");
}

static sld_status create_all(sld_ctx *ctx, sld_onednn_conv *conv)
{
    const sld_conv_params *p         = &conv->params;
    const dnnl_dims_t      bias_dims = {p->out};
    const size_t           n         = (size_t)p->n_sizes;

    conv->sizes   = calloc(n, sizeof *conv->sizes);
    conv->weights = calloc(SLD_PASSES * n, sizeof *conv->weights);
    if (!conv->sizes || !conv->weights) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution for %zu sizes", n);
    }
    dnnl_status_t st = weights_md(p, true, &conv->plain_md);
    if (st == dnnl_success) {
        st = sld_md_create(1, bias_dims, dnnl_f32, dnnl_a, &conv->bias_md);
    }
    SLD_TRY(sld_onednn_check(ctx, st, "weights"));
    for (int i = 0; i < p->n_sizes; i++) {
        SLD_TRY(create_size(ctx, conv, i));
    }
    return create_shared(ctx, conv);
}

sld_status sld_onednn_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                             unsigned passes, void **out)
{
    sld_onednn_conv *conv = calloc(1, sizeof *conv);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a convolution of %zu bytes",
                        sizeof *conv);
    }
    *out                = conv;
    conv->k             = k;
    conv->params        = *params;
    conv->params.sizes  = NULL;
    conv->passes        = passes;
    conv->n             = params->sizes;
    const sld_status st = create_all(ctx, conv);
    conv->n             = NULL;
    return st;
}

void sld_onednn_destroy(void *state)
{
    sld_onednn_conv *conv = state;
    if (!conv) {
        return;
    }
    for (int i = 0; conv->sizes && i < conv->params.n_sizes; i++) {
        sized *s = &conv->sizes[i];
        for (int j = 0; j < SLD_PASSES; j++) {
            dnnl_primitive_destroy(s->passes[j].run);
            dnnl_primitive_desc_destroy(s->passes[j].pd);
        }
        for (int j = 0; j < SLD_ENDS; j++) {
            dnnl_memory_destroy(s->image[j]);
            sld_md_destroy(s->md[j]);
        }
    }
    for (int j = 0; j < conv->n_weights; j++) {
        dnnl_primitive_destroy(conv->weights[j].convert);
        dnnl_memory_destroy(conv->weights[j].memory);
        sld_md_destroy(conv->weights[j].md);
        free(conv->weights[j].offsets);
    }
    dnnl_memory_destroy(conv->plain);
    dnnl_memory_destroy(conv->bias);
    dnnl_memory_destroy(conv->bias_gradient);
    sld_md_destroy(conv->plain_md);
    sld_md_destroy(conv->bias_md);
    free(conv->weights);
    free(conv->sizes);
    free(conv);
}
#endif
