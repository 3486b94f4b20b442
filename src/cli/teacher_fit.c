/* teacher_fit.c: whether a teacher of a sweep is what the sweep takes it for. */
#include <string.h>

#include "cli.h"
#include "sld/nn.h"

/* Weights that exist are of the network by which the teacher is described, if it names one. */
static sld_status check_described(sld_ctx *ctx, const sld_grid_teacher *t)
{
    const char           *network = sld_config_options(t->described)->student.network;
    const sld_weights_use use     = {.network = network, .network_key = "student.network"};
    sld_weights_info      info;

    if (sld_config_origin(t->described, "student.network") < SLD_FROM_PRESET) {
        return SLD_OK;
    }
    SLD_TRY(sld_experiment_weights(ctx, t->weights, &info));
    return sld_weights_fit(ctx, t->weights, &info, &use);
}

sld_status sld_experiment_teacher(sld_ctx *ctx, void *user, const sld_grid_teacher *teacher)
{
    (void)user;
    return teacher->described && teacher->weights ? check_described(ctx, teacher) : SLD_OK;
}
