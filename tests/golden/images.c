/* images.c: pictures as float32, or as bytes that a palette translates. */
#include "images.h"

enum { PALETTE = 256 };

sld_status golden_images(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n, float *out)
{
    float palette[PALETTE];

    SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F32, n, out));
    if (!sld_doc_has_attr(doc, path, "palette")) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr(ctx, doc, path, "palette", SLD_F32, PALETTE, palette));
    for (size_t i = 0; i < n; i++) {
        if (!(out[i] >= 0 && out[i] < PALETTE)) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: pixel %zu: expected an index below %d, got %g",
                            path, i, PALETTE, (double)out[i]);
        }
        out[i] = palette[(size_t)out[i]];
    }
    return SLD_OK;
}
