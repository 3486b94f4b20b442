/* scale.c: named axes. A dimension scale is what h5py, netCDF and xarray take as the axis of a data
 * set; HDF5's high-level library (H5DS) writes it in the form they all expect. */
#include <hdf5_hl.h>

#include "internal.h"

sld_status doc_make_scale(sld_ctx *ctx, sld_doc *doc, const char *path, const char *name)
{
    hid_t dataset;
    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    sld_status st = SLD_OK;
    if (H5DSis_scale(dataset) <= 0 && H5DSset_scale(dataset, name) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot become a dimension scale: %s", doc_name(doc),
                      path, doc_reason(doc));
    }
    H5Dclose(dataset);
    return st;
}

sld_status sld_doc_scale(sld_ctx *ctx, sld_doc *doc, const char *path, int axis, const char *scale,
                         const char *name)
{
    hid_t dataset, scale_id;
    SLD_TRY(doc_make_scale(ctx, doc, scale, name));
    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    sld_status st = doc_open_dataset(ctx, doc, scale, &scale_id);
    if (st == SLD_OK && H5DSattach_scale(dataset, scale_id, (unsigned)axis) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot become axis %d of %s: %s", doc_name(doc),
                      scale, axis, path, doc_reason(doc));
    }
    if (scale_id >= 0) H5Dclose(scale_id);
    H5Dclose(dataset);
    return st;
}
