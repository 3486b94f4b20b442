/* conv/onednn_choose.c: which of the library's implementations a pass takes where its own order is
 * not the fastest. The table was measured on AVX-512 with oneDNN 2.6, channels-last images and eight
 * samples of the zoo's layers (tests/bench/kernels.py). Matrix products would be faster for the
 * weight gradient of 1x1 convolutions in three groups, but they allocate in every call. */
#ifdef SLD_ONEDNN
#include "conv/onednn.h"

enum { LARGE_WEIGHTS = 512 * 1024 }; /* floats: 2 MB of second-level cache */

static bool reads_images(const sld_conv_params *p)
{
    return p->groups == 1 && p->kernel > 1 && p->in <= 3;
}

static bool has_large_weights(const sld_conv_params *p)
{
    return p->groups == 1 && p->kernel > 1 &&
           p->in * p->out * p->kernel * p->kernel >= LARGE_WEIGHTS;
}

static bool has_large_maps(const sld_conv_params *p)
{
    return p->groups == 1 && p->kernel > 1 && p->in >= 32 && p->width >= 16;
}

static bool is_depthwise(const sld_conv_params *p)
{
    return p->groups > 1 && p->groups == p->in && p->in == p->out;
}

static const struct {
    int which;
    bool (*holds)(const sld_conv_params *params);
    const char *name;
} preferences[] = {{SLD_FORWARD, reads_images, "jit:avx512_core"},
                   {SLD_FORWARD, has_large_weights, "jit:avx512_core"},
                   {SLD_FORWARD, has_large_maps, "jit:avx512_core"},
                   {SLD_FORWARD, is_depthwise, "jit_dw"}};

const char *sld_onednn_preferred(const sld_conv_params *p, int which)
{
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences; i++) {
        if (preferences[i].which == which && preferences[i].holds(p)) {
            return preferences[i].name;
        }
    }
    return NULL;
}
#endif
