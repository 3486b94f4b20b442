/* global_batch.h: the global batch of one view, gathered on every rank, and mlkd's masks over
 * it. */
#ifndef SLD_DISTILL_GLOBAL_BATCH_H
#define SLD_DISTILL_GLOBAL_BATCH_H

#include "sld/distill.h"

typedef struct sld_global_batch {
    size_t  B, K;
    size_t  begin, end; /* this rank's rows */
    float  *rows; /* (B,2K+2): student's logits, teacher's corrected ones, 1 or 0: skipped, label */
    double *row_weight;   /* (B) of masked terms */
    double *class_weight; /* (K) */
    double *sorted;       /* (max(B,K)) scratch of the medians */
    bool    as_described; /* the weights are the masks; else, as coded, the mean of them */
} sld_global_batch;

static inline const float *sld_batch_student(const sld_global_batch *w, size_t i)
{
    return w->rows + i * (2 * w->K + 2);
}
static inline const float *sld_batch_teacher(const sld_global_batch *w, size_t i)
{
    return sld_batch_student(w, i) + w->K;
}
static inline bool sld_batch_kept(const sld_global_batch *w, size_t i)
{
    return sld_batch_student(w, i)[2 * w->K] != 0.0f;
}

static inline size_t sld_batch_label(const sld_global_batch *w, size_t i)
{
    return (size_t)sld_batch_student(w, i)[2 * w->K + 1];
}

/* Local. Allocates memory for batches of up to B rows. */
sld_status sld_batch_reserve(sld_ctx *ctx, sld_arena *arena, size_t B, size_t K,
                             sld_global_batch *batch);

/* Collective. Gathers the batch. rows: this rank's, with the teacher's logits corrected (NULL: no
 * term uses them); keep: (N), false for rows that the correction skips. */
sld_status sld_batch_gather(sld_ctx *ctx, sld_global_batch *batch, sld_tree *tree,
                            const sld_rows *rows, const bool *keep);

#endif
