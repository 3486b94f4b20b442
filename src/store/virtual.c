/* virtual.c: data sets over many trials: to be filled row by row, or virtual, each row another
 * file's data set. */
#include <math.h>
#include <string.h>

#include "internal.h"
#include "sld/store_large.h"

/* A row that nobody wrote must not look like a result: NaN, and -1 where there is none. */
static herr_t set_fill(hid_t plist, sld_type type)
{
    const double  nan  = NAN;
    const int64_t none = type == SLD_U8 || type == SLD_U16 ? 0 : -1;
    return type == SLD_F32 || type == SLD_F64 || type == SLD_F16
               ? H5Pset_fill_value(plist, H5T_NATIVE_DOUBLE, &nan)
               : H5Pset_fill_value(plist, H5T_NATIVE_INT64, &none);
}

/* The document's property list for data sets with the fill value; the caller closes it. */
static hid_t make_plist(const sld_doc *doc, sld_type type)
{
    const hid_t plist = H5Pcopy(doc->dataset_plist);
    if (plist >= 0 && set_fill(plist, type) < 0) {
        H5Pclose(plist);
        return H5I_INVALID_HID;
    }
    return plist;
}

static void to_hsize(const size_t *dims, int n, hsize_t *out)
{
    for (int d = 0; d < n; d++) {
        out[d] = (hsize_t)dims[d];
    }
}

/* Makes the data set that plist describes and attaches its axes. plist: closed here. */
static sld_status make(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, hid_t plist,
                       int n_axes, const size_t *dims, const char *const *axes)
{
    hsize_t extent[SLD_DOC_DIMS];
    to_hsize(dims, n_axes, extent);
    sld_status  st      = make_parents(ctx, doc, path);
    const hid_t space   = H5Screate_simple(n_axes, extent, NULL);
    const hid_t dataset = st == SLD_OK && plist >= 0
                              ? H5Dcreate2(doc->file, path, type_in_file(type), space,
                                           doc->link_plist, plist, H5P_DEFAULT)
                              : H5I_INVALID_HID;
    if (st == SLD_OK && dataset < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be made: %s", doc_name(doc), path,
                      doc_reason(doc));
    }
    if (dataset >= 0) H5Dclose(dataset);
    if (space >= 0) H5Sclose(space);
    if (plist >= 0) H5Pclose(plist);
    return st == SLD_OK ? attach_axes(ctx, doc, path, n_axes, axes) : st;
}

sld_status sld_doc_make_on_axes(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                                int n_axes, const char *const *axes)
{
    size_t dims[SLD_DOC_DIMS];
    SLD_TRY(axes_dims(ctx, doc, path, n_axes, axes, dims));
    const hid_t plist = make_plist(doc, type);
    /* Every row is written by the caller: filling it first would write a large file twice. */
    if (plist >= 0) (void)H5Pset_fill_time(plist, H5D_FILL_TIME_NEVER);
    return make(ctx, doc, path, type, plist, n_axes, dims, axes);
}

sld_status sld_doc_put_link(sld_ctx *ctx, sld_doc *doc, const char *path, const char *file,
                            const char *object)
{
    SLD_TRY(make_parents(ctx, doc, path));
    if (H5Lcreate_external(file, object, doc->file, path, doc->link_plist, H5P_DEFAULT) < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: link %s to %s cannot be made: %s", doc_name(doc),
                        path, file, doc_reason(doc));
    }
    return SLD_OK;
}

/* Row i of the virtual data set is the whole of the source's. */
static herr_t map_row(hid_t plist, int n_axes, const hsize_t *extent, size_t row,
                      const sld_source *source, const char *object)
{
    hsize_t start[SLD_DOC_DIMS] = {(hsize_t)row}, count[SLD_DOC_DIMS] = {1};
    to_hsize(source->dims, n_axes - 1, count + 1);
    const hid_t here  = H5Screate_simple(n_axes, extent, NULL);
    const hid_t there = H5Screate_simple(n_axes - 1, count + 1, NULL);
    herr_t      rc    = H5Sselect_hyperslab(here, H5S_SELECT_SET, start, NULL, count, NULL);
    if (rc >= 0) rc = H5Pset_virtual(plist, here, source->file, object, there);
    if (here >= 0) H5Sclose(here);
    if (there >= 0) H5Sclose(there);
    return rc;
}

sld_status sld_doc_put_virtual(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                               int n_axes, const char *const *axes, const char *object,
                               const sld_source *sources)
{
    size_t  dims[SLD_DOC_DIMS];
    hsize_t extent[SLD_DOC_DIMS];

    SLD_TRY(axes_dims(ctx, doc, path, n_axes, axes, dims));
    to_hsize(dims, n_axes, extent);
    const hid_t plist = make_plist(doc, type);
    for (size_t i = 0; i < dims[0]; i++) {
        if (!sources[i].file) continue;
        const char *there = sources[i].object ? sources[i].object : object;
        if (map_row(plist, n_axes, extent, i, &sources[i], there) < 0) {
            const sld_status st =
                SLD_FAIL(ctx, SLD_ERR_IO, "%s: row %zu of %s cannot be %s of %s: %s", doc_name(doc),
                         i, path, object, sources[i].file, doc_reason(doc));
            if (plist >= 0) H5Pclose(plist);
            return st;
        }
    }
    return make(ctx, doc, path, type, plist, n_axes, dims, axes);
}
