/* read.c: numbers out of a document: data sets and attributes of any HDF5 number type, converted.
 */
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
static hid_t strict_transfer(bool *lost)
{
    const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    *lost                = false;
    if (transfer >= 0) (void)H5Pset_type_conv_cb(transfer, refuse_loss, lost);
    return transfer;
}

static bool is_number(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
}

static bool path_component_exists(hid_t file, const char *path)
{
    return H5Lexists(file, path, H5P_DEFAULT) > 0 && H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

bool sld_doc_has(sld_doc *doc, const char *path)
{
    char         part[STORE_PATH_MAX];
    const size_t n = strlen(path);

    if (n == 0 || n >= sizeof part) return false;
    if (strcmp(path, "/") == 0) return true;
    /* H5Lexists wants every group above to exist, so the path is walked from the root. */
    for (size_t at = 1; at <= n; at++) {
        if (path[at] != '/' && path[at] != '\0') continue;
        memcpy(part, path, at);
        part[at] = '\0';
        if (!path_component_exists(doc->file, part)) return false;
    }
    return true;
}

bool sld_doc_has_attr(sld_doc *doc, const char *object, const char *name)
{
    return sld_doc_has(doc, object) && H5Aexists_by_name(doc->file, object, name, H5P_DEFAULT) > 0;
}

sld_status doc_open_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t *out)
{
    *out = H5I_INVALID_HID;
    if (!sld_doc_has(doc, path)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s is missing", doc_name(doc), path);
    }
    *out = H5Dopen2(doc->file, path, H5P_DEFAULT);
    if (*out < 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s is not a readable data set: %s", doc_name(doc),
                        path, doc_reason(doc));
    }
    return SLD_OK;
}

/* The shape of an open data set. */
static sld_status dataset_dims(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset,
                               int *n_dims, size_t dims[SLD_DOC_DIMS])
{
    hsize_t     found[H5S_MAX_RANK];
    const hid_t space = H5Dget_space(dataset);
    const int   n     = space < 0 ? -1 : H5Sget_simple_extent_dims(space, found, NULL);
    sld_status  st    = SLD_OK;

    if (n < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: no shape: %s", doc_name(doc), path,
                      doc_reason(doc));
    } else if (n > SLD_DOC_DIMS) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s has %d dimensions, at most %d are understood",
                      doc_name(doc), path, n, SLD_DOC_DIMS);
    } else {
        size_t room = SIZE_MAX / sizeof(double); /* elements that a program could hold */
        *n_dims     = n;
        for (int d = 0; d < n; d++) {
            dims[d] = (size_t)found[d];
            if (dims[d] > room) {
                st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: impossible length %zu of axis %d",
                              doc_name(doc), path, dims[d], d);
            }
            room = dims[d] > 0 ? room / dims[d] : room;
        }
    }
    if (space >= 0) H5Sclose(space);
    return st;
}

sld_status sld_doc_dims(sld_ctx *ctx, sld_doc *doc, const char *path, int *n_dims,
                        size_t dims[SLD_DOC_DIMS])
{
    hid_t dataset;
    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    const sld_status st = dataset_dims(ctx, doc, path, dataset, n_dims, dims);
    H5Dclose(dataset);
    return st;
}

/* Is the file's data set a table of numbers, n of them? */
static sld_status check_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset,
                                hid_t file_type, sld_type type, size_t n)
{
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS], found = 1;
    char   shape[128];

    if (!is_number(file_type)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s does not hold numbers, %s wanted", doc_name(doc),
                        path, type_name(type));
    }
    SLD_TRY(dataset_dims(ctx, doc, path, dataset, &n_dims, dims));
    for (int d = 0; d < n_dims; d++) {
        found *= dims[d];
    }
    const hid_t space = H5Dget_space(dataset);
    if (H5Sget_simple_extent_type(space) == H5S_NULL) found = 0;
    H5Sclose(space);
    if (found != n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s has %zu values, shape %s; %zu wanted",
                        doc_name(doc), path, found, shape_text(n_dims, dims, shape, sizeof shape),
                        n);
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
    if (st == SLD_OK && n > 0 &&
        H5Dread(dataset, type_in_memory(type), H5S_ALL, H5S_ALL, transfer, values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s cannot be read as %s: %s", doc_name(doc), path,
                      type_name(type), lost ? "a value does not fit" : doc_reason(doc));
    }
    if (transfer >= 0) H5Pclose(transfer);
    if (file_type >= 0) H5Tclose(file_type);
    H5Dclose(dataset);
    return st;
}

/* Opens an attribute and counts its values. */
static sld_status open_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            hid_t *out, size_t *n)
{
    *out = H5I_INVALID_HID;
    if (!sld_doc_has_attr(doc, object, name)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s has no attribute \"%s\"", doc_name(doc), object,
                        name);
    }
    *out                  = H5Aopen_by_name(doc->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
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

/* The n values of an open attribute, converted as strictly as those of a data set. H5Aread itself
 * would clip silently, so the conversion is a step of its own. */
static sld_status read_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            hid_t attr, hid_t file_type, sld_type type, size_t n, void *values)
{
    bool         lost;
    sld_status   st       = SLD_OK;
    const size_t size     = H5Tget_size(type_in_memory(type));
    const size_t size_max = H5Tget_size(file_type) > size ? H5Tget_size(file_type) : size;
    const hid_t  transfer = strict_transfer(&lost);
    void        *buffer   = calloc(n, size_max);

    if (!buffer) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: no memory for attribute \"%s\" of %s", doc_name(doc),
                      name, object);
    } else if (H5Aread(attr, file_type, buffer) < 0 ||
               H5Tconvert(file_type, type_in_memory(type), n, buffer, NULL, transfer) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s cannot be read as %s: %s",
                      doc_name(doc), name, object, type_name(type),
                      lost ? "a value does not fit" : doc_reason(doc));
    } else {
        memcpy(values, buffer, n * size);
    }
    free(buffer);
    if (transfer >= 0) H5Pclose(transfer);
    return st;
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
    if (!is_number(file_type)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s is not a number, %s wanted",
                      doc_name(doc), name, object, type_name(type));
    } else if (found != wanted) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute \"%s\" of %s has %zu values, %zu wanted",
                      doc_name(doc), name, object, found, wanted);
    } else {
        st = read_attr(ctx, doc, object, name, attr, file_type, type, wanted, values);
    }
    if (file_type >= 0) H5Tclose(file_type);
    H5Aclose(attr);
    return st;
}

const char *sld_doc_member(sld_doc *doc, const char *group, size_t i)
{
    char name[STORE_PATH_MAX];

    if (!sld_doc_has(doc, group)) return NULL;
    const ssize_t n = H5Lget_name_by_idx(doc->file, group, H5_INDEX_NAME, H5_ITER_INC, (hsize_t)i,
                                         name, sizeof name, H5P_DEFAULT);
    return n < 0 || (size_t)n >= sizeof name ? NULL : sld_arena_strdup(doc->strings, name);
}
