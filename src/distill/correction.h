/* correction.h: what is done to the teacher's logits before any term sees them. How to add
 * one: CONTRIBUTING.md, "Add a correction". */
#ifndef SLD_DISTILL_CORRECTION_H
#define SLD_DISTILL_CORRECTION_H

#include "sld/distill.h"

typedef struct sld_correction_params {
    sld_correction kind;
    double         omega, share; /* of ga, of mix */
    bool           every_row;    /* ga, mix: not only where the teacher is wrong */
    uint64_t       seed;         /* of random */
} sld_correction_params;

/* Which row it is: keys the random correction, so that it depends on no rank, shard or batch. */
typedef struct sld_row_key {
    int64_t  epoch;
    uint32_t sample; /* index in the data set */
    int      view;
} sld_row_key;

/* Local. out: (K) written, not the memory of z. False: the row is skipped, out is z. */
bool sld_correct_row(const sld_correction_params *params, const sld_row_key *key, const float *z,
                     int32_t y, size_t K, float *out);

#endif
