/* global_batch.c: gathers the global batch and chooses samples and classes as MLKD does
 * (docs/methods.md, "MLKD"): those of which the teacher is not surer than of the median one. The
 * authors' code multiplies a scalar by the mask, so that only the mean of the mask has an
 * effect. */
#include "global_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static sld_status alloc(sld_ctx *ctx, sld_arena *arena, size_t n, size_t size, void *out)
{
    return sld_arena_alloc(ctx, arena, n * size, (void **)out);
}

sld_status sld_batch_reserve(sld_ctx *ctx, sld_arena *arena, size_t B, size_t K,
                             sld_global_batch *batch)
{
    batch->B = B;
    batch->K = K;
    SLD_TRY(alloc(ctx, arena, B * (2 * K + 2), sizeof *batch->rows, &batch->rows));
    SLD_TRY(alloc(ctx, arena, B, sizeof *batch->row_weight, &batch->row_weight));
    SLD_TRY(alloc(ctx, arena, K, sizeof *batch->class_weight, &batch->class_weight));
    return alloc(ctx, arena, B > K ? B : K, sizeof *batch->sorted, &batch->sorted);
}

/* Adds softmax(z) to sum and returns its largest entry. p: (K) scratch. */
static double add_softmax(const float *z, size_t K, double *p, double *sum)
{
    const double z_top = (double)z[sld_argmax(z, K)];
    double       total = 0.0;
    for (size_t k = 0; k < K; k++) {
        p[k] = exp((double)z[k] - z_top);
        total += p[k];
    }
    for (size_t k = 0; k < K; k++) {
        sum[k] += p[k] / total;
    }
    return 1.0 / total;
}

static int ascending(const void *pa, const void *pb)
{
    const double a = *(const double *)pa, b = *(const double *)pb;
    return (a > b) - (a < b);
}

/* Turns values into weights: 1 up to the median, else 0; or, as coded, the mean of these
 * everywhere. The median of an even count is the mean of the two in the middle. */
static void mask(double *values, size_t n, bool as_described, double *sorted)
{
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    const double low = sorted[(n - 1) / 2], median = low + (sorted[n / 2] - low) * 0.5;

    double chosen = 0.0;
    for (size_t i = 0; i < n; i++) {
        values[i] = values[i] <= median;
        chosen += values[i];
    }
    for (size_t i = 0; i < n && !as_described; i++) {
        values[i] = chosen / (double)n;
    }
}

sld_status sld_batch_gather(sld_ctx *ctx, sld_global_batch *w, sld_tree *tree, const sld_rows *rows,
                            const bool *keep)
{
    const sld_range mine  = sld_tree_mine(tree);
    const size_t    K     = w->K;
    const size_t    width = 2 * K + 2;

    w->B     = sld_tree_rows(tree);
    w->begin = mine.begin;
    w->end   = mine.end;
    for (size_t i = 0; i < mine.end - mine.begin; i++) {
        float *row = w->rows + (mine.begin + i) * width;
        memcpy(row, rows->z_s + i * K, K * sizeof *row);
        if (rows->z_t != NULL) memcpy(row + K, rows->z_t + i * K, K * sizeof *row);
        row[2 * K]     = keep[i] ? 1.0f : 0.0f;
        row[2 * K + 1] = (float)rows->labels[i]; /* exact below 2^24 */
    }
    SLD_TRY(sld_tree_gather(ctx, tree, w->rows, width * sizeof *w->rows));

    memset(w->class_weight, 0, K * sizeof *w->class_weight);
    for (size_t i = 0; i < w->B; i++) {
        w->row_weight[i] = add_softmax(sld_batch_teacher(w, i), K, w->sorted, w->class_weight);
    }
    mask(w->row_weight, w->B, w->as_described, w->sorted);
    mask(w->class_weight, K, w->as_described, w->sorted);
    return SLD_OK;
}
