/* help.c: writes the rows of the table of options in words, for people. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

static const char *type_word(sld_option_type type)
{
    static const char *const words[] = {
        [SLD_TYPE_bool]   = "true or false",
        [SLD_TYPE_i64]    = "whole number",
        [SLD_TYPE_count]  = "whole number or auto",
        [SLD_TYPE_f64]    = "number",
        [SLD_TYPE_text]   = "text",
        [SLD_TYPE_path]   = "path",
        [SLD_TYPE_choice] = "one of",
        [SLD_TYPE_list]   = "list of numbers",
        [SLD_TYPE_when]   = "epoch",
    };
    return words[type];
}

static void takes_words(const sld_option *option, char *out, size_t n)
{
    size_t used = 0;

    snprintf(out, n, "%s", option->limits);
    for (size_t i = 0; option->words && option->words[i] && used < n; i++) {
        used += (size_t)snprintf(out + used, n - used, "%s%s", i ? "|" : "", option->words[i]);
    }
}

bool sld_config_info(size_t i, sld_option_info *out)
{
    static const char *const kinds[] = {[SLD_KIND_result] = "result",
                                        [SLD_KIND_run]    = "run",
                                        [SLD_KIND_word]   = "result",
                                        [SLD_KIND_launch] = "launch"};
    if (i >= SLD_OPTION_COUNT) {
        return false;
    }
    const sld_option *option = sld_option_at(i);
    const bool        decides =
        strstr(sld_condition_keys(option->condition), sld_option_key(option)) != NULL;
    *out = (sld_option_info){.key     = sld_option_key(option),
                             .topic   = option->section,
                             .type    = type_word(option->type),
                             .words   = option->words,
                             .unit    = strcmp(option->unit, "1") == 0 ? "" : option->unit,
                             .kind    = kinds[option->kind],
                             .needs   = decides ? "" : sld_condition_words(option->condition),
                             .help    = option->help,
                             .path    = option->type == SLD_TYPE_path,
                             .boolean = option->type == SLD_TYPE_bool};
    takes_words(option, out->takes, sizeof out->takes);
    return true;
}
