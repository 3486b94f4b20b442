/* conv/openblas_library.c: OpenBLAS, in a build without oneDNN: it multiplies for what our own
 * kernels do not take. */
#ifndef SLD_ONEDNN
#include <cblas.h>
#include <stdio.h>
#include <string.h>

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

/* Of the kernels behind a name of openblas_get_corename(). */
static sld_isa isa_of_core(const char *core)
{
    static const char *const names[] = {"SkylakeX",       "Cooperlake", "SapphireRapids",
                                        "Sapphirerapids", "Haswell",    "Zen",
                                        "Excavator"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(core, names[i]) == 0) {
            return i < 4 ? SLD_ISA_AVX512 : SLD_ISA_AVX2;
        }
    }
    return SLD_ISA_BASE;
}

/* OpenBLAS knows CPUs by model number. One newer than itself gets the kernels of an older one, for
 * SSE even, at a fraction of the speed. */
const char *sld_kernels_core_wanted(void)
{
    static const char *const cores[] = {NULL, "Haswell", "SkylakeX"};
    const sld_isa            cpu     = sld_isa_of_cpu();

    if (isa_of_core(openblas_get_corename()) < cpu &&
        strstr(openblas_get_config(), "DYNAMIC_ARCH")) {
        return cores[cpu];
    }
    return NULL;
}

void sld_kernels_versions(char *text, size_t n)
{
    snprintf(text, n, "own convolutions (%s), %s core %s, 1 thread", sld_kernels_isa(),
             openblas_get_config(), openblas_get_corename());
}
#endif
