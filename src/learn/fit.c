/* fit.c: whether weights from a file fit what they are to be used for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sld/learn.h"

/* What the text of a file's float32 numbers leaves open: the same constants written twice. */
#define SAME_NUMBER 1e-6f

static sld_status check_normalisation(sld_ctx *ctx, const char *path, const sld_weights_info *info,
                                      const sld_weights_use *use)
{
    for (size_t c = 0; c < use->channels; c++) {
        if (fabsf(info->mean[c] - use->mean[c]) > SAME_NUMBER ||
            fabsf(info->std[c] - use->std[c]) > SAME_NUMBER) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: normalises channel %zu by mean %g, std %g; %s by %g, %g", path, c,
                            info->mean[c], info->std[c], use->of, use->mean[c], use->std[c]);
        }
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
