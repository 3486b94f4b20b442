/* document.c: the life of a document: made empty or read whole from a file, published, closed.
 * HDF5 works on memory alone (core driver), so that a full disk is one plain write error, no
 * descriptor stays open, file locks never matter, and ranks read independently of each other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define GROWTH_BYTES ((size_t)1 << 20) /* steps in which the core driver enlarges a new image */
#define READ_LIMIT   ((size_t)1 << 38) /* a larger file is not read into memory: a wrong file */

static sld_status new_document(sld_ctx *ctx, const char *path, sld_doc **out)
{
    hdf5_silence();
    *out         = NULL;
    sld_doc *doc = calloc(1, sizeof *doc);
    if (!doc) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for an HDF5 document");
    doc->file = doc->dataset_plist = doc->group_plist = doc->link_plist = H5I_INVALID_HID;

    sld_status st = sld_arena_create(ctx, &doc->strings);
    if (st == SLD_OK && path) {
        doc->path = strdup(path);
        if (!doc->path) st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: no memory for its name", path);
    }
    if (st != SLD_OK) {
        sld_doc_close(doc);
        return st;
    }
    *out = doc;
    return SLD_OK;
}

/* HDF5 knows open files of the core driver by name: two documents must never share one. */
static const char *unique_name(const sld_doc *doc, char name[48])
{
    snprintf(name, 48, "sld-document-%p", (const void *)doc);
    return name;
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

/* The core driver's memory is the document's own buffer, by callbacks: a file read is used where it
 * lies (HDF5 by itself copies it up to three times), and a new one stays behind, complete, when
 * HDF5 has closed it. H5Fget_file_image would give a copy, whose superblock has a wrong checksum in
 * HDF5 1.10: it alters a flag in it. */
static void *image_malloc(size_t n, H5FD_file_image_op_t op, void *owner)
{
    sld_doc *doc = owner;
    return doc->image; /* asked for when a file that was read is opened: it is there already */
}

static void *image_memcpy(void *to, const void *from, size_t n, H5FD_file_image_op_t op,
                          void *owner)
{
    return to; /* from and to are the same buffer */
}

static void *image_realloc(void *image, size_t n, H5FD_file_image_op_t op, void *owner)
{
    sld_doc *doc    = owner;
    void    *larger = realloc(doc->image, n);
    if (larger) {
        doc->image       = larger;
        doc->image_bytes = n;
    }
    return larger;
}

static herr_t image_free(void *image, H5FD_file_image_op_t op, void *owner)
{
    return 0; /* sld_doc_close() frees it */
}

static void *owner_copy(void *owner)
{
    return owner;
}

static herr_t owner_free(void *owner)
{
    return 0;
}

/* How a document's file is accessed; the caller closes it. */
static hid_t make_access(sld_doc *doc)
{
    H5FD_file_image_callbacks_t memory = {
        image_malloc, image_memcpy, image_realloc, image_free, owner_copy, owner_free, doc};
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);

    if (access >= 0 && H5Pset_fapl_core(access, GROWTH_BYTES, false) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_file_image_callbacks(access, &memory) >= 0) {
        return access;
    }
    if (access >= 0) H5Pclose(access);
    return H5I_INVALID_HID;
}

/* How a file too large for memory is accessed, where it lies; the caller closes it. No locks: a
 * published file never changes, and others have no business with an unpublished one. No sieve: what
 * cannot be written is told by the write, not by the close of its data set. */
hid_t doc_file_access(void)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);

    if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_sieve_buf_size(access, 0) >= 0 && H5Pset_file_locking(access, false, true) >= 0) {
        return access;
    }
    if (access >= 0) H5Pclose(access);
    return H5I_INVALID_HID;
}

/* path NULL: in memory. */
static sld_status create(sld_ctx *ctx, const char *path, sld_doc **out)
{
    sld_doc *doc = NULL;
    *out         = NULL;
    SLD_TRY(new_document(ctx, path, &doc));

    doc->in_file = path != NULL;
    char        unique[48];
    const char *name       = path ? path : unique_name(doc, unique);
    const hid_t access     = path ? doc_file_access() : make_access(doc);
    const hid_t file_plist = H5Pcreate(H5P_FILE_CREATE);
    sld_status  st         = SLD_OK;

    /* Format 1.8: checksummed metadata, attributes of more than 64 KiB, readable since 2008. */
    const bool made = access >= 0 && file_plist >= 0 && doc_make_property_lists(doc, file_plist) &&
                      H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
                      (doc->file = H5Fcreate(name, H5F_ACC_TRUNC, file_plist, access)) >= 0;
    if (!made) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot make the HDF5 document: %s", doc_name(doc),
                      doc_reason(doc));
    }
    if (access >= 0) H5Pclose(access);
    if (file_plist >= 0) H5Pclose(file_plist);
    if (st != SLD_OK) {
        sld_doc_close(doc);
        doc = NULL;
    }
    *out = doc;
    return st;
}

sld_status sld_doc_create(sld_ctx *ctx, sld_doc **out)
{
    return create(ctx, NULL, out);
}

sld_status sld_doc_create_file(sld_ctx *ctx, const char *path, sld_doc **out)
{
    return create(ctx, path, out);
}

sld_status sld_doc_open_file(sld_ctx *ctx, const char *path, sld_doc **out)
{
    sld_doc *doc = NULL;
    *out         = NULL;
    SLD_TRY(new_document(ctx, path, &doc));

    const hid_t access = doc_file_access();
    sld_status  st     = SLD_OK;
    doc->file          = access < 0 ? H5I_INVALID_HID : H5Fopen(path, H5F_ACC_RDONLY, access);
    if (doc->file < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", path, doc_reason(doc));
        sld_doc_close(doc);
        doc = NULL;
    }
    if (access >= 0) H5Pclose(access);
    *out = doc;
    return st;
}

/* Opens the first n bytes of doc's image. On failure doc->reason is set. */
static hid_t open_image(sld_doc *doc, size_t n)
{
    char        name[48];
    hid_t       file   = H5I_INVALID_HID;
    const hid_t access = make_access(doc);

    if (access >= 0 && H5Pset_file_image(access, doc->image, n) >= 0) {
        file = H5Fopen(unique_name(doc, name), H5F_ACC_RDONLY, access);
    }
    if (file < 0) (void)doc_reason(doc); /* now: closing the list empties HDF5's error stack */
    if (access >= 0) H5Pclose(access);
    return file;
}

sld_status sld_doc_open(sld_ctx *ctx, const char *path, sld_doc **out)
{
    sld_doc *doc = NULL;
    *out         = NULL;
    SLD_TRY(new_document(ctx, path, &doc));

    size_t     n_image = 0;
    sld_status st      = sld_file_read(ctx, path, READ_LIMIT, &doc->image, &doc->image_bytes);
    if (st == SLD_OK) st = trailer_check(ctx, path, doc->image, doc->image_bytes, &n_image);
    if (st == SLD_OK) {
        doc->file = open_image(doc, n_image);
        if (doc->file < 0) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", path, doc->reason);
        }
    }
    if (st != SLD_OK) {
        sld_doc_close(doc);
        doc = NULL;
    }
    *out = doc;
    return st;
}

void sld_doc_close(sld_doc *doc)
{
    if (!doc) return;
    const hid_t lists[] = {doc->dataset_plist, doc->group_plist, doc->link_plist};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i] >= 0) H5Pclose(lists[i]);
    }
    if (doc->file >= 0 && doc->in_file) doc_give_up(doc);
    if (doc->file >= 0) H5Fclose(doc->file);
    sld_arena_destroy(doc->strings);
    free(doc->image);                           /* after the file that reads it */
    if (doc->temporary) unlink(doc->temporary); /* published or given up */
    free(doc->temporary);
    free(doc->path);
    free(doc);
}

const char *sld_doc_path(const sld_doc *doc)
{
    return doc_name(doc);
}

sld_status doc_for_file(sld_ctx *ctx, const char *path, sld_doc **out)
{
    return new_document(ctx, path, out);
}

sld_status sld_doc_finish(sld_ctx *ctx, sld_doc **doc)
{
    sld_status st = SLD_OK;
    if (!doc_complete(*doc)) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 cannot complete it: %s", doc_name(*doc),
                      (*doc)->reason);
    }
    sld_doc_close(*doc);
    *doc = NULL;
    return st;
}

/* The buffer itself is longer, having grown in steps; the superblock knows what is used of it. */
sld_status doc_image(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n)
{
    const herr_t closed = H5Fclose(doc->file);
    doc->file           = H5I_INVALID_HID;
    if (closed < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 cannot complete it: %s", path, doc_reason(doc));
    }
    const uint64_t n_image = image_length(doc->image, doc->image_bytes);
    if (n_image == 0 || n_image > doc->image_bytes) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 states %" PRIu64 " bytes, made %zu", path,
                        n_image, doc->image_bytes);
    }
    *n = (size_t)n_image;
    return SLD_OK;
}

/* With the trailer. *n: bytes of doc->image to write. */
static sld_status seal(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n)
{
    size_t n_image;

    SLD_TRY(doc_image(ctx, doc, path, &n_image));
    *n           = n_image + TRAILER_BYTES;
    char *larger = realloc(doc->image, *n);
    if (!larger) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: no memory for its %zu bytes", path, *n);
    doc->image = larger;
    trailer_make(larger, n_image, larger + n_image);
    return SLD_OK;
}

sld_status sld_doc_publish(sld_ctx *ctx, sld_doc **doc, const char *path, bool replace)
{
    size_t     n = 0;
    sld_status st;
    if ((*doc)->temporary) {
        st = doc_publish_on_disk(ctx, *doc, path, replace);
    } else {
        st = seal(ctx, *doc, path, &n);
        if (st == SLD_OK) st = sld_file_publish(ctx, path, (*doc)->image, n, replace);
    }
    sld_doc_close(*doc);
    *doc = NULL;
    return st;
}
