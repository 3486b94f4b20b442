/* unreached.c: settings that the run as it is never comes to, or that make no difference to it. None
 * is refused: each is handed to who asks, with a sentence that says why. */
#include <stdarg.h>
#include <string.h>

#include "finder.h"

void sld_found(const finder *f, const char *key, finding kind, const char *format, ...)
{
    char    text[SLD_UNREACHED_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    f->report(f->user, key, (int)kind, text);
}

bool sld_finder_given(const finder *f, const char *key)
{
    const size_t      i      = sld_option_index(key);
    const sld_option *option = sld_option_at(i);

    return f->config->origins[i] == SLD_FROM_OVERRIDE ||
           (f->config->origins[i] == SLD_FROM_FILE &&
            !(sld_overlay_is_resolved(f->config->overlays[SLD_FROM_FILE]) &&
              sld_value_equal(option->type, sld_option_value(f->o, option),
                              sld_below_file(f->config, i))));
}

/* The term that begins after this option; NULL: the option begins none. */
static const char *term_after(size_t id)
{
    return id == SLD_OPTION_ce_after                 ? "ce"
           : id == SLD_OPTION_kd_after               ? "kd"
           : id == SLD_OPTION_top_student_swap_after ? "lss"
                                                     : NULL;
}

/* "epoch 300, and train.epochs is 2": what an option waits for in vain. */
static void vain_words(const finder *f, int64_t epoch, char *out, size_t n)
{
    if (epoch == INT64_MAX) {
        snprintf(out, n, "first_lr_drop, and train.lr_stages has no stage");
    } else {
        snprintf(out, n, "epoch %lld, and train.epochs is %lld", (long long)epoch,
                 (long long)f->o->train.epochs);
    }
}

/* A method's default may be that a term begins never. */
static void find_never(const finder *f, size_t id, const char *term)
{
    const char *key = sld_option_key(sld_option_at(id));

    if (term && sld_finder_given(f, key)) {
        sld_found(
            f, key, NEVER,
            "the term %s acts in no epoch: it begins never; let it begin, or give it no weight",
            term);
    }
}

/* Epochs that the run does not reach. */
static void find_epochs(const finder *f)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);
        if (option->type != SLD_TYPE_when || f->config->origins[i] < SLD_FROM_FILE ||
            !sld_condition_holds(option->condition, f->o)) {
            continue;
        }
        const sld_when_value *when  = sld_option_value(f->o, option);
        const int64_t         epoch = sld_config_when(f->o, *when);
        const char           *term  = term_after(i);
        char                  vain[80];

        if (when->word == SLD_WHEN_NEVER) {
            find_never(f, i, term);
            continue;
        }
        if (epoch < f->o->train.epochs) {
            continue;
        }
        vain_words(f, epoch, vain, sizeof vain);
        if (term) {
            sld_found(f, sld_option_key(option), PAST_THE_END,
                      "the term %s acts in no epoch: it begins after %s; let it begin earlier, or "
                      "give it no weight",
                      term, vain);
        } else {
            sld_found(f, sld_option_key(option), PAST_THE_END,
                      "changes nothing here: it comes after %s", vain);
        }
    }
}

/* Shards beyond the samples of a batch, which are empty in every step. */
static void find_shards(const finder *f)
{
    if (sld_finder_given(f, "parallel.shards") && f->o->parallel.shards > f->o->train.batch) {
        sld_found(
            f, "parallel.shards", SPARE_SHARDS,
            "more than train.batch does nothing: expected at most %lld, got %lld, of which %lld "
            "have no sample in any step",
            (long long)f->o->train.batch, (long long)f->o->parallel.shards,
            (long long)(f->o->parallel.shards - f->o->train.batch));
    }
}

/* A loss of two parts, both with the weight 0: the teacher runs for nothing. */
static void find_no_part(const finder *f, sld_condition_id loss, const char *const keys[2],
                         double first, double second)
{
    if (sld_condition_holds(loss, f->o) && first == 0 && second == 0) {
        sld_found(
            f, keys[sld_finder_given(f, keys[1])], NO_PART,
            "%s and %s are both 0, so the teacher term is 0 in every step, and no option of kd "
            "or teacher changes anything; give one of them a weight, or take method: none",
            keys[0], keys[1]);
    }
}

/* A box of all the image. What is left is its scaling, where images are larger than the input. */
static void find_whole_image(const finder *f)
{
    const bool area  = sld_finder_given(f, "augment.area"),
               ratio = sld_finder_given(f, "augment.ratio");

    if (f->o->augment.crop == SLD_CROP_RESIZED && f->o->augment.area == 1 &&
        f->o->augment.ratio == 1 && (area || ratio)) {
        sld_found(
            f, area ? "augment.area" : "augment.ratio", WHOLE_IMAGE,
            "with area 1 and ratio 1 the box is all of a square image: nothing is cropped, and on "
            "images of the network's size this computes what augment.crop: pad with crop_pad: 0 "
            "does, under another ID");
    }
}

void sld_config_each_unreached(const sld_config *config, sld_unreached_report report, void *user)
{
    static const char *const dkd_keys[] = {"dkd.alpha", "dkd.beta"};
    static const char *const rld_keys[] = {"rld.alpha", "rld.beta"};

    const sld_options *o = &config->options;
    const finder       f = {config, o, report, user};

    find_epochs(&f);
    sld_find_windows(&f);
    sld_find_stages(&f);
    find_shards(&f);
    find_whole_image(&f);
    sld_find_pinned_seed(&f);
    sld_find_same(&f);
    find_no_part(&f, SLD_IF_dkd, dkd_keys, o->dkd.alpha, o->dkd.beta);
    find_no_part(&f, SLD_IF_rld, rld_keys, o->rld.alpha, o->rld.beta);
}
