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
        free(k);
    }
}

void sld_kernels_want_scratch(sld_kernels *k, size_t bytes)
{
    k->scratch_bytes = bytes > k->scratch_bytes ? bytes : k->scratch_bytes;
}

sld_status sld_kernels_ready(sld_ctx *ctx, sld_kernels *k)
{
    const size_t bytes = (k->scratch_bytes + 63) / 64 * 64;
    if (bytes > 0) {
        k->scratch = sld_memory_alloc(bytes);
        if (!k->scratch) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes of scratch memory",
                            bytes);
        }
        memset(k->scratch, 0, bytes);
    }
    return sld_library_ready(ctx, k->library, k->scratch);
}
