/* read.c: numbers out of data sets of any HDF5 number type. */
#include <string.h>

#include "internal.h"

sld_status sld_doc_check_shape(sld_ctx *ctx, sld_doc *doc, const char *path, int n_dims,
                               const size_t *dims)
{
    size_t found[SLD_DOC_DIMS];
    int    n_found;
    char   wanted_text[128], found_text[128];

    SLD_TRY(sld_doc_dims(ctx, doc, path, &n_found, found));
    if (n_found == n_dims && memcmp(found, dims, (size_t)n_dims * sizeof *dims) == 0) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected the shape %s, got %s", doc_name(doc), path,
                    shape_text(n_dims, dims, wanted_text, sizeof wanted_text),
                    shape_text(n_found, found, found_text, sizeof found_text));
}

/* Is the file's data set a table of numbers, n of them? */
static sld_status check_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset,
                                hid_t file_type, sld_type type, size_t n)
{
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS], found = 1;
    char   shape[128];

    if (!is_number(file_type)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected numbers (%s), got " SLD_NO_NUMBERS,
                        doc_name(doc), path, type_name(type));
    }
    SLD_TRY(dataset_dims(ctx, doc, path, dataset, &n_dims, dims));
    for (int d = 0; d < n_dims; d++) {
        found *= dims[d];
    }
    const hid_t space = H5Dget_space(dataset);
    if (H5Sget_simple_extent_type(space) == H5S_NULL) found = 0;
    H5Sclose(space);
    if (found != n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected %zu values, got %zu in the shape %s",
                        doc_name(doc), path, n, found,
                        shape_text(n_dims, dims, shape, sizeof shape));
    }
    return SLD_OK;
}

sld_status sld_doc_get(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, size_t n,
                       void *values)
{
    hid_t       dataset;
    strict_read reading = {.doc = doc, .type = type};

    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    const hid_t file_type = H5Dget_type(dataset);
    const hid_t space     = H5Dget_space(dataset);
    sld_status  st        = check_dataset(ctx, doc, path, dataset, file_type, type, n);
    if (st == SLD_OK) st = storage_check(ctx, doc, path, dataset);
    if (st == SLD_OK && n > 0 && storage_is_virtual(dataset)) {
        st = virtual_read(ctx, doc, path, dataset, type, n, values);
    } else if (st == SLD_OK && n > 0 && !strict_get(&reading, dataset, space, space, values)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s cannot be read as %s: %s", doc_name(doc), path,
                      type_name(type), reading.why);
    }
    if (space >= 0) H5Sclose(space);
    if (file_type >= 0) H5Tclose(file_type);
    H5Dclose(dataset);
    return st;
}
