/* winograd.c: where a 3x3 convolution takes Winograd's minimal filtering (Lavin and Gray, 2016,
 * "Fast algorithms for convolutional neural networks": 4x4 results from 36 products in place of
 * 144) and the layout that the library's implementation wants. Its float32 error here is that of
 * the direct sum. */
#include "lanes.h"

#ifdef SLD_HAVE_ONEDNN
#include "conv_onednn.h"

enum { TILE = 4, LEAST_TILES = 32, LEAST_CHANNELS = 32, MANY_CHANNELS = 64, WIDE = 128 };

static int tiles(int size)
{
    return (size + TILE - 1) / TILE;
}

/* Measured on AVX-512 (oneDNN 2.6): with fewer channels its transforms cost more than they save.
 * With more than WIDE its weights, four times as many as the plain ones, no longer stay in the
 * caches from one call to the next: it still gains a little there, but for a memory larger than all
 * the rest of an evaluation. The weight gradient, which transforms its result in every call, wants
 * enough tiles for that too. Where a rule is wrong the result is only slower. */
bool sld_winograd_pays(const sld_conv_params *p, int which, int n)
{
    const int least = p->in < p->out ? p->in : p->out, most = p->in < p->out ? p->out : p->in;

    if (p->kernel != 3 || p->stride != 1 || p->pad != 1 || p->groups != 1 ||
        p->in % SLD_LANES != 0 || p->out % SLD_LANES != 0 || least < LEAST_CHANNELS ||
        least > WIDE || most < MANY_CHANNELS) {
        return false;
    }
    return which != BACKWARD_WEIGHTS || n * tiles(p->height) * tiles(p->width) >= LEAST_TILES;
}

void sld_winograd_turn(const float *weights, size_t out, size_t in, float *turned)
{
    for (size_t o = 0; o < out; o++) {
        for (size_t i = 0; i < in; i++) {
            for (size_t t = 0; t < 9; t++) {
                turned[(i * out + o) * 9 + 8 - t] = weights[(o * in + i) * 9 + t];
            }
        }
    }
}

SLD_VECTORISED
void sld_winograd_group(const float *x, size_t n, size_t pixels, size_t channels, float *y)
{
    const size_t groups = channels / SLD_LANES;

    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < pixels; p++) {
            for (size_t g = 0; g < groups; g++) {
                const sld_f16 v =
                    sld_load(x + ((i * pixels + p) * groups + g) * SLD_LANES, SLD_LANES);
                sld_store(y + ((i * groups + g) * pixels + p) * SLD_LANES, v, SLD_LANES);
            }
        }
    }
}

SLD_VECTORISED
void sld_winograd_ungroup(const float *x, size_t n, size_t pixels, size_t channels, bool add,
                          bool relu, float *y)
{
    const size_t  groups = channels / SLD_LANES;
    const sld_f16 zero   = {0};

    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < pixels; p++) {
            for (size_t g = 0; g < groups; g++) {
                float  *to = y + ((i * pixels + p) * groups + g) * SLD_LANES;
                sld_f16 v  = sld_load(x + ((i * groups + g) * pixels + p) * SLD_LANES, SLD_LANES);
                v          = add ? v + sld_load(to, SLD_LANES) : v;
                v          = relu ? (sld_f16)((sld_i16)v & ~(v <= zero)) : v;
                sld_store(to, v, SLD_LANES);
            }
        }
    }
}
#endif
