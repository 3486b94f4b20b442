/* sgd.c: the update and the learning rate. */
#include "sgd.h"

#include <math.h>

void sld_sgd_update(const sld_sgd_params *params, double lr, const float *grad, size_t n, float *w,
                    float *v)
{
    const float momentum = (float)params->momentum, decay = (float)params->weight_decay,
                rate = (float)lr;

    for (size_t i = 0; i < n; i++) {
        const float g = grad[i] + decay * w[i];
        v[i]          = momentum * v[i] + g;
        w[i] -= rate * v[i];
    }
}

double sld_lr_at(double base, double decay, const int64_t *stages, size_t n_stages, int64_t epoch)
{
    int drops = 0;

    for (size_t i = 0; i < n_stages; i++) {
        drops += epoch > stages[i];
    }
    return base * pow(decay, drops);
}

double sld_learning_rate(const sld_options *opt, int64_t epoch)
{
    int64_t      stages[SLD_LIST_MAX];
    const size_t n_stages = sld_config_lr_stages(opt, stages);

    return sld_lr_at(opt->train.lr, opt->train.lr_decay, stages, n_stages, epoch);
}
