/* evaluate.c: computes the logits of a whole split, of which each rank takes a share, and from them
 * top-1, top-5 and cross-entropy. */
#include <math.h>
#include <stdlib.h>

#include "sld/learn.h"

/* Local. Computes this rank's share, chunk by chunk. */
static sld_status run_share(sld_ctx *ctx, sld_infer *infer, const sld_eval_set *in, sld_range mine,
                            float *logits)
{
    for (size_t i = mine.begin; i < mine.end; i += SLD_EVAL_CHUNK) {
        const size_t n = mine.end - i < SLD_EVAL_CHUNK ? mine.end - i : SLD_EVAL_CHUNK;

        sld_enter(ctx, SLD_PHASE_EVALUATE);
        sld_data_normalise(in->set, in->images, in->index, i, n, in->chunk);
        SLD_TRY(sld_infer_run(ctx, infer, in->chunk, n, logits + i * in->set->K));
    }
    return SLD_OK;
}

sld_status sld_evaluate(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                        const sld_eval_set *in, float *logits)
{
    const sld_range mine = sld_comm_share(comm, in->n, SLD_EVAL_BLOCK);

    SLD_TRY(sld_agree(ctx, comm, run_share(ctx, infer, in, mine, logits)));
    return sld_comm_gather_rows(ctx, comm, logits, in->n, SLD_EVAL_BLOCK, in->set->K);
}

/* Local. Computes this rank's share of the features, and drops the logits. */
static sld_status run_features(sld_ctx *ctx, sld_infer *infer, const sld_eval_set *in,
                               sld_range mine, float *features)
{
    const size_t F = sld_infer_feature_count(infer), K = sld_infer_class_count(infer);
    float       *logits = malloc(SLD_EVAL_CHUNK * K * sizeof *logits);
    sld_status   st     = SLD_OK;

    if (!logits) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu logits", SLD_EVAL_CHUNK * K);
    }
    for (size_t i = mine.begin; i < mine.end && st == SLD_OK; i += SLD_EVAL_CHUNK) {
        const size_t n = mine.end - i < SLD_EVAL_CHUNK ? mine.end - i : SLD_EVAL_CHUNK;

        sld_enter(ctx, SLD_PHASE_EVALUATE);
        sld_data_normalise(in->set, in->images, in->index, i, n, in->chunk);
        sld_infer_keep_features(infer, features + i * F);
        st = sld_infer_run(ctx, infer, in->chunk, n, logits);
    }
    sld_infer_keep_features(infer, NULL);
    free(logits);
    return st;
}

sld_status sld_evaluate_features(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                                 const sld_eval_set *in, float *features)
{
    const sld_range mine = sld_comm_share(comm, in->n, SLD_EVAL_BLOCK);

    SLD_TRY(sld_agree(ctx, comm, run_features(ctx, infer, in, mine, features)));
    return sld_comm_gather_rows(ctx, comm, features, in->n, SLD_EVAL_BLOCK,
                                sld_infer_feature_count(infer));
}

/* Returns the rank of the label among the K logits; 0: it is the maximum. Of equal logits the lower
 * index comes first. */
static size_t place_of_label(const float *z, size_t y, size_t K)
{
    size_t place = 0;

    for (size_t k = 0; k < K; k++) {
        place += z[k] > z[y] || (z[k] == z[y] && k < y);
    }
    return place;
}

double sld_cross_entropy(const float *z, size_t y, size_t K)
{
    double max = z[0], sum = 0.0;

    for (size_t k = 1; k < K; k++) {
        max = z[k] > max ? z[k] : max;
    }
    for (size_t k = 0; k < K; k++) {
        sum += exp(z[k] - max);
    }
    return max + log(sum) - z[y];
}

sld_metrics sld_metrics_of(const float *logits, const int32_t *labels, size_t n, size_t K)
{
    sld_metrics m   = {.n = (int64_t)n};
    double      sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        const float *z     = logits + i * K;
        const size_t y     = (size_t)labels[i];
        const size_t place = isnan(z[y]) ? SIZE_MAX : place_of_label(z, y, K);

        m.hits1 += place < 1;
        m.hits5 += place < 5;
        sum += sld_cross_entropy(z, y, K);
    }
    if (n > 0) {
        m.top1 = 100.0 * (double)m.hits1 / (double)n;
        m.top5 = 100.0 * (double)m.hits5 / (double)n;
        m.loss = sum / (double)n;
    }
    return m;
}
