/* conv/onednn.c: a convolution by oneDNN at work: only addresses are set here, nothing is made. */
#ifdef SLD_ONEDNN
#include <string.h>

#include "conv/onednn.h"

/* The library takes addresses without const, also of what it only reads. */
static dnnl_status_t look_at(dnnl_memory_t memory, const void *address)
{
    return dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)address);
}

static dnnl_status_t convert(const sld_onednn_conv *conv, const packed *w, dnnl_memory_t from,
                             dnnl_memory_t to)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, w->scratch}};
    return dnnl_primitive_execute(w->convert, conv->k->library->stream, w->scratch ? 3 : 2, args);
}

/* ---- weights ---- */

static dnnl_status_t pack(const sld_onednn_conv *conv, const packed *w, const float *weights)
{
    void *to = NULL;
    if (!w->offsets) {
        return convert(conv, w, conv->plain, w->memory);
    }
    const dnnl_status_t st = dnnl_memory_get_data_handle(w->memory, &to);
    if (st == dnnl_success) {
        sld_onednn_pack(&conv->params, w, weights, to);
    }
    return st;
}

static sld_status refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    const sld_onednn_conv *conv = state;
    const packed          *grad = conv->sizes[0].passes[SLD_BACKWARD_WEIGHTS].weights;
    dnnl_status_t          st   = look_at(conv->plain, weights);
    for (int i = 0; i < conv->n_weights && st == dnnl_success; i++) {
        if (&conv->weights[i] != grad) {
            st = pack(conv, &conv->weights[i], weights);
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

static size_t scratch_bytes(const void *state)
{
    return 0; /* asked for primitive by primitive (sld_onednn_scratch) */
}

static bool accumulates(const void *state, size_t n)
{
    return false;
}

static size_t gradient_floats(const void *state)
{
    const sld_onednn_conv *conv = state;
    return conv->gradient_floats;
}

static dnnl_status_t reorder_gradient(const sld_onednn_conv *conv, const packed *w, const float *dw,
                                      float *weights)
{
    dnnl_status_t st = look_at(w->memory, dw);
    if (st == dnnl_success) {
        st = look_at(conv->plain, weights);
    }
    return st == dnnl_success ? convert(conv, w, w->memory, conv->plain) : st;
}

static sld_status unpack_gradient(sld_ctx *ctx, void *state, const float *dw, float *weights,
                                  float *bias)
{
    const sld_onednn_conv *conv = state;
    const packed          *w    = conv->sizes[0].passes[SLD_BACKWARD_WEIGHTS].weights;
    dnnl_status_t          st   = dnnl_success;
    if (w->offsets) {
        sld_onednn_unpack(&conv->params, w, dw, weights);
    } else {
        st = reorder_gradient(conv, w, dw, weights);
    }
    if (conv->bias) {
        memcpy(bias, dw + conv->bias_at, (size_t)conv->params.out * sizeof *bias);
    }
    return sld_onednn_check(ctx, st, "conversion of gradients");
}

/* ---- passes ---- */

/* The memory a pass finds x, y or a gradient of them in. */
static dnnl_status_t place(const sld_onednn_conv *conv, int size, int end, const float *address,
                           dnnl_memory_t *out)
{
    *out = conv->sizes[size].image[end];
    return look_at(*out, address);
}

static dnnl_status_t execute(const sld_onednn_conv *conv, int size, int which,
                             const dnnl_exec_arg_t *three, int n)
{
    const made_pass *p = &conv->sizes[size].passes[which];
    dnnl_exec_arg_t  args[5];
    memcpy(args, three, (size_t)n * sizeof *args);
    if (p->scratch) {
        args[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, p->scratch};
    }
    return dnnl_primitive_execute(p->run, conv->k->library->stream, n, args);
}

static sld_status forward(sld_ctx *ctx, void *state, const sld_conv_call *call, const float *x,
                          float *y)
{
    const sld_onednn_conv *conv = state;
    const int              size = call->size;
    dnnl_memory_t          image, out;
    dnnl_status_t          st = place(conv, size, SLD_IMAGE, x, &image);
    if (st == dnnl_success) {
        st = place(conv, size, SLD_OUT, y, &out);
    }
    if (st == dnnl_success) {
        const packed         *w      = conv->sizes[size].passes[SLD_FORWARD].weights;
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, image},
                                        {DNNL_ARG_WEIGHTS, w->memory},
                                        {DNNL_ARG_DST, out},
                                        {DNNL_ARG_BIAS, conv->bias}};
        st                           = execute(conv, size, SLD_FORWARD, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution forward");
}

static sld_status backward_data(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                const float *dy, float *dx)
{
    const sld_onednn_conv *conv = state;
    const int              size = call->size;
    dnnl_memory_t          image, out;
    dnnl_status_t          st = place(conv, size, SLD_OUT, dy, &out);
    if (st == dnnl_success) {
        st = place(conv, size, SLD_IMAGE, dx, &image);
    }
    if (st == dnnl_success) {
        const packed         *w      = conv->sizes[size].passes[SLD_BACKWARD_DATA].weights;
        const dnnl_exec_arg_t args[] = {
            {DNNL_ARG_DIFF_DST, out}, {DNNL_ARG_WEIGHTS, w->memory}, {DNNL_ARG_DIFF_SRC, image}};
        st = execute(conv, size, SLD_BACKWARD_DATA, args, 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward data");
}

static sld_status backward_weights(sld_ctx *ctx, void *state, const sld_conv_call *call,
                                   const float *x, const float *dy, bool add, float *dw)
{
    const sld_onednn_conv *conv = state;
    const int              size = call->size;
    dnnl_memory_t          grad = conv->sizes[size].passes[SLD_BACKWARD_WEIGHTS].weights->memory;
    dnnl_memory_t          image, out;
    dnnl_status_t          st = place(conv, size, SLD_IMAGE, x, &image);
    if (st == dnnl_success) {
        st = place(conv, size, SLD_OUT, dy, &out);
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
        st = execute(conv, size, SLD_BACKWARD_WEIGHTS, args, conv->bias ? 4 : 3);
    }
    return sld_onednn_check(ctx, st, "convolution backward weights");
}

static const char *implementation(const void *state, int i)
{
    const sld_onednn_conv *conv = state;
    return i < conv->n_names ? conv->names[i] : NULL;
}

static bool supports(const sld_conv_params *params, sld_conv_pass pass)
{
    return !params->bf16;
}

const sld_conv_algorithm sld_onednn = {.name             = "onednn",
                                       .supports         = supports,
                                       .create           = sld_onednn_create,
                                       .destroy          = sld_onednn_destroy,
                                       .scratch_bytes    = scratch_bytes,
                                       .refresh          = refresh,
                                       .forward          = forward,
                                       .backward_data    = backward_data,
                                       .backward_weights = backward_weights,
                                       .accumulates      = accumulates,
                                       .gradient_floats  = gradient_floats,
                                       .unpack_gradient  = unpack_gradient,
                                       .implementation   = implementation};
#endif
