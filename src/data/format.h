/* format.h: what a kind of data set offers to dataset.c: to say how large the set is, then to
 * decode it into memory that is shared by the ranks of a machine. Everything here is local. */
#ifndef SLD_DATA_FORMAT_H
#define SLD_DATA_FORMAT_H

#include "sld/data.h"

enum { SPLIT_TRAIN, SPLIT_TEST, SPLITS };

/* Plain bytes, unused ones zero: rank 0's copy is broadcast, other machines compare theirs. */
typedef struct data_shape {
    uint64_t n[SPLITS];
    uint64_t H, W, C, K, n_coarse;
    uint64_t names_bytes; /* of data_source.names */
    uint64_t has_class_names, has_coarse_names;
    uint64_t has_moments; /* mean and std are published ones */
    float    mean[4], std[4];
    char     name[64];
} data_shape;

/* Where one split is decoded to. */
typedef struct data_target {
    uint8_t *pixels; /* (n,H,W,C) */
    int32_t *labels; /* (n) */
    int32_t *coarse; /* (n), or NULL where n_coarse is 0 */
} data_target;

typedef struct data_source {
    data_shape shape;
    char      *names; /* zero-ended texts: K class names if any, then n_coarse if any; owned */
    void      *own;   /* the format's, released by its close */
} data_source;

typedef struct data_format {
    const char *name;
    bool        needs_path;

    /* Fills source->shape and source->names. close is called after a failure too. */
    sld_status (*open)(sld_ctx *ctx, const sld_data_params *params, data_source *source);
    /* Decodes both splits. Labels are checked against K by dataset.c, or here when the format can
     * say more about the place. */
    sld_status (*fill)(sld_ctx *ctx, const data_source *source, const data_target target[SPLITS]);
    void (*close)(data_source *source);
} data_format;

extern const data_format sld_format_cifar10, sld_format_cifar100, sld_format_idx, sld_format_hdf5,
    sld_format_synthetic;

#endif
