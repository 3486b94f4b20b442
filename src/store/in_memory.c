/* in_memory.c: documents in memory: made empty or read whole from a file. HDF5 works on memory alone
 * (core driver), so that a full disk is one plain write error, no descriptor stays open, file locks
 * never matter, and ranks read independently of each other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define GROWTH_BYTES ((size_t)1 << 20) /* steps in which the core driver enlarges a new image */
#define READ_LIMIT   ((size_t)1 << 38) /* a larger file is not read into memory: a wrong file */

/* HDF5 knows open files of the core driver by name: two documents must never share one. */
static const char *unique_name(const sld_doc *doc, char name[48])
{
    snprintf(name, 48, "sld-document-%p", (const void *)doc);
    return name;
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

sld_status sld_doc_create(sld_ctx *ctx, sld_doc **out)
{
    sld_doc *doc = NULL;
    *out         = NULL;
    SLD_TRY(doc_new(ctx, NULL, &doc));

    char        name[48];
    const hid_t access     = make_access(doc);
    const hid_t file_plist = H5Pcreate(H5P_FILE_CREATE);
    sld_status  st         = SLD_OK;

    /* Format 1.8: checksummed metadata, attributes of more than 64 KiB, readable since 2008. */
    const bool made =
        access >= 0 && file_plist >= 0 && doc_make_property_lists(doc, file_plist) &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        (doc->file = H5Fcreate(unique_name(doc, name), H5F_ACC_TRUNC, file_plist, access)) >= 0;
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

/* Opens the first n bytes of doc's image. On failure doc->reason is set. */
static bool open_image(sld_doc *doc)
{
    char        name[48];
    const hid_t access = make_access(doc);

    doc->file = H5I_INVALID_HID;
    if (access >= 0 && H5Pset_file_image(access, doc->image, doc->file_bytes) >= 0) {
        doc->file = H5Fopen(unique_name(doc, name), H5F_ACC_RDONLY, access);
    }
    if (doc->file < 0) (void)doc_reason(doc); /* now: closing the list empties HDF5's error stack */
    if (access >= 0) H5Pclose(access);
    return doc->file >= 0;
}

sld_status sld_doc_open(sld_ctx *ctx, const char *path, sld_doc **out)
{
    sld_doc *doc = NULL;
    *out         = NULL;
    SLD_TRY(doc_new(ctx, path, &doc));

    size_t     n_image = 0;
    sld_status st      = sld_file_read(ctx, path, READ_LIMIT, &doc->image, &doc->image_bytes);
    if (st == SLD_OK) st = trailer_check(ctx, path, doc->image, doc->image_bytes, &n_image);
    if (st == SLD_OK) {
        doc->file_bytes = n_image;
        if (n_image == doc->image_bytes) st = foreign_check(ctx, doc, open_image);
    }
    if (st == SLD_OK && !open_image(doc)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", path, doc->reason);
    }
    if (st == SLD_OK) st = doc_check_format(ctx, doc);
    if (st != SLD_OK) {
        sld_doc_close(doc);
        doc = NULL;
    }
    *out = doc;
    return st;
}

/* HDF5 asks for memory where it writes: what was reserved at the end and is not written yet has none.
 * Here it becomes zeros. */
static sld_status image_extend(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n)
{
    if (n <= doc->image_bytes) return SLD_OK;
    char *larger = realloc(doc->image, n);
    if (!larger) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: its %zu bytes", path, n);
    memset(larger + doc->image_bytes, 0, n - doc->image_bytes);
    doc->image       = larger;
    doc->image_bytes = n;
    return SLD_OK;
}

/* The buffer may be longer, having grown in steps; the superblock knows what is used of it. */
sld_status doc_image(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n)
{
    const herr_t closed = H5Fclose(doc->file);
    doc->file           = H5I_INVALID_HID;
    if (closed < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 cannot complete it: %s", path, doc_reason(doc));
    }
    const uint64_t n_image = image_length(doc->image, doc->image_bytes);
    if (n_image == 0 || n_image > READ_LIMIT) {
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "%s: HDF5 cannot complete it: its superblock states %" PRIu64 " bytes",
                        path, n_image);
    }
    *n = (size_t)n_image;
    return image_extend(ctx, doc, path, *n);
}

/* With the checksum line. *n: bytes of doc->image to write. */
sld_status doc_seal(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n)
{
    size_t n_image = 0;

    SLD_TRY(doc_image(ctx, doc, path, &n_image));
    *n           = n_image + TRAILER_BYTES;
    char *larger = realloc(doc->image, *n);
    if (!larger) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: its %zu bytes", path, *n);
    doc->image = larger;
    trailer_make(larger, n_image, larger + n_image);
    return SLD_OK;
}
