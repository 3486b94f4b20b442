/* fuzz_spec.c: a sweep's spec in YAML, expanded to its points. */
#include "fuzz.h"
#include "sld/grid.h"

static const char *const (*no_method(const char *name))[2]
{
    return NULL;
}

static sld_status content(sld_ctx *ctx, void *user, const sld_config *config, const char *weights,
                          int version, char name[SLD_CONTENT_BYTES])
{
    memset(name, '0', 64);
    name[64] = '\0';
    return SLD_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sld_ctx               ctx    = fuzz_ctx();
    sld_grid             *sweep  = NULL;
    const sld_grid_params params = {
        .path = "fuzz.yaml", .text = bytes, .n = n, .method = no_method, .content = content};

    (void)sld_grid_expand(&ctx, &params, &sweep);
    sld_grid_close(sweep);
    return 0;
}
