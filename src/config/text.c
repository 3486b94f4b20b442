/* text.c: the resolved document (--show-config) and the table as --help prints it. */
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

/* The words or limits, or the kind of value where the table sets none. */
static void print_takes(const sld_option *option)
{
    if (option->type == SLD_TYPE_choice) {
        for (size_t i = 0; option->words[i]; i++) {
            printf("%s%s", i ? "|" : "", option->words[i]);
        }
        return;
    }
    fputs(option->type == SLD_TYPE_bool   ? "true|false"
          : *option->limits != '\0'       ? option->limits
          : option->type == SLD_TYPE_path ? "path"
                                          : "text",
          stdout);
}

static const char *type_word(sld_option_type type)
{
    static const char *const words[] = {
        [SLD_TYPE_bool] = "switch", [SLD_TYPE_i64] = "whole", [SLD_TYPE_f64] = "number",
        [SLD_TYPE_text] = "text",   [SLD_TYPE_path] = "path", [SLD_TYPE_choice] = "choice",
        [SLD_TYPE_list] = "list",   [SLD_TYPE_when] = "when",
    };
    return words[type];
}

void sld_config_print_help(void)
{
    const char *section = "top";

    puts("Options, in YAML (section, then option) or as section.option=value on the command line.\n"
         "KEY, DEFAULT, TYPE, LIMITS (both included), UNIT, and what it belongs to: [result] "
         "changes "
         "what a\ntrial computes and makes it another trial; [run] does not. A method sets other "
         "defaults: see\nsld methods. when: an epoch (150), a fraction of the run (0.625), "
         "first_lr_drop or never.\n");
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        const sld_option *option = sld_option_at(i);

        if (strcmp(section, option->section) != 0) {
            section = option->section;
            putchar('\n');
        }
        printf("  %-24s %-21s %-7s ", sld_option_key(option),
               *option->initial != '\0' ? option->initial : "-", type_word(option->type));
        print_takes(option);
        printf("%s%s [%s]\n      %s\n",
               *option->unit != '\0' && strcmp(option->unit, "1") != 0 ? " " : "",
               strcmp(option->unit, "1") != 0 ? option->unit : "",
               option->kind == SLD_KIND_run ? "run" : "result", option->help);
    }
}
