/* warnings.c: warns of what a data set may be, but is rarely meant to be. */
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

static void warn_pixels(sld_ctx *ctx, const char *where, const data_shape *shape,
                        const data_target *train)
{
    const size_t bytes = shape->n[SPLIT_TRAIN] * shape->H * shape->W * shape->C;
    size_t       alike = 0, dark = 0;

    while (alike < bytes && train->pixels[alike] == train->pixels[0]) {
        alike++;
    }
    if (alike == bytes) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: all training pixels are %d: the images say nothing of their classes", where,
                train->pixels[0]);
        return;
    }
    while (dark < bytes && train->pixels[dark] <= 1) {
        dark++;
    }
    if (dark < bytes) {
        return;
    }
    sld_log(ctx, SLD_LOG_WARN,
            "%s: no training pixel is above 1; pixels go from 0 to 255, so multiply images of 0 to "
            "1 by 255 before they are stored",
            where);
}

void sld_data_warn(sld_ctx *ctx, const char *where, const data_shape *shape, size_t input_size,
                   const data_target target[SPLITS])
{
    if (input_size > 0 && input_size == shape->H && input_size == shape->W) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "data.input_size: %zu is the size of the images in %s: it changes nothing, but with "
            "it the ID is another",
            input_size, where);
    }
    warn_classes(ctx, where, shape, target);
    warn_pixels(ctx, where, shape, &target[SPLIT_TRAIN]);
}
