/* facts.h: what reading all of a data set tells about it. Everything here is Local. */
#ifndef SLD_DATA_FACTS_H
#define SLD_DATA_FACTS_H

#include "format.h"

/* Plain bytes, because rank 0's copy is broadcast and other machines compare theirs. */
typedef struct data_facts {
    float    mean[4], std[4];
    uint64_t n_test; /* images of test that are kept */
    char     hash[65];
} data_facts;

/* look.c. What the images of a split have in common, found while they are hashed. A flat image has
 * one value alone in all its pixels and channels. */
typedef struct data_look {
    size_t    n, flat;
    size_t    first;  /* of the flat ones */
    int       value;  /* of the flat ones; -1: none, or they differ */
    uint64_t *prints; /* (n) equal for equal images; 0: flat; NULL: no memory. Owned */
} data_look;

void sld_data_look_begin(data_look *look, size_t n);
void sld_data_look_end(data_look *look);
void sld_data_look_at(data_look *look, const uint8_t *image, size_t bytes);
bool sld_data_look_same(const data_look *look); /* several images, not flat: one n times */
/* How many images of test are among those of train, the flat ones left out, and the first of them.
 * Sorts train->prints. */
size_t sld_data_look_shared(data_look *train, const data_look *test, size_t *first);

/* Mean, deviation and SHA-256, and a look at each split. The SHA-256 is taken over H, W, C, K,
 * n_coarse, n_train, n_test (64 bits each), then train's and test's pixels, labels and, where there
 * are any, coarse labels (32 bits each); all little-endian. Names and paths are not part of it. */
void sld_data_facts(sld_ctx *ctx, const data_shape *shape, const data_target target[SPLITS],
                    data_look look[SPLITS], data_facts *out);

/* Mean and standard deviation per channel of pixel/255 over pixels (n,C), from sums in integers:
 * the same on every machine. A constant channel gets 1 as its deviation: it becomes all zero. */
void sld_data_moments(const uint8_t *pixels, size_t n, size_t C, float mean[4], float std[4]);

/* warnings.c. One warning for each thing that is allowed and rarely meant: labels that begin at 1,
 * classes without a sample, test labels of one class, images of 0 and 1, flat or all the same, test
 * images that are in train too, an input_size that is the images' own. Sorts prints of look. */
void sld_data_warn(sld_ctx *ctx, const char *where, const data_shape *shape, size_t input_size,
                   const data_target target[SPLITS], data_look look[SPLITS]);

/* share.c. Keeps of each class of test the share that test_fraction says, at least one sample,
 * packed to the front in their order. Nested: a smaller share lies inside a larger one; the same
 * whatever the experiment's seeds. *n: how many are left. */
sld_status sld_data_share_test(sld_ctx *ctx, const data_shape *shape, double fraction,
                               const data_target *test, uint64_t *n);

/* names.c. Names that are no UTF-8 are taken for Latin-1, with a warning: what they are written to
 * is UTF-8. */
sld_status sld_data_names_utf8(sld_ctx *ctx, const char *where, data_source *source);
/* Local. The same of the set's own name, without a warning; one is given where it is too long, and cut
 * behind a whole character. */
void sld_data_name_set(sld_ctx *ctx, const char *where, const char *text, char name[64]);
/* Local. One warning for names of several classes that are equal, one for empty ones. */
void sld_data_names_warn(sld_ctx *ctx, const char *where, const data_source *source);

#endif
