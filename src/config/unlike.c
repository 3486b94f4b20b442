/* unlike.c: settings of the user that a stored document has otherwise. They asked for nothing where what
 * was made by that document stays as it is. */
#include <string.h>

#include "config_state.h"

/* Options that a start reads though it trains nothing: what to open, where to work, how long to wait. */
static bool is_read_anyway(size_t i)
{
    static const sld_option_id read[] = {SLD_OPTION_data_path,
                                         SLD_OPTION_student_weights,
                                         SLD_OPTION_teacher_weights,
                                         SLD_OPTION_teacher_network,
                                         SLD_OPTION_teacher_logits_files,
                                         SLD_OPTION_lss_allow_inactive,
                                         SLD_OPTION_parallel_cpus,
                                         SLD_OPTION_run_dir,
                                         SLD_OPTION_run_claim,
                                         SLD_OPTION_run_attempt,
                                         SLD_OPTION_run_stall_minutes,
                                         SLD_OPTION_run_wait_minutes};
    size_t                     n      = 0;

    while (n < sizeof read / sizeof *read && read[n] != (sld_option_id)i) {
        n++;
    }
    return n < sizeof read / sizeof *read;
}

bool sld_config_asks_for_training(const char *key)
{
    const int i = sld_option_find(key);

    return i >= 0 && sld_option_at((size_t)i)->kind == SLD_KIND_run && !is_read_anyway((size_t)i);
}

static sld_status read(sld_ctx *ctx, sld_arena *arena, const char *text, sld_overlay **out)
{
    const sld_node *root;

    SLD_TRY(sld_overlay_create(ctx, arena, out));
    SLD_TRY(sld_yaml_document(ctx, arena, "stored document", text, strlen(text), &root));
    return sld_parse_tree(ctx, arena, root, *out);
}

size_t sld_config_unlike(const sld_config *config, const char *text, char *keys, size_t n)
{
    sld_ctx      quiet;
    sld_overlay *stored = NULL;
    size_t       found = 0, used = 0;

    keys[0] = '\0';
    sld_ctx_init(&quiet);
    if (read(&quiet, config->arena, text, &stored) != SLD_OK) {
        return 0; /* of a newer sld */
    }
    for (size_t i = 0; i < SLD_OPTION_COUNT && used + SLD_KEY_MAX < n; i++) {
        const sld_option *option = sld_option_at(i);
        const void *value = stored->settings[i].given ? (const void *)&stored->settings[i].value
                                                      : sld_option_value(&config->defaults, option);

        /* of run.keep_epochs the run's own files say what is missing */
        if (config->origins[i] >= SLD_FROM_FILE && i != SLD_OPTION_run_keep_epochs &&
            sld_config_asks_for_training(sld_option_key(option)) &&
            !sld_value_equal(option->type, value, sld_option_value(&config->options, option))) {
            used += (size_t)snprintf(keys + used, n - used, "%s%s", found++ > 0 ? ", " : "",
                                     sld_option_key(option));
        }
    }
    return found;
}

size_t sld_config_dropped(const sld_config *config, const char *text, char *keys, size_t n)
{
    static const int outputs[] = {SLD_OPTION_run_logits, SLD_OPTION_run_features,
                                  SLD_OPTION_run_label_p, SLD_OPTION_run_keep_epochs};
    sld_ctx          quiet;
    sld_overlay     *stored = NULL;
    size_t           found = 0, used = 0;

    keys[0] = '\0';
    sld_ctx_init(&quiet);
    if (read(&quiet, config->arena, text, &stored) != SLD_OK) {
        return 0; /* of a newer sld */
    }
    for (size_t k = 0; k < sizeof outputs / sizeof *outputs && used + SLD_KEY_MAX < n; k++) {
        const int         i      = outputs[k];
        const sld_option *option = sld_option_at((size_t)i);
        if (stored->settings[i].given && config->origins[i] < SLD_FROM_FILE &&
            !sld_value_equal(option->type, &stored->settings[i].value,
                             sld_option_value(&config->options, option))) {
            used += (size_t)snprintf(keys + used, n - used, "%s%s", found++ > 0 ? ", " : "",
                                     sld_option_key(option));
        }
    }
    return found;
}
