/* label_noise.c: makes wrong labels at a rate (docs/protocol.md, "Fewer and wrong labels"). Each
 * sample has two random numbers of its own, from (seed, sample). If the first is below the rate,
 * the sample is mislabelled; so the samples of a smaller rate are among those of a larger one. The
 * second chooses the label. */
#include <stdlib.h>

#include "sld/data.h"

/* Holds the classes of one split against coarse: (K) coarse label of every class, -1: not known. Those
 * of train are entered there. */
static sld_status check_split(sld_ctx *ctx, const sld_dataset *set, bool train, int32_t *coarse)
{
    const sld_images *split = train ? &set->train : &set->test;

    for (size_t i = 0; split->coarse && i < split->n; i++) {
        int32_t *of_class = &coarse[split->labels[i]];

        if (*of_class >= 0 && *of_class != split->coarse[i]) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "data.label_noise_kind: siblings: expected one coarse label for each "
                            "class, got class %d of %s with %d%s and %d%s",
                            (int)split->labels[i], set->name, (int)*of_class,
                            train ? "" : " in train", (int)split->coarse[i],
                            train ? "" : " in test");
        }
        *of_class = train ? split->coarse[i] : *of_class;
    }
    return SLD_OK;
}

/* Coarse label of every class; -1: the class has no training sample. */
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
    SLD_TRY(check_split(ctx, set, true, coarse));
    return check_split(ctx, set, false, coarse);
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

/* Classes without a sibling keep their labels: told if there are some, refused if there is no other. */
static sld_status check_siblings(sld_ctx *ctx, const sld_dataset *set, double rate,
                                 const int32_t *coarse)
{
    size_t alone = 0, first = 0, reached = 0, classes = 0;

    for (size_t k = set->K; k-- > 0;) {
        const bool single = coarse[k] >= 0 && count_others(coarse, set->K, (int32_t)k) == 0;

        classes += coarse[k] >= 0;
        alone += single;
        first = single ? k : first;
    }
    if (alone == classes) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "data.label_noise_kind: siblings: expected classes that share a coarse "
                        "label, got one class for each in %s, so no label would change; choose "
                        "uniform",
                        set->name);
    }
    if (alone > 0) {
        for (size_t i = 0; i < set->train.n; i++) {
            reached += count_others(coarse, set->K, set->train.labels[i]) > 0;
        }
        sld_log(ctx, SLD_LOG_WARN,
                "data.label_noise_kind: siblings: %zu of %zu classes of %s have no sibling and "
                "keep their labels, the first is %zu; over all classes data.label_noise is %.3g, "
                "not %g",
                alone, classes, set->name, first, rate * (double)reached / (double)set->train.n,
                rate);
    }
    return SLD_OK;
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
        st = st == SLD_OK ? check_siblings(ctx, set, params->rate, coarse) : st;
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
