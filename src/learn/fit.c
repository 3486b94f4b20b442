/* fit.c: checks that weights from a file fit their use. */
#include <stdio.h>
#include <string.h>

#include "sld/learn.h"

static sld_status check_normalisation(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                                      const sld_weights_use *use)
{
    if (!sld_normalises_alike(info, use->mean, use->std, use->channels)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected weights for images normalised as in %s, by mean %g ..., std "
                        "%g ..., got mean %g ..., std %g ...; give the data set's file the "
                        "attributes mean and std of the weights",
                        path, use->of, (double)use->mean[0], (double)use->std[0],
                        (double)info->mean[0], (double)info->std[0]);
    }
    return SLD_OK;
}

sld_status sld_weights_fit(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                           const sld_weights_use *use)
{
    if (use->network && use->network[0] &&
        sld_network_find(info->network) != sld_network_find(use->network)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: network: expected %s, as %s says, got %s", path,
                        use->network, use->network_key, info->network);
    }
    if (use->classes && (size_t)info->classes != use->classes) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected weights for the %zu classes of %s, got %d", path,
                        use->classes, use->of, info->classes);
    }
    if (use->channels && (size_t)info->channels != use->channels) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected weights for the %zu channels of %s, got %d", path,
                        use->channels, use->of, info->channels);
    }
    return use->mean ? check_normalisation(ctx, path, info, use) : SLD_OK;
}
