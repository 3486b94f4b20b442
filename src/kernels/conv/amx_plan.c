/* conv/amx_plan.c: the products of a pass of conv/amx.c: where its taps lie in the layout, and where
 * its results go. The forward is one product; the data gradient is one for each class of pixels of
 * conv/stride_classes.h. */
#include <stdlib.h>

#include "conv/amx.h"
#include "conv/stride_classes.h"

/* Samples whose rows of so many results fill a tile. */
static size_t together_for(size_t results)
{
    return results < SLD_AMX_SIDE ? SLD_AMX_SIDE / results : 1;
}

sld_amx_images sld_amx_images_of(const sld_conv_params *p, size_t together)
{
    const size_t H        = (size_t)sld_conv_out_of(p, p->height),
                 W        = (size_t)sld_conv_out_of(p, p->width);
    const size_t   stride = (size_t)p->stride, kernel = (size_t)p->kernel;
    sld_amx_images i = {.channels = (size_t)p->in, .H = (size_t)p->height, .W = (size_t)p->width};
    i.top            = (size_t)p->pad;
    i.left           = (size_t)p->pad;
    i.height         = (H - 1) * stride + kernel;
    i.width          = (W - 1) * stride + kernel;
    i.stride         = stride;
    i.columns        = (i.width + stride - 1) / stride;
    i.together       = together;
    return i;
}

static bool make_tables(sld_amx_product *p, const sld_conv_params *params, size_t channels)
{
    const size_t taps = (size_t)(params->kernel * params->kernel);
    p->row_to         = calloc(SLD_AMX_SIDE, sizeof *p->row_to);
    p->taps           = calloc(taps, sizeof *p->taps);
    p->runs           = calloc(taps, sizeof *p->runs);
    p->run_taps       = calloc(taps, sizeof *p->run_taps);
    p->steps          = calloc(taps * (channels / SLD_AMX_DEPTH + 1), sizeof *p->steps);
    return p->row_to && p->taps && p->runs && p->run_taps && p->steps;
}

/* A tap at this pixel of the layout; neighbours become one run. */
static void add_tap(const sld_amx_images *images, sld_amx_product *p, int tap, size_t pixel)
{
    const size_t at      = pixel * images->channels;
    p->taps[p->n_taps++] = tap;
    if (p->n_runs > 0 &&
        p->runs[p->n_runs - 1] + p->run_taps[p->n_runs - 1] * images->channels == at) {
        p->run_taps[p->n_runs - 1]++;
        return;
    }
    p->runs[p->n_runs]       = (uint32_t)at;
    p->run_taps[p->n_runs++] = 1;
}

/* Once all taps are known. */
static void finish(const sld_amx_pass *pass, sld_amx_product *p)
{
    const sld_amx_images *images = &pass->images;
    for (size_t r = 0; r < p->n_runs; r++) {
        for (size_t k = 0; k < sld_amx_depth(p, r, images->channels); k += SLD_AMX_DEPTH) {
            p->steps[p->n_steps++] = p->runs[r] + (uint32_t)k;
        }
    }
    p->across = sld_part_of(p->W, SLD_AMX_SIDE / images->together);
    p->tiles  = (p->W + p->across - 1) / p->across;
    for (size_t r = 0; r < p->across * images->together; r++) {
        p->row_to[r] = (uint32_t)(r % images->together * pass->to_sample +
                                  r / images->together * p->to_column);
    }
}

static bool make_forward(sld_amx *a)
{
    const sld_conv_params *p = &a->params;
    sld_amx_pass          *f = &a->forward;
    sld_amx_product       *q = f->products;
    q->H                     = (size_t)sld_conv_out_of(p, p->height);
    q->W                     = (size_t)sld_conv_out_of(p, p->width);
    f->images                = sld_amx_images_of(p, together_for(q->W));
    f->out                   = (size_t)p->out;
    f->to_sample             = q->H * q->W * f->out;
    if (!make_tables(q, p, f->images.channels)) {
        return false;
    }
    q->from_row  = sld_amx_place(&f->images, f->images.stride, 0);
    q->to_row    = q->W * f->out;
    q->to_column = f->out;
    for (int t = 0; t < p->kernel * p->kernel; t++) {
        add_tap(&f->images, q, t,
                sld_amx_place(&f->images, (size_t)(t / p->kernel), (size_t)(t % p->kernel)));
    }
    finish(f, q);
    return true;
}

static bool make_class(sld_amx *a, sld_amx_product *q, int cy, int cx)
{
    const sld_conv_params *p = &a->params;
    sld_amx_pass          *b = &a->backward;
    int                    y, x;
    q->H = (size_t)sld_class_size(p, p->height, cy);
    q->W = (size_t)sld_class_size(p, p->width, cx);
    if (!make_tables(q, p, b->images.channels)) {
        return false;
    }
    if (q->H == 0 || q->W == 0) { /* no pixels, and so no taps: an image smaller than the stride */
        return true;
    }
    q->from_row  = sld_amx_place(&b->images, 1, 0);
    q->to        = (size_t)(cy * p->width + cx) * b->out;
    q->to_row    = (size_t)(p->stride * p->width) * b->out;
    q->to_column = (size_t)p->stride * b->out;
    for (int t = p->kernel * p->kernel - 1; t >= 0; t--) { /* dy's pixels in their order */
        if (sld_class_meets(p, cy, t / p->kernel, &y) &&
            sld_class_meets(p, cx, t % p->kernel, &x)) {
            add_tap(&b->images, q, t,
                    sld_amx_place(&b->images, (size_t)(y + (int)b->images.top),
                                  (size_t)(x + (int)b->images.left)));
        }
    }
    finish(b, q);
    return true;
}

static bool make_backward(sld_amx *a)
{
    const sld_conv_params *p = &a->params;
    sld_amx_pass          *b = &a->backward;
    sld_amx_images        *i = &b->images;
    i->channels              = (size_t)p->out;
    i->H                     = (size_t)sld_conv_out_of(p, p->height);
    i->W                     = (size_t)sld_conv_out_of(p, p->width);
    i->stride                = 1;
    sld_class_border(p, p->height, &i->top, &i->height);
    sld_class_border(p, p->width, &i->left, &i->width);
    i->columns   = i->width;
    i->together  = together_for((size_t)sld_class_size(p, p->width, 0));
    b->out       = (size_t)p->in;
    b->to_sample = (size_t)(p->height * p->width) * b->out;
    for (int c = 0; c < p->stride * p->stride; c++) {
        if (!make_class(a, &b->products[c], c / p->stride, c % p->stride)) {
            return false;
        }
    }
    return true;
}

/* The products of a pass, and memory for their weights. */
static bool make_pass(sld_amx_pass *pass, size_t n_products, bool (*make)(sld_amx *), sld_amx *a)
{
    pass->n_products = n_products;
    pass->products   = calloc(n_products, sizeof *pass->products);
    if (!pass->products || !make(a)) {
        return false;
    }
    for (size_t i = 0; i < n_products; i++) {
        sld_amx_product *p     = &pass->products[i];
        const size_t     width = sld_amx_whole(pass->out, SLD_AMX_SIDE);
        const size_t     n     = (p->n_steps + 1) * SLD_AMX_DEPTH * width;
        p->weights             = sld_memory_alloc(n * sizeof *p->weights);
        if (!p->weights) {
            return false;
        }
    }
    return true;
}

bool sld_amx_plan(sld_amx *a, unsigned passes)
{
    const size_t classes = (size_t)(a->params.stride * a->params.stride);
    return (!(passes & 1u << SLD_FORWARD) || make_pass(&a->forward, 1, make_forward, a)) &&
           (!(passes & 1u << SLD_BACKWARD_DATA) ||
            make_pass(&a->backward, classes, make_backward, a));
}

void sld_amx_drop_plan(sld_amx_pass *pass)
{
    for (size_t i = 0; pass->products && i < pass->n_products; i++) {
        sld_amx_product *p = &pass->products[i];
        free(p->row_to);
        free(p->taps);
        free(p->runs);
        free(p->run_taps);
        free(p->steps);
        free(p->weights);
    }
    free(pass->products);
}
