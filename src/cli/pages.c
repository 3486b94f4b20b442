/* pages.c: makes docs/options.md, manual pages and shell completions from the table of options and
 * the verbs. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "sld/distill.h"
#include "sld/nn.h"

/* ---- docs/options.md ---- */

/* Prints the text of a Markdown cell: a bar would end it, so it is escaped. */
static void print_cell(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '|') {
            fputs("\\|", stdout);
        } else {
            putchar(*c);
        }
    }
}

static void print_row(const sld_option_info *o, const char *value)
{
    printf("| `%s` | ", o->key);
    if (*value) {
        printf("`%s`", value);
    }
    printf(" | %s", o->type);
    if (*o->takes) {
        fputs(o->words ? " " : ", ", stdout);
        print_cell(o->takes);
    }
    printf("%s%s | %s | ", *o->unit ? ", " : "", o->unit, o->kind);
    print_cell(o->help);
    if (*o->needs) {
        fputs(". Needs ", stdout);
        print_cell(o->needs);
    }
    puts(" |");
}

static sld_status print_markdown(sld_ctx *ctx, sld_arena *arena)
{
    const char **value;
    const char  *topic = "";

    SLD_TRY(sld_config_defaults(ctx, arena, sld_method_defaults,
                                (const char *const[]){"method=none"}, 1, &value));
    puts("# Options\n\n"
         "Every option of an experiment and of a sweep, by topic. Made by `sld help page "
         "markdown`; do not edit.\n\n"
         "In a file an option stands in the mapping of its topic (`train: {epochs: 20}`) or with "
         "its whole key\n"
         "(`train.epochs: 20`), on the command line as `train.epochs=20`; those of the topic `top` "
         "have no prefix.\n"
         "Defaults are those under `method: none`; a method or a preset sets others, which `sld "
         "help options all\n"
         "method=NAME` shows. Limits are included. An epoch is a number (150), a fraction of the "
         "run (0.625),\n"
         "`first_lr_drop` or `never`. Kinds: `result` changes what a trial computes and makes it "
         "another trial,\n"
         "`run` does not, `launch` belongs to a sweep and stands at the top of its file. An option "
         "whose need is\n"
         "not met changes nothing: given all the same, it is refused, or sld warns.");
    for (size_t i = 0;; i++) {
        sld_option_info o;
        if (!sld_config_info(i, &o)) {
            return SLD_OK;
        }
        if (strcmp(topic, o.topic) != 0) {
            topic = o.topic;
            printf("\n## %s: %s\n\n| key | default | takes | kind | meaning "
                   "|\n|---|---|---|---|---|\n",
                   topic, sld_config_topic(topic));
        }
        print_row(&o, strcmp(o.key, "method") == 0 ? "sld" : value[i]);
    }
}

/* ---- manual pages ---- */

/* Prints text for troff: escapes backslashes, hyphens, and dots that begin a line. */
static void print_troff(const char *text)
{
    bool begins = true;

    for (const char *c = text; *c; c++) {
        if (begins && (*c == '.' || *c == '\'')) {
            fputs("\\&", stdout);
        }
        begins = *c == '\n';
        if (*c == '\\') {
            fputs("\\e", stdout);
        } else if (*c == '-') {
            fputs("\\-", stdout);
        } else {
            putchar(*c);
        }
    }
}

static void print_block(const char *head, const char *text)
{
    printf(".SH %s\n.nf\n", head);
    print_troff(text);
    puts("\n.fi");
}

static void print_man_verb(const sld_verb *verb)
{
    printf(".TH SLD\\-%s 1 \"\" \"sld %s\" \"sld\"\n.SH NAME\nsld\\-%s \\- ", verb->name,
           SLD_VERSION, verb->name);
    print_troff(verb->summary);
    putchar('\n');
    print_block("SYNOPSIS", verb->usage);
    print_block("DESCRIPTION", verb->help);
    puts(".SH SEE ALSO\n.BR sld (1)");
}

static void print_man(void)
{
    printf(
        ".TH SLD 1 \"\" \"sld %s\" \"sld\"\n.SH NAME\nsld \\- knowledge\\-distillation experiments "
        "over MPI\n.SH SYNOPSIS\n.B sld\n.I VERB\n[FILE] [key=value ...] [\\-\\-option ...]\n"
        ".SH VERBS\n",
        SLD_VERSION);
    for (size_t i = 0; sld_verbs[i]; i++) {
        printf(".TP\n.BR sld\\-%s (1)\n", sld_verbs[i]->name);
        print_troff(sld_verbs[i]->summary);
        putchar('\n');
    }
    puts(".SH OPTIONS OF EXPERIMENTS");
    for (size_t i = 0;; i++) {
        sld_option_info o;
        if (!sld_config_info(i, &o)) {
            break;
        }
        puts(".TP");
        printf(".B %s\n", o.key);
        print_troff(o.type);
        printf("%s", *o.takes ? " " : "");
        print_troff(o.takes);
        printf("%s%s. ", *o.unit ? " " : "", o.unit);
        print_troff(o.help);
        putchar('\n');
    }
}

/* ---- completions ---- */

static void print_words_of(const sld_option_info *o)
{
    for (size_t i = 0; o->words && o->words[i]; i++) {
        printf("%s%s", i ? " " : "", o->words[i]);
    }
    if (o->boolean) {
        fputs("true false", stdout);
    }
    if (strcmp(o->key, "preset") == 0) {
        for (size_t i = 0; i < sld_preset_count(); i++) {
            printf("%s%s", i ? " " : "", sld_preset_name(i));
        }
    }
    if (strcmp(o->key, "student.network") == 0 || strcmp(o->key, "teacher.network") == 0) {
        for (size_t i = 0; i < sld_network_count(); i++) {
            printf("%s%s", i ? " " : "", sld_network_at(i)->name);
        }
    }
}

static bool has_words(const sld_option_info *o)
{
    return o->words || o->boolean || strcmp(o->key, "preset") == 0 ||
           strcmp(o->key, "student.network") == 0 || strcmp(o->key, "teacher.network") == 0;
}

/* Prints the lists that the functions of both shells use. */
static void print_lists(void)
{
    sld_option_info o;

    fputs("_sld_verbs='", stdout);
    for (size_t i = 0; sld_verbs[i]; i++) {
        printf("%s%s", i ? " " : "", sld_verbs[i]->name);
    }
    fputs("'\n_sld_networks='", stdout);
    for (size_t i = 0; i < sld_network_count(); i++) {
        printf("%s%s", i ? " " : "", sld_network_at(i)->name);
    }
    fputs("'\n_sld_keys='", stdout);
    for (size_t i = 0; sld_config_info(i, &o); i++) {
        printf("%s%s=", i ? " " : "", o.key);
    }
    fputs("'\n_sld_values() { # KEY\n    case $1 in\n", stdout);
    for (size_t i = 0; sld_config_info(i, &o); i++) {
        if (has_words(&o)) {
            printf("    %s) echo '", o.key);
            print_words_of(&o);
            puts("' ;;");
        }
    }
    fputs("    esac\n}\n_sld_is_path() { # KEY\n    case $1 in\n    ", stdout);
    for (size_t i = 0, n = 0; sld_config_info(i, &o); i++) {
        if (o.path) {
            printf("%s%s", n++ ? "|" : "", o.key);
        }
    }
    fputs(") return 0 ;;\n    esac\n    return 1\n}\n_sld_flags() { # VERB\n    case $1 in\n",
          stdout);
    for (size_t i = 0; sld_verbs[i]; i++) {
        printf("    %s) echo '--help", sld_verbs[i]->name);
        for (size_t k = 0; sld_verbs[i]->options && sld_verbs[i]->options[k].name; k++) {
            printf(" %s", sld_verbs[i]->options[k].name);
        }
        puts("' ;;");
    }
    puts("    esac\n}");
}

static void print_bash(void)
{
    puts("# bash completion of sld: verbs, their flags, option keys with their words, networks, "
         "files.");
    print_lists();
    puts("_sld() {\n"
         "    local line=${COMP_LINE:0:COMP_POINT} word verb key\n"
         "    word=${line##*[[:space:]]}\n"
         "    verb=${COMP_WORDS[1]}\n"
         "    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "        COMPREPLY=($(compgen -W \"$_sld_verbs\" -- \"$word\"))\n"
         "        return\n"
         "    fi\n"
         "    case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$(_sld_flags \"$verb\")\" -- \"$word\")) ;;\n"
         "    *=*)\n"
         "        key=${word%%=*}\n"
         "        if _sld_is_path \"$key\"; then\n"
         "            compopt -o filenames 2>/dev/null\n"
         "            COMPREPLY=($(compgen -f -- \"${word#*=}\"))\n"
         "        else\n"
         "            COMPREPLY=($(compgen -W \"$(_sld_values \"$key\")\" -- \"${word#*=}\"))\n"
         "        fi ;;\n"
         "    *)\n"
         "        case $verb in\n"
         "        bench|models) COMPREPLY=($(compgen -W \"$_sld_networks\" -- \"$word\")) ;;\n"
         "        help) COMPREPLY=($(compgen -W \"options $_sld_verbs ${_sld_keys//=/}\" -- "
         "\"$word\")) ;;\n"
         "        *)\n"
         "            compopt -o filenames 2>/dev/null\n"
         "            COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "            if [ -n \"$word\" ]; then\n"
         "                compopt -o nospace 2>/dev/null\n"
         "                COMPREPLY+=($(compgen -W \"$_sld_keys\" -- \"$word\"))\n"
         "            fi ;;\n"
         "        esac ;;\n"
         "    esac\n"
         "}\n"
         "complete -F _sld sld");
}

static void print_zsh(void)
{
    puts("#compdef sld\n# zsh completion of sld: verbs, their flags, option keys with their words, "
         "networks, files.");
    print_lists();
    puts("_sld() {\n"
         "    local word=$words[CURRENT] verb=$words[2]\n"
         "    if (( CURRENT == 2 )); then\n"
         "        compadd -- ${=_sld_verbs}\n"
         "        return\n"
         "    fi\n"
         "    case $word in\n"
         "    -*) compadd -- ${=\"$(_sld_flags $verb)\"} ;;\n"
         "    *=*)\n"
         "        compset -P '*='\n"
         "        if _sld_is_path ${word%%=*}; then\n"
         "            _files\n"
         "        else\n"
         "            compadd -- ${=\"$(_sld_values ${word%%=*})\"}\n"
         "        fi ;;\n"
         "    *)\n"
         "        case $verb in\n"
         "        bench|models) compadd -- ${=_sld_networks} ;;\n"
         "        help) compadd -- options ${=_sld_verbs} ${=${_sld_keys//=/}} ;;\n"
         "        *) _files; compadd -S '' -- ${=_sld_keys} ;;\n"
         "        esac ;;\n"
         "    esac\n"
         "}\n"
         "_sld \"$@\"");
}

sld_status sld_page_print(sld_ctx *ctx, sld_arena *arena, const char *page)
{
    if (strcmp(page, "markdown") == 0) {
        return print_markdown(ctx, arena);
    }
    if (strcmp(page, "bash") == 0 || strcmp(page, "zsh") == 0) {
        (page[0] == 'b' ? print_bash : print_zsh)();
        return SLD_OK;
    }
    if (strcmp(page, "man") == 0) {
        print_man();
        return SLD_OK;
    }
    for (size_t i = 0; strncmp(page, "man-", 4) == 0 && sld_verbs[i]; i++) {
        if (strcmp(sld_verbs[i]->name, page + 4) == 0) {
            print_man_verb(sld_verbs[i]);
            return SLD_OK;
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "sld help page: expected markdown, man, man-VERB, bash or zsh, got %.40s",
                    page);
}
