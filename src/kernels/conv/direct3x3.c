/* direct3x3.c: sums over taps and input channels, a tile's rows being samples at one pixel, so
 * that a weight is read once for all of them. Output channels are cut into blocks of a few vectors,
 * input channels into blocks whose weights for nine taps, (tap,in,out of the block), stay in a near
 * cache while all pixels use them. */
#ifdef SLD_HAVE_ONEDNN
#include "conv3x3_internal.h"

/* ---- the taps that lie on the image ---- */

static void find_taps(sld_conv3 *c, size_t pixel)
{
    sld_small_pixel *p = &c->pixels[pixel];
    for (size_t t = 0; t < SLD_TAPS; t++) {
        const size_t y = pixel / c->W + t / 3, x = pixel % c->W + t % 3; /* of the padded image */
        if (y >= 1 && y <= c->H && x >= 1 && x <= c->W) {
            p->taps[p->n_taps].pixel = (y - 1) * c->W + x - 1;
            p->taps[p->n_taps++].tap = t;
        }
    }
}

/* Adds a pair of pixels that meet; one behind the last pair lengthens its run. */
static void add_pair(sld_small_tap *tap, size_t x, size_t dy)
{
    sld_run *last = tap->runs + tap->n_runs - 1;
    if (tap->n_runs > 0 && last->x + last->n == x && last->dy + last->n == dy) {
        last->n++;
        return;
    }
    tap->runs[tap->n_runs++] = (sld_run){(uint32_t)x, (uint32_t)dy, 1};
}

void sld_small_prepare(sld_conv3 *c)
{
    for (size_t p = 0; p < c->H * c->W; p++) {
        find_taps(c, p);
        for (int i = 0; i < c->pixels[p].n_taps; i++) {
            add_pair(&c->taps[c->pixels[p].taps[i].tap], c->pixels[p].taps[i].pixel, p);
        }
    }
}

/* ---- weights ---- */

static size_t depth_at(const sld_conv3 *c, size_t left)
{
    return left < (size_t)c->isa->depth ? left : (size_t)c->isa->depth;
}

static void pack_block(const sld_conv3 *c, sld_conv3_source from, size_t depth, size_t width,
                       float *to)
{
    const ptrdiff_t tap   = (ptrdiff_t)(depth * width);
    float          *first = from.mirrored ? to + (SLD_TAPS - 1) * tap : to;
    for (size_t o = 0; o < width; o += (size_t)c->isa->lanes) {
        for (size_t i = 0; i < depth; i++) {
            c->isa->split_taps(from.plain + o * from.out + i * from.in, from.out,
                               first + i * width + o, from.mirrored ? -tap : tap);
        }
    }
}

void sld_small_pack(const sld_conv3 *c, const sld_conv3_pass *pass, sld_conv3_source from)
{
    const size_t lanes = (size_t)c->isa->lanes;
    float       *to    = pass->weights;
    for (size_t o = 0, width; o < pass->out; o += width) {
        width = (size_t)sld_conv3_vectors(c, c->vectors, pass->out - o) * lanes;
        for (size_t i = 0, depth; i < pass->in; i += depth) {
            sld_conv3_source block = from;
            block.plain += o * from.out + i * from.in;
            depth = depth_at(c, pass->in - i);
            pack_block(c, block, depth, width, to);
            to += SLD_TAPS * depth * width;
        }
    }
}

/* ---- sums ---- */

/* One block of input channels into one of output channels. */
typedef struct {
    const float *x, *w; /* from the blocks' first channels on */
    float       *y;
    const float *next; /* weights to be asked for */
    size_t       depth;
    int          vectors;
    sld_sums_end end;
} block;

/* One pixel of all samples. */
static void run_pixel(const sld_conv3 *c, const sld_conv3_pass *pass, block *b, size_t pixel,
                      size_t n)
{
    const sld_conv3_isa   *isa = c->isa;
    const sld_small_pixel *p   = &c->pixels[pixel];
    const size_t           x = c->H * c->W * pass->in, y = c->H * c->W * pass->out;
    const size_t           each = b->depth * (size_t)(b->vectors * isa->lanes); /* of a tap */
    sld_tap                taps[SLD_TAPS];
    for (int t = 0; t < p->n_taps; t++) {
        taps[t] = (sld_tap){b->x + p->taps[t].pixel * pass->in, b->w + p->taps[t].tap * each};
    }
    for (size_t s = 0, rows; s < n; s += rows) {
        rows = sld_part_of(n - s, (size_t)isa->samples.rows);
        isa->sum(taps, p->n_taps, b->depth, (int)rows, b->vectors, x,
                 b->y + s * y + pixel * pass->out, y, &b->end, b->next);
        b->next += (size_t)(isa->ahead * p->n_taps) * b->depth;
        for (int t = 0; t < p->n_taps; t++) {
            taps[t].x += rows * x;
        }
    }
}

void sld_small_run(const sld_conv3 *c, const sld_conv3_pass *pass, size_t n, const float *x,
                   const float *bias, bool add, bool relu, float *y)
{
    block b = {.w = pass->weights};
    for (size_t o = 0, width; o < pass->out; o += width) {
        b.vectors = sld_conv3_vectors(c, c->vectors, pass->out - o);
        width     = (size_t)(b.vectors * c->isa->lanes);
        b.y       = y + o;
        for (size_t i = 0; i < pass->in; i += b.depth) {
            b.depth = depth_at(c, pass->in - i);
            b.x     = x + i;
            b.next  = b.w + SLD_TAPS * b.depth * width;
            b.end   = (sld_sums_end){.bias = bias && i == 0 ? bias + o : NULL,
                                     .keep = add || i > 0,
                                     .relu = relu && i + b.depth == pass->in};
            for (size_t p = 0; p < c->H * c->W; p++) {
                run_pixel(c, pass, &b, p, n);
            }
            b.w += SLD_TAPS * b.depth * width;
        }
    }
}
#endif
