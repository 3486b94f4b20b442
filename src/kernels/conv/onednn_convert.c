/* conv/onednn_convert.c: weights between (O,I,H,W) and one of the library's layouts, by a table of
 * offsets for each dimension: where the library's own conversion is wrong. */
#ifdef SLD_ONEDNN
#include <string.h>

#include "conv/onednn.h"

bool sld_onednn_reorders(sld_const_md md)
{
    sld_md_layout l;
    if (sld_onednn_pads() || sld_md_query(md, &l) != dnnl_success) {
        return true;
    }
    for (int d = 0; d < l.n_dims; d++) {
        if (l.dims[d] != l.padded[d]) {
            return false;
        }
    }
    return true;
}

/* Values from the first to index k along one dimension. */
static size_t offset(const sld_md_layout *l, int dim, int64_t k)
{
    int64_t at = 0, inner = 1;
    for (int b = l->n_blocks - 1; b >= 0; b--) {
        if (l->dim_of_block[b] == dim) {
            at += k % l->blocks[b] * inner;
            k /= l->blocks[b];
        }
        inner *= l->blocks[b];
    }
    return (size_t)(at + k * l->strides[dim]);
}

dnnl_status_t sld_onednn_offsets(sld_const_md md, size_t *offsets)
{
    sld_md_layout       l;
    const dnnl_status_t st = sld_md_query(md, &l);
    for (int d = 0; st == dnnl_success && d < l.n_dims; d++) {
        for (int64_t k = 0; k < l.dims[d]; k++) {
            *offsets++ = offset(&l, d, k);
        }
    }
    return st;
}

/* The tables of one layout, and how many indices each has. */
typedef struct {
    const size_t *group, *out, *in, *row, *column;
    size_t        groups, outs, ins, kernel;
} tables;

static tables tables_of(const sld_conv_params *p, const packed *w)
{
    static const size_t none = 0; /* without groups the layout has no such dimension */
    tables              t    = {.groups = (size_t)p->groups,
                                .outs   = (size_t)(p->out / p->groups),
                                .ins    = (size_t)(p->in / p->groups),
                                .kernel = (size_t)p->kernel};
    t.group                  = p->groups > 1 ? w->offsets : &none;
    t.out                    = w->offsets + (p->groups > 1 ? t.groups : 0);
    t.in                     = t.out + t.outs;
    t.row                    = t.in + t.ins;
    t.column                 = t.row + t.kernel;
    return t;
}

/* Values from the first of an input channel on, kernel * kernel of them. */
static void pack_filter(const tables *t, const float *plain, float *to)
{
    for (size_t k = 0; k < t->kernel * t->kernel; k++) {
        to[t->row[k / t->kernel] + t->column[k % t->kernel]] = plain[k];
    }
}

void sld_onednn_pack(const sld_conv_params *p, const packed *w, const float *plain, float *to)
{
    const tables t = tables_of(p, w);
    memset(to, 0, w->bytes);
    for (size_t o = 0; o < (size_t)p->out; o++) {
        for (size_t i = 0; i < t.ins; i++, plain += t.kernel * t.kernel) {
            pack_filter(&t, plain, to + t.group[o / t.outs] + t.out[o % t.outs] + t.in[i]);
        }
    }
}

void sld_onednn_unpack(const sld_conv_params *p, const packed *w, const float *from, float *plain)
{
    const tables t = tables_of(p, w);
    for (size_t o = 0; o < (size_t)p->out; o++) {
        for (size_t i = 0; i < t.ins; i++) {
            const float *first = from + t.group[o / t.outs] + t.out[o % t.outs] + t.in[i];
            for (size_t k = 0; k < t.kernel * t.kernel; k++) {
                *plain++ = first[t.row[k / t.kernel] + t.column[k % t.kernel]];
            }
        }
    }
}
#endif
