/* read.c: numbers out of data sets of any HDF5 number type, converted. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* HDF5 asks here about each value that the wanted type cannot hold. A rounded last digit is what
 * the caller asked for; a clipped or cut value would be a silent lie. */
static H5T_conv_ret_t refuse_loss(H5T_conv_except_t what, hid_t from, hid_t to, void *from_value,
                                  void *to_value, void *lost)
{
    if (what != H5T_CONV_EXCEPT_RANGE_HI && what != H5T_CONV_EXCEPT_RANGE_LOW &&
        what != H5T_CONV_EXCEPT_TRUNCATE) {
        return H5T_CONV_UNHANDLED;
    }
    *(bool *)lost = true;
    return H5T_CONV_ABORT;
}

/* A transfer list whose conversions stop at a value that does not fit and set *lost, which must
 * outlive it. The caller closes it. */
hid_t strict_transfer(bool *lost)
{
    const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    *lost                = false;
    if (transfer >= 0) (void)H5Pset_type_conv_cb(transfer, refuse_loss, lost);
    return transfer;
}

bool is_number(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
}

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
    hid_t dataset;
    bool  lost;

    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    const hid_t file_type = H5Dget_type(dataset);
    const hid_t transfer  = strict_transfer(&lost);
    sld_status  st        = check_dataset(ctx, doc, path, dataset, file_type, type, n);
    if (st == SLD_OK) st = storage_check(ctx, doc, path, dataset);
    if (st == SLD_OK && n > 0 && storage_is_virtual(dataset)) {
        st = virtual_read(ctx, doc, path, dataset, type, n, transfer, values);
    } else if (st == SLD_OK && n > 0 &&
               H5Dread(dataset, type_in_memory(type), H5S_ALL, H5S_ALL, transfer, values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s cannot be read as %s: %s", doc_name(doc), path,
                      type_name(type), lost ? SLD_DOES_NOT_FIT : doc_reason(doc));
    }
    if (transfer >= 0) H5Pclose(transfer);
    if (file_type >= 0) H5Tclose(file_type);
    H5Dclose(dataset);
    return st;
}
