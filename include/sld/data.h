/* sld/data.h: labelled image sets, one copy per machine; splits; weak and strong views, each a
 * function of (seed, epoch, sample) alone; the loader. Axes: N samples, H x W pixels, C channels, K
 * classes. */
#ifndef SLD_DATA_H
#define SLD_DATA_H

#include "sld/base.h"
#include "sld/comm.h"

/* ---- the set ----
 * Formats, and what path names:
 *   synthetic  nothing: made from sld_synth_params, the same bytes on every machine
 *   cifar10    the folder of the binary version (data_batch_1.bin ... test_batch.bin), or the one
 *              above it that holds cifar-10-batches-bin
 *   cifar100   the same (train.bin, test.bin), or the one above cifar-100-binary
 *   idx        the folder of train-images-idx3-ubyte and its like (MNIST family)
 *   hdf5       a file with /train/images (N,H,W,C) uint8, /train/labels (N), /test/images,
 *              /test/labels; optional /train/coarse, /test/coarse, /class_names, /coarse_names and
 *              the attributes mean, std (of pixel/255) and name: see src/data/hdf5.c
 */

typedef struct sld_synth_params { /* docs/synthetic.md, "What an image shows" */
    int      superclasses, subclasses;
    size_t   n_train, n_test;
    double   separation;  /* D */
    double   noise;       /* standard deviation, of 255 */
    double   distractors; /* probability of a distractor outline */
    uint64_t seed;
} sld_synth_params;

sld_synth_params sld_synth_default(void); /* Local. 5 x 4 classes, 4000 + 2000 images. */

typedef struct sld_data_params {
    const char      *format; /* synthetic, cifar10, cifar100, idx, hdf5 */
    const char      *path;   /* folder or file; NULL for synthetic */
    sld_synth_params synth;
    size_t           input_size;    /* H = W of the network's input; 0: as stored */
    double           test_fraction; /* of each class of test, nested; 0: all */
} sld_data_params;

/* Local. The format of what lies at path, by the names in a folder or the first bytes of a file; NULL:
 * none of those known. */
const char *sld_data_detect(const char *path);

/* Local. How large a set is, without its images; labels are read where they alone tell the classes. */
typedef struct sld_data_sizes {
    size_t train, test, K, H, W, C; /* H, W: of the network's input */
} sld_data_sizes;
sld_status sld_data_sizes_of(sld_ctx *ctx, const sld_data_params *params, sld_data_sizes *out);

typedef struct sld_images { /* borrowed from the data set, shared read-only by the ranks of a
                               machine */
    const uint8_t *pixels;  /* (N,image_H,image_W,C) */
    const int32_t *labels;  /* (N) in [0,K) */
    const int32_t *coarse;  /* (N) or NULL */
    size_t         n;
} sld_images;

typedef struct sld_dataset {
    sld_images         train, test;
    size_t             H, W, C, K, n_coarse; /* n_coarse 0: no coarse labels */
    size_t             image_H, image_W;     /* as stored; H, W: of the network's input */
    const char *const *class_names;          /* (K), or NULL */
    const char *const *coarse_names;
    float mean[4], std[4]; /* per channel, of pixel/255: published constants where they exist, else
                              measured on train */
    char
        hash[65]; /* SHA-256 over sizes, pixels and labels: the set's identity, never its path; over
                       all of test, whatever share of it is kept */
    char  name[64]; /* "cifar100", ... */
    void *own;
} sld_dataset;

/* Collective. Opens, checks and decodes on one rank per machine; the others share. Truncated,
 * oversized or foreign files: SLD_ERR_DATA naming file, what was found and what was wanted.
 * SLD_ERR_CONFIG for images smaller than input_size. */
sld_status sld_dataset_open(sld_ctx *ctx, const sld_comm *comm, const sld_data_params *params,
                            sld_dataset **out);
void       sld_dataset_close(sld_dataset *set); /* Collective. Accepts NULL. */
/* Local. One image of train or test as stored: (image_H,image_W,C). */
const uint8_t *sld_data_image(const sld_dataset *set, const sld_images *images, size_t sample);

/* ---- subset and validation split of train ---- */

typedef struct sld_subset_params {
    double
        train_fraction; /* per class, nested: 0.1 lies inside 0.2; at least one sample of a class */
    double   val_fraction; /* per class, of what is left; 0: none */
    uint64_t seed;
    size_t   per_class; /* not 0: so many of each class in place of the fraction; nested too */
} sld_subset_params;
typedef struct sld_subset {
    uint32_t *train, *val; /* indices into the set's train images, ascending; owned */
    size_t    n_train, n_val;
} sld_subset;
/* Local, and the same on every rank. */
sld_status sld_subset_create(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                             sld_subset **out);
void       sld_subset_destroy(sld_subset *subset); /* Local. Accepts NULL. */

/* ---- label noise ---- */

typedef struct sld_label_params {
    double   rate;     /* probability of a sample to get a wrong label; nested like the subsets */
    bool     siblings; /* of its superclass (coarse label); else of any class */
    uint64_t seed;
} sld_label_params;
/* Local, and the same on every rank. out: (train.n) labels to train on, each a function of (seed,
 * sample); the caller frees it. SLD_ERR_CONFIG where siblings are asked of a set without coarse
 * labels. A class without siblings keeps its labels. */
sld_status sld_labels_create(sld_ctx *ctx, const sld_dataset *set, const sld_label_params *params,
                             int32_t **out);

/* ---- augmentation: 8-bit images as Pillow computes them (golden/augment.h5) ---- */

typedef enum {
    SLD_AUG_IDENTITY,
    SLD_AUG_AUTOCONTRAST,
    SLD_AUG_EQUALIZE,
    SLD_AUG_ROTATE,
    SLD_AUG_SOLARIZE,
    SLD_AUG_COLOR,
    SLD_AUG_POSTERIZE,
    SLD_AUG_CONTRAST,
    SLD_AUG_BRIGHTNESS,
    SLD_AUG_SHARPNESS,
    SLD_AUG_SHEAR_X,
    SLD_AUG_SHEAR_Y,
    SLD_AUG_TRANSLATE_X,
    SLD_AUG_TRANSLATE_Y,
    SLD_AUG_OPS
} sld_aug_op;

const char *sld_aug_name(sld_aug_op op); /* as the groups of augment.h5: "AutoContrast" */
/* Local. The magnitudes RandAugment draws from, uniformly: degrees (Rotate), shear, share of the
 * size (Translate), bits (Posterize), threshold (Solarize), factor. 0 and 1 where an operation has
 * none. */
void sld_aug_range(sld_aug_op op, double *low, double *high);
/* Local. in, out: (H,W,C) uint8, C 1 or 3, not the same memory. */
void sld_aug_apply(sld_aug_op op, double value, const uint8_t *in, size_t H, size_t W, size_t C,
                   uint8_t *out);
/* Local. In place. side: share of the width; centre: x, y as drawn, in pixels. */
void sld_aug_cutout(double side, const double centre[2], uint8_t *image, size_t H, size_t W,
                    size_t C);

#define SLD_AUG_STRONG_OPS 8 /* most operations of a strong view */

typedef struct sld_augment_params {
    size_t   height, width; /* of a view, at most the image's; 0: the image's */
    int      crop_pad;      /* zero pixels on each side before the random crop */
    bool     resized;       /* instead: a crop of random area and shape, resampled to the view */
    double   area, ratio;   /* of that: least share of the image; most width over height, and
                             height over width */
    double   flip;          /* probability */
    int      strong_ops;    /* drawn with replacement; 0..SLD_AUG_STRONG_OPS */
    double   cutout;        /* largest side as a share of the width; 0: none */
    uint64_t seed;
} sld_augment_params;

typedef struct sld_view_draw {         /* what chance decides about one view */
    int        top, left;              /* corner of the crop in the image; padding: below 0 */
    int        height, width;          /* of the crop; the view's, unless it is resized */
    bool       flip;                   /* left-right, after the crop */
    int        n_ops;                  /* 0 in the weak view */
    sld_aug_op op[SLD_AUG_STRONG_OPS]; /* in order of application */
    double     value[SLD_AUG_STRONG_OPS];
    double     cutout_side;      /* share of the width; 0 in the weak view */
    double     cutout_centre[2]; /* x, y in pixels */
} sld_view_draw;

/* Local. The draws of one view: a function of (params, view, epoch, sample) alone. view: 0 weak, 1
 * strong. */
void sld_augment_draw(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      size_t H, size_t W, sld_view_draw *out);

/* Local. One view of one image before normalisation: crop, flip, operations, cutout. in: (H,W,C),
 * out: the view's height and width; uint8, C 1 or 3, not the same memory. scratch:
 * sld_aug_scratch(H,W,C) bytes. */
void   sld_augment_view(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                        const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out, void *scratch);
size_t sld_aug_scratch(size_t H, size_t W, size_t C);

/* ---- the loader ---- */

typedef struct sld_batch {   /* borrowed from the loader: valid until its next call but one */
    const float    *view[2]; /* (n,H,W,C) normalised; NULL when not asked for */
    const int32_t  *labels;  /* (n) trained on */
    const int32_t  *truth;   /* (n) the set's own */
    const int32_t  *coarse;  /* (n) or NULL: the set has none */
    const uint32_t *sample;  /* (n) index into the set's train images */
    size_t          n;
} sld_batch;

typedef struct sld_loader_params {
    const uint32_t    *index;  /* the samples of an epoch: borrowed */
    const int32_t     *labels; /* (train.n) to train on: borrowed; NULL: the set's own */
    size_t             n, global_batch;
    bool               views[2];
    uint64_t           order_seed;
    sld_augment_params augment;  /* its views have the set's H and W */
    size_t             max_rows; /* of this rank in a batch */
} sld_loader_params;

typedef struct sld_loader sld_loader;
sld_status sld_loader_create(sld_ctx *ctx, const sld_dataset *set, const sld_loader_params *params,
                             sld_loader **out);        /* Local. */
void       sld_loader_destroy(sld_loader *loader);     /* Local. Accepts NULL. */
int64_t    sld_loader_steps(const sld_loader *loader); /* per epoch: ceil(n / global_batch) */
size_t     sld_loader_rows(const sld_loader *loader,
                           int64_t           step); /* global batch of that step, step from 0 */
/* Local. Rows `mine` of the global batch of (epoch, step). The sample order of an epoch is a
 * permutation drawn from (order_seed, epoch); views from (augment.seed, epoch, sample). */
sld_status sld_loader_next(sld_ctx *ctx, sld_loader *loader, int64_t epoch, int64_t step,
                           sld_range mine, sld_batch *out);

/* Local. One view of n samples in an epoch, as sld_loader_next() makes it. view: 0 weak, 1 strong,
 * asked for in params or not. sample: (n) indices into the set's train images; out: (n,H,W,C). */
void sld_loader_view(sld_loader *loader, int view, int64_t epoch, const uint32_t *sample, size_t n,
                     float *out);
/* Local. The normalised value of each byte in each channel. out: (C,256) */
void sld_data_normalised(const sld_dataset *set, float *out);

/* Local. Normalises n images of a set without augmentation, their centre where they are larger
 * than the network's input; index NULL: in order from begin. out: (n,H,W,C). */
void sld_data_normalise(const sld_dataset *set, const sld_images *images, const uint32_t *index,
                        size_t begin, size_t n, float *out);

#endif
