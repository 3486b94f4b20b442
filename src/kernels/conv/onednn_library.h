/* conv/onednn_library.h: what the oneDNN files of this room share. */
#ifndef SLD_ONEDNN_LIBRARY_H
#define SLD_ONEDNN_LIBRARY_H

#include "conv/conv.h"
#include "conv/onednn_api.h"

struct sld_library {
    dnnl_engine_t  engine;
    dnnl_stream_t  stream;
    dnnl_memory_t *scratch; /* one per primitive that wants scratch: all look at the same bytes */
    size_t         n_scratch, capacity;
};

/* Local. Makes a primitive, or says that there is no memory for it. */
dnnl_status_t sld_onednn_make(const_dnnl_primitive_desc_t pd, dnnl_primitive_t *out);
/* Local. SLD_OK, or SLD_ERR_LIB or SLD_ERR_NOMEM saying what failed. */
sld_status sld_onednn_check(sld_ctx *ctx, dnnl_status_t st, const char *what);

/* Local. The scratch memory a primitive wants, or NULL when it wants none; owned by k. */
sld_status sld_onednn_scratch(sld_ctx *ctx, sld_kernels *k, const_dnnl_primitive_desc_t pd,
                              dnnl_memory_t *out);

#endif
