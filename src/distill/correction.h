/* correction.h: corrections of the teacher's logits, which are made before any term sees them. How
 * to add one: CONTRIBUTING.md, "Add a correction". */
#ifndef SLD_DISTILL_CORRECTION_H
#define SLD_DISTILL_CORRECTION_H

#include "sld/distill.h"

typedef struct sld_correction_params {
    sld_correction kind;
    double         omega, share; /* of ga, of mix */
    bool           every_row;    /* ga, mix: also where the teacher is right */
    uint64_t       seed;         /* of random */
} sld_correction_params;

/* Identifies a row. It keys the random correction, which so depends on no rank, shard or batch. */
typedef struct sld_row_key {
    int64_t  epoch;
    uint32_t sample; /* index in the data set */
    int      view;
} sld_row_key;

/* Local. Corrects z into out: (K) each, which do not overlap. False: the row is skipped, and out is
 * a copy of z. */
bool sld_correct_row(const sld_correction_params *params, const sld_row_key *key, const float *z,
                     int32_t y, size_t K, float *out);

#endif
