/* sld/store.h: HDF5 files: weights, checkpoints, results, probe batches. Rank 0 writes what ranks
 * share, in memory first (core driver), then as one published file with a checksum; every rank
 * reads. docs/files.md, "Conventions". */
#ifndef SLD_STORE_H
#define SLD_STORE_H

#include "sld/base.h"
#include "sld/comm.h"

/* ---- a document: what goes into or comes from one HDF5 file, built in memory ----
 * Paths like "/model/conv1.weight". Every function of this section is Local: it needs no other rank.
 * Failures are SLD_ERR_IO (writing) or SLD_ERR_DATA (reading) and name file and object. The same content is
 * the same bytes: no times, and the order of the calls is the order in the file. */

typedef struct sld_doc sld_doc;

/* SLD_F16 is of the file alone: half precision there, float in memory. */
typedef enum { SLD_F32, SLD_F64, SLD_I32, SLD_I64, SLD_U8, SLD_U16, SLD_F16 } sld_type;
#define SLD_DOC_DIMS 5

sld_status sld_doc_create(sld_ctx *ctx, sld_doc **out); /* Local. An empty file in memory. */
/* Local. Reads a file whole into memory and keeps no descriptor. A file of sld's ends in a line
 * "sld-sha256:HEX" behind HDF5's own bytes, over all the bytes before it: damage anywhere is
 * SLD_ERR_DATA "damaged" or "truncated" before HDF5 sees the file. Files of other programs carry no
 * such line and are read on trust. */
sld_status sld_doc_open(sld_ctx *ctx, const char *path, sld_doc **out);
void       sld_doc_close(sld_doc *doc); /* Local. Accepts NULL. */
/* Local. Closes the in-memory file, appends the checksum line, which HDF5 readers ignore, and
 * publishes with fsync. replace false: fails when the name exists. *doc is closed and NULL
 * afterwards, also on failure. */
sld_status sld_doc_publish(sld_ctx *ctx, sld_doc **doc, const char *path, bool replace);

sld_status sld_doc_put(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, int n_dims,
                       const size_t *dims,
                       const void   *values); /* makes parent groups; n_dims 0: scalar */
sld_status sld_doc_put_text(sld_ctx *ctx, sld_doc *doc, const char *path, const char *const *texts,
                            size_t n);
/* Attributes. object "/" for the file. */
sld_status sld_doc_attr_text(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                             const char *text);
sld_status sld_doc_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                        sld_type type, size_t n,
                        const void *values); /* n 0: scalar; values then point to one */
/* The attributes format and format_version, of a format in formats.c. Opening a file whose version is
 * newer than this build's is SLD_ERR_CONFIG. */
sld_status sld_doc_put_format(sld_ctx *ctx, sld_doc *doc, const char *name);
/* Makes the one-dimensional data set `scale` a dimension scale named `name` and attaches it to axis
 * `axis` of `path`. Attach all axes of a data set or none: netCDF ignores a part of them. */
sld_status sld_doc_scale(sld_ctx *ctx, sld_doc *doc, const char *path, int axis, const char *scale,
                         const char *name);

bool sld_doc_has(sld_doc *doc, const char *path);
/* dims of a data set; SLD_ERR_DATA naming the object when absent. */
sld_status sld_doc_dims(sld_ctx *ctx, sld_doc *doc, const char *path, int *n_dims,
                        size_t dims[SLD_DOC_DIMS]);
/* Local. SLD_ERR_DATA naming the shape expected and the one found. */
sld_status sld_doc_check_shape(sld_ctx *ctx, sld_doc *doc, const char *path, int n_dims,
                               const size_t *dims);
bool       sld_doc_is_floating(sld_doc *doc, const char *path); /* Local. A data set of floats? */
/* Reads a whole data set, converted to type; n elements are wanted, another count is an error, and
 * so is a value that type cannot hold (out of range, or a fraction as an integer). */
sld_status sld_doc_get(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, size_t n,
                       void *values);
sld_status sld_doc_get_attr(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                            sld_type type, size_t n,
                            void *values); /* integers, floats and HDF5 enums (h5py booleans) */
/* Local. The attributes mean and std of pixel/255, a number for each channel: within 0 and 1, std above
 * 0. */
sld_status sld_doc_get_moments(sld_ctx *ctx, sld_doc *doc, size_t channels, float *mean,
                               float *std);
/* What a refusal to read says of a value that the wanted type cannot hold. */
#define SLD_DOES_NOT_FIT "a value does not fit"
#define SLD_NO_NUMBERS   "something else" /* of what is asked for as numbers */
/* Local. Number of values of an attribute, 1 for a scalar. */
sld_status sld_doc_attr_count(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                              size_t *n);
bool       sld_doc_has_attr(sld_doc *doc, const char *object, const char *name);
/* *text: owned by doc. Fixed and variable length strings both. */
sld_status sld_doc_get_attr_text(sld_ctx *ctx, sld_doc *doc, const char *object, const char *name,
                                 const char **text);
/* Local. Reads a data set of exactly n texts. texts: (n), each owned by doc. */
sld_status sld_doc_get_text(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n,
                            const char **texts);
typedef struct sld_enum {
    const char *name; /* owned by doc */
    int64_t     value;
} sld_enum;
/* Local. The names that an HDF5 enumeration gives to a data set's numbers, in the order of names; the
 * caller frees *out. *n 0: its numbers have no names. */
sld_status sld_doc_get_enum(sld_ctx *ctx, sld_doc *doc, const char *path, size_t *n,
                            sld_enum **out);
/* i-th member of a group in name order; NULL past the end. Owned by doc. */
const char *sld_doc_member(sld_doc *doc, const char *group, size_t i);
/* Local. What the file is, for who wanted one of another kind: "a study; sld report PATH". */
void        sld_doc_describe(sld_doc *doc, char *text, size_t n);
const char *sld_doc_path(const sld_doc *doc); /* the file it was opened from or "new file" */

/* Local. Whether a reader of input, a file or a folder, also reads the existing file path: because it lies
 * in the folder, by whatever link, or because it is a source of a virtual data set. An input that cannot be
 * read has no such files. */
bool sld_store_reads(const char *input, const char *path);

/* ---- documents that lie in their file, as what is too large for memory does. sld writes no checksum
 * line into one that it makes so ---- */

/* Local. Whether the file bears HDF5's signature, at its begin or behind a block of the user's, as MATLAB
 * writes one. A pipe or a device does not, and nobody waits for it. */
bool sld_doc_is_hdf5(const char *path);
/* Local. For reading; HDF5's own locks are off. Where the file has a checksum line, the whole file is
 * held against it; else it is first read by a process of its own. */
sld_status sld_doc_open_file(sld_ctx *ctx, const char *path, sld_doc **out);
/* Local. The same without that check, which the caller has made of this very file. */
sld_status sld_doc_open_checked(sld_ctx *ctx, const char *path, sld_doc **out);
/* Local. Begins and ends a time in which one process tries all that sld_doc_open_file() opens: for
 * who reads thousands of files. In pairs, which may lie within each other. */
void sld_doc_many(bool begins);
/* Local. Makes a data set whose place in the file is fixed and whose values come later. */
sld_status sld_doc_reserve(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type, int n_dims,
                           const size_t *dims);
/* Local. Rows [begin,end) of the first axis. values: (end - begin, ...) */
sld_status sld_doc_put_rows(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                            sld_range rows, const void *values);
sld_status sld_doc_get_rows(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                            sld_range rows, void *values);

/* ---- a table of logits: one view of one epoch, written by all ranks, each its rows ---- */

#define SLD_TABLE_BLOCK 64 /* rows that share a checksum, and that one rank writes */

/* What a table must be to be the one wanted. File: attributes format, format_version, key, epoch;
 * /logits (sample, class) float32, /sample int32, /class, /sha256 (block, 32) uint8: SHA-256 over
 * the samples and the logits of each block. */
typedef struct sld_table {
    const char    *key;    /* all that the logits follow from but the epoch, as text */
    int64_t        epoch;  /* 0: the same in every epoch */
    const int32_t *sample; /* (n) index in the data set, ascending */
    size_t         n, K;
} sld_table;

/* Local. Bytes of its file, less a few thousand. */
size_t sld_table_bytes(const sld_table *table);
/* Collective. Writes the table in parallel under a temporary name, reads it back, and publishes it
 * as path; rows: (n,K), of which this rank has made sld_comm_share(comm, n, SLD_TABLE_BLOCK).
 * replace false: where path exists already it stays, which is no error. SLD_ERR_IO. */
sld_status sld_table_publish(sld_ctx *ctx, const sld_comm *comm, const sld_table *table,
                             const float *rows, const char *path, bool replace);
/* Local. Reads and checks a part, whose ends are multiples of SLD_TABLE_BLOCK or n. out: (n,K), of
 * which that part is written; NULL: checks alone. SLD_ERR_DATA names the file and what is wrong:
 * damaged, or another table than the one wanted. */
sld_status sld_table_read(sld_ctx *ctx, const sld_table *table, const char *path, sld_range part,
                          float *out);
/* Local. Removes what writers of path left behind that are dead; those of other machines only when
 * path is there. */
void sld_table_clean_up(const char *path);

/* ---- results: tables and logits with named axes ----
 * An axis is a one-dimensional data set of int64 indices, named by its path's last part; it is
 * shared by the data sets that lie on it. netCDF finds it from groups at or below its own. */

#define SLD_AXIS_SAMPLE "/sample" /* the test split in the data set's own order, from 0 */
#define SLD_AXIS_CLASS  "/class"  /* from 0 */

/* Local. Makes the axis first, first+1, ... of n values; where it exists, checks its length. */
sld_status sld_doc_axis(sld_ctx *ctx, sld_doc *doc, const char *path, int64_t first, size_t n);
/* Local. Puts a data set whose axes, and so whose shape, are those named. values: (axes[0],
 * axes[1], ...) of type. */
sld_status sld_doc_put_on_axes(sld_ctx *ctx, sld_doc *doc, const char *path, sld_type type,
                               int n_axes, const char *const *axes, const void *values);

/* Local. A column of a table: "/epoch/NAME" lies on "/epoch/epoch" = 1..n, made with the first
 * column. units: as UDUNITS would say it; "1" for a pure number. values: (n). */
sld_status sld_doc_put_column(sld_ctx *ctx, sld_doc *doc, const char *path, const char *units,
                              const double *values, size_t n);

/* Local. On the axes SLD_AXIS_SAMPLE and SLD_AXIS_CLASS, made when first used.
 * logits: (n_samples,n_classes) float32, labels: (n_samples), names: (n_classes), as /class_name.
 */
sld_status sld_doc_put_logits(sld_ctx *ctx, sld_doc *doc, const char *path, const float *logits,
                              size_t n_samples, size_t n_classes);
sld_status sld_doc_put_labels(sld_ctx *ctx, sld_doc *doc, const char *path, const int32_t *labels,
                              size_t n_samples);
sld_status sld_doc_put_class_names(sld_ctx *ctx, sld_doc *doc, const char *const *names,
                                   size_t n_classes);

/* ---- weights: /model/NAME with attributes on the file ---- */

typedef struct sld_weights_info {
    char  network[64];
    int   classes, channels, input_size;
    float mean[4], std[4];
    char  data_hash[65], data_name[64]; /* empty when the file does not say (public teachers) */
} sld_weights_info;

typedef struct sld_named {
    const char *name;
    int         n_dims;
    size_t      dims[4];
    float      *values; /* written by a read, read by a write */
} sld_named;

/* Local. */
sld_status sld_weights_put(sld_ctx *ctx, sld_doc *doc, const sld_weights_info *info,
                           const sld_named *tensors, size_t n);
sld_status sld_weights_info_get(sld_ctx *ctx, sld_doc *doc, sld_weights_info *out);
/* Local. A file that says another trial made it: SLD_ERR_CONFIG. One that is not there, cannot be read
 * or does not say is none. id: text of the trial's; void, as sld_run_each_weights() takes it. */
sld_status sld_weights_check_id(sld_ctx *ctx, const char *path, const void *id);
/* Local. The trial that made the file, fit to be printed. False, and "": it cannot be read or does not
 * say. */
enum { SLD_SHOWN_ID_BYTES = 40 };
bool sld_weights_id(const char *path, char shown[SLD_SHOWN_ID_BYTES]);
/* Reads exactly the tensors wanted, under group ("/model"): a missing one, a superfluous one
 * (num_batches_tracked aside) or another shape is SLD_ERR_DATA naming file, tensor, shape found and
 * shape wanted. */
sld_status sld_tensors_get(sld_ctx *ctx, sld_doc *doc, const char *group, const sld_named *tensors,
                           size_t n);
sld_status sld_tensors_put(sld_ctx *ctx, sld_doc *doc, const char *group, const sld_named *tensors,
                           size_t n);

/* Local. SHA-256 over names and tensor bytes in name order. */
void sld_tensors_sha256(const sld_named *tensors, size_t n, char hex[65]);

/* Local. First of all in a program, before MPI is started: else HDF5 sets itself to work once more
 * within MPI_Finalize or at exit, and crashes there over a file that it could not write. Ours are
 * all closed by then. */
void sld_store_begin(void);

/* Local. Version of the HDF5 library, whether it is parallel, for --version and the fingerprint. */
void sld_store_versions(char *text, size_t n);

#endif
