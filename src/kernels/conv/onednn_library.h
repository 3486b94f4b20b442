/* onednn_library.h: what the oneDNN files of this room share. oneDNN 2.6-2.7, C interface. */
#ifndef SLD_ONEDNN_H
#define SLD_ONEDNN_H

#include "oneapi/dnnl/dnnl.h"

#include "sld/kernels.h"

enum { IMAGE, OUT, N_ENDS }; /* of a convolution: x or dx, y or dy */

struct sld_kernels {
    dnnl_engine_t  engine;
    dnnl_stream_t  stream;
    dnnl_memory_t *scratch; /* one per primitive that wants scratch: all look at scratch_bytes */
    size_t         n_scratch, capacity, largest; /* largest: bytes */
    void          *scratch_bytes;
    size_t         rounded_bytes[N_ENDS];
    uint16_t      *rounded[N_ENDS]; /* what the present call reads, in bfloat16 */
};

/* Local. SLD_OK, or SLD_ERR_LIB saying what failed. */
sld_status sld_onednn_check(sld_ctx *ctx, dnnl_status_t st, const char *what);

/* Local. The scratch memory a primitive wants, or NULL when it wants none; owned by k. */
sld_status sld_onednn_scratch(sld_ctx *ctx, sld_kernels *k, const_dnnl_primitive_desc_t pd,
                              dnnl_memory_t *out);

/* Local. Before sld_kernels_ready(): scratch_bytes will have room for so many. */
void sld_onednn_want_scratch(sld_kernels *k, size_t bytes);

/* Local. Before sld_kernels_ready(): one buffer per end will be as large as the largest asked for.
 */
void sld_onednn_rounded(sld_kernels *k, int end, size_t bytes);

#endif
