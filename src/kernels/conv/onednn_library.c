/* onednn_library.c: the engine, the shared scratch memory and the threads of oneDNN. */
#ifdef SLD_ONEDNN
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "conv/onednn_library.h"

#define ROOM ((size_t)4 << 20) /* address space for the code of one primitive, several times over */

/* oneDNN numbers the instruction sets of each architecture anew. x86-64 goes without a name: older
 * results hold its fingerprint so. */
#if defined(__x86_64__)
#define ARCHITECTURE ""
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64 "
#else
#define ARCHITECTURE "not x86-64 "
#endif

/* oneDNN dies where it gets no memory for the code that it writes: it is asked only where there is
 * some. */
dnnl_status_t sld_onednn_make(const_dnnl_primitive_desc_t pd, dnnl_primitive_t *out)
{
    void *room = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (room == MAP_FAILED) {
        return dnnl_out_of_memory;
    }
    munmap(room, ROOM);
    return dnnl_primitive_create(out, pd);
}

sld_status sld_onednn_check(sld_ctx *ctx, dnnl_status_t st, const char *what)
{
    if (st == dnnl_out_of_memory) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "oneDNN: %s: out of memory; raise the limit (ulimit -v, or of the job)",
                        what);
    }
    if (st != dnnl_success) {
        return SLD_FAIL(ctx, SLD_ERR_LIB, "oneDNN: %s: status %d", what, (int)st);
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

sld_status sld_library_create(sld_ctx *ctx, sld_library **out)
{
    *out = NULL;
    use_one_thread();
    sld_library *k = calloc(1, sizeof *k);
    if (!k) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: kernels of %zu bytes", sizeof *k);
    }
    sld_status st = sld_onednn_check(ctx, dnnl_engine_create(&k->engine, dnnl_cpu, 0), "engine");
    if (st == SLD_OK) {
        st = sld_onednn_check(
            ctx, dnnl_stream_create(&k->stream, k->engine, dnnl_stream_default_flags), "stream");
    }
    if (st != SLD_OK) {
        sld_library_destroy(k);
        return st;
    }
    *out = k;
    return SLD_OK;
}

void sld_library_destroy(sld_library *k)
{
    if (!k) {
        return;
    }
    for (size_t i = 0; i < k->n_scratch; i++) {
        dnnl_memory_destroy(k->scratch[i]);
    }
    dnnl_stream_destroy(k->stream);
    dnnl_engine_destroy(k->engine);
    free(k->scratch);
    free(k);
}

sld_status sld_onednn_scratch(sld_ctx *ctx, sld_kernels *kernels, const_dnnl_primitive_desc_t pd,
                              dnnl_memory_t *out)
{
    *out                     = NULL;
    sld_library       *k     = kernels->library;
    const sld_const_md md    = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const size_t       bytes = md ? dnnl_memory_desc_get_size(md) : 0;
    if (bytes == 0) {
        return SLD_OK;
    }
    if (k->n_scratch == k->capacity) {
        const size_t   capacity = k->capacity ? 2 * k->capacity : 64;
        dnnl_memory_t *grown    = realloc(k->scratch, capacity * sizeof *grown);
        if (!grown) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu records of scratch memory",
                            capacity);
        }
        k->scratch  = grown;
        k->capacity = capacity;
    }
    SLD_TRY(sld_onednn_check(ctx, dnnl_memory_create(out, md, k->engine, DNNL_MEMORY_NONE),
                             "scratch memory"));
    k->scratch[k->n_scratch++] = *out;
    sld_kernels_want_scratch(kernels, bytes);
    return SLD_OK;
}

sld_status sld_library_ready(sld_ctx *ctx, sld_library *k, void *scratch)
{
    for (size_t i = 0; i < k->n_scratch; i++) {
        SLD_TRY(sld_onednn_check(ctx, dnnl_memory_set_data_handle(k->scratch[i], scratch),
                                 "scratch memory"));
    }
    return SLD_OK;
}

void sld_kernels_versions(char *text, size_t n)
{
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, n, "oneDNN %d.%d.%d " ARCHITECTURE "isa 0x%x, 1 thread", v->major, v->minor,
             v->patch, (unsigned)dnnl_get_effective_cpu_isa());
}

void sld_kernels_blas(char *text, size_t n)
{
    snprintf(text, n, "none, oneDNN convolves");
}
#endif
