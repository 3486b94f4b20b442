/* conv/openblas_library.c: OpenBLAS, in a build without oneDNN: it multiplies for what our own
 * kernels do not take. */
#ifndef SLD_ONEDNN
#include <cblas.h>
#include <stdio.h>

#include "conv/conv.h"
#include "isa.h"

sld_status sld_library_create(sld_ctx *ctx, sld_library **out)
{
    openblas_set_num_threads(1);
    *out = NULL;
    return SLD_OK;
}

void sld_library_destroy(sld_library *library)
{
}

sld_status sld_library_ready(sld_ctx *ctx, sld_library *library, void *scratch)
{
    return SLD_OK;
}

/* OpenBLAS has a part in it on CPUs without AVX2 alone. */
void sld_kernels_versions(char *text, size_t n)
{
    if (sld_isa_of_cpu() >= SLD_ISA_AVX2) {
        snprintf(text, n, "own convolutions, %s, 1 thread", sld_isa_f32_name());
    } else {
        snprintf(text, n, "%s core %s, 1 thread", openblas_get_config(), openblas_get_corename());
    }
}

void sld_kernels_blas(char *text, size_t n)
{
    snprintf(text, n, "%s, for CPUs without AVX2", openblas_get_config());
}
#endif
