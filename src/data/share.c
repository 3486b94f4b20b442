/* share.c: keeps a share of test, for trials so small that evaluation would take most of their
 * time. */
#include <stdlib.h>
#include <string.h>

#include "facts.h"

/* Of the random numbers of SLD_RNG_SPLIT: those of epoch 0 choose train's subset. */
enum { EPOCH_OF_TEST = 1 };

typedef struct ticket {
    int32_t  label;
    uint32_t place, sample; /* place: the sample's in the queue of its class */
} ticket;

static int by_class_and_place(const void *pa, const void *pb)
{
    const ticket *a = pa, *b = pb;

    if (a->label != b->label) {
        return a->label < b->label ? -1 : 1;
    }
    if (a->place != b->place) {
        return a->place < b->place ? -1 : 1;
    }
    return (a->sample > b->sample) - (a->sample < b->sample);
}

/* kept: (n) 1: the sample stays */
static void choose(ticket *tickets, size_t n, double fraction, uint8_t *kept)
{
    qsort(tickets, n, sizeof *tickets, by_class_and_place);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && tickets[end].label == tickets[first].label; end++) {
        }
        const size_t share = (size_t)(fraction * (double)(end - first) + 0.5);
        for (size_t i = first; i < end; i++) {
            kept[tickets[i].sample] = i - first < (share ? share : 1);
        }
    }
}

static uint64_t pack(const data_shape *shape, const data_target *test, const uint8_t *kept)
{
    const size_t image = shape->H * shape->W * shape->C;
    size_t       to    = 0;

    for (size_t i = 0; i < shape->n[SPLIT_TEST]; i++) {
        if (!kept[i]) {
            continue;
        }
        memmove(test->pixels + to * image, test->pixels + i * image, image);
        test->labels[to] = test->labels[i];
        if (test->coarse) {
            test->coarse[to] = test->coarse[i];
        }
        to++;
    }
    return to;
}

sld_status sld_data_share_test(sld_ctx *ctx, const data_shape *shape, double fraction,
                               const data_target *test, uint64_t *n)
{
    const size_t all = shape->n[SPLIT_TEST];

    *n = all;
    if (fraction <= 0.0 || fraction >= 1.0) { /* 0: not set */
        return SLD_OK;
    }
    ticket  *tickets = malloc(all * sizeof *tickets);
    uint8_t *kept    = malloc(all);
    if (!tickets || !kept) {
        free(tickets);
        free(kept);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for a share of %zu test samples", all);
    }
    for (size_t i = 0; i < all; i++) {
        sld_rng rng = sld_rng_make(0, SLD_RNG_SPLIT, EPOCH_OF_TEST, i);
        tickets[i]  = (ticket){test->labels[i], sld_rng_u32(&rng), (uint32_t)i};
    }
    choose(tickets, all, fraction, kept);
    *n = pack(shape, test, kept);
    if (*n == all) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "data.test_fraction: %.15g keeps all %zu test samples: it changes nothing, but with "
            "it the ID is another",
            fraction, all);
    }
    free(tickets);
    free(kept);
    return SLD_OK;
}
