/* onednn_choose.c: which of the library's implementations a pass takes, where its own order is not the
 * fastest; measured on AVX-512 (oneDNN 2.6), channels-last images, eight samples of the zoo's
 * layers. Plain convolutions forward, the direct kernel against brgconv: 1.3 to 1.7 times as fast
 * where the weights are larger than the second-level cache, 1.3 on images of three channels, 1.02
 * to 1.05 on maps of 16 x 16 and more; elsewhere slower by up to a fifth. Depthwise forward: 1.2
 * to 2.0 times as fast by jit_dw as by brdgmm_dw. Matrix products would be 1.3 to 1.5 times as fast
 * for the weight gradient of 1x1 convolutions in three groups, but they allocate in every call. */
#ifdef SLD_HAVE_ONEDNN
#include <string.h>

#include "onednn.h"

#define LARGE_WEIGHTS (512 * 1024) /* floats: 2 MB of second-level cache */

static bool direct_is_faster(const sld_conv_params *p)
{
    return p->kernel > 1 &&
           (p->in <= 3 || p->in * p->out * p->kernel * p->kernel >= LARGE_WEIGHTS ||
            (p->in >= 32 && p->width >= 16));
}

/* Part of the preferred implementation's name; NULL: the library's first. */
static const char *preferred(const sld_conv_params *p, int which)
{
    if (p->groups == 1) {
        return which == FORWARD && direct_is_faster(p) ? "jit:avx512_core" : NULL;
    }
    return p->groups == p->in && p->in == p->out && which == FORWARD ? "jit_dw" : NULL;
}

dnnl_status_t sld_onednn_choose(const sld_conv *conv, int which,
                                const dnnl_convolution_desc_t *desc,
                                const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *out)
{
    const char                    *wanted = preferred(&conv->params, which);
    dnnl_engine_t                  engine = conv->k->engine;
    dnnl_primitive_desc_iterator_t it     = NULL;

    *out             = NULL;
    dnnl_status_t st = wanted ? dnnl_primitive_desc_iterator_create(&it, desc, attr, engine, hint)
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
    return *out ? dnnl_success : dnnl_primitive_desc_create(out, desc, attr, engine, hint);
}
#endif
