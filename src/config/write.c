/* write.c: writes a typed value as YAML that reads back to it, and compares two values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "value.h"

static bool equal_list(const sld_list *a, const sld_list *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->v[i] != b->v[i]) {
            return false;
        }
    }
    return true;
}

bool sld_value_equal(sld_option_type type, const void *a, const void *b)
{
    switch (type) {
    case SLD_TYPE_bool:
        return *(const bool *)a == *(const bool *)b;
    case SLD_TYPE_i64:
    case SLD_TYPE_count:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SLD_TYPE_f64:
        return *(const double *)a == *(const double *)b;
    case SLD_TYPE_text:
    case SLD_TYPE_path:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case SLD_TYPE_choice:
        return *(const int *)a == *(const int *)b;
    case SLD_TYPE_list:
        return equal_list(a, b);
    case SLD_TYPE_when: {
        const sld_when_value *x = a, *y = b;
        return x->word == y->word && x->value == y->value;
    }
    }
    return false;
}

/* Writes v in the shortest of the usual precisions that parses back to the same bits. A mantissa
 * gets a point if an exponent follows, because YAML 1.1 readers do not know 1e-07, or if point says
 * so. */
static void write_f64(FILE *out, double v, bool point)
{
    char   text[40];
    size_t mantissa;

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    mantissa = strcspn(text, "e");
    point    = point || text[mantissa] == 'e';
    fprintf(out, "%.*s%s%s", (int)mantissa, text, point && !memchr(text, '.', mantissa) ? ".0" : "",
            text + mantissa);
}

/* Whether some YAML reader could take the plain text for something else. */
static bool needs_quotes(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    static const char        safe[]  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_-./+";
    const bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');

    if (!(letter || *text == '/' || *text == '_') || text[strspn(text, safe)] != '\0') {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t k = 0;
        while (words[i][k] != '\0' && (text[k] | 0x20) == words[i][k]) {
            k++;
        }
        if (words[i][k] == '\0' && text[k] == '\0') {
            return true;
        }
    }
    return false;
}

static void write_text(FILE *out, const char *text)
{
    if (!needs_quotes(text)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) { /* read_text() has refused control characters */
        if (*c == '"' || *c == '\\') {
            fputc('\\', out);
        }
        fputc(*c, out);
    }
    fputc('"', out);
}

void sld_value_write_when(FILE *out, const sld_when_value *when)
{
    switch (when->word) {
    case SLD_WHEN_FIRST_LR_DROP:
        fputs("first_lr_drop", out);
        break;
    case SLD_WHEN_NEVER:
        fputs("never", out);
        break;
    case SLD_WHEN_EPOCH:
    case SLD_WHEN_FRACTION:
        write_f64(out, when->value, false);
        break;
    }
}

void sld_value_write(FILE *out, const sld_option *option, const void *value)
{
    switch (option->type) {
    case SLD_TYPE_bool:
        fputs(*(const bool *)value ? "true" : "false", out);
        break;
    case SLD_TYPE_count:
        if (*(const int64_t *)value == 0) {
            fputs("auto", out);
            break;
        }
        /* fall through */
    case SLD_TYPE_i64:
        fprintf(out, "%lld", (long long)*(const int64_t *)value);
        break;
    case SLD_TYPE_f64:
        write_f64(out, *(const double *)value, true);
        break;
    case SLD_TYPE_text:
    case SLD_TYPE_path:
        write_text(out, *(const char *const *)value);
        break;
    case SLD_TYPE_choice:
        fputs(option->words[*(const int *)value], out);
        break;
    case SLD_TYPE_list: {
        const sld_list *list = value;
        fputc('[', out);
        for (size_t i = 0; i < list->n; i++) {
            fputs(i > 0 ? ", " : "", out);
            write_f64(out, list->v[i], false);
        }
        fputc(']', out);
        break;
    }
    case SLD_TYPE_when:
        sld_value_write_when(out, value);
        break;
    }
}
