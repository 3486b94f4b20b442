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

/* What a description says of its layout; pointers into it. */
typedef struct {
    int32_t            n_dims, n_blocks;
    const dnnl_dims_t *dims, *padded, *strides, *blocks, *dim_of_block;
} layout;

static dnnl_status_t query(sld_const_md md, layout *l)
{
    const struct {
        dnnl_query_t what;
        void        *to;
    } queries[]      = {{dnnl_query_ndims_s32, &l->n_dims},
                        {dnnl_query_inner_nblks_s32, &l->n_blocks},
                        {dnnl_query_dims, &l->dims},
                        {dnnl_query_padded_dims, &l->padded},
                        {dnnl_query_strides, &l->strides},
                        {dnnl_query_inner_blks, &l->blocks},
                        {dnnl_query_inner_idxs, &l->dim_of_block}};
    dnnl_status_t st = dnnl_success;
    for (size_t i = 0; i < sizeof queries / sizeof *queries && st == dnnl_success; i++) {
        st = dnnl_memory_desc_query(md, queries[i].what, queries[i].to);
    }
    return st;
}

bool sld_md_reorders(sld_const_md md)
{
    layout l;
    bool   whole = true;
    if (query(md, &l) != dnnl_success) {
        return true; /* no blocks */
    }
    for (int d = 0; d < l.n_dims; d++) {
        whole = whole && (*l.dims)[d] == (*l.padded)[d];
    }
    return whole;
}

/* Blocks lie in one another, the last innermost. */
static size_t offset(const layout *l, int dim, int64_t k)
{
    int64_t at = 0, inner = 1;
    for (int b = l->n_blocks - 1; b >= 0; b--) {
        const int64_t size = (*l->blocks)[b];
        if ((*l->dim_of_block)[b] == dim) {
            at += k % size * inner;
            k /= size;
        }
        inner *= size;
    }
    return (size_t)(at + k * (*l->strides)[dim]);
}

dnnl_status_t sld_md_offsets(sld_const_md md, size_t *offsets)
{
    layout              l;
    const dnnl_status_t st = query(md, &l);
    for (int d = 0; st == dnnl_success && d < l.n_dims; d++) {
        for (int64_t k = 0; k < (*l.dims)[d]; k++) {
            *offsets++ = offset(&l, d, k);
        }
    }
    return st;
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
