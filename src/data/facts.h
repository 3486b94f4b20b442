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

/* Mean, deviation and SHA-256. The SHA-256 is taken over H, W, C, K, n_coarse, n_train, n_test (64
 * bits each), then train's and test's pixels, labels and, where there are any, coarse labels (32
 * bits each); all little-endian. Names and paths are not part of it. */
void sld_data_facts(sld_ctx *ctx, const data_shape *shape, const data_target target[SPLITS],
                    data_facts *out);

/* Mean and standard deviation per channel of pixel/255 over pixels (n,C), from sums in integers:
 * the same on every machine. A constant channel gets 1 as its deviation: it becomes all zero. */
void sld_data_moments(const uint8_t *pixels, size_t n, size_t C, float mean[4], float std[4]);

/* warnings.c. One warning for each thing that is allowed and rarely meant: labels that begin at 1,
 * classes without a sample, images of 0 and 1, an input_size that is the images' own. */
void sld_data_warn(sld_ctx *ctx, const char *where, const data_shape *shape, size_t input_size,
                   const data_target target[SPLITS]);

/* share.c. Keeps of each class of test the share that test_fraction says, at least one sample,
 * packed to the front in their order. Nested: a smaller share lies inside a larger one; the same
 * whatever the experiment's seeds. *n: how many are left. */
sld_status sld_data_share_test(sld_ctx *ctx, const data_shape *shape, double fraction,
                               const data_target *test, uint64_t *n);

/* names.c. Names that are no UTF-8 are taken for Latin-1, with a warning: what they are written to
 * is UTF-8. */
sld_status sld_data_names_utf8(sld_ctx *ctx, const char *where, data_source *source);

#endif
