/* write.c: numbers into a document: data sets and attributes, little endian and of
 * types that netCDF reads too. */
#include <string.h>

#include "internal.h"

/* Makes the groups above path. Not by HDF5's own "create intermediate groups", which gives them
 * default properties, and so a time of birth. */
sld_status make_parents(sld_ctx *ctx, sld_doc *doc, const char *path)
{
    char         group[STORE_PATH_MAX];
    const size_t n = strlen(path);

    if (path[0] != '/' || n < 2 || n >= sizeof group) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "%s: expected the path of an object (\"/group/name\"), got \"%.60s\"",
                        doc_name(doc), path);
    }
    for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
        memcpy(group, path, (size_t)(end - path));
        group[end - path] = '\0';
        if (H5Lexists(doc->file, group, H5P_DEFAULT) > 0) continue;
        const hid_t id =
            H5Gcreate2(doc->file, group, doc->link_plist, doc->group_plist, H5P_DEFAULT);
        if (id < 0) {
            return SLD_FAIL(ctx, SLD_ERR_IO, "%s: group %s cannot be made: %s", doc_name(doc),
                            group, doc_reason(doc));
        }
        H5Gclose(id);
    }
    return SLD_OK;
}

/* n_dims 0: a scalar. The caller closes it. */
static hid_t make_space(int n_dims, const size_t *dims)
{
    hsize_t extent[SLD_DOC_DIMS];
    if (n_dims == 0) return H5Screate(H5S_SCALAR);
    if (n_dims < 0 || n_dims > SLD_DOC_DIMS) return H5I_INVALID_HID;
    for (int d = 0; d < n_dims; d++) {
        extent[d] = (hsize_t)dims[d];
    }
    return H5Screate_simple(n_dims, extent, NULL);
}

sld_status doc_make_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t type, int n_dims,
                            const size_t *dims, hid_t *out)
{
    *out = H5I_INVALID_HID;
    SLD_TRY(make_parents(ctx, doc, path));
    sld_status  st    = SLD_OK;
    const hid_t space = make_space(n_dims, dims);
    *out =
        H5Dcreate2(doc->file, path, type, space, doc->link_plist, doc->dataset_plist, H5P_DEFAULT);
    if (*out < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be made: %s", doc_name(doc), path,
                      doc_reason(doc));
    }
    if (space >= 0) H5Sclose(space);
    return st;
}

sld_status sld_doc_put(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, int n_dims,
                       const size_t *dims, const void *values)
{
    hid_t dataset;
    SLD_TRY(doc_make_dataset(ctx, doc, path, type_in_file(type), n_dims, dims, &dataset));
    sld_status st = SLD_OK;
    size_t     n  = 1;
    for (int d = 0; d < n_dims; d++) {
        n *= dims[d];
    }
    if (n > 0 && dataset_write(dataset, type, H5S_ALL, H5S_ALL, n, values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be written: %s", doc_name(doc), path,
                      doc_reason(doc));
    }
    H5Dclose(dataset);
    return st;
}

sld_status sld_doc_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                        sld_type type, size_t n, const void *values)
{
    const hid_t space = make_space(n == 0 ? 0 : 1, &n);
    const hid_t attr  = H5Acreate_by_name(doc->file, object, name, type_in_file(type), space,
                                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    sld_status  st    = SLD_OK;
    if (attr < 0 || H5Awrite(attr, type_in_memory(type), values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: attribute \"%s\" of %s cannot be written: %s",
                      doc_name(doc), name, object, doc_reason(doc));
    }
    if (attr >= 0) H5Aclose(attr);
    if (space >= 0) H5Sclose(space);
    return st;
}
