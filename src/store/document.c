/* document.c: what all documents share, wherever they lie: made, asked for their name, closed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* An external link may lead to any file, and HDF5 would look for it from the folder in which the
 * program was started: it is not followed. */
static herr_t refuse_link(const char *parent, const char *group, const char *file,
                          const char *object, unsigned *flags, hid_t access, void *user)
{
    return -1;
}

sld_status doc_new(sld_ctx *ctx, const char *path, sld_doc **out)
{
    hdf5_silence();
    *out         = NULL;
    sld_doc *doc = calloc(1, sizeof *doc);
    if (!doc) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: an HDF5 document");
    doc->file = doc->dataset_plist = doc->group_plist = doc->link_plist = H5I_INVALID_HID;

    sld_status st = sld_arena_create(ctx, &doc->strings);
    if (st == SLD_OK && path) {
        doc->path = strdup(path);
        if (!doc->path) st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: its name", path);
    }
    doc->inside = H5Pcreate(H5P_DATASET_ACCESS);
    if (st == SLD_OK && (doc->inside < 0 || H5Pset_elink_cb(doc->inside, refuse_link, NULL) < 0)) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: HDF5 cannot make a property list", doc_name(doc));
    }
    if (st != SLD_OK) {
        sld_doc_close(doc);
        return st;
    }
    *out = doc;
    return SLD_OK;
}

/* Property lists of everything written. Objects keep no times: the same content is the same bytes.
 * Links and attributes remember the order in which they were made, which is what netCDF lists. */
bool doc_make_property_lists(sld_doc *doc, hid_t file_plist)
{
    const unsigned ordered = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

    doc->dataset_plist = H5Pcreate(H5P_DATASET_CREATE);
    doc->group_plist   = H5Pcreate(H5P_GROUP_CREATE);
    doc->link_plist    = H5Pcreate(H5P_LINK_CREATE);
    return doc->dataset_plist >= 0 && doc->group_plist >= 0 && doc->link_plist >= 0 &&
           H5Pset_char_encoding(doc->link_plist, H5T_CSET_UTF8) >= 0 &&
           H5Pset_obj_track_times(doc->dataset_plist, false) >= 0 &&
           H5Pset_attr_creation_order(doc->dataset_plist, ordered) >= 0 &&
           H5Pset_obj_track_times(doc->group_plist, false) >= 0 &&
           H5Pset_attr_creation_order(doc->group_plist, ordered) >= 0 &&
           H5Pset_link_creation_order(doc->group_plist, ordered) >= 0 &&
           H5Pset_obj_track_times(file_plist, false) >= 0 &&
           H5Pset_attr_creation_order(file_plist, ordered) >= 0 &&
           H5Pset_link_creation_order(file_plist, ordered) >= 0;
}

void sld_doc_close(sld_doc *doc)
{
    if (!doc) return;
    const hid_t lists[] = {doc->dataset_plist, doc->group_plist, doc->link_plist, doc->inside};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i] >= 0) H5Pclose(lists[i]);
    }
    if (doc->file >= 0 && doc->in_file) doc_give_up(doc);
    if (doc->file >= 0) H5Fclose(doc->file);
    sld_arena_destroy(doc->strings);
    free(doc->image);                           /* after the file that reads it */
    if (doc->temporary) unlink(doc->temporary); /* published or given up */
    free(doc->temporary);
    free(doc->members);
    free(doc->path);
    free(doc);
}

const char *doc_name(const sld_doc *doc)
{
    return doc->path ? doc->path : "new file";
}

const char *sld_doc_path(const sld_doc *doc)
{
    return doc_name(doc);
}
