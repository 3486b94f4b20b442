/* conv/onednn_v2.c: conv/onednn_api.h for oneDNN 2.6 and 2.7: an operation is described first, then
 * an iterator walks through its implementations. */
#if defined(SLD_ONEDNN) && SLD_ONEDNN == 2
#include <stdlib.h>
#include <string.h>

#include "conv/onednn_api.h"

dnnl_status_t sld_md_create(int n_dims, const dnnl_dims_t dims, dnnl_data_type_t type,
                            dnnl_format_tag_t tag, sld_md *out)
{
    *out = malloc(sizeof **out);
    if (!*out) {
        return dnnl_out_of_memory;
    }
    const dnnl_status_t st = dnnl_memory_desc_init_by_tag(*out, n_dims, dims, type, tag);
    if (st != dnnl_success) {
        free(*out);
        *out = NULL;
    }
    return st;
}

dnnl_status_t sld_md_clone(sld_const_md md, sld_md *out)
{
    *out = malloc(sizeof **out);
    if (!*out) {
        return dnnl_out_of_memory;
    }
    **out = *md;
    return dnnl_success;
}

void sld_md_destroy(sld_md md)
{
    free(md);
}

dnnl_status_t sld_md_query(sld_const_md md, sld_md_layout *out)
{
    const dnnl_blocking_desc_t *blocking = &md->format_desc.blocking;
    if (md->format_kind != dnnl_blocked) {
        return dnnl_unimplemented;
    }
    *out = (sld_md_layout){.n_dims       = md->ndims,
                           .n_blocks     = blocking->inner_nblks,
                           .dims         = md->dims,
                           .padded       = md->padded_dims,
                           .strides      = blocking->strides,
                           .blocks       = blocking->inner_blks,
                           .dim_of_block = blocking->inner_idxs};
    return dnnl_success;
}

bool sld_onednn_pads(void)
{
    return true;
}

dnnl_status_t sld_post_ops_append(dnnl_post_ops_t ops, bool add, bool relu)
{
    dnnl_status_t st = add ? dnnl_post_ops_append_sum(ops, 1.0f) : dnnl_success;
    if (st == dnnl_success && relu) {
        st = dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    }
    return st;
}

static dnnl_status_t describe(const sld_onednn_pass *p, dnnl_convolution_desc_t *desc)
{
    const dnnl_alg_kind_t alg = dnnl_convolution_direct;
    switch (p->kind) {
    case dnnl_backward_data:
        return dnnl_convolution_backward_data_desc_init(desc, alg, p->image, p->weights, p->out,
                                                        p->strides, p->pad, p->pad);
    case dnnl_backward_weights:
        return dnnl_convolution_backward_weights_desc_init(desc, alg, p->image, p->weights, p->bias,
                                                           p->out, p->strides, p->pad, p->pad);
    default:
        return dnnl_convolution_forward_desc_init(desc, p->kind, alg, p->image, p->weights, p->bias,
                                                  p->out, p->strides, p->pad, p->pad);
    }
}

dnnl_status_t sld_onednn_find(dnnl_engine_t engine, const sld_onednn_pass *pass,
                              const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                              const char *wanted, dnnl_primitive_desc_t *out)
{
    dnnl_primitive_desc_iterator_t it = NULL;
    dnnl_convolution_desc_t        desc;

    *out             = NULL;
    dnnl_status_t st = describe(pass, &desc);
    if (st != dnnl_success) {
        return st;
    }
    st = wanted ? dnnl_primitive_desc_iterator_create(&it, &desc, attr, engine, hint)
                : dnnl_iterator_ends;
    while (st == dnnl_success && !*out) {
        dnnl_primitive_desc_t pd   = dnnl_primitive_desc_iterator_fetch(it);
        const char           *name = NULL;
        if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
            strstr(name, wanted)) {
            *out = pd;
        } else {
            dnnl_primitive_desc_destroy(pd);
            st = dnnl_primitive_desc_iterator_next(it);
        }
    }
    dnnl_primitive_desc_iterator_destroy(it);
    return *out ? dnnl_success : dnnl_primitive_desc_create(out, &desc, attr, engine, hint);
}
#endif
