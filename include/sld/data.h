/* sld/data.h: labelled image sets, of which each machine holds one copy; subsets and label noise;
 * weak and strong views; the loader. A view is a function of (seed, epoch, sample) alone.
 * Axes: N samples, H x W pixels, C channels, K classes. */
#ifndef SLD_DATA_H
#define SLD_DATA_H

#include "sld/base.h"
#include "sld/comm.h"

/* ---- the set ----
 * Formats, and what path names (docs/experiment.md, "Data sets"):
 *   synthetic  nothing: the set follows from sld_synth_params, with the same bytes on every machine
 *   cifar10    the folder of the binary version (data_batch_1.bin ... test_batch.bin), or the
 *              folder above it, which holds cifar-10-batches-bin
 *   cifar100   the same with train.bin and test.bin, or the folder above cifar-100-binary
 *   idx        the folder of train-images-idx3-ubyte and its like (MNIST family)
 *   hdf5       a file with /train/images (N,H,W,C) uint8, /train/labels (N), /test/images and
 *              /test/labels; /train/coarse, /test/coarse, /class_names, /coarse_names and the
 *              attributes mean, std (of pixel/255) and name are optional: see src/data/hdf5.c
 */

typedef struct sld_synth_params { /* docs/synthetic.md, "What an image shows" */
    int      superclasses, subclasses;
    size_t   n_train, n_test;
    double   separation;  /* D of that page */
    double   noise;       /* standard deviation, on the scale 0 to 255 */
    double   distractors; /* probability of a distractor outline */
    uint64_t seed;
} sld_synth_params;

sld_synth_params sld_synth_default(void); /* Local. 5 x 4 classes, 4000 + 2000 images. */

typedef struct sld_data_params {
    const char      *format; /* synthetic, cifar10, cifar100, idx, hdf5 */
    const char      *path;   /* folder or file; NULL for synthetic */
    sld_synth_params synth;
    size_t           input_size;    /* H = W of the network's input; 0: as stored */
    double           test_fraction; /* share of each test class; 0.1 lies inside 0.2; 0: all */
} sld_data_params;

/* Names are literals. */
typedef struct sld_detected {
    const char *format; /* NULL: none is recognised */
    const char *other;  /* a second one whose files lie there too; NULL: none does */
    int         error;  /* errno, where the path cannot be looked at; else 0 */
} sld_detected;
/* Local. Recognises a format by the names in the folder at path, or below it in the folder that the
 * format's archive makes, or by the first bytes of the file there. */
sld_detected sld_data_detect(const char *path);

typedef struct sld_data_sizes {
    size_t train, test, K, H, W, C; /* H, W: of the network's input */
} sld_data_sizes;
/* Local. Finds how large a set is without reading its images. It reads the labels only if nothing
 * else gives the number of classes. Errors are those of sld_dataset_open(). */
sld_status sld_data_sizes_of(sld_ctx *ctx, const sld_data_params *params, sld_data_sizes *out);

/* Borrowed from the data set. The ranks of a machine share this memory and only read it. */
typedef struct sld_images {
    const uint8_t *pixels; /* (N,image_H,image_W,C) */
    const int32_t *labels; /* (N) in [0,K) */
    const int32_t *coarse; /* (N) superclasses in [0,n_coarse); NULL: the set has none */
    size_t         n;
} sld_images;

typedef struct sld_dataset {
    sld_images         train, test;
    size_t             H, W, C, K, n_coarse; /* n_coarse 0: no coarse labels */
    size_t             image_H, image_W;     /* as stored; H, W: of the network's input */
    const char *const *class_names;          /* (K), or NULL */
    const char *const *coarse_names;
    /* Of pixel/255, per channel: published constants if there are any, else measured on train. */
    float mean[4], std[4];
    /* SHA-256 over sizes, pixels and labels, of the whole test set whatever share of it is kept. It
     * identifies the set; the path does not. */
    char  hash[65];
    char  name[64]; /* "cifar100", ... */
    void *own;      /* what sld_dataset_close() releases */
} sld_dataset;

/* Collective. One rank of each machine opens, checks and decodes the set; the others share its
 * memory. The caller owns *out. SLD_ERR_DATA for a file that is truncated, oversized or foreign,
 * with its name, what was expected and what was found. SLD_ERR_CONFIG for images smaller than
 * input_size. */
sld_status sld_dataset_open(sld_ctx *ctx, const sld_comm *comm, const sld_data_params *params,
                            sld_dataset **out);
void       sld_dataset_close(sld_dataset *set); /* Local. Accepts NULL. */
/* Local. Returns one image of train or test as stored: (image_H,image_W,C), borrowed. */
const uint8_t *sld_data_image(const sld_dataset *set, const sld_images *images, size_t sample);

/* ---- subset and validation split of train ---- */

typedef struct sld_subset_params {
    double   train_fraction; /* share of each class that is kept, one sample at least */
    double   val_fraction;   /* share of those that are held out for validation; 0: none */
    uint64_t seed;           /* with one seed a smaller choice lies inside a larger one */
    size_t   per_class;      /* not 0: keeps so many of each class in place of train_fraction */
} sld_subset_params;
typedef struct sld_subset {
    uint32_t *train, *val; /* indices into the set's train images, ascending; owned */
    size_t    n_train, n_val;
} sld_subset;
/* Local. Every rank chooses the same samples. The caller owns *out. */
sld_status sld_subset_create(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                             sld_subset **out);
void       sld_subset_destroy(sld_subset *subset); /* Local. Accepts NULL. */
/* Local. Warns of classes without a validation sample beside others that have one. */
void sld_subset_warn_val(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                         const sld_subset *subset);
/* Local. Warns of train_fraction or per_class that leave nothing out, and of such classes. */
void sld_subset_warn(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                     const sld_subset *subset);

/* ---- label noise ---- */

typedef struct sld_label_params {
    double   rate;     /* probability that a sample gets a wrong label; nested like the subsets */
    bool     siblings; /* the wrong label is of the same superclass; else of any class */
    uint64_t seed;
} sld_label_params;
/* Local. Every rank makes the same labels. *out: (train.n) labels to train on, each a function of
 * (seed, sample); the caller frees it. A class without siblings keeps its labels. SLD_ERR_CONFIG if
 * siblings are asked of a set without coarse labels, in which no class has one, or in which a class
 * has several coarse labels. */
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

const char *sld_aug_name(sld_aug_op op); /* Local. The group in augment.h5: "AutoContrast". */
/* Local. The range from which RandAugment draws a magnitude uniformly. Its unit: degrees (Rotate),
 * shear, share of the size (Translate), bits (Posterize), threshold (Solarize), else a factor. An
 * operation without a magnitude has 0 to 1. */
void sld_aug_range(sld_aug_op op, double *low, double *high);
/* Local. Applies one operation. in, out: (H,W,C) uint8, C 1 or 3; they do not overlap. */
void sld_aug_apply(sld_aug_op op, double value, const uint8_t *in, size_t H, size_t W, size_t C,
                   uint8_t *out);
/* Local. Fills a rectangle of image: (H,W,C) uint8. side: share of the width; centre: x, y as
 * drawn, in pixels. */
void sld_aug_cutout(double side, const double centre[2], uint8_t *image, size_t H, size_t W,
                    size_t C);

#define SLD_AUG_STRONG_OPS 8 /* most operations of a strong view */

typedef struct sld_augment_params {
    size_t   height, width; /* of a view, at most the image's; 0: the image's */
    int      crop_pad;      /* zero pixels on each side before the random crop */
    bool     resized;       /* in place of that: a crop of random area and shape, resampled */
    double   area;          /* of such a crop: the smallest share of the image */
    double   ratio;         /* of such a crop: the largest width/height and height/width */
    double   flip;          /* probability of a left-right flip */
    int      strong_ops;    /* operations drawn with replacement; 0..SLD_AUG_STRONG_OPS */
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

/* Local. Draws one view: a function of (params, view, epoch, sample) alone. view: 0 weak, 1 strong.
 * H, W: of the image, pixels. */
void sld_augment_draw(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                      size_t H, size_t W, sld_view_draw *out);

/* Local. Makes one view of one image, before normalisation: crop, flip, operations, cutout. in:
 * (H,W,C), out: (view's height, width, C), both uint8, C 1 or 3; they do not overlap. scratch:
 * sld_aug_scratch(H,W,C) bytes. */
void   sld_augment_view(const sld_augment_params *params, int view, int64_t epoch, uint64_t sample,
                        const uint8_t *in, size_t H, size_t W, size_t C, uint8_t *out, void *scratch);
size_t sld_aug_scratch(size_t H, size_t W, size_t C);

/* ---- the loader ---- */

typedef struct sld_batch {   /* borrowed from the loader: valid until its next call but one */
    const float    *view[2]; /* (n,H,W,C) normalised, weak and strong; NULL: not asked for */
    const int32_t  *labels;  /* (n) the labels trained on */
    const int32_t  *truth;   /* (n) the set's own labels */
    const int32_t  *coarse;  /* (n) or NULL: the set has none */
    const uint32_t *sample;  /* (n) index into the set's train images */
    size_t          n;
} sld_batch;

typedef struct sld_loader_params {
    const uint32_t    *index;  /* (n) the samples of an epoch: borrowed */
    const int32_t     *labels; /* (train.n) to train on: borrowed; NULL: the set's own */
    size_t             n, global_batch;
    bool               views[2]; /* which of weak and strong a batch has */
    uint64_t           order_seed;
    sld_augment_params augment;  /* its views have the set's H and W */
    size_t             max_rows; /* the most that this rank asks for in one call */
} sld_loader_params;

typedef struct sld_loader sld_loader;
/* Local. Allocates all that the loader needs. Borrows set; the caller owns *out. */
sld_status sld_loader_create(sld_ctx *ctx, const sld_dataset *set, const sld_loader_params *params,
                             sld_loader **out);
void       sld_loader_destroy(sld_loader *loader);     /* Local. Accepts NULL. */
int64_t    sld_loader_steps(const sld_loader *loader); /* Local. ceil(n / global_batch). */
/* Local. Samples in the global batch of a step. Steps are numbered from 0. */
size_t sld_loader_rows(const sld_loader *loader, int64_t step);
/* Local. Makes the rows `mine` of the global batch of (epoch, step). The order of an epoch is a
 * permutation drawn from (order_seed, epoch); a view is drawn from (augment.seed, epoch,
 * sample). */
sld_status sld_loader_next(sld_ctx *ctx, sld_loader *loader, int64_t epoch, int64_t step,
                           sld_range mine, sld_batch *out);

/* Local. Makes one view of n samples as sld_loader_next() does, whether params asks for that view
 * or not. view: 0 weak, 1 strong; sample: (n) indices into the set's train images; out:
 * (n,H,W,C). */
void sld_loader_view(sld_loader *loader, int view, int64_t epoch, const uint32_t *sample, size_t n,
                     float *out);
/* Local. Tables the normalised value of each byte in each channel. out: (C,256). */
void sld_data_normalised(const sld_dataset *set, float *out);

/* Local. Normalises n images without augmentation. Of images larger than the network's input it
 * takes the centre. index: positions among images, of which it takes n from begin; NULL: images
 * begin to begin + n. out: (n,H,W,C). */
void sld_data_normalise(const sld_dataset *set, const sld_images *images, const uint32_t *index,
                        size_t begin, size_t n, float *out);

#endif
