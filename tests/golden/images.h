/* images.h: the images of a golden file. */
#ifndef GOLDEN_IMAGES_H
#define GOLDEN_IMAGES_H

#include "sld/store.h"

/* Local. Reads n pixels. A data set with the attribute `palette` (float32) holds indices into it: a
 * image has 256 values, and a byte each is a quarter of their size. */
sld_status golden_images(sld_ctx *ctx, sld_doc *doc, const char *path, size_t n, float *out);

#endif
