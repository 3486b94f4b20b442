/* help.c: sld help: prints the help of verbs, the options of experiments, and where a word
 * occurs. */
#define _GNU_SOURCE /* strcasestr */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sld/distill.h"
#include "sld/nn.h"

void sld_help_usage(FILE *to)
{
    fprintf(to, "sld %s: knowledge-distillation experiments over MPI\n\n", SLD_VERSION);
    for (size_t i = 0; sld_verbs[i]; i++) {
        fprintf(to, "  sld %-8s %s\n", sld_verbs[i]->name, sld_verbs[i]->summary);
    }
    fprintf(to, "\nsld VERB --help says more, sld help options the options of experiments;\n"
                "sld --version names the libraries.\n");
}

void sld_help_verb(const sld_verb *verb)
{
    printf("usage: %s\n\n%s", verb->usage, verb->help);
    if (!verb->no_settings && !verb->no_file) {
        printf("\nOptions (key=value, or lines of the file): sld help options [TOPIC|KEY] "
               "[method=NAME]\n");
    }
}

/* ---- options ---- */

typedef struct table {
    const char **value; /* (options) defaults under the chosen method and preset */
    const char  *asked; /* a topic, a key, or "all" */
} table;

static void print_option(const sld_option_info *o, const char *value)
{
    printf("  %-24s %-21s %s%s%s%s%s [%s]\n      %s%s%s\n", o->key, *value ? value : "-", o->type,
           *o->takes ? " " : "", o->takes, *o->unit ? " " : "", o->unit, o->kind, o->help,
           *o->needs ? "; needs " : "", o->needs);
}

static void print_topics(void)
{
    const char *last = "";

    puts("Options of experiments and sweeps, by topic. sld help options TOPIC lists one, KEY shows "
         "one\n"
         "option, all lists every one; method=NAME and preset=NAME show the defaults under "
         "those.\n");
    for (size_t i = 0;; i++) {
        sld_option_info o;
        if (!sld_config_info(i, &o)) {
            break;
        }
        if (strcmp(o.topic, last) != 0) {
            last = o.topic;
            printf("  %-10s %s\n", o.topic, sld_config_topic(o.topic));
        }
    }
}

static void print_legend(const char *method)
{
    printf(
        "KEY, DEFAULT under method %s, type, limits (both included), unit, and kind: [result] "
        "changes what a\ntrial computes and makes it another trial, [run] does not, [launch] is of "
        "a sweep. An epoch is a\nnumber (150), a fraction of the run (0.625), first_lr_drop or "
        "never.\n",
        method);
}

/* Prints the options asked for. Returns how many there are. */
static size_t print_table(const table *t, const char *method)
{
    const char *topic = "";
    size_t      n     = 0;

    for (size_t i = 0;; i++) {
        sld_option_info o;
        if (!sld_config_info(i, &o)) {
            return n;
        }
        if (strcmp(t->asked, "all") != 0 && strcmp(t->asked, o.topic) != 0 &&
            strcmp(t->asked, o.key) != 0) {
            continue;
        }
        if (n++ == 0) {
            print_legend(method);
        }
        if (strcmp(topic, o.topic) != 0) {
            topic = o.topic;
            printf("\n%s: %s\n", topic, sld_config_topic(topic));
        }
        print_option(&o, t->value[i]);
    }
}

static sld_status options(sld_ctx *ctx, sld_arena *arena, const sld_arguments *args)
{
    table t = {.asked = args->second};

    if (!args->second) {
        print_topics();
        return SLD_OK;
    }
    SLD_TRY(sld_config_defaults(ctx, arena, sld_method_defaults, args->overrides, args->n_overrides,
                                &t.value));
    const char *method = "";
    for (size_t i = 0; sld_config_key(i); i++) {
        method = strcmp(sld_config_key(i), "method") == 0 ? t.value[i] : method;
    }
    if (print_table(&t, method) > 0) {
        return SLD_OK;
    }
    const char *nearest = sld_config_nearest(t.asked);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "sld help options: expected a topic or an option, got %.60s%s%s", t.asked,
                    nearest ? "; nearest: " : "", nearest ? nearest : "");
}

/* ---- search for a word ---- */

/* Words of specs, arms and tools that are no options, with the page that explains each. */
static const struct {
    const char *word, *page;
} elsewhere[] = {
    {"base", "docs/sweeps.md"},
    {"teachers", "docs/teachers.md"},
    {"axes", "docs/sweeps.md"},
    {"exclude", "docs/sweeps.md"},
    {"seeds", "docs/sweeps.md"},
    {"baseline", "docs/sweeps.md"},
    {"claims", "docs/analysis.md"},
    {"KD-PA", "docs/methods.md"},
    {"LTS", "docs/methods.md"},
    {"LSS", "docs/methods.md"},
    {"import-data", "docs/experiment.md"},
    {"torch-weights", "docs/teachers.md"},
    {"sld-analysis", "docs/analysis.md"},
};

static size_t print_pages(const char *word)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        if (strcasecmp(elsewhere[i].word, word) == 0) {
            printf("  page    %-24s %s\n", elsewhere[i].word, elsewhere[i].page);
            n++;
        }
    }
    return n;
}

/* Whether a name or its help contains the word, in upper or lower case. help NULL: none. */
static bool mentions(const char *word, const char *name, const char *help)
{
    return strcasestr(name, word) || (help && strcasestr(help, word));
}

/* Prints the options, methods and networks that mention the word. Returns how many. */
static size_t print_found(const char *word)
{
    sld_option_info o;
    size_t          n = 0;

    for (size_t i = 0; sld_config_info(i, &o); i++) {
        if (mentions(word, o.key, o.help)) {
            printf("  option  %-24s %s: sld help options %s\n", o.key, o.help, o.key);
            n++;
        }
    }
    for (size_t i = 0; i < sld_method_count(); i++) {
        const sld_method *m = sld_method_at(i);
        if (mentions(word, m->name, m->help)) {
            printf("  method  %-24s %s: sld methods\n", m->name, m->help);
            n++;
        }
    }
    for (size_t i = 0; i < sld_network_count(); i++) {
        if (mentions(word, sld_network_at(i)->name, NULL)) {
            printf("  network %-24s sld models\n", sld_network_at(i)->name);
            n++;
        }
    }
    return n;
}

static sld_status search(sld_ctx *ctx, const char *word)
{
    const char *names[32];
    size_t      n = 0;

    if (print_pages(word) + (strlen(word) > 1 ? print_found(word) : 0) > 0) {
        return SLD_OK;
    }
    for (; sld_verbs[n] && n < sizeof names / sizeof *names; n++) {
        names[n] = sld_verbs[n]->name;
    }
    const int   verb   = sld_text_nearest(word, names, n);
    const char *option = sld_config_nearest(word), *nearest = verb >= 0 ? names[verb] : option;
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "sld help: expected a verb, `options`, or a word from the name or help of an "
                    "option, a method or a network, got %.60s%s%s",
                    word, nearest ? "; nearest: " : "", nearest ? nearest : "");
}

static sld_status help(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    sld_arena *arena = NULL;

    *exit_code = SLD_EXIT_OK;
    if (!args->positional) {
        sld_help_usage(stdout);
        return SLD_OK;
    }
    for (size_t i = 0; sld_verbs[i]; i++) {
        if (strcmp(sld_verbs[i]->name, args->positional) == 0) {
            sld_help_verb(sld_verbs[i]);
            return SLD_OK;
        }
    }
    const bool page = strcmp(args->positional, "page") == 0;
    if (!page && strcmp(args->positional, "options") != 0) {
        return search(ctx, args->positional);
    }
    SLD_TRY(sld_arena_create(ctx, &arena));
    const sld_status st = page ? sld_page_print(ctx, arena, args->second ? args->second : "")
                               : options(ctx, arena, args);
    sld_arena_destroy(arena);
    return st;
}

const sld_verb sld_verb_help = {
    .name = "help",
    .usage =
        "sld help [VERB|WORD]\n       sld help options [all|TOPIC|KEY] [method=NAME] [preset=NAME]",
    .summary = "a verb's use; the options of experiments by topic",
    .help =
        "WORD lists the options, methods and networks that mention it, and the page that explains\n"
        "a key of a sweep, an arm or a tool. `options` alone lists the topics; with a topic or a\n"
        "key it prints defaults, limits, units, meaning, and which other options an option needs\n"
        "to have an effect. `sld methods` prints the options that each method sets. `sld help "
        "page\n"
        "markdown`, `man`, `man-VERB`, `bash`, `zsh` print the pages that are installed.\n",
    .takes         = "a verb, or options and one word",
    .optional_file = true,
    .second_word   = true,
    .work          = help,
};
