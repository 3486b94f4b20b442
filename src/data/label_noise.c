/* label_noise.c: makes wrong labels at a rate (docs/protocol.md, "Fewer and wrong labels"). Each
 * sample has two random numbers of its own, from (seed, sample). If the first is below the rate,
 * the sample is mislabelled; so the samples of a smaller rate are among those of a larger one. The
 * second chooses the label. */
#include <stdlib.h>

#include "sld/data.h"

/* Coarse label of every class; -1: the class has no sample. */
static sld_status coarse_of_classes(sld_ctx *ctx, const sld_dataset *set, int32_t *coarse)
{
    if (!set->train.coarse) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "data.label_noise_kind: siblings: expected a data set with coarse labels, "
                        "got none in %s; choose uniform",
                        set->name);
    }
    for (size_t k = 0; k < set->K; k++) {
        coarse[k] = -1;
    }
    for (size_t i = 0; i < set->train.n; i++) {
        int32_t *of_class = &coarse[set->train.labels[i]];
        if (*of_class >= 0 && *of_class != set->train.coarse[i]) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "data.label_noise_kind: siblings: expected one coarse label for each "
                            "class, got class %d of %s with %d and %d",
                            (int)set->train.labels[i], set->name, (int)*of_class,
                            (int)set->train.coarse[i]);
        }
        *of_class = set->train.coarse[i];
    }
    return SLD_OK;
}

/* The nth class other than y; with coarse, among its siblings. */
static int32_t nth_other(const int32_t *coarse, size_t K, int32_t y, uint32_t nth)
{
    for (int32_t k = 0; k < (int32_t)K; k++) {
        if (k != y && (!coarse || coarse[k] == coarse[y]) && nth-- == 0) {
            return k;
        }
    }
    return y;
}

static uint32_t count_others(const int32_t *coarse, size_t K, int32_t y)
{
    uint32_t n = 0;

    for (int32_t k = 0; k < (int32_t)K; k++) {
        n += k != y && (!coarse || coarse[k] == coarse[y]);
    }
    return n;
}

static void draw(const sld_dataset *set, const sld_label_params *params, const int32_t *coarse,
                 int32_t *labels)
{
    for (size_t i = 0; i < set->train.n; i++) {
        sld_rng        rng    = sld_rng_make(params->seed, SLD_RNG_LABEL, 0, i);
        const int32_t  y      = set->train.labels[i];
        const uint32_t others = count_others(coarse, set->K, y);

        labels[i] = y;
        if (sld_rng_f64(&rng) < params->rate && others > 0) {
            labels[i] = nth_other(coarse, set->K, y, sld_rng_below(&rng, others));
        }
    }
}

sld_status sld_labels_create(sld_ctx *ctx, const sld_dataset *set, const sld_label_params *params,
                             int32_t **out)
{
    int32_t   *labels = malloc(set->train.n * sizeof *labels);
    int32_t   *coarse = malloc(set->K * sizeof *coarse);
    sld_status st     = SLD_OK;

    *out = NULL;
    if (!labels || !coarse) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu labels", set->train.n);
    } else if (params->siblings) {
        st = coarse_of_classes(ctx, set, coarse);
    }
    if (st == SLD_OK) {
        draw(set, params, params->siblings ? coarse : NULL, labels);
        *out = labels;
    } else {
        free(labels);
    }
    free(coarse);
    return st;
}
