/* key.c: what a table of teacher logits follows from, as text. Shards, ranks, batch and
 * sample order are not in it: a sample's logits do not depend on them. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

static bool is_resized(const sld_options *opt)
{
    return opt->augment.crop == SLD_CROP_RESIZED;
}

/* The image as stored, in every epoch. */
static bool is_plain(const sld_options *opt, int view)
{
    return !is_resized(opt) && opt->data.input_size == 0 && opt->augment.crop_pad == 0 &&
           opt->augment.flip == 0.0 &&
           (view == SLD_WEAK || (opt->augment.strong_ops == 0 && opt->augment.cutout == 0.0));
}

int64_t sld_views_epoch(const sld_options *opt, int view, int64_t epoch)
{
    return is_plain(opt, view) ? 0 : epoch;
}

void sld_key_hash(const char *text, size_t n, char hash[65])
{
    sld_sha256 sha;

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, text, strlen(text));
    sld_sha256_hex(&sha, hash);
    hash[n] = '\0';
}

static void samples_hash(const sld_subset *subset, char hash[65])
{
    sld_sha256 sha;

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, subset->train, subset->n_train * sizeof *subset->train);
    sld_sha256_hex(&sha, hash);
}

static int put_crop(const sld_options *opt, const sld_dataset *set, char *text, size_t n)
{
    int bytes = 0;

    if (set->H != set->image_H || set->W != set->image_W) {
        bytes += snprintf(text, n, "data.input_size: %lld\n", (long long)opt->data.input_size);
    }
    if (is_resized(opt)) {
        return bytes + snprintf(text + bytes, n - (size_t)bytes,
                                "augment.crop: resized\naugment.area: %.17g\n"
                                "augment.ratio: %.17g\n",
                                opt->augment.area, opt->augment.ratio);
    }
    return bytes + snprintf(text + bytes, n - (size_t)bytes, "augment.crop_pad: %lld\n",
                            (long long)opt->augment.crop_pad);
}

void sld_views_key(const sld_options *opt, const sld_dataset *set, const sld_subset *subset,
                   int view, char text[SLD_KEY_BYTES])
{
    char samples[65];

    samples_hash(subset, samples);
    int n = snprintf(text, SLD_KEY_BYTES, "data: %s\nsamples: %zu %s\nnormalised:", set->hash,
                     subset->n_train, samples);
    for (size_t c = 0; c < set->C; c++) { /* %a: to the last bit */
        n += snprintf(text + n, SLD_KEY_BYTES - (size_t)n, " %a %a", (double)set->mean[c],
                      (double)set->std[c]);
    }
    if (is_plain(opt, view)) {
        snprintf(text + n, SLD_KEY_BYTES - (size_t)n, "\nview: plain\n");
        return;
    }
    n += snprintf(text + n, SLD_KEY_BYTES - (size_t)n, "\nview: %s\naugment.seed: %lld\n",
                  sld_view_name[view], (long long)opt->seeds.augment);
    n += put_crop(opt, set, text + n, SLD_KEY_BYTES - (size_t)n);
    n += snprintf(text + n, SLD_KEY_BYTES - (size_t)n, "augment.flip: %.17g\n", opt->augment.flip);
    if (view == SLD_STRONG) {
        snprintf(text + n, SLD_KEY_BYTES - (size_t)n,
                 "augment.strong_ops: %lld\naugment.cutout: %.17g\n",
                 (long long)opt->augment.strong_ops, opt->augment.cutout);
    }
}

void sld_table_key(const sld_teacher_env *env, int view, char text[SLD_KEY_BYTES])
{
    char views[SLD_KEY_BYTES], kernels[1024];

    sld_nn_fingerprint(NULL, env->forward, kernels, sizeof kernels);
    sld_views_key(env->opt, env->set, env->subset, view, views);
    snprintf(text, SLD_KEY_BYTES, "teacher: %s\nprecision: %s\nkernels: %.700s\n%.1100s", env->sha,
             sld_config_word(env->opt, "teacher.precision"), kernels, views);
}
