/* text.c: the resolved document (--show-config), and single values of it. */
#include <stdlib.h>
#include <string.h>

#include "config_state.h"

bool sld_writer_open(sld_writer *w)
{
    *w     = (sld_writer){0};
    w->out = open_memstream(&w->text, &w->n);
    return w->out != NULL;
}

const char *sld_writer_close(sld_writer *w, sld_arena *arena)
{
    const bool  bad  = ferror(w->out) != 0;
    const char *text = NULL;

    if (fclose(w->out) == 0 && !bad) {
        text = sld_arena_strdup(arena, w->text);
    }
    free(w->text);
    return text;
}

const char *sld_write_document(sld_arena *arena, const sld_options *options)
{
    const char *section = "top";
    sld_writer  w;

    if (!sld_writer_open(&w)) {
        return NULL;
    }
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);

        if (option->kind == SLD_KIND_launch) {
            continue; /* of a sweep, not of an experiment */
        }
        if (strcmp(section, option->section) != 0) {
            section = option->section;
            fprintf(w.out, "%s:\n", section);
        }
        fprintf(w.out, "%s%s: ", sld_option_in_top(option) ? "" : "  ", option->name);
        sld_value_write(w.out, option, sld_option_value(options, option));
        if (*option->unit != '\0' && strcmp(option->unit, "1") != 0) {
            fprintf(w.out, " # %s", option->unit);
        }
        fputc('\n', w.out);
    }
    return sld_writer_close(&w, arena);
}

sld_status sld_config_value(sld_ctx *ctx, sld_arena *arena, const sld_config *config,
                            const char *key, const char **out)
{
    const sld_option *option = sld_option_at(sld_option_index(key));
    sld_writer        w;

    *out = NULL;
    if (sld_writer_open(&w)) {
        sld_value_write(w.out, option, sld_option_value(&config->options, option));
        *out = sld_writer_close(&w, arena);
    }
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the value of %s", key);
}
