/* value.c: reads a YAML scalar as a typed value. It is stricter than YAML 1.1: true and false are
 * the only booleans, numbers are decimal, and a scalar in quotes is text. */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Writes the limits "LOW..HIGH" as "from LOW to HIGH". Without limits it writes nothing. */
static void range_words(const char *limits, char *out, size_t n)
{
    const char *dots = strstr(limits, "..");

    out[0] = '\0';
    if (dots) {
        snprintf(out, n, " from %.*s to %s", (int)(dots - limits), limits, dots + 2);
    }
}

/* Writes "a, b or c". */
static void choice_words(const char *const *words, char *out, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && used < n; i++) {
        const char *glue = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(out + used, n - used, "%s%s", glue, words[i]);
    }
}

void sld_value_wanted(const sld_option *option, char *out, size_t n)
{
    char range[64];

    range_words(option->limits, range, sizeof range);
    switch (option->type) {
    case SLD_TYPE_bool:
        snprintf(out, n, "true or false");
        break;
    case SLD_TYPE_i64:
        snprintf(out, n, "a whole number%s", range);
        break;
    case SLD_TYPE_count:
        snprintf(out, n, "a whole number%s, or auto", range);
        break;
    case SLD_TYPE_f64:
        snprintf(out, n, "a number%s", range);
        break;
    case SLD_TYPE_text:
        snprintf(out, n, "text");
        break;
    case SLD_TYPE_path:
        snprintf(out, n, "a path");
        break;
    case SLD_TYPE_choice:
        choice_words(option->words, out, n);
        break;
    case SLD_TYPE_list:
        snprintf(out, n, "a list of at most %d numbers%s, as in %s", SLD_LIST_MAX, range,
                 option->initial);
        break;
    case SLD_TYPE_when:
        snprintf(out, n, "an epoch%s, a fraction below 1, first_lr_drop or never", range);
        break;
    }
}

static sld_status refuse(sld_ctx *ctx, const sld_option *option, const sld_scalar *scalar,
                         const char *note)
{
    const char *quote = scalar->quoted ? "\"" : "";
    char        found[SLD_CLIP], wanted[160];
    int         nearest = -1;
    size_t      n       = 0;

    sld_text_clip(scalar->text, found);
    sld_value_wanted(option, wanted, sizeof wanted);
    if (option->type == SLD_TYPE_choice) {
        while (option->words[n]) {
            n++;
        }
        nearest = sld_text_nearest(scalar->text, option->words, n);
    }
    return sld_location_fail(ctx, &scalar->location, sld_option_key(option),
                             "expected %s%s, got %s%s%s%s%s", wanted, note, quote, found, quote,
                             nearest >= 0 ? "; nearest: " : "",
                             nearest >= 0 ? option->words[nearest] : "");
}

static const char *skip_digits(const char *s)
{
    while (isdigit((unsigned char)*s)) {
        s++;
    }
    return s;
}

/* Whether s is decimal without leading zeros. In YAML 1.1 the text 010 means eight. */
static bool looks_whole(const char *s)
{
    s += *s == '-' || *s == '+';
    if (!isdigit((unsigned char)*s) || (s[0] == '0' && s[1] != '\0')) {
        return false;
    }
    return *skip_digits(s) == '\0';
}

bool sld_node_whole(const sld_node *node, int64_t low, int64_t high, int64_t *out)
{
    if (node->kind != SLD_NODE_SCALAR || node->quoted || strlen(node->text) != node->length ||
        *node->text == '+' || !looks_whole(node->text)) {
        return false;
    }
    errno             = 0;
    const long long v = strtoll(node->text, NULL, 10);
    *out              = v;
    return errno != ERANGE && v >= low && v <= high;
}

/* Whether s is a number like 1, 1., .5, 1.5 or 1e-3. strtod() accepts more: nan, inf,
 * hexadecimal. */
static bool looks_number(const char *s)
{
    s += *s == '-' || *s == '+';
    const char *point = skip_digits(s);
    const char *end   = *point == '.' ? skip_digits(point + 1) : point;

    if (end - s - (*point == '.') < 1) {
        return false; /* not one digit */
    }
    if (*end == 'e' || *end == 'E') {
        end += end[1] == '-' || end[1] == '+' ? 2 : 1;
        if (!isdigit((unsigned char)*end)) {
            return false;
        }
        end = skip_digits(end);
    }
    return *end == '\0';
}

/* Reads a number. False: it is none, or lies outside the option's limits. */
static bool read_f64(const sld_option *option, const char *text, double *out)
{
    if (!looks_number(text)) {
        return false;
    }
    errno             = 0;
    const double v    = strtod(text, NULL) + 0.0; /* no negative zero */
    const char  *dots = strstr(option->limits, "..");

    if (errno == ERANGE || !isfinite(v)) {
        return false;
    }
    *out = v;
    return !dots || (v >= strtod(option->limits, NULL) && v <= strtod(dots + 2, NULL));
}

static bool read_i64(const sld_option *option, const char *text, int64_t *out)
{
    if (!looks_whole(text)) {
        return false;
    }
    errno                = 0;
    const long long v    = strtoll(text, NULL, 10);
    const char     *dots = strstr(option->limits, "..");

    if (errno == ERANGE) {
        return false;
    }
    *out = v;
    return !dots || (v >= strtoll(option->limits, NULL, 10) && v <= strtoll(dots + 2, NULL, 10));
}

/* Reads a "when". A number below 1 is a fraction; an epoch is a whole number without a point,
 * because 1.0 could be either. */
static bool read_when(const sld_option *option, const char *text, bool quoted, sld_when_value *out)
{
    int64_t epoch;

    *out = (sld_when_value){SLD_WHEN_EPOCH, 0};
    if (strcmp(text, "first_lr_drop") == 0) {
        out->word = SLD_WHEN_FIRST_LR_DROP;
    } else if (strcmp(text, "never") == 0) {
        out->word = SLD_WHEN_NEVER;
    } else if (quoted) {
        return false;
    } else if (read_i64(option, text, &epoch)) {
        out->value = (double)epoch;
    } else if (read_f64(option, text, &out->value)) {
        if (out->value >= 1) {
            return false;
        }
        out->word = out->value > 0 ? SLD_WHEN_FRACTION : SLD_WHEN_EPOCH;
    } else {
        return false;
    }
    return true;
}

static bool read_choice(const sld_option *option, const char *text, int *out)
{
    for (int i = 0; option->words[i]; i++) {
        if (strcmp(option->words[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool is_boolean_elsewhere(const char *text)
{
    static const char *const words[] = {"y",  "Y",  "yes",  "Yes",  "YES",   "n",    "N",   "no",
                                        "No", "NO", "on",   "On",   "ON",    "off",  "Off", "OFF",
                                        "0",  "1",  "True", "TRUE", "False", "FALSE"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_null(const sld_scalar *scalar)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!scalar->quoted && strcmp(scalar->text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the text is one line of printable characters. It goes into messages, file names and the
 * resolved document. */
static bool is_plain_text(const sld_scalar *scalar)
{
    for (size_t i = 0; i < scalar->n;) {
        uint32_t     code = 0;
        const size_t length =
            sld_text_decode((const unsigned char *)scalar->text + i, scalar->n - i, &code);
        if (length == 0 || !sld_utf8_plain(code)) {
            return false;
        }
        i += length;
    }
    return true;
}

static sld_status read_text(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                            const sld_scalar *scalar, const char **out)
{
    if (!is_plain_text(scalar)) {
        return refuse(ctx, option, scalar, " of one line without control characters");
    }
    *out = sld_arena_strdup(arena, scalar->text);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration");
}

/* Refuses what no type accepts, and quotes around a number or a boolean. */
static sld_status check_form(sld_ctx *ctx, const sld_option *option, const sld_scalar *scalar)
{
    const sld_option_type type    = option->type;
    const bool            textual = type == SLD_TYPE_text || type == SLD_TYPE_path;

    if (strlen(scalar->text) != scalar->n) {
        return sld_location_fail(ctx, &scalar->location, sld_option_key(option),
                                 "expected text without NUL characters, got one");
    }
    if (textual && scalar->n == 0 && scalar->empty_is_text) {
        return SLD_OK;
    }
    if (is_null(scalar)) {
        char wanted[160];
        sld_value_wanted(option, wanted, sizeof wanted);
        return sld_location_fail(ctx, &scalar->location, sld_option_key(option),
                                 "expected %s, got no value; leave the line out for the default%s",
                                 wanted, textual ? ", write \"\" for none" : "");
    }
    if (scalar->quoted && !textual && type != SLD_TYPE_choice && type != SLD_TYPE_when) {
        return refuse(ctx, option, scalar, " without quotes");
    }
    return SLD_OK;
}

sld_status sld_value_read(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                          const sld_scalar *scalar, sld_value *out)
{
    const char *text  = scalar->text;
    bool        taken = true;

    SLD_TRY(check_form(ctx, option, scalar));
    switch (option->type) {
    case SLD_TYPE_bool:
        out->b = strcmp(text, "true") == 0;
        if (!out->b && strcmp(text, "false") != 0) {
            return refuse(ctx, option, scalar,
                          is_boolean_elsewhere(text) ? " (yes, no, on, off are not accepted)" : "");
        }
        break;
    case SLD_TYPE_i64:
        taken = read_i64(option, text, &out->i64);
        break;
    case SLD_TYPE_count:
        out->i64 = 0;
        taken    = strcmp(text, "auto") == 0 || read_i64(option, text, &out->i64);
        break;
    case SLD_TYPE_f64:
        taken = read_f64(option, text, &out->f64);
        break;
    case SLD_TYPE_choice:
        taken = read_choice(option, text, &out->choice);
        break;
    case SLD_TYPE_text:
    case SLD_TYPE_path:
        return read_text(ctx, arena, option, scalar, &out->text);
    case SLD_TYPE_when:
        taken = read_when(option, text, scalar->quoted, &out->when);
        break;
    case SLD_TYPE_list:
        taken = false; /* a list is expected; taking 4 for [4] would hide a mistake */
        break;
    }
    return taken ? SLD_OK : refuse(ctx, option, scalar, "");
}

sld_status sld_value_append(sld_ctx *ctx, const sld_option *option, const sld_scalar *scalar,
                            sld_list *list)
{
    SLD_TRY(check_form(ctx, option, scalar));
    if (list->n == SLD_LIST_MAX) {
        return sld_location_fail(ctx, &scalar->location, sld_option_key(option),
                                 "expected at most %d numbers in the list, got more", SLD_LIST_MAX);
    }
    if (!read_f64(option, scalar->text, &list->v[list->n])) {
        return refuse(ctx, option, scalar, "");
    }
    list->n++;
    return SLD_OK;
}
