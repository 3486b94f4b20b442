/* implicit_gemm_border.c: images with zeros around them, as an implicit product reads them. */
#include <string.h>

#include "conv/implicit_gemm_plan.h"

size_t sld_gemm_bordered_floats(const sld_gemm_pass *pass)
{
    return sld_gemm_has_border(pass) ? pass->chunk * pass->height * pass->width * pass->in : 0;
}

/* One row of pixels between its borders; NULL: zeros alone. */
static void copy_row(const sld_gemm_pass *pass, const float *from, float *to)
{
    const size_t before = pass->left * pass->in, all = pass->width * pass->in;
    size_t       n = from ? pass->from_W * pass->in : 0;
    n              = n < all - before ? n : all - before;
    memset(to, 0, before * sizeof *to);
    if (n > 0) {
        memcpy(to + before, from, n * sizeof *to);
    }
    memset(to + before + n, 0, (all - before - n) * sizeof *to);
}

const float *sld_gemm_border(const sld_gemm_pass *pass, size_t n, const float *from, float *to)
{
    if (!sld_gemm_has_border(pass)) {
        return from;
    }
    const size_t row = pass->from_W * pass->in;
    for (size_t r = 0; r < n * pass->height; r++) {
        const size_t sample = r / pass->height, y = r % pass->height;
        const bool   inside = y >= pass->top && y - pass->top < pass->from_H;
        copy_row(pass, inside ? from + (sample * pass->from_H + y - pass->top) * row : NULL,
                 to + r * pass->width * pass->in);
    }
    return to;
}
