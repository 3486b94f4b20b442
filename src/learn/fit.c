/* fit.c: whether weights from a file fit what they are to be used for. */
#include <stdio.h>
#include <string.h>

#include "sld/learn.h"

static sld_status check_normalisation(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                                      const sld_weights_use *use)
{
    if (!sld_normalises_alike(info, use->mean, use->std, use->channels)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%s: normalises by mean %g ..., std %g ...; %s by %g ..., %g ...; for these "
            "weights give the data set's file the attributes mean and std that they have",
            path, (double)info->mean[0], (double)info->std[0], use->of, (double)use->mean[0],
            (double)use->std[0]);
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
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: made for %d classes, %s has %zu", path,
                        info->classes, use->of, use->classes);
    }
    if (use->channels && (size_t)info->channels != use->channels) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: made for %d channels, %s has %zu", path,
                        info->channels, use->of, use->channels);
    }
    return use->mean ? check_normalisation(ctx, path, info, use) : SLD_OK;
}
