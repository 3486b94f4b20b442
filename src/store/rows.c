/* rows.c: parts of data sets: rows of the first axis, for what is too large to be moved at once. */
#include "internal.h"

sld_status sld_doc_reserve(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, int n_dims,
                           const size_t *dims)
{
    const hid_t held = doc->dataset_plist, own = H5Pcopy(held);
    hid_t       dataset;
    sld_status  st = SLD_OK;

    if (own < 0 || H5Pset_alloc_time(own, H5D_ALLOC_TIME_EARLY) < 0 ||
        H5Pset_fill_time(own, H5D_FILL_TIME_NEVER) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be reserved: %s", doc_name(doc), path,
                      doc_reason(doc));
    } else {
        doc->dataset_plist = own;
        st = doc_make_dataset(ctx, doc, path, type_in_file(type), n_dims, dims, &dataset);
        doc->dataset_plist = held;
        if (dataset >= 0) H5Dclose(dataset);
    }
    if (own >= 0) H5Pclose(own);
    return st;
}

/* Selects the rows in *file_space and makes a memory space of their shape; the caller closes both
 * unless they are H5I_INVALID_HID. */
static bool select_rows(hid_t dataset, sld_range rows, hid_t *file_space, hid_t *memory_space)
{
    hsize_t first[H5S_MAX_RANK] = {0}, count[H5S_MAX_RANK];

    *memory_space    = H5I_INVALID_HID;
    *file_space      = H5Dget_space(dataset);
    const int n_dims = *file_space < 0 ? -1 : H5Sget_simple_extent_dims(*file_space, count, NULL);
    if (n_dims < 1 || rows.begin > rows.end || rows.end > count[0]) return false;
    first[0] = (hsize_t)rows.begin;
    count[0] = (hsize_t)(rows.end - rows.begin);

    *memory_space = H5Screate_simple(n_dims, count, NULL);
    if (*memory_space < 0) return false;
    if (count[0] == 0) {
        return H5Sselect_none(*file_space) >= 0 && H5Sselect_none(*memory_space) >= 0;
    }
    return H5Sselect_hyperslab(*file_space, H5S_SELECT_SET, first, NULL, count, NULL) >= 0;
}

sld_status sld_doc_put_rows(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                            sld_range rows, const void *values)
{
    hid_t      dataset, file_space, memory_space;
    sld_status st = SLD_OK;

    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    if (!select_rows(dataset, rows, &file_space, &memory_space) ||
        dataset_write(dataset, type, memory_space, file_space,
                      (size_t)H5Sget_select_npoints(memory_space), values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: rows %zu to %zu of %s cannot be written: %s",
                      doc_name(doc), rows.begin, rows.end, path, doc_reason(doc));
    }
    if (memory_space >= 0) H5Sclose(memory_space);
    if (file_space >= 0) H5Sclose(file_space);
    H5Dclose(dataset);
    return st;
}

sld_status sld_doc_get_rows(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                            sld_range rows, void *values)
{
    hid_t      dataset, file_space, memory_space;
    sld_status st = SLD_OK;

    SLD_TRY(doc_open_dataset(ctx, doc, path, &dataset));
    if (!select_rows(dataset, rows, &file_space, &memory_space) ||
        H5Dread(dataset, type_in_memory(type), memory_space, file_space, H5P_DEFAULT, values) < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: rows %zu to %zu of %s cannot be read: %s",
                      doc_name(doc), rows.begin, rows.end, path, doc_reason(doc));
    }
    if (memory_space >= 0) H5Sclose(memory_space);
    if (file_space >= 0) H5Sclose(file_space);
    H5Dclose(dataset);
    return st;
}
