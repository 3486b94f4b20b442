/* subset.c: chooses the samples of train that are trained on and those that are held out. Each
 * sample has two random numbers of its own, from (seed, sample). The first orders the samples of a
 * class in a queue, of which train_fraction or per_class keeps the head; so a smaller choice lies
 * inside a larger one. The second orders those kept in a queue whose head is held out. */
#include <stdlib.h>

#include "sld/data.h"

typedef struct ticket {
    uint32_t keep, hold; /* positions in the two queues */
    uint32_t sample;
    int32_t  label;
} ticket;

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_label_and_keep(const void *pa, const void *pb)
{
    const ticket *a = pa, *b = pb;
    const int     by_label = (a->label > b->label) - (a->label < b->label);

    return by_label
               ? by_label
               : compare((uint64_t)a->keep << 32 | a->sample, (uint64_t)b->keep << 32 | b->sample);
}

static int by_hold(const void *pa, const void *pb)
{
    const ticket *a = pa, *b = pb;

    return compare((uint64_t)a->hold << 32 | a->sample, (uint64_t)b->hold << 32 | b->sample);
}

static int by_value(const void *pa, const void *pb)
{
    return compare(*(const uint32_t *)pa, *(const uint32_t *)pb);
}

/* fraction of n, rounded to the nearest whole number. */
static size_t share(double fraction, size_t n)
{
    return (size_t)(fraction * (double)n + 0.5);
}

/* Splits one class. tickets: (n), in the order of the first queue. */
static void split_class(ticket *tickets, size_t n, const sld_subset_params *params, sld_subset *out)
{
    size_t kept = params->per_class ? params->per_class : share(params->train_fraction, n);
    kept        = kept < 1 ? 1 : kept > n ? n : kept;

    size_t held = share(params->val_fraction, kept);
    held        = held >= kept ? kept - 1 : held; /* a class keeps a sample to train on */

    qsort(tickets, kept, sizeof *tickets, by_hold);
    for (size_t i = 0; i < kept; i++) {
        if (i < held) {
            out->val[out->n_val++] = tickets[i].sample;
        } else {
            out->train[out->n_train++] = tickets[i].sample;
        }
    }
}

static sld_status split_all(sld_ctx *ctx, const sld_dataset *set, ticket *tickets,
                            const sld_subset_params *params, sld_subset *out)
{
    const size_t n = set->train.n;

    qsort(tickets, n, sizeof *tickets, by_label_and_keep);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && tickets[end].label == tickets[first].label; end++) {
        }
        if (end - first < params->per_class) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "data.per_class: expected at most the samples of the smallest class, "
                            "got %zu where class %d of %s has %zu",
                            params->per_class, (int)tickets[first].label, set->name, end - first);
        }
        split_class(tickets + first, end - first, params, out);
    }
    qsort(out->train, out->n_train, sizeof *out->train, by_value);
    qsort(out->val, out->n_val, sizeof *out->val, by_value);
    return SLD_OK;
}

sld_status sld_subset_create(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                             sld_subset **out)
{
    const size_t n       = set->train.n;
    ticket      *tickets = NULL;
    sld_subset  *subset  = NULL;

    *out = NULL;
    if (!(params->train_fraction > 0.0 && params->train_fraction <= 1.0)) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "data.train_fraction: expected above 0 and at most 1, got %g",
                        params->train_fraction);
    }
    if (!(params->val_fraction >= 0.0 && params->val_fraction < 1.0)) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "data.val_fraction: expected at least 0 and below 1, got %g",
                        params->val_fraction);
    }

    subset  = calloc(1, sizeof *subset);
    tickets = malloc(n * sizeof *tickets);
    if (subset) {
        subset->train = malloc(n * sizeof *subset->train);
        subset->val   = malloc(n * sizeof *subset->val);
    }
    if (!tickets || !subset || !subset->train || !subset->val) {
        free(tickets);
        sld_subset_destroy(subset);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for a subset of %zu samples", n);
    }

    for (size_t i = 0; i < n; i++) {
        sld_rng rng       = sld_rng_make(params->seed, SLD_RNG_SPLIT, 0, i);
        tickets[i].keep   = sld_rng_u32(&rng);
        tickets[i].hold   = sld_rng_u32(&rng);
        tickets[i].sample = (uint32_t)i;
        tickets[i].label  = set->train.labels[i];
    }
    const sld_status st = split_all(ctx, set, tickets, params, subset);
    free(tickets);
    if (st != SLD_OK) {
        sld_subset_destroy(subset);
        return st;
    }
    *out = subset;
    return SLD_OK;
}

void sld_subset_warn_val(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                         const sld_subset *subset)
{
    size_t *train = calloc(2 * set->K, sizeof *train), without = 0, first = 0;
    size_t *val = train ? train + set->K : NULL;

    if (!train || subset->n_val == 0) {
        free(train);
        return; /* without memory there is no warning */
    }
    for (size_t i = 0; i < subset->n_train; i++) {
        train[set->train.labels[subset->train[i]]]++;
    }
    for (size_t i = 0; i < subset->n_val; i++) {
        val[set->train.labels[subset->val[i]]]++;
    }
    for (size_t k = set->K; k-- > 0;) {
        const bool lacks = train[k] > 0 && val[k] == 0;
        without += lacks;
        first = lacks ? k : first;
    }
    if (without > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "data.val_fraction: %.15g leaves %zu of the %zu classes of %s without a sample in "
                "val, the first is %zu: accuracy on val says nothing of them",
                params->val_fraction, without, set->K, set->name, first);
    }
    free(train);
}

void sld_subset_warn(sld_ctx *ctx, const sld_dataset *set, const sld_subset_params *params,
                     const sld_subset *subset)
{
    const bool by_count = params->per_class > 0;

    if ((by_count || params->train_fraction < 1.0) &&
        subset->n_train + subset->n_val == set->train.n) {
        sld_log(ctx, SLD_LOG_WARN,
                "data.%s: %.15g keeps all %zu training samples of %s: it changes nothing, but with "
                "it the ID is another",
                by_count ? "per_class" : "train_fraction",
                by_count ? (double)params->per_class : params->train_fraction, set->train.n,
                set->name);
    }
    sld_subset_warn_val(ctx, set, params, subset);
}

void sld_subset_destroy(sld_subset *subset)
{
    if (subset) {
        free(subset->train);
        free(subset->val);
        free(subset);
    }
}
