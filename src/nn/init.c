/* init.c: initial values by family, from (seed, index of the tensor) alone. Batch norms start at
 * weight 1, bias 0, running mean 0 and variance 1 in every family. */
#include "init.h"

#include <math.h>
#include <string.h>

#include "layer.h"
#include "model.h"

typedef enum { ZERO, UNIFORM_FAN_IN, NORMAL_FAN_OUT, NORMAL_HUNDREDTH } rule;

static const struct {
    rule conv, conv_bias, linear, linear_bias;
} families[] = {
    [SLD_INIT_RESNET]  = {NORMAL_FAN_OUT, ZERO, UNIFORM_FAN_IN, UNIFORM_FAN_IN},
    [SLD_INIT_WRN]     = {NORMAL_FAN_OUT, ZERO, UNIFORM_FAN_IN, ZERO},
    [SLD_INIT_VGG]     = {NORMAL_FAN_OUT, ZERO, NORMAL_HUNDREDTH, ZERO},
    [SLD_INIT_DEFAULT] = {UNIFORM_FAN_IN, UNIFORM_FAN_IN, UNIFORM_FAN_IN, UNIFORM_FAN_IN},
};

/* weight: the layer's weight tensor, whose shape gives the fan of a bias too. fan_in: the inputs of
 * one output, for U(+-1/sqrt(fan_in)). fan_out: outputs * kernel area, for N(0, 2/fan_out) (He et
 * al., 2015). */
static void fill(const sld_tensor *t, const sld_tensor *weight, rule how, sld_rng rng)
{
    const double fan_in  = (double)(weight->n / weight->dims[0]);
    const double fan_out = (double)(weight->dims[0] * weight->dims[2] * weight->dims[3]);
    const double bound = 1 / sqrt(fan_in), std = how == NORMAL_FAN_OUT ? sqrt(2 / fan_out) : 0.01;
    for (size_t i = 0; i < t->n; i++) {
        switch (how) {
        case ZERO:
            t->values[i] = 0;
            break;
        case UNIFORM_FAN_IN:
            t->values[i] = (float)(bound * (2 * sld_rng_f64(&rng) - 1));
            break;
        case NORMAL_FAN_OUT:
        case NORMAL_HUNDREDTH:
            t->values[i] = (float)(std * sld_rng_normal(&rng));
            break;
        }
    }
}

static void fill_constant(const sld_tensor *t, float value)
{
    for (size_t i = 0; i < t->n; i++) {
        t->values[i] = value;
    }
}

void sld_model_init(sld_model *model, uint64_t seed)
{
    const int family = model->network->init;
    for (int i = 1; i < model->graph.n_layers; i++) {
        const sld_layer *layer = &model->graph.layers[i];
        for (int j = 0; j < layer->n_tensors; j++) {
            const int         index  = layer->first_tensor + j;
            const sld_tensor *weight = &model->tensors[layer->first_tensor];
            const sld_tensor *t      = &model->tensors[index];
            const sld_rng     rng    = sld_rng_make(seed, SLD_RNG_INIT, 0, (uint64_t)index);
            if (layer->kind == &sld_conv_kind) {
                fill(t, weight, j == 0 ? families[family].conv : families[family].conv_bias, rng);
            } else if (layer->kind == &sld_linear_kind) {
                fill(t, weight, j == 0 ? families[family].linear : families[family].linear_bias,
                     rng);
            } else { /* batch norm: weight, bias, running mean, running variance */
                fill_constant(t, j == 0 || j == 3 ? 1 : 0);
            }
        }
    }
}
