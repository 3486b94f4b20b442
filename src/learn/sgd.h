/* sgd.h: the update and the learning rate. */
#ifndef SLD_LEARN_SGD_H
#define SLD_LEARN_SGD_H

#include <stddef.h>
#include <stdint.h>

#include "sld/learn.h"

/* Local. PyTorch's SGD with momentum: g = grad + decay w; v = momentum v + g; w = w - lr v, in
 * float32. w, v, grad: (n). */
void sld_sgd_update(const sld_sgd_params *params, double lr, const float *grad, size_t n, float *w,
                    float *v);

/* Local. base * decay^s, where s stages end before this epoch, from 1. A stage drops the rate after
 * its epoch (docs/recipes.md, "CIFAR-100"). */
double sld_lr_at(double base, double decay, const int64_t *stages, size_t n_stages, int64_t epoch);

#endif
