/* conv/onednn_v3.c: conv/onednn_api.h for oneDNN 3: a primitive descriptor is made at once and walks
 * through its implementations itself. */
#if defined(SLD_ONEDNN) && SLD_ONEDNN == 3
#include <string.h>

#include "conv/onednn_api.h"

dnnl_status_t sld_md_create(int n_dims, const dnnl_dims_t dims, dnnl_data_type_t type,
                            dnnl_format_tag_t tag, sld_md *out)
{
    *out = NULL;
    return dnnl_memory_desc_create_with_tag(out, n_dims, dims, type, tag);
}

dnnl_status_t sld_md_clone(sld_const_md md, sld_md *out)
{
    *out = NULL;
    return dnnl_memory_desc_clone(out, md);
}

void sld_md_destroy(sld_md md)
{
    dnnl_memory_desc_destroy(md);
}

dnnl_status_t sld_md_query(sld_const_md md, sld_md_layout *out)
{
    int32_t            n_dims = 0, n_blocks = 0;
    const dnnl_dims_t *dims, *padded, *strides, *blocks, *dim_of_block;
    const struct {
        dnnl_query_t what;
        void        *to;
    } queries[] = {{dnnl_query_ndims_s32, &n_dims},
                   {dnnl_query_inner_nblks_s32, &n_blocks},
                   {dnnl_query_dims, &dims},
                   {dnnl_query_padded_dims, &padded},
                   {dnnl_query_strides, &strides},
                   {dnnl_query_inner_blks, &blocks},
                   {dnnl_query_inner_idxs, &dim_of_block}};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        const dnnl_status_t st = dnnl_memory_desc_query(md, queries[i].what, queries[i].to);
        if (st != dnnl_success) {
            return st;
        }
    }
    *out = (sld_md_layout){n_dims, n_blocks, *dims, *padded, *strides, *blocks, *dim_of_block};
    return dnnl_success;
}

bool sld_onednn_pads(void)
{
    return false;
}

dnnl_status_t sld_post_ops_append(dnnl_post_ops_t ops, bool add, bool relu)
{
    dnnl_status_t st =
        add ? dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef) : dnnl_success;
    if (st == dnnl_success && relu) {
        st = dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.0f, 0.0f);
    }
    return st;
}

static dnnl_status_t first(dnnl_engine_t engine, const sld_onednn_pass *p,
                           const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                           dnnl_primitive_desc_t *out)
{
    const dnnl_alg_kind_t alg      = dnnl_convolution_direct;
    const dnnl_dims_t     dilation = {0, 0};
    const int64_t        *strides = p->strides, *pad = p->pad;
    switch (p->kind) {
    case dnnl_backward_data:
        return dnnl_convolution_backward_data_primitive_desc_create(out, engine, alg, p->image,
                                                                    p->weights, p->out, strides,
                                                                    dilation, pad, pad, hint, attr);
    case dnnl_backward_weights:
        return dnnl_convolution_backward_weights_primitive_desc_create(
            out, engine, alg, p->image, p->weights, p->bias, p->out, strides, dilation, pad, pad,
            hint, attr);
    default:
        return dnnl_convolution_forward_primitive_desc_create(out, engine, p->kind, alg, p->image,
                                                              p->weights, p->bias, p->out, strides,
                                                              dilation, pad, pad, attr);
    }
}

dnnl_status_t sld_onednn_find(dnnl_engine_t engine, const sld_onednn_pass *pass,
                              const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                              const char *wanted, dnnl_primitive_desc_t *out)
{
    *out             = NULL;
    dnnl_status_t st = first(engine, pass, attr, hint, out);
    for (const char *name = NULL; st == dnnl_success && wanted; name = NULL) {
        if (dnnl_primitive_desc_query(*out, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
            strstr(name, wanted)) {
            return dnnl_success;
        }
        if (dnnl_primitive_desc_next_impl(*out) != dnnl_success) {
            dnnl_primitive_desc_destroy(*out);
            *out = NULL;
            return first(engine, pass, attr, hint, out);
        }
    }
    return st;
}
#endif
