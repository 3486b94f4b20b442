/* conv/onednn_api.h: the C interface of oneDNN, 2.6 to 2.7 (onednn_v2.c) and 3 (onednn_v3.c): what
 * differs between them. CMake says by SLD_ONEDNN which one the headers are of. */
#ifndef SLD_ONEDNN_API_H
#define SLD_ONEDNN_API_H

#include <stdbool.h>

#include "oneapi/dnnl/dnnl.h"

/* Description of a memory: by its address in version 2, by a handle in version 3. */
#if SLD_ONEDNN == 2
typedef dnnl_memory_desc_t       *sld_md;
typedef const dnnl_memory_desc_t *sld_const_md;
#else
typedef dnnl_memory_desc_t       sld_md;
typedef const_dnnl_memory_desc_t sld_const_md;
#endif

/* Local. Owned by the caller; *out is NULL on failure. */
dnnl_status_t sld_md_create(int n_dims, const dnnl_dims_t dims, dnnl_data_type_t type,
                            dnnl_format_tag_t tag, sld_md *out);
dnnl_status_t sld_md_clone(sld_const_md md, sld_md *out);
void          sld_md_destroy(sld_md md); /* Accepts NULL. */

/* Local. Whether the library's conversion between (O,I,H,W) and this layout is right. Version 3.7.2
 * loses values and leaves padding as it was where channels do not fill the layout's blocks. */
bool sld_md_reorders(sld_const_md md);
/* Local. Where it is not: floats from a layout's first value to each index along each dimension, one
 * dimension behind the other. The place of a value is the sum over its dimensions. */
dnnl_status_t sld_md_offsets(sld_const_md md, size_t *offsets);

/* Local. y = relu(result + y), or a part of it. */
dnnl_status_t sld_post_ops_append(dnnl_post_ops_t ops, bool add, bool relu);

/* One pass of a convolution. */
typedef struct {
    dnnl_prop_kind_t kind; /* forward training or inference, backward data or weights */
    sld_const_md     image, weights, bias, out; /* bias: NULL for none */
    dnnl_dims_t      strides, pad;
} sld_onednn_pass;

/* Local. The library's implementations in its own order: the first whose name holds `wanted`, or
 * the first of all where there is none such or wanted is NULL. */
dnnl_status_t sld_onednn_find(dnnl_engine_t engine, const sld_onednn_pass *pass,
                              const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                              const char *wanted, dnnl_primitive_desc_t *out);

#endif
