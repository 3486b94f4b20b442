/* attributes.c: numbers out of attributes, converted as strictly as those of data sets. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Opens an attribute and counts its values. */
static sld_status open_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            hid_t *out, size_t *n)
{
    *out = H5I_INVALID_HID;
    if (!sld_doc_has_attr(doc, object, name)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected the attribute \"%s\", got none",
                        doc_name(doc), object, name);
    }
    *out                  = H5Aopen_by_name(doc->file, object, name, H5P_DEFAULT, doc->inside);
    const hid_t    space  = *out < 0 ? H5I_INVALID_HID : H5Aget_space(*out);
    const hssize_t points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    sld_status     st     = SLD_OK;
    if (points < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s cannot be opened: %s",
                      doc_name(doc), name, object, doc_reason(doc));
    } else {
        *n = (size_t)points;
    }
    if (space >= 0) H5Sclose(space);
    if (st != SLD_OK && *out >= 0) {
        H5Aclose(*out);
        *out = H5I_INVALID_HID;
    }
    return st;
}

sld_status sld_doc_attr_count(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                              size_t *n)
{
    hid_t attr;
    SLD_TRY(open_attr(ctx, doc, object, name, &attr, n));
    H5Aclose(attr);
    return SLD_OK;
}

typedef struct wanted_numbers {
    sld_type type;
    size_t   n;
    void    *values;
} wanted_numbers;

/* The values of an open attribute, converted as strictly as those of a data set. H5Aread itself
 * would clip silently, so the conversion is a step of its own. */
static sld_status read_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            hid_t attr, hid_t file_type, const wanted_numbers *out)
{
    strict_read  read   = {.doc = doc, .type = out->type};
    sld_status   st     = SLD_OK;
    const size_t size   = H5Tget_size(type_in_memory(out->type));
    void        *buffer = calloc(out->n, LARGEST_NUMBER);

    if (!buffer) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: attribute \"%s\" of %s",
                      doc_name(doc), name, object);
    } else if (H5Aread(attr, file_type, buffer) < 0 ||
               !strict_convert(&read, file_type, out->n, buffer)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s cannot be read as %s: %s",
                      doc_name(doc), name, object, type_name(out->type),
                      read.why ? read.why : doc_reason(doc));
    } else {
        memcpy(out->values, buffer, out->n * size);
    }
    free(buffer);
    return st;
}

/* One pixel in 150,000 that differs by one of 255 levels. Images divided by less are no images. */
#define SMALLEST_STD 1e-5f

sld_status sld_doc_get_moments(sld_ctx *ctx, sld_doc *doc, size_t channels, float *mean, float *std)
{
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "mean", SLD_F32, channels, mean));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "std", SLD_F32, channels, std));
    for (size_t c = 0; c < channels; c++) {
        if (!(mean[c] >= 0.0f && mean[c] <= 1.0f && std[c] >= SMALLEST_STD && std[c] <= 1.0f)) {
            return SLD_FAIL(
                ctx, SLD_ERR_DATA,
                "%s: channel %zu: expected mean and std of pixel/255, std from 1e-5 to 1, "
                "got mean %g, std %g",
                doc_name(doc), c, (double)mean[c], (double)std[c]);
        }
    }
    return SLD_OK;
}

sld_status sld_doc_get_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            sld_type type, size_t n, void *values)
{
    hid_t        attr;
    size_t       found  = 0;
    const size_t wanted = n == 0 ? 1 : n;

    SLD_TRY(open_attr(ctx, doc, object, name, &attr, &found));
    const hid_t file_type = H5Aget_type(attr);
    sld_status  st;
    if (!is_number(file_type) || H5Tget_size(file_type) > LARGEST_NUMBER) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: attribute \"%s\" of %s: expected a number (%s), got %s", doc_name(doc),
                      name, object, type_name(type), class_name(file_type));
    } else if (found != wanted) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s: expected %zu values, got %zu",
                      doc_name(doc), name, object, wanted, found);
    } else {
        st = read_attr(ctx, doc, object, name, attr, file_type,
                       &(wanted_numbers){type, wanted, values});
    }
    if (file_type >= 0) H5Tclose(file_type);
    H5Aclose(attr);
    return st;
}
