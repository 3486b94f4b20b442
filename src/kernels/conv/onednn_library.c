/* onednn_library.c: the engine, the shared scratch memory and the threads of oneDNN. */
#ifdef SLD_HAVE_ONEDNN
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn_library.h"

sld_status sld_onednn_check(sld_ctx *ctx, dnnl_status_t st, const char *what)
{
    if (st != dnnl_success) {
        return SLD_FAIL(ctx, SLD_ERR_LIB, "oneDNN: %s: status %d", what, (int)st);
    }
    return SLD_OK;
}

sld_status sld_kernels_pin_isa(sld_ctx *ctx, const char *isa)
{
    dnnl_cpu_isa_t wanted = dnnl_cpu_isa_all;
    if (strcmp(isa, "avx2") == 0) {
        wanted = dnnl_cpu_isa_avx2;
    } else if (strcmp(isa, "avx512") == 0) {
        wanted = dnnl_cpu_isa_avx512_core;
    } else if (strcmp(isa, "auto") != 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "parallel.isa: found %s, wanted auto, avx2 or avx512",
                        isa);
    }
    if (wanted != dnnl_cpu_isa_all && dnnl_set_max_cpu_isa(wanted) != dnnl_success) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "parallel.isa: %s cannot be set any more: oneDNN is already in use", isa);
    }
    return SLD_OK;
}

/* Debian's oneDNN runs on OpenMP and takes every core. The call is looked up at run time because a
 * oneDNN built without OpenMP brings none, and then needs none. */
static void use_one_thread(void)
{
    void *program = dlopen(NULL, RTLD_NOW);
    if (!program) {
        return;
    }
    void (*set_threads)(int) = NULL;
    void *symbol             = dlsym(program, "omp_set_num_threads");
    memcpy(&set_threads, &symbol, sizeof symbol); /* ISO C has no cast from object to function */
    if (set_threads) {
        set_threads(1);
    }
    dlclose(program);
}

sld_status sld_kernels_create(sld_ctx *ctx, sld_kernels **out)
{
    *out = NULL;
    use_one_thread();
    sld_kernels *k = calloc(1, sizeof *k);
    if (!k) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "kernels: %zu bytes", sizeof *k);
    }
    sld_status st = sld_onednn_check(ctx, dnnl_engine_create(&k->engine, dnnl_cpu, 0), "engine");
    if (st == SLD_OK) {
        st = sld_onednn_check(
            ctx, dnnl_stream_create(&k->stream, k->engine, dnnl_stream_default_flags), "stream");
    }
    if (st != SLD_OK) {
        sld_kernels_destroy(k);
        return st;
    }
    *out = k;
    return SLD_OK;
}

void sld_kernels_destroy(sld_kernels *k)
{
    if (!k) {
        return;
    }
    for (size_t i = 0; i < k->n_scratch; i++) {
        dnnl_memory_destroy(k->scratch[i]);
    }
    dnnl_stream_destroy(k->stream);
    dnnl_engine_destroy(k->engine);
    for (int end = 0; end < N_ENDS; end++) {
        free(k->rounded[end]);
    }
    free(k->scratch);
    free(k->scratch_bytes);
    free(k);
}

sld_status sld_onednn_scratch(sld_ctx *ctx, sld_kernels *k, const_dnnl_primitive_desc_t pd,
                              dnnl_memory_t *out)
{
    *out                            = NULL;
    const dnnl_memory_desc_t *md    = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const size_t              bytes = md ? dnnl_memory_desc_get_size(md) : 0;
    if (bytes == 0) {
        return SLD_OK;
    }
    if (k->n_scratch == k->capacity) {
        const size_t   capacity = k->capacity ? 2 * k->capacity : 64;
        dnnl_memory_t *grown    = realloc(k->scratch, capacity * sizeof *grown);
        if (!grown) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "kernels: %zu scratch records", capacity);
        }
        k->scratch  = grown;
        k->capacity = capacity;
    }
    SLD_TRY(sld_onednn_check(ctx, dnnl_memory_create(out, md, k->engine, DNNL_MEMORY_NONE),
                             "scratch memory"));
    k->scratch[k->n_scratch++] = *out;
    sld_onednn_want_scratch(k, bytes);
    return SLD_OK;
}

void sld_onednn_want_scratch(sld_kernels *k, size_t bytes)
{
    k->largest = bytes > k->largest ? bytes : k->largest;
}

void sld_onednn_rounded(sld_kernels *k, int end, size_t bytes)
{
    k->rounded_bytes[end] = bytes > k->rounded_bytes[end] ? bytes : k->rounded_bytes[end];
}

/* Whole cache lines, zeroed. *out stays NULL for 0 bytes. */
static sld_status allocate(sld_ctx *ctx, size_t wanted, void *out)
{
    const size_t bytes = (wanted + 63) / 64 * 64;
    if (bytes == 0) {
        return SLD_OK;
    }
    void *p = aligned_alloc(64, bytes);
    if (!p) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "kernels: %zu bytes of scratch", bytes);
    }
    memset(p, 0, bytes);
    memcpy(out, &p, sizeof p);
    return SLD_OK;
}

sld_status sld_kernels_ready(sld_ctx *ctx, sld_kernels *k)
{
    SLD_TRY(allocate(ctx, k->largest, &k->scratch_bytes));
    for (int end = 0; end < N_ENDS; end++) {
        SLD_TRY(allocate(ctx, k->rounded_bytes[end], &k->rounded[end]));
    }
    for (size_t i = 0; i < k->n_scratch; i++) {
        SLD_TRY(sld_onednn_check(ctx, dnnl_memory_set_data_handle(k->scratch[i], k->scratch_bytes),
                                 "scratch memory"));
    }
    return SLD_OK;
}

const char *sld_kernels_isa(void)
{
    switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
        return "SSE4.1";
    case dnnl_cpu_isa_avx:
        return "AVX";
    case dnnl_cpu_isa_avx2:
        return "AVX2";
    case dnnl_cpu_isa_avx2_vnni:
        return "AVX2, VNNI";
    case dnnl_cpu_isa_avx512_core:
        return "AVX-512";
    case dnnl_cpu_isa_avx512_core_vnni:
        return "AVX-512, VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
        return "AVX-512, bf16";
    case dnnl_cpu_isa_avx512_core_amx:
        return "AVX-512, bf16, AMX";
    default:
        return "its own choice";
    }
}

/* With AVX-512 alone oneDNN computes the same in several instructions. */
sld_status sld_kernels_check_bf16(sld_ctx *ctx, const char *option)
{
    const unsigned has = (unsigned)dnnl_get_effective_cpu_isa(), wants = dnnl_cpu_isa_avx512_core;
    return (has & wants) == wants
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: bf16 wants a CPU with AVX-512 (and parallel.isa that allows it): "
                          "wanted f32",
                          option);
}

const char *sld_kernels_core_wanted(void)
{
    return NULL; /* OpenBLAS is not even linked */
}

void sld_kernels_versions(char *text, size_t n)
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, n, "oneDNN %d.%d.%d isa 0x%x, 1 thread", v->major, v->minor, v->patch,
             (unsigned)dnnl_get_effective_cpu_isa());
}
#endif
