/* own_input.c: a teacher that was trained with other constants of normalisation than the data set
 * has. It sees every image with its own constants, as in sld eval. The student sees the data
 * set's. */
#include <math.h>
#include <string.h>

#include "sld/learn.h"

/* Two texts of one constant, which is about 0.1 to 1, differ by less than this. */
#define SAME_NUMBER 1e-6f

bool sld_normalises_alike(const sld_weights_info *info, const float *mean, const float *std,
                          size_t channels)
{
    for (size_t c = 0; c < channels; c++) {
        if (fabsf(info->mean[c] - mean[c]) > SAME_NUMBER ||
            fabsf(info->std[c] - std[c]) > SAME_NUMBER) {
            return false;
        }
    }
    return true;
}

sld_status sld_weights_own_input(sld_ctx *ctx, const sld_weights_info *info, const sld_dataset *set,
                                 sld_infer *forward)
{
    sld_dataset seen = *set;
    float       table[4 * 256];

    if (!forward || sld_normalises_alike(info, set->mean, set->std, set->C)) {
        return SLD_OK;
    }
    memcpy(seen.mean, info->mean, sizeof seen.mean);
    memcpy(seen.std, info->std, sizeof seen.std);
    sld_data_normalised(&seen, table);
    sld_log(ctx, SLD_LOG_INFO,
            "the teacher sees images normalised by its own mean %.4g ... and std %.4g ..., the "
            "student by the data set's, %.4g ... and %.4g ...",
            (double)info->mean[0], (double)info->std[0], (double)set->mean[0], (double)set->std[0]);
    return sld_infer_renormalise(ctx, forward, set->mean, set->std, table);
}

void sld_weights_seen_as(const char *sha, const sld_weights_info *info, const sld_dataset *set,
                         char out[65])
{
    sld_sha256 sum;

    memmove(out, sha, 65);
    if (sld_normalises_alike(info, set->mean, set->std, set->C)) {
        return;
    }
    sld_sha256_init(&sum);
    sld_sha256_add(&sum, sha, 64);
    sld_sha256_add(&sum, info->mean, set->C * sizeof *info->mean);
    sld_sha256_add(&sum, info->std, set->C * sizeof *info->std);
    sld_sha256_hex(&sum, out);
}
