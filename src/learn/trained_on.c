/* trained_on.c: which samples the run behind a weights file trained on, by the experiment that the
 * file stores. */
#include <string.h>

#include "sld/learn.h"

static sld_status subset_of_run(sld_ctx *ctx, const char *path, const char *text,
                                const sld_dataset *set, sld_subset **out)
{
    sld_config *config = NULL;

    SLD_TRY(sld_config_parse_stored(ctx, path, text, NULL, 0, sld_method_defaults, &config));
    const sld_subset_params subset = sld_subset_of(sld_config_options(config));
    const sld_status        st     = sld_subset_create(ctx, set, &subset, out);
    sld_config_destroy(config);
    return st;
}

/* How many of the samples index[] are trained on; both lists ascend. */
static size_t count_trained(const sld_subset *run, const uint32_t *index, size_t n)
{
    size_t common = 0;

    for (size_t i = 0, j = 0; i < n && j < run->n_train;) {
        common += index[i] == run->train[j];
        if (index[i] <= run->train[j]) {
            i++;
        } else {
            j++;
        }
    }
    return common;
}

sld_status sld_weights_trained_on(sld_ctx *ctx, const char *path, const sld_model_file *file,
                                  const sld_dataset *set, const uint32_t *index, size_t n,
                                  sld_trained_on *out)
{
    sld_subset *run = NULL;

    *out = (sld_trained_on){0};
    if (!file->config_text || strcmp(file->info.data_hash, set->hash) != 0) {
        return SLD_OK;
    }
    SLD_TRY(subset_of_run(ctx, path, file->config_text, set, &run));
    *out = (sld_trained_on){
        .told = true, .held_out = run->n_val > 0, .n = count_trained(run, index, n)};
    sld_subset_destroy(run);
    return SLD_OK;
}
