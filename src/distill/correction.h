/* correction.h: what is done to the teacher's logits before any term sees them. */
#ifndef SLD_DISTILL_CORRECTION_H
#define SLD_DISTILL_CORRECTION_H

#include "sld/distill.h"

/* Which row it is: keys the random correction, so that it depends on no rank, shard or batch. */
typedef struct sld_row_key {
    uint64_t seed;
    int64_t  epoch;
    uint32_t sample; /* index in the data set */
    int      view;
} sld_row_key;

/* Local. out: (K) written, not the memory of z. */
void sld_correct_row(sld_correction correction, const sld_row_key *key, const float *z, int32_t y,
                     size_t K, float *out);

#endif
