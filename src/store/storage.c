/* storage.c: whether a data set of a file holds what it seems to hold. HDF5 reads parts that were
 * never written, and sources of a virtual data set that it does not find, as zeros without a word;
 * and it believes any shape, so that a small file could ask for all memory. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* What a byte on disk can become at most: deflate's limit is 1032; other filters have none, 64 KiB
 * of zeros in a byte are more than images do. */
#define MAX_DEFLATED 1040.0
#define MAX_PACKED   65536.0

bool storage_is_virtual(hid_t dataset)
{
    const hid_t plist  = H5Dget_create_plist(dataset);
    const bool  answer = plist >= 0 && H5Pget_layout(plist) == H5D_VIRTUAL;
    if (plist >= 0) H5Pclose(plist);
    return answer;
}

static const char *filter_name(H5Z_filter_t id, char *stored)
{
    static const struct {
        H5Z_filter_t id;
        const char  *name;
    } known[] = {{H5Z_FILTER_SZIP, "szip"},
                 {307, "bzip2"},
                 {32000, "lzf"},
                 {32001, "blosc"},
                 {32004, "lz4"},
                 {32008, "bitshuffle"},
                 {32013, "zfp"},
                 {32015, "zstd"},
                 {32026, "blosc2"}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].id == id) return known[i].name;
    }
    return stored[0] ? stored : "unnamed";
}

/* *most: what a stored byte can become. */
static sld_status check_filters(sld_ctx *ctx, const sld_doc *doc, const char *path, hid_t plist,
                                double *max)
{
    const int n = H5Pget_nfilters(plist);

    *max = 1.0;
    for (int i = 0; i < n; i++) {
        char         stored[64] = "";
        unsigned     flags, config, values[1];
        size_t       n_values = 0;
        H5Z_filter_t id       = H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, values,
                                               sizeof stored, stored, &config);

        stored[sizeof stored - 1] = '\0';
        if (id >= 0 && H5Zfilter_avail(id) <= 0) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: %s is compressed by the filter %s (%d), which this HDF5 does not "
                            "have; write it again with gzip or none: h5py reads it, and "
                            "create_dataset(..., compression=\"gzip\") writes it",
                            doc_name(doc), path, filter_name(id, stored), (int)id);
        }
        if (id == H5Z_FILTER_DEFLATE) {
            *max = *max < MAX_DEFLATED ? MAX_DEFLATED : *max;
        } else if (id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32) {
            *max = MAX_PACKED;
        }
    }
    return SLD_OK;
}

static sld_status never_written(sld_ctx *ctx, const sld_doc *doc, const char *path,
                                const char *what)
{
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: %s: %s was never written, and HDF5 would read zeros there; write all of "
                    "it, or leave it out of the file",
                    doc_name(doc), path, what);
}

/* Every chunk must be there. */
static sld_status check_chunks(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset,
                               hid_t plist, hid_t space)
{
    hsize_t   dims[H5S_MAX_RANK], chunk[H5S_MAX_RANK], found = 0;
    const int n      = H5Sget_simple_extent_dims(space, dims, NULL);
    double    wanted = 1.0;
    char      what[64];

    if (n < 1 || H5Pget_chunk(plist, n, chunk) != n ||
        H5Dget_num_chunks(dataset, space, &found) < 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: its chunks cannot be found: %s", doc_name(doc),
                        path, doc_reason(doc));
    }
    for (int d = 0; d < n; d++) {
        wanted *= (double)(dims[d] / chunk[d] + (dims[d] % chunk[d] != 0));
    }
    if ((double)found < wanted) {
        snprintf(what, sizeof what, "a part (%.0f of %.0f chunks)", wanted - (double)found, wanted);
        return never_written(ctx, doc, path, found == 0 ? "it" : what);
    }
    return SLD_OK;
}

static sld_status check_layout(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset,
                               hid_t plist, hid_t space)
{
    const hssize_t     points = H5Sget_simple_extent_npoints(space);
    const hid_t        type   = H5Dget_type(dataset);
    const double       bytes  = (double)points * (double)(type < 0 ? 0 : H5Tget_size(type));
    const hsize_t      held   = H5Dget_storage_size(dataset);
    const H5D_layout_t layout = H5Pget_layout(plist);
    double             max;

    if (type >= 0) H5Tclose(type);
    if (points <= 0) return SLD_OK;
    if (H5Pget_external_count(plist) > 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected its values in this file, got external storage in other "
                        "files; put it all into one file: h5repack THIS.h5 NEW.h5",
                        doc_name(doc), path);
    }
    SLD_TRY(check_filters(ctx, doc, path, plist, &max));
    if (layout == H5D_CHUNKED) {
        SLD_TRY(check_chunks(ctx, doc, path, dataset, plist, space));
    } else if (layout == H5D_CONTIGUOUS && held == 0) {
        return never_written(ctx, doc, path, "it");
    }
    if (held > doc->file_bytes || bytes > max * (double)held) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s claims %.0f bytes; the file of %zu bytes holds %.0f of them: it is "
                        "damaged",
                        doc_name(doc), path, bytes, doc->file_bytes, (double)held);
    }
    return SLD_OK;
}

sld_status storage_check(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset)
{
    if (doc->file_bytes == 0) return SLD_OK; /* of our own making */
    const hid_t plist = H5Dget_create_plist(dataset);
    const hid_t space = H5Dget_space(dataset);
    sld_status  st    = SLD_OK;

    if (plist < 0 || space < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s is not a readable data set: %s", doc_name(doc),
                      path, doc_reason(doc));
    } else if (H5Pget_layout(plist) == H5D_VIRTUAL) {
        st = virtual_read(ctx, doc, path, dataset, SLD_U8, 0, NULL);
    } else {
        st = check_layout(ctx, doc, path, dataset, plist, space);
    }
    if (plist >= 0) H5Pclose(plist);
    if (space >= 0) H5Sclose(space);
    return st;
}
