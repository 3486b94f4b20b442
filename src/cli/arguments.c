/* arguments.c: reads a verb's command line: [FILE] [key=value ...] [--option [value] ...]. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool names_output(const char *option)
{
    static const char *const outputs[] = {"--out", "--logits", "--pack", "--html", "--dir"};
    size_t                   i         = 0;

    while (i < sizeof outputs / sizeof *outputs && strcmp(option, outputs[i]) != 0) {
        i++;
    }
    return i < sizeof outputs / sizeof *outputs;
}

/* Which option of the verb names what -o means elsewhere. */
static void output_words(const sld_verb *verb, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; verb->options && verb->options[i].name; i++) {
        const char *name = verb->options[i].name;
        if (names_output(name)) {
            used += (size_t)snprintf(out + used, n - used, "%s%s", used > 0 ? " or " : "", name);
        }
    }
    if (verb == &sld_verb_run) {
        snprintf(out, n, "the setting run.dir=DIR");
    }
}

static sld_status unknown_option(sld_ctx *ctx, const sld_verb *verb, const char *word)
{
    if (strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0) {
        char words[64];
        output_words(verb, words, sizeof words);
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: %s: unknown option; %s%s; see sld %s --help",
                        verb->name, word,
                        *words ? "the output is named by "
                               : "all is printed to standard output, which > FILE keeps",
                        words, verb->name);
    }
    const char *names[SLD_MAX_OPTIONS + 1];
    size_t      n = 0;

    for (; verb->options && verb->options[n].name; n++) {
        names[n] = verb->options[n].name;
    }
    names[n++]        = "--help";
    const int nearest = sld_text_nearest(word, names, n);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: %s: unknown option%s%s; see sld %s --help",
                    verb->name, word, nearest >= 0 ? "; nearest: " : "",
                    nearest >= 0 ? names[nearest] : "", verb->name);
}

static bool is_option(const sld_verb *verb, const char *word)
{
    for (size_t i = 0; verb->options[i].name; i++) {
        if (strcmp(verb->options[i].name, word) == 0) {
            return true;
        }
    }
    return false;
}

/* *used: how many words the option takes, 1 or 2. */
static sld_status read_option(sld_ctx *ctx, const sld_verb *verb, int argc, char **argv,
                              sld_arguments *out, int *used)
{
    for (size_t i = 0; verb->options && verb->options[i].name; i++) {
        const sld_option_spec *spec = &verb->options[i];
        if (strcmp(argv[0], spec->name) != 0) {
            continue;
        }
        if (spec->takes_value && (argc < 2 || is_option(verb, argv[1]))) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: %s: expected a value after it, got %s",
                            verb->name, spec->name, argc < 2 ? "none" : argv[1]);
        }
        if (out->option[i]) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "sld %s: %s: expected once, got it twice; give one alone", verb->name,
                            spec->name);
        }
        if (names_output(spec->name)) { /* an input of such a name is told when it is opened */
            SLD_TRY(sld_path_check(ctx, spec->name, argv[1]));
        }
        out->option[i] = spec->takes_value ? argv[1] : "";
        *used          = spec->takes_value ? 2 : 1;
        return SLD_OK;
    }
    return unknown_option(ctx, verb, argv[0]);
}

static sld_status read_part(sld_ctx *ctx, const sld_verb *verb, const char *word,
                            sld_arguments *out)
{
    size_t n = 0;

    for (; verb->parts[n]; n++) {
        if (strcmp(word, verb->parts[n]) == 0) {
            out->part = verb->parts[n];
            return SLD_OK;
        }
    }
    const int nearest = sld_text_nearest(word, verb->parts, n);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "sld %s: expected one of its subcommands, got '%s'%s%s; see sld %s --help",
                    verb->name, word, nearest >= 0 ? "; nearest: " : "",
                    nearest >= 0 ? verb->parts[nearest] : "", verb->name);
}

/* ---- which options may stand together ---- */

static bool is_there(const sld_verb *verb, const sld_arguments *args, const char *name, size_t n)
{
    for (size_t i = 0; verb->options[i].name; i++) {
        if (args->option[i] && strlen(verb->options[i].name) == n &&
            strncmp(verb->options[i].name, name, n) == 0) {
            return true;
        }
    }
    return args->part && strlen(args->part) == n && strncmp(args->part, name, n) == 0;
}

/* Returns the first of the names that stands on the command line. *n: its length. NULL: none
 * does. */
static const char *first_there(const sld_verb *verb, const sld_arguments *args, const char *names,
                               size_t *n)
{
    for (; names && *names; names += *n + strspn(names + *n, " ")) {
        *n = strcspn(names, " ");
        if (is_there(verb, args, names, *n)) {
            return names;
        }
    }
    return NULL;
}

static sld_status check_rules(sld_ctx *ctx, const sld_verb *verb, const sld_arguments *args)
{
    size_t n = 0;

    for (const sld_option_rule *rule = verb->rules; rule && rule->option; rule++) {
        if (!is_there(verb, args, rule->option, strlen(rule->option))) {
            continue;
        }
        if (rule->needs && !first_there(verb, args, rule->needs, &n)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "sld %s: %s: expected %s%s with it, got none; alone it does nothing",
                            verb->name, rule->option, strchr(rule->needs, ' ') ? "one of " : "",
                            rule->needs);
        }
        const char *other = first_there(verb, args, rule->excludes, &n);
        if (other) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "sld %s: %s: expected it without %.*s, got both; leave one of them out",
                            verb->name, rule->option, (int)n, other);
        }
    }
    return SLD_OK;
}

/* Whether the text is a decimal number such as 12, 0.5 or 1e-3, without sign, blanks or leading
 * zeros. */
static bool is_number(const char *text, bool whole)
{
    const char  *digits = "0123456789", *at = text;
    const size_t n = strspn(at, digits);

    if (n == 0 || (n > 1 && *at == '0')) {
        return false;
    }
    at += n;
    if (!whole && *at == '.') {
        at += 1 + strspn(at + 1, digits);
    }
    if (!whole && (*at == 'e' || *at == 'E')) {
        const char *power = at + 1 + (at[1] == '-' || at[1] == '+');
        at                = power + strspn(power, digits);
        at                = at == power ? text : at;
    }
    return *at == '\0';
}

sld_status sld_arguments_number(sld_ctx *ctx, const char *verb, const char *option,
                                const char *text, double low, double high, bool whole, double *out)
{
    if (!text) {
        return SLD_OK;
    }
    const double value = is_number(text, whole) ? strtod(text, NULL) : NAN;
    if (!(value >= low && value <= high)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "sld %s: %s: expected a %snumber from %.10g to %.10g, got %.40s", verb,
                        option, whole ? "whole " : "", low, high, *text ? text : "nothing");
    }
    *out = value;
    return SLD_OK;
}

sld_status sld_arguments_lack(sld_ctx *ctx, const sld_verb *verb, const sld_arguments *args)
{
    char   line[600]; /* the usage, which may have several lines, in one */
    size_t n = 0;

    for (const char *c = verb->usage; *c && n + 8 < sizeof line; c++) {
        if (*c == '\n') {
            const char *next = c + strspn(c, "\n ");
            n += (size_t)snprintf(
                line + n, sizeof line - n, "%s ",
                strncmp(next, "sld ", 4) == 0 || strncmp(next, "mpirun ", 7) == 0 ? "; or" : "");
            c = next - 1;
        } else {
            line[n++] = *c;
        }
    }
    line[n]            = '\0';
    const char *wanted = verb->takes ? verb->takes : "a file or folder to work on";
    return !args->positional && args->n_overrides > 0
               ? SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "sld %s: expected %s, got '%s', a setting, for no file is called so; "
                          "usage: %s",
                          verb->name, wanted, args->overrides[0], line)
               : SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: expected %s, got too few words; usage: %s",
                          verb->name, wanted, line);
}

/* Whether a word is KEY=VALUE and no path: keys have no slash, and a file or folder that is called so
 * counts for more than a key that there is not. */
static bool is_setting(const char *word)
{
    const char *equals = strchr(word, '=');
    char        key[SLD_MESSAGE_BYTES];

    if (!equals || equals == word || memchr(word, '/', (size_t)(equals - word))) {
        return false;
    }
    snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
    return sld_config_is_key(key) || access(word, F_OK) != 0;
}

/* A word more than the verb takes. */
static sld_status refuse_word(sld_ctx *ctx, const sld_verb *verb, const char *word,
                              const sld_arguments *args)
{
    if (verb->no_file) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: expected no argument, got '%s'; leave it out",
                        verb->name, word);
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: expected %s, got '%s'%s%s%s and '%s'%s",
                    verb->name, verb->takes ? verb->takes : "one file", args->positional,
                    args->second ? ", '" : "", args->second ? args->second : "",
                    args->second ? "'" : "", word,
                    verb->no_settings ? "" : "; settings have the form key=value");
}

sld_status sld_arguments_read(sld_ctx *ctx, const sld_verb *verb, int argc, char **argv,
                              sld_arguments *out)
{
    for (int i = 0, used; i < argc; i += used) {
        used = 1;
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            SLD_TRY(read_option(ctx, verb, argc - i, argv + i, out, &used));
        } else if (verb->parts && !out->part) {
            SLD_TRY(read_part(ctx, verb, argv[i], out));
        } else if (!verb->many_words && is_setting(argv[i])) {
            out->overrides[out->n_overrides++] = argv[i];
        } else if (verb->many_words) {
            out->words                 = out->overrides;
            out->words[out->n_words++] = argv[i];
            out->positional            = out->words[0];
        } else if (!out->positional && !verb->no_file) {
            out->positional = argv[i];
        } else if (!out->second && (verb->two_words || verb->second_word)) {
            out->second = argv[i];
        } else {
            return refuse_word(ctx, verb, argv[i], out);
        }
    }
    if (verb->no_file && out->n_overrides > 0) {
        return refuse_word(ctx, verb, out->overrides[0], out);
    }
    if (verb->no_settings && out->n_overrides > 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "sld %s: expected no settings, got '%s'; leave it out",
                        verb->name, out->overrides[0]);
    }
    if ((!out->positional && !verb->no_file && !verb->optional_file) ||
        (!out->second && verb->two_words)) {
        return sld_arguments_lack(ctx, verb, out);
    }
    return check_rules(ctx, verb, out);
}
