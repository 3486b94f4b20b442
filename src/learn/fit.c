/* fit.c: checks that weights from a file fit their use. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/learn.h"

sld_status sld_weights_check_path(sld_ctx *ctx, const sld_config *config, const char *key,
                                  const char *path)
{
    struct stat info;
    char        last[PATH_MAX + 16];

    if (access(path, R_OK) != 0) {
        return sld_config_reject(
            ctx, config, key, "%s: cannot open: %s (a relative path starts at the current folder)",
            path, strerror(errno));
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        snprintf(last, sizeof last, "%s/last.h5", path);
        return sld_config_reject(
            ctx, config, key, "%s: expected a weights file, got a folder%s", path,
            access(last, F_OK) == 0 ? "; a run's weights are best.h5 and last.h5 in it"
                                    : "; name a file in it");
    }
    return SLD_OK;
}

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
