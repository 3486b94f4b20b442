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

/* How values lie: blocks in one another, the last innermost, then strides of the rest. */
typedef struct {
    int               n_dims, n_blocks;
    const dnnl_dim_t *dims, *padded, *strides; /* (n_dims), borrowed from the description */
    const dnnl_dim_t *blocks, *dim_of_block;   /* (n_blocks) */
} sld_md_layout;

/* Local. dnnl_unimplemented for what has no such layout. */
dnnl_status_t sld_md_query(sld_const_md md, sld_md_layout *out);

/* Local. Whether the library converts to and from padded layouts as it should. Version 3.7.2 loses
 * values there, and leaves padding as it was. */
bool sld_onednn_pads(void);

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
