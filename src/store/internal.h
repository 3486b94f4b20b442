/* store/internal.h: what the files of this room share: the document and the way from HDF5's error
 * stack to a sentence. No other room sees HDF5. */
#ifndef SLD_STORE_INTERNAL_H
#define SLD_STORE_INTERNAL_H

#include <hdf5.h>

#include "sld/store.h"

#define STORE_PATH_MAX 512 /* bytes of an object's path, the ending zero included */

/* The identifiers are H5I_INVALID_HID until opened and stay open as long as the document; every
 * other identifier is closed in the function that opened it. */
struct sld_doc {
    char      *path;      /* file it was opened from, NULL for a new document; owned */
    char      *temporary; /* of a document written on disk: its file until published; owned */
    bool       in_file;   /* written where it lies, not in memory */
    void      *image;     /* the file's bytes, where HDF5 reads and writes them; owned */
    size_t     image_bytes;
    sld_arena *strings; /* texts handed out */
    hid_t      file;
    hid_t      dataset_plist, group_plist, link_plist; /* new documents alone */
    char       reason[256];                            /* see doc_reason() */
};

/* Local. The property lists of what is written into doc; file_plist: for H5Fcreate. */
bool doc_make_property_lists(sld_doc *doc, hid_t file_plist);

/* Local. How a file is accessed where it lies; the caller closes it. */
hid_t doc_file_access(void);

/* complete.c. Local. Writes, syncs and closes the file of a document in_file; false: it cannot be
 * written, doc->reason says why. */
bool doc_complete(sld_doc *doc);
/* Local. Closes it with no write more. */
void doc_give_up(sld_doc *doc);

/* Local. HDF5 completes and closes the file of a document in memory: from now on its n bytes are
 * doc->image. path: for messages. */
sld_status doc_image(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n);

/* Local. sld_doc_publish() of a document on disk; the caller closes doc. */
sld_status doc_publish_on_disk(sld_ctx *ctx, sld_doc *doc, const char *path, bool replace);

/* Local. What HDF5 says about the call that just failed: the innermost entry of its error stack. To
 * be asked before any other HDF5 call, which would empty the stack. Borrowed from doc. */
const char *doc_reason(sld_doc *doc);

/* Local. The document's file for messages; never NULL. */
const char *doc_name(const sld_doc *doc);

/* Local. Types in memory and in the file (little endian on every machine). Constants of HDF5, not
 * to be closed. */
hid_t       type_in_memory(sld_type type);
hid_t       type_in_file(sld_type type);
const char *type_name(sld_type type);

/* Local. A variable-length UTF-8 string: h5py gives str, netCDF NC_STRING. The caller closes it. */
hid_t type_text(void);

/* Local. Opens a data set that must exist; the caller closes *out, which is H5I_INVALID_HID on
 * failure. */
sld_status doc_open_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t *out);

/* Local. Makes a data set and the groups above it; the caller fills and closes *out, which is
 * H5I_INVALID_HID on failure. n_dims 0: a scalar. */
sld_status doc_make_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t type, int n_dims,
                            const size_t *dims, hid_t *out);

/* Local. A document of the file path, not yet opened. */
sld_status doc_for_file(sld_ctx *ctx, const char *path, sld_doc **out);

/* Local. The shape that axes give a data set; SLD_ERR_ARG naming what is no axis. */
sld_status axes_dims(sld_ctx *ctx, sld_doc *doc, const char *path, int n_axes,
                     const char *const *axes, size_t dims[SLD_DOC_DIMS]);
sld_status attach_axes(sld_ctx *ctx, sld_doc *doc, const char *path, int n_axes,
                       const char *const *axes);

/* Local. Makes the groups above path. */
sld_status make_parents(sld_ctx *ctx, sld_doc *doc, const char *path);

/* Local. Makes a data set a dimension scale unless it is one. */
sld_status doc_make_scale(sld_ctx *ctx, sld_doc *doc, const char *path, const char *name);

/* Local. "(64,16,3,3)", "()" for a scalar. */
const char *shape_text(int n_dims, const size_t *dims, char *text, size_t n);

/* Local. Ends HDF5's own talk on stderr: errors are ours to tell. */
void hdf5_silence(void);

/* The checksum that sld appends to an HDF5 image (trailer.c). */
#define TRAILER_BYTES 76 /* "sld-sha256:", 64 hexadecimal digits, newline */

/* Local. The length that the superblock at the image's first byte states (HDF5 File Format
 * Specification 3.0, II.A), or 0 when there is none in a form known here. */
uint64_t image_length(const void *image, size_t n);

/* Local. Writes the trailer of the n bytes of image. */
void trailer_make(const void *image, size_t n, char trailer[TRAILER_BYTES]);

/* Local. Checks a file read whole before HDF5 sees it: signature, length, checksum where there is
 * one. *n_image: bytes without the trailer. SLD_ERR_DATA names the file and what is wrong. */
sld_status trailer_check(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                         size_t *n_image);

#endif
