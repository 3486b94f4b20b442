/* warnings.c: warns of what a data set may be, but is rarely meant to be. */
#include <stdio.h>
#include <stdlib.h>

#include "facts.h"

static void warn_classes(sld_ctx *ctx, const char *where, const data_shape *shape,
                         const data_target target[SPLITS])
{
    size_t *count = calloc(shape->K, sizeof *count), empty = 0, first = 0;

    if (!count) {
        return; /* without memory there is no warning */
    }
    for (size_t i = 0; i < shape->n[SPLIT_TRAIN]; i++) {
        count[target[SPLIT_TRAIN].labels[i]]++;
    }
    for (size_t k = shape->K; k-- > 0;) {
        empty += count[k] == 0;
        first = count[k] == 0 ? k : first;
    }
    if (empty == 1 && first == 0 && !shape->has_class_names) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: no training sample has label 0; labels seem to begin at 1, and class 0 stays "
                "empty; labels count from 0, so subtract 1",
                where);
    } else if (empty > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %zu of %zu classes have no training sample, the first is %zu", where, empty,
                (size_t)shape->K, first);
    }
    free(count);
}

static void warn_test_labels(sld_ctx *ctx, const char *where, const data_shape *shape,
                             const data_target *test)
{
    size_t alike = 0;

    while (alike < shape->n[SPLIT_TEST] && test->labels[alike] == test->labels[0]) {
        alike++;
    }
    if (alike > 1 && alike == shape->n[SPLIT_TEST]) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: all test labels are %d: accuracy on test says nothing of the other %zu classes",
            where, (int)test->labels[0], (size_t)shape->K - 1);
    }
}

static const char *const SPLIT_NAME[SPLITS] = {"training", "test"};

/* Images that a writer has not come to are flat. True: the images are all alike. */
static bool warn_alike(sld_ctx *ctx, const char *where, int split, const data_look *look)
{
    enum { FEW = 1000 }; /* one flat image in so many may be meant */
    const char *name = SPLIT_NAME[split];
    char        shown[64];

    if (look->flat == look->n && look->value >= 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: all %s pixels are %d: the images say nothing of their classes", where, name,
                look->value);
        return true;
    }
    if (sld_data_look_same(look)) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: all %s images are the same one: they say nothing of their classes", where,
                name);
        return true;
    }
    if (look->flat > 1 && look->flat > look->n / FEW) {
        snprintf(shown, sizeof shown, look->value < 0 ? "show one value each" : "are all %d",
                 look->value);
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %zu of %zu %s images %s, the first is %zu; they may not have been "
                "written",
                where, look->flat, look->n, name, shown, look->first);
    }
    return false;
}

static bool is_dark(const data_shape *shape, const data_target target[SPLITS], int split)
{
    const size_t bytes = shape->n[split] * shape->H * shape->W * shape->C;
    size_t       dark  = 0;

    while (dark < bytes && target[split].pixels[dark] <= 1) {
        dark++;
    }
    return dark == bytes;
}

static void warn_pixels(sld_ctx *ctx, const char *where, const data_shape *shape,
                        const data_target target[SPLITS], const data_look look[SPLITS])
{
    bool dark[SPLITS];

    for (int split = 0; split < SPLITS; split++) {
        const bool alike = warn_alike(ctx, where, split, &look[split]);
        dark[split]      = !alike && is_dark(shape, target, split);
    }
    if (dark[SPLIT_TRAIN] || dark[SPLIT_TEST]) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: no %s%spixel is above 1; pixels go from 0 to 255, so multiply images of 0 to "
                "1 by 255 before they are stored",
                where, dark[SPLIT_TRAIN] ? dark[SPLIT_TEST] ? "" : "training" : "test",
                dark[SPLIT_TRAIN] && dark[SPLIT_TEST] ? "" : " ");
    }
}

static void warn_shared(sld_ctx *ctx, const char *where, data_look look[SPLITS])
{
    enum { FEW = 100 }; /* of 10000 test images of CIFAR-100 ten are in train */
    size_t       first;
    const size_t shared = sld_data_look_shared(&look[SPLIT_TRAIN], &look[SPLIT_TEST], &first);

    if (shared > look[SPLIT_TEST].n / FEW) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %zu of %zu test images are in train too, the first is %zu: accuracy on test "
                "counts what was trained on",
                where, shared, look[SPLIT_TEST].n, first);
    }
}

void sld_data_warn(sld_ctx *ctx, const char *where, const data_shape *shape, size_t input_size,
                   const data_target target[SPLITS], data_look look[SPLITS])
{
    if (input_size > 0 && input_size == shape->H && input_size == shape->W) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "data.input_size: %zu is the size of the images in %s: it changes nothing, but with "
            "it the ID is another",
            input_size, where);
    }
    warn_classes(ctx, where, shape, target);
    warn_test_labels(ctx, where, shape, &target[SPLIT_TEST]);
    warn_pixels(ctx, where, shape, target, look);
    warn_shared(ctx, where, look);
}
