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
    size_t     file_bytes; /* of a document that is read: HDF5's part of the file; else 0 */
    sld_arena *strings;    /* texts handed out */
    hid_t      file;
    hid_t      dataset_plist, group_plist, link_plist; /* new documents alone */
    hid_t      inside;      /* how objects are opened: no external link is followed */
    char       reason[256]; /* see doc_reason() */
    char       known_group[STORE_PATH_MAX]; /* the group found last; "": none yet */
    /* the group listed last, see sld_doc_member() */
    const char  *listed;
    const char **members;
    size_t       n_members;
};

/* Local. A document without a file yet. path: copied; NULL for a new one. */
sld_status doc_new(sld_ctx *ctx, const char *path, sld_doc **out);

/* Local. The property lists of what is written into doc; file_plist: for H5Fcreate. */
bool doc_make_property_lists(sld_doc *doc, hid_t file_plist);

/* complete.c. Local. Writes, syncs and closes the file of a document in_file; false: it cannot be
 * written, doc->reason says why. */
bool doc_complete(sld_doc *doc);
/* Local. Closes it with no write more. */
void doc_give_up(sld_doc *doc);

/* in_memory.c. Local. HDF5 completes and closes the file of a document in memory: from now on its n
 * bytes are doc->image. path: for messages. */
sld_status doc_image(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n);
/* Local. The same with the checksum line. */
sld_status doc_seal(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n);

/* on_disk.c. Local. sld_doc_publish() of a document on disk; the caller closes doc. */
sld_status doc_publish_on_disk(sld_ctx *ctx, sld_doc *doc, const char *path, bool replace);
/* Local. As sld_doc_open_file(), but a file that has a line is trusted: its checksum costs a reading of
 * all of it, too much for who wants one attribute of many large files. */
sld_status doc_open_trusting(sld_ctx *ctx, const char *path, sld_doc **out);

/* foreign.c. Local. Reads a file that another program may have written in a process of its own
 * first: HDF5 crashes, or asks for any amount of memory, on some malformed files. open: sets
 * doc->file, or doc->reason. SLD_ERR_DATA. */
sld_status foreign_check(sld_ctx *ctx, sld_doc *doc, bool (*open)(sld_doc *doc));

/* storage.c. Local. Is all that a data set of a document that is read seems to hold there, in this
 * file, readable, and no more than the file's size explains? */
sld_status storage_check(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset);
bool       storage_is_virtual(hid_t dataset);

/* virtual_read.c. Local. A virtual data set from its sources, which are found from the folder of
 * its file. values NULL: checks alone. n: values, all of it. */
sld_status virtual_read(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset, sld_type type,
                        size_t n, void *values);
/* Local. The file of a source, "." being doc's own. False: its path is too long. */
bool virtual_source_path(const sld_doc *doc, const char *file, char path[PATH_MAX]);
enum { SOURCE_NAME_MAX = 1024 }; /* bytes of a source's file name, the ending zero included */

/* Local. What HDF5 says about the call that just failed: the innermost entry of its error stack. To
 * be asked before any other HDF5 call, which would empty the stack. Borrowed from doc. */
const char *doc_reason(sld_doc *doc);

/* Local. The document's file for messages; never NULL. */
const char *doc_name(const sld_doc *doc);

/* formats.c. Refuses a file of ours that a newer sld wrote. */
sld_status doc_check_format(sld_ctx *ctx, sld_doc *doc);

/* Local. Types in memory and in the file (little endian on every machine). Constants of HDF5, not
 * to be closed. */
hid_t       type_in_memory(sld_type type);
hid_t       type_in_file(sld_type type);
const char *type_name(sld_type type);

/* half.c. Local. H5Dwrite() of n values in memory, of half precision too. */
herr_t dataset_write(hid_t dataset, sld_type type, hid_t memory, hid_t file, size_t n,
                     const void *values);

/* Local. A variable-length UTF-8 string: h5py gives str, netCDF NC_STRING. The caller closes it. */
hid_t type_text(void);

/* Local. Opens a data set that must exist; the caller closes *out, which is H5I_INVALID_HID on
 * failure. */
sld_status doc_open_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t *out);

/* Local. The shape of an open data set. */
sld_status dataset_dims(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t dataset, int *n_dims,
                        size_t dims[SLD_DOC_DIMS]);

/* convert.c: reading that fails at a value that the wanted type cannot hold. */
typedef struct strict_read {
    sld_doc    *doc;
    sld_type    type; /* wanted */
    const char *why;  /* it failed; borrowed from doc */
} strict_read;

/* Local. The values selected in `from` go to where `there` selects in values. */
bool strict_get(strict_read *r, hid_t dataset, hid_t there, hid_t from, void *values);
/* Local. In place: buffer has LARGEST_NUMBER bytes for each of the n values. */
bool strict_convert(strict_read *r, hid_t from, size_t n, void *buffer);
enum { LARGEST_NUMBER = 16 };       /* bytes: a long double */
const char *class_name(hid_t type); /* Local. In words: "text". */
bool        is_number(hid_t type);  /* Local. */

/* Local. Makes a data set and the groups above it; the caller fills and closes *out, which is
 * H5I_INVALID_HID on failure. n_dims 0: a scalar. */
sld_status doc_make_dataset(sld_ctx *ctx, sld_doc *doc, const char *path, hid_t type, int n_dims,
                            const size_t *dims, hid_t *out);

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

/* Local. Stops HDF5's own messages on stderr, because sld reports errors itself. */
void hdf5_silence(void);

/* The checksum that sld appends to an HDF5 image (trailer.c). */
#define TRAILER_BYTES    76  /* "sld-sha256:", 64 hexadecimal digits, newline */
#define SUPERBLOCK_BYTES 128 /* at least what image_length() looks at */

/* Local. The length that the superblock at the image's first byte states (HDF5 File Format
 * Specification 3.0, II.A), or 0 when there is none in a form known here. */
uint64_t image_length(const void *image, size_t n);

/* Local. Adds bytes [begin,end) of the open file. False: they cannot be read, errno says why. */
bool sha_add_file(sld_sha256 *sha, int fd, uint64_t begin, uint64_t end);

/* Local. Does the open file of n bytes end in the line? It is not compared. */
bool trailer_is_there(int fd, size_t n);

/* Local. Writes the trailer of the n bytes of image. */
void trailer_make(const void *image, size_t n, char trailer[TRAILER_BYTES]);

/* Local. Checks a file read whole before HDF5 sees it: signature, length, checksum where there is
 * one. *n_image: bytes without the trailer. SLD_ERR_DATA names the file and what is wrong. */
sld_status trailer_check(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                         size_t *n_image);

/* Local. The same of an open file of n bytes, read in parts; of one without a line the length alone.
 * SLD_ERR_DATA, SLD_ERR_IO. */
sld_status trailer_check_file(sld_ctx *ctx, const char *path, int fd, size_t n, bool *has_line);

#endif
