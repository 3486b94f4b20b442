/* scale.c: named axes. A dimension scale is what h5py, netCDF and xarray take as the axis of a data
 * set; HDF5's high-level library (H5DS) writes it in the form they all expect. */
#include <hdf5_hl.h>
#include <stdlib.h>

#include "internal.h"

/* One entry of the attribute REFERENCE_LIST that H5DS keeps with a scale: who uses it, as which
 * axis. H5DS writes its C struct as it lies in memory, padding and all. */
typedef struct scale_user {
    hobj_ref_t object;
    unsigned   axis;
    unsigned   padding;
} scale_user;

/* Sets the padding to zero, so that the same content is the same bytes. */
static bool clear_padding(hid_t scale)
{
    scale_user    *users = NULL;
    bool           done  = false;
    const hid_t    attr  = H5Aopen(scale, "REFERENCE_LIST", H5P_DEFAULT);
    const hid_t    type  = attr < 0 ? H5I_INVALID_HID : H5Aget_type(attr);
    const hid_t    space = attr < 0 ? H5I_INVALID_HID : H5Aget_space(attr);
    const hssize_t n     = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);

    if (n > 0 && H5Tget_size(type) == sizeof *users) {
        users = calloc((size_t)n, sizeof *users);
        done  = users && H5Aread(attr, type, users) >= 0;
        for (hssize_t i = 0; done && i < n; i++) {
            users[i].padding = 0;
        }
        done = done && H5Awrite(attr, type, users) >= 0;
    }
    free(users);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (attr >= 0) H5Aclose(attr);
    return done;
}

sld_status doc_make_scale(sld_ctx *ctx, sld_doc *doc, const char *path, const char *name)
{
    const hid_t dataset = H5Dopen2(doc->file, path, H5P_DEFAULT);
    sld_status  st      = SLD_OK;
    if (dataset < 0 || (H5DSis_scale(dataset) <= 0 && H5DSset_scale(dataset, name) < 0)) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot become a dimension scale: %s", doc_name(doc),
                      path, doc_reason(doc));
    }
    if (dataset >= 0) H5Dclose(dataset);
    return st;
}

sld_status sld_doc_scale(sld_ctx *ctx, sld_doc *doc, const char *path, int axis, const char *scale,
                         const char *name)
{
    SLD_TRY(doc_make_scale(ctx, doc, scale, name));
    const hid_t dataset  = H5Dopen2(doc->file, path, H5P_DEFAULT);
    const hid_t scale_id = H5Dopen2(doc->file, scale, H5P_DEFAULT);
    sld_status  st       = SLD_OK;
    if (dataset < 0 || scale_id < 0 || H5DSattach_scale(dataset, scale_id, (unsigned)axis) < 0 ||
        !clear_padding(scale_id)) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot become axis %d of %s: %s", doc_name(doc),
                      scale, axis, path, doc_reason(doc));
    }
    if (scale_id >= 0) H5Dclose(scale_id);
    if (dataset >= 0) H5Dclose(dataset);
    return st;
}
