/* sld/store_large.h: documents published from disk, and data sets that are filled row by row or
 * point into other files: what a study of many trials needs. They are sld_doc like any other;
 * docs/files.md, "Studies". Everything is local. */
#ifndef SLD_STORE_LARGE_H
#define SLD_STORE_LARGE_H

#include "sld/store.h"

/* Local. Makes an empty document on disk, under a temporary name beside path, for what memory
 * should not hold. bytes: the space to reserve, so that a full disk is reported before anything is
 * written; 0: none. sld_doc_publish() to the same path ends it, without a checksum line. A close
 * without that removes it. Readers need HDF5 1.10. */
sld_status sld_doc_create_on_disk(sld_ctx *ctx, const char *path, uint64_t bytes, sld_doc **out);

/* Local. A data set on axes, to be filled by sld_doc_put_rows(), every row of its first axis. Its
 * fill value is NaN, of integers -1 (unsigned: 0). */
sld_status sld_doc_make_on_axes(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                                int n_axes, const char *const *axes);

/* Local. A link to an object of another file; file: relative to the folder of this one. */
sld_status sld_doc_put_link(sld_ctx *ctx, sld_doc *doc, const char *path, const char *file,
                            const char *object);

typedef struct sld_source {
    const char *file; /* relative to the folder of the document; NULL: the row has no source */
    size_t      dims[SLD_DOC_DIMS - 1]; /* of the data set there, at most the axes' lengths */
    const char *object;                 /* the data set there; NULL: as the others */
} sld_source;

/* Local. A virtual data set on axes: row i of its first axis is the data set `object` of
 * sources[i], a shorter one at the low indices; the rest is the fill value NaN (integers: -1).
 * sources: (length of the first axis). Whoever reads it opens every source: HDF5 keeps them all
 * open, and gives fill in silence when descriptors run out. */
sld_status sld_doc_put_virtual(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                               int n_axes, const char *const *axes, const char *object,
                               const sld_source *sources);

#endif
