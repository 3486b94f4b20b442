/* hdf5_pixels.h: the refusal of images that hold other values than pixels. */
#ifndef SLD_DATA_HDF5_PIXELS_H
#define SLD_DATA_HDF5_PIXELS_H

#include "format.h"
#include "sld/store_large.h"

/* Local. SLD_ERR_DATA: the first of the n images' values that is no pixel, its place, and what to do. */
sld_status sld_hdf5_refuse_pixels(sld_ctx *ctx, sld_doc *doc, const char *path,
                                  const data_shape *shape, size_t n);

#endif
