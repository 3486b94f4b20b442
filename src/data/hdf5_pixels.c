/* hdf5_pixels.c: names the first stored value that is no pixel, and what makes pixels of such images. */
#include <math.h>
#include <stdlib.h>

#include "hdf5_pixels.h"

typedef struct values_seen {
    double low, high, bad;
    size_t at; /* of the first bad one, counted through the data set */
    bool   any, whole, finite;
} values_seen;

static void look(values_seen *seen, const double *values, size_t n, size_t first)
{
    for (size_t i = 0; i < n; i++) {
        const double x     = values[i];
        const bool   whole = x == floor(x);

        if (!seen->any && !(x >= 0 && x <= 255 && whole)) {
            seen->any = true;
            seen->bad = x;
            seen->at  = first + i;
        }
        seen->finite = seen->finite && isfinite(x);
        seen->whole  = seen->whole && whole;
        seen->low    = x < seen->low ? x : seen->low;
        seen->high   = x > seen->high ? x : seen->high;
    }
}

static const char *cure(const values_seen *seen)
{
    return !seen->finite ? "give pixels where it has NaN or infinity"
           : seen->low >= 0 && seen->high <= 1
               ? "multiply images of 0 to 1 by 255 and round before "
                 "they are stored"
           : seen->low >= -128 && seen->high <= 127 && seen->whole && seen->low < 0
               ? "where they are pixels less 128, add 128"
           : seen->low < 0 ? "give pixels as they were before any normalisation, scaled to 0 to 255"
           : seen->high <= 255 ? "round them before they are stored"
           : seen->high <= 65535 && seen->whole
               ? "scale them to 0 to 255; of 16 bits, images // 257 does so"
               : "scale them to 0 to 255 and round before they are stored";
}

sld_status sld_hdf5_refuse_pixels(sld_ctx *ctx, sld_doc *doc, const char *path,
                                  const data_shape *shape, size_t n)
{
    const size_t row    = shape->H * shape->W * shape->C;
    values_seen  seen   = {.whole = true, .finite = true, .low = INFINITY, .high = -INFINITY};
    double      *values = malloc(row * sizeof *values);
    sld_status   st =
        values ? SLD_OK
                 : SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for an image", sld_doc_path(doc));

    for (size_t i = 0; st == SLD_OK && i < n; i++) {
        st = sld_doc_get_rows(ctx, doc, path, SLD_F64, (sld_range){i, i + 1}, values);
        if (st == SLD_OK) {
            look(&seen, values, row, i * row);
        }
    }
    free(values);
    if (st != SLD_OK) {
        return st;
    }
    if (!seen.any) { /* of a virtual data set, whose sources alone have it */
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected whole numbers from 0 to 255, got a value that is none",
                        sld_doc_path(doc), path);
    }
    const size_t at = seen.at % row;
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: %s[%zu,%zu,%zu,%zu]: expected a whole number from 0 to 255, got %.15g, in "
                    "values from %.6g to %.6g; %s",
                    sld_doc_path(doc), path, seen.at / row, at / (shape->W * shape->C),
                    at / shape->C % shape->W, at % shape->C, seen.bad, seen.low, seen.high,
                    cure(&seen));
}
