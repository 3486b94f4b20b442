/* onednn.c: a convolution by oneDNN at work: only addresses are set here, nothing is made. */
#ifdef SLD_HAVE_ONEDNN
#include <string.h>

#include "onednn.h"

/* The library takes addresses without const, also of what it only reads. */
static dnnl_status_t look_at(dnnl_memory_t memory, const void *address)
{
    return dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)address);
}

static dnnl_status_t convert(const sld_conv *conv, const packed *w, dnnl_memory_t from,
                             dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, w->scratch}};
    return dnnl_primitive_execute(w->convert, conv->k->stream, w->scratch ? 3 : 2, args);
}

/* ---- weights ---- */

sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias)
{
    if (conv->conv3) {
        sld_conv3_refresh(conv->conv3, weights, bias);
        return SLD_OK;
    }
    const packed *grad = conv->sizes[0].passes[BACKWARD_WEIGHTS].weights;
    dnnl_status_t st   = look_at(conv->plain, weights);
    for (int i = 0; i < conv->n_weights && st == dnnl_success; i++) {
        const packed *w = &conv->weights[i];
        if (w != grad) {
            st = convert(conv, w, conv->plain, w->memory);
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

bool sld_conv_adds_gradient(const sld_conv *conv, int size)
{
    return conv->conv3 && sld_conv3_adds_gradient(conv->conv3, conv->sizes[size].n);
}

size_t sld_conv_gradient_floats(const sld_conv *conv)
{
    return conv->gradient_floats;
}

sld_status sld_conv_unpack_gradient(sld_ctx *ctx, sld_conv *conv, const float *dw, float *weights,
                                    float *bias)
{
    if (conv->conv3) {
        sld_conv3_unpack_gradient(conv->conv3, dw, weights, bias);
        return SLD_OK;
    }
    if (conv->own_gradient) {
        sld_depthwise_unpack_gradient(&conv->params, dw, weights);
        return SLD_OK;
    }
    const packed *w  = conv->sizes[0].passes[BACKWARD_WEIGHTS].weights;
    dnnl_status_t st = look_at(w->memory, dw);
    if (st == dnnl_success) {
        st = look_at(conv->plain, weights);
    }
    if (st == dnnl_success) {
        st = convert(conv, w, w->memory, conv->plain);
    }
    if (conv->bias) {
        memcpy(bias, dw + conv->bias_at, (size_t)conv->params.out * sizeof *bias);
    }
    return sld_onednn_check(ctx, st, "conversion of gradients");
}

/* ---- passes ---- */

/* The memory a pass finds x, y or a gradient of them in; what it reads is rounded on the way. */
static dnnl_status_t place(const sld_conv *conv, int size, int which, int end, const float *address,
                           dnnl_memory_t *out)
{
    const sized *s = &conv->sizes[size];
    if (s->passes[which].rounded && sld_onednn_reads(which, end)) {
        sld_round_bf16(address, s->values[end], conv->k->rounded[end]);
        *out = s->rounded[end];
        return look_at(*out, conv->k->rounded[end]);
    }
    *out = s->image[end];
    return look_at(*out, address);
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
    if (conv->conv3) {
        sld_conv3_forward(conv->conv3, conv->sizes[size].n, x, conv->k->scratch_bytes, y);
        return SLD_OK;
    }
    dnnl_memory_t image, out;
    dnnl_status_t st = place(conv, size, FORWARD, IMAGE, x, &image);
    if (st == dnnl_success) {
        st = place(conv, size, FORWARD, OUT, y, &out);
    }
    if (st == dnnl_success) {
        const packed         *w      = conv->sizes[size].passes[FORWARD].weights;
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, image},
                                        {DNNL_ARG_WEIGHTS, w->memory},
                                        {DNNL_ARG_DST, out},
                                        {DNNL_ARG_BIAS, conv->bias}};
        st                           = execute(conv, size, FORWARD, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution forward");
}

sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx)
{
    if (conv->conv3) {
        sld_conv3_backward_data(conv->conv3, conv->sizes[size].n, dy, conv->k->scratch_bytes, dx);
        return SLD_OK;
    }
    dnnl_memory_t image, out;
    dnnl_status_t st = place(conv, size, BACKWARD_DATA, OUT, dy, &out);
    if (st == dnnl_success) {
        st = place(conv, size, BACKWARD_DATA, IMAGE, dx, &image);
    }
    if (st == dnnl_success) {
        const packed         *w      = conv->sizes[size].passes[BACKWARD_DATA].weights;
        const dnnl_exec_arg_t args[] = {
            {DNNL_ARG_DIFF_DST, out}, {DNNL_ARG_WEIGHTS, w->memory}, {DNNL_ARG_DIFF_SRC, image}};
        st = execute(conv, size, BACKWARD_DATA, args, 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward data");
}

sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, bool add, float *dw)
{
    if (conv->conv3) {
        sld_conv3_backward_weights(conv->conv3, conv->sizes[size].n, x, dy, add,
                                   conv->k->scratch_bytes, dw);
        return SLD_OK;
    }
    if (conv->own_gradient) {
        sld_depthwise_backward_weights(&conv->params, conv->sizes[size].n, x, dy, dw);
        return SLD_OK;
    }
    dnnl_memory_t grad = conv->sizes[size].passes[BACKWARD_WEIGHTS].weights->memory;
    dnnl_memory_t image, out;
    dnnl_status_t st = place(conv, size, BACKWARD_WEIGHTS, IMAGE, x, &image);
    if (st == dnnl_success) {
        st = place(conv, size, BACKWARD_WEIGHTS, OUT, dy, &out);
    }
    if (st == dnnl_success) {
        st = look_at(grad, dw);
    }
    if (st == dnnl_success && conv->bias) {
        st = look_at(conv->bias_gradient, dw + conv->bias_at);
    }
    if (st == dnnl_success) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, image},
                                        {DNNL_ARG_DIFF_DST, out},
                                        {DNNL_ARG_DIFF_WEIGHTS, grad},
                                        {DNNL_ARG_DIFF_BIAS, conv->bias_gradient}};
        st = execute(conv, size, BACKWARD_WEIGHTS, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward weights");
}

const char *sld_conv_implementation(const sld_conv *conv, int i)
{
    return i < conv->n_names ? conv->names[i] : NULL;
}
#endif
