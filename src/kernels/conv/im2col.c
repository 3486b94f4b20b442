/* im2col.c: convolution without oneDNN: each image is unrolled into rows of patches (im2col) and
 * multiplied by OpenBLAS on one thread, image by image, so that an image's result cannot depend on
 * its neighbours. Correct, slower. */
#ifndef SLD_HAVE_ONEDNN
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/kernels.h"

struct sld_kernels {
    size_t patch_floats; /* the largest patch matrix of any layer */
    float *patches;
};

struct sld_conv {
    sld_kernels    *k;
    sld_conv_params params;
    int            *sizes;
    int             out_h, out_w;
    size_t          patch;   /* values of one patch in one group: kernel * kernel * in / groups */
    float          *weights; /* (G, kernel, kernel, in/G, out/G) */
    float          *bias;
    size_t          bias_at;
};

sld_status sld_kernels_pin_isa(sld_ctx *ctx, const char *isa)
{
    if (strcmp(isa, "auto") != 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "parallel.isa: found %s, but this build has no oneDNN: wanted auto", isa);
    }
    return SLD_OK;
}

sld_status sld_kernels_create(sld_ctx *ctx, sld_kernels **out)
{
    openblas_set_num_threads(1);
    *out = calloc(1, sizeof **out);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "kernels: %zu bytes", sizeof **out);
}

void sld_kernels_destroy(sld_kernels *k)
{
    if (k) {
        free(k->patches);
        free(k);
    }
}

sld_status sld_kernels_ready(sld_ctx *ctx, sld_kernels *k)
{
    const size_t bytes = (k->patch_floats * sizeof(float) + 64) / 64 * 64;
    k->patches         = aligned_alloc(64, bytes);
    return k->patches ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "kernels: %zu bytes", bytes);
}

#if defined(__x86_64__)
/* Instruction sets that matter to a matrix product. */
enum { SSE, AVX2, AVX512 };

static int set_of_cpu(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd")) {
        return AVX512;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? AVX2 : SSE;
}

/* Of the kernels behind a name of openblas_get_corename(). */
static int set_of_core(const char *core)
{
    static const char *const names[] = {"SkylakeX",       "Cooperlake", "SapphireRapids",
                                        "Sapphirerapids", "Haswell",    "Zen",
                                        "Excavator"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(core, names[i]) == 0) {
            return i < 4 ? AVX512 : AVX2;
        }
    }
    return SSE;
}
#endif

/* OpenBLAS knows CPUs by model number. One newer than itself gets the kernels of an older one, for
 * SSE even, at a fraction of the speed. */
sld_status sld_kernels_check_bf16(sld_ctx *ctx, const char *option)
{
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s: bf16 wants oneDNN, which this build has not: wanted f32", option);
}

const char *sld_kernels_core_wanted(void)
{
#if defined(__x86_64__)
    static const char *const cores[] = {NULL, "Haswell", "SkylakeX"};
    const int                cpu     = set_of_cpu();

    if (set_of_core(openblas_get_corename()) < cpu &&
        strstr(openblas_get_config(), "DYNAMIC_ARCH")) {
        return cores[cpu];
    }
#endif
    return NULL;
}

const char *sld_kernels_isa(void)
{
    return openblas_get_corename();
}

void sld_kernels_versions(char *text, size_t n)
{
    snprintf(text, n, "%s core %s, 1 thread", openblas_get_config(), openblas_get_corename());
}

int sld_conv_out_size(int size, int kernel, int stride, int pad)
{
    return (size + 2 * pad - kernel) / stride + 1;
}

sld_status sld_conv_create(sld_ctx *ctx, sld_kernels *k, const sld_conv_params *params,
                           sld_conv **out)
{
    *out           = NULL;
    sld_conv *conv = calloc(1, sizeof *conv);
    if (!conv) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %zu bytes", sizeof *conv);
    }
    const sld_conv_params *p = params;
    conv->k                  = k;
    conv->params             = *p;
    conv->out_h              = sld_conv_out_size(p->height, p->kernel, p->stride, p->pad);
    conv->out_w              = sld_conv_out_size(p->width, p->kernel, p->stride, p->pad);
    conv->patch              = (size_t)(p->kernel * p->kernel) * (size_t)(p->in / p->groups);
    conv->bias_at            = (conv->patch * (size_t)p->out + 15) / 16 * 16;
    conv->sizes              = calloc((size_t)p->n_sizes, sizeof *conv->sizes);
    conv->weights            = calloc(conv->bias_at, sizeof *conv->weights);
    conv->bias               = calloc((size_t)p->out, sizeof *conv->bias);
    if (!conv->sizes || !conv->weights || !conv->bias) {
        const size_t wanted = conv->bias_at;
        sld_conv_destroy(conv);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "convolution: %zu weights", wanted);
    }
    memcpy(conv->sizes, p->sizes, (size_t)p->n_sizes * sizeof *conv->sizes);
    const size_t floats = conv->patch * (size_t)conv->out_h * (size_t)conv->out_w;
    k->patch_floats     = floats > k->patch_floats ? floats : k->patch_floats;
    *out                = conv;
    return SLD_OK;
}

void sld_conv_destroy(sld_conv *conv)
{
    if (conv) {
        free(conv->sizes);
        free(conv->weights);
        free(conv->bias);
        free(conv);
    }
}

/* Walks (O,I/G,H,W) and the packed layout together: to packed, or back. */
static void repack(const sld_conv *conv, float *plain, float *packed, bool back)
{
    const sld_conv_params *p  = &conv->params;
    const size_t           in = (size_t)(p->in / p->groups), out = (size_t)(p->out / p->groups);
    const size_t           taps = (size_t)(p->kernel * p->kernel);
    for (size_t o = 0; o < (size_t)p->out; o++) {
        for (size_t i = 0; i < in; i++) {
            for (size_t t = 0; t < taps; t++) {
                float *a        = &plain[(o * in + i) * taps + t];
                float *b        = &packed[((o / out * taps + t) * in + i) * out + o % out];
                *(back ? a : b) = *(back ? b : a);
            }
        }
    }
}

sld_status sld_conv_refresh(sld_ctx *ctx, sld_conv *conv, const float *weights, const float *bias)
{
    repack(conv, (float *)(uintptr_t)weights, conv->weights, false); /* read only this way round */
    if (conv->params.bias) {
        memcpy(conv->bias, bias, (size_t)conv->params.out * sizeof *bias);
    }
    return SLD_OK;
}

/* The pixel under tap (ky,kx) of output pixel (oy,ox), or NULL outside the image. */
static const float *pixel(const sld_conv *conv, const float *image, int oy, int ox, int ky, int kx)
{
    const sld_conv_params *p = &conv->params;
    const int              y = oy * p->stride - p->pad + ky, x = ox * p->stride - p->pad + kx;
    if (y < 0 || y >= p->height || x < 0 || x >= p->width) {
        return NULL;
    }
    return image + ((size_t)y * (size_t)p->width + (size_t)x) * (size_t)p->in;
}

/* Fills patches: (H'*W', kernel*kernel*in/G) with the channels of one group, or, back, adds patches
 * to the image's gradient. */
static void unroll(const sld_conv *conv, float *image, int group, float *patches, bool back)
{
    const sld_conv_params *p  = &conv->params;
    const size_t           in = (size_t)(p->in / p->groups), first = in * (size_t)group;
    float                 *to = patches;
    for (int oy = 0; oy < conv->out_h; oy++) {
        for (int ox = 0; ox < conv->out_w; ox++) {
            for (int t = 0; t < p->kernel * p->kernel; t++, to += in) {
                const float *at = pixel(conv, image, oy, ox, t / p->kernel, t % p->kernel);
                float       *px = at ? image + (at - image) + first : NULL;
                if (back && px) {
                    sld_accumulate(to, in, px);
                } else if (!back && px) {
                    memcpy(to, px, in * sizeof *to);
                } else if (!back) {
                    memset(to, 0, in * sizeof *to);
                }
            }
        }
    }
}

sld_status sld_conv_forward(sld_ctx *ctx, sld_conv *conv, int size, const float *x, float *y)
{
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    for (int n = 0; n < conv->sizes[size]; n++) {
        float *image = (float *)(uintptr_t)(x + (size_t)n * in); /* only read */
        float *yn    = y + (size_t)n * (size_t)(pixels * p->out);
        for (int g = 0; g < p->groups; g++) {
            unroll(conv, image, g, conv->k->patches, false);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, pixels, out, (int)conv->patch, 1,
                        conv->k->patches, (int)conv->patch,
                        conv->weights + conv->patch * (size_t)(g * out), out, p->add ? 1 : 0,
                        yn + g * out, p->out);
        }
        for (int i = 0; p->bias && i < pixels; i++) {
            sld_accumulate(conv->bias, (size_t)p->out, yn + i * p->out);
        }
        if (p->relu) {
            sld_relu_forward(yn, (size_t)(pixels * p->out), yn);
        }
    }
    return SLD_OK;
}

sld_status sld_conv_backward_data(sld_ctx *ctx, sld_conv *conv, int size, const float *dy,
                                  float *dx)
{
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    memset(dx, 0, (size_t)conv->sizes[size] * in * sizeof *dx);
    for (int n = 0; n < conv->sizes[size]; n++) {
        for (int g = 0; g < p->groups; g++) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, pixels, (int)conv->patch, out, 1,
                        dy + (size_t)n * (size_t)(pixels * p->out) + g * out, p->out,
                        conv->weights + conv->patch * (size_t)(g * out), out, 0, conv->k->patches,
                        (int)conv->patch);
            unroll(conv, dx + (size_t)n * in, g, conv->k->patches, true);
        }
    }
    return SLD_OK;
}

sld_status sld_conv_backward_weights(sld_ctx *ctx, sld_conv *conv, int size, const float *x,
                                     const float *dy, bool add, float *dw)
{
    (void)add;
    const sld_conv_params *p      = &conv->params;
    const size_t           in     = (size_t)(p->height * p->width * p->in);
    const int              pixels = conv->out_h * conv->out_w, out = p->out / p->groups;
    memset(dw, 0, sld_conv_gradient_floats(conv) * sizeof *dw);
    for (int n = 0; n < conv->sizes[size]; n++) {
        float       *image = (float *)(uintptr_t)(x + (size_t)n * in); /* only read */
        const float *dyn   = dy + (size_t)n * (size_t)(pixels * p->out);
        for (int g = 0; g < p->groups; g++) {
            unroll(conv, image, g, conv->k->patches, false);
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)conv->patch, out, pixels, 1,
                        conv->k->patches, (int)conv->patch, dyn + g * out, p->out, 1,
                        dw + conv->patch * (size_t)(g * out), out);
        }
        for (int i = 0; p->bias && i < pixels; i++) {
            sld_accumulate(dyn + i * p->out, (size_t)p->out, dw + conv->bias_at);
        }
    }
    return SLD_OK;
}

bool sld_conv_adds_gradient(const sld_conv *conv, int size)
{
    (void)conv;
    (void)size;
    return false;
}

size_t sld_conv_gradient_floats(const sld_conv *conv)
{
    return conv->bias_at + (conv->params.bias ? ((size_t)conv->params.out + 15) / 16 * 16 : 0);
}

sld_status sld_conv_unpack_gradient(sld_ctx *ctx, sld_conv *conv, const float *dw, float *weights,
                                    float *bias)
{
    repack(conv, weights, (float *)(uintptr_t)dw, true); /* dw only read this way round */
    if (conv->params.bias) {
        memcpy(bias, dw + conv->bias_at, (size_t)conv->params.out * sizeof *bias);
    }
    return SLD_OK;
}

const char *sld_conv_implementation(const sld_conv *conv, int i)
{
    return i == 0 ? "im2col+sgemm" : NULL;
}
#endif
