/* kernels.c: what the convolutions of one network share, and its scratch memory. */
#include <stdlib.h>
#include <string.h>

#include "conv/conv.h"

sld_status sld_kernels_create(sld_ctx *ctx, sld_kernels **out)
{
    *out           = NULL;
    sld_kernels *k = calloc(1, sizeof *k);
    if (!k) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: kernels of %zu bytes", sizeof *k);
    }
    const sld_status st = sld_library_create(ctx, &k->library);
    if (st != SLD_OK) {
        sld_kernels_destroy(k);
        return st;
    }
    *out = k;
    return SLD_OK;
}

void sld_kernels_destroy(sld_kernels *k)
{
    if (k) {
        sld_library_destroy(k->library);
        free(k->scratch);
        for (int end = 0; end < SLD_ENDS; end++) {
            free(k->rounded[end]);
        }
        free(k);
    }
}

void sld_kernels_want_scratch(sld_kernels *k, size_t bytes)
{
    k->scratch_bytes = bytes > k->scratch_bytes ? bytes : k->scratch_bytes;
}

void sld_kernels_want_rounded(sld_kernels *k, int end, size_t floats)
{
    const size_t bytes    = floats * sizeof(float);
    k->rounded_bytes[end] = bytes > k->rounded_bytes[end] ? bytes : k->rounded_bytes[end];
}

/* *out: zeros; NULL for no bytes. */
static sld_status allocate(sld_ctx *ctx, size_t wanted, void **out)
{
    const size_t bytes = (wanted + 63) / 64 * 64;
    *out               = NULL;
    if (bytes > 0) {
        *out = sld_memory_alloc(bytes);
        if (!*out) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes of scratch memory",
                            bytes);
        }
        memset(*out, 0, bytes);
    }
    return SLD_OK;
}

sld_status sld_kernels_ready(sld_ctx *ctx, sld_kernels *k)
{
    SLD_TRY(allocate(ctx, k->scratch_bytes, &k->scratch));
    for (int end = 0; end < SLD_ENDS; end++) {
        void *rounded;
        SLD_TRY(allocate(ctx, k->rounded_bytes[end], &rounded));
        k->rounded[end] = rounded;
    }
    return sld_library_ready(ctx, k->library, k->scratch);
}
