/* json.c: writes JSON. */
#include "sld/base_json.h"

#include <assert.h>
#include <math.h>

/* Bytes of the UTF-8 character at text; 0: there is none. Overlong forms, surrogates and numbers
 * above U+10FFFF are not valid. */
static int utf8_length(const unsigned char *text)
{
    const unsigned char c = text[0];
    const int n = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    for (int i = 1; i < n; i++) {
        if ((text[i] & 0xC0) != 0x80) { /* true for the 0 at the end too */
            return 0;
        }
    }
    if ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] > 0x9F) ||
        (c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F)) {
        return 0;
    }
    return n;
}

static void put_string(FILE *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    fputc('"', to);
    while (*at) {
        const int n = utf8_length(at);
        if (n == 0) {
            fputs("\\ufffd", to);
        } else if (*at == '"' || *at == '\\') {
            fprintf(to, "\\%c", *at);
        } else if (*at < 0x20) {
            fprintf(to, "\\u%04x", *at);
        } else {
            (void)fwrite(at, 1, (size_t)n, to); /* who closes the stream finds its errors */
        }
        at += n ? n : 1;
    }
    fputc('"', to);
}

/* Writes what precedes a value: a comma, a new line, the key. */
static void put_before(sld_json *j, const char *key)
{
    if (j->depth > 0) {
        bool *filled = &j->filled[j->depth - 1];
        fputs(*filled ? (j->line ? "," : ", ") : "", j->to);
        *filled = true;
    }
    if (j->line) {
        fprintf(j->to, "\n%*s", j->depth, "");
        j->line = false;
    }
    if (key) {
        put_string(j->to, key);
        fputs(": ", j->to);
    }
}

static void open_with(sld_json *j, const char *key, char opening, char closing)
{
    assert(j->depth < SLD_JSON_DEPTH);
    put_before(j, key);
    fputc(opening, j->to);
    j->filled[j->depth]  = false;
    j->closing[j->depth] = closing;
    j->depth++;
}

sld_json sld_json_begin(FILE *to)
{
    return (sld_json){.to = to};
}

void sld_json_object(sld_json *j, const char *key)
{
    open_with(j, key, '{', '}');
}

void sld_json_list(sld_json *j, const char *key)
{
    open_with(j, key, '[', ']');
}

void sld_json_end(sld_json *j)
{
    assert(j->depth > 0);
    j->depth--;
    if (j->line) {
        fprintf(j->to, "\n%*s", j->depth, "");
        j->line = false;
    }
    fputc(j->closing[j->depth], j->to);
    if (j->depth == 0) {
        fputc('\n', j->to);
    }
}

void sld_json_line(sld_json *j)
{
    j->line = true;
}

void sld_json_text(sld_json *j, const char *key, const char *text)
{
    put_before(j, key);
    if (text) {
        put_string(j->to, text);
    } else {
        fputs("null", j->to);
    }
}

void sld_json_whole(sld_json *j, const char *key, long long x)
{
    put_before(j, key);
    fprintf(j->to, "%lld", x);
}

void sld_json_number(sld_json *j, const char *key, double x, int digits)
{
    put_before(j, key);
    if (isfinite(x)) {
        fprintf(j->to, "%.*g", digits, x);
    } else {
        fputs("null", j->to);
    }
}

void sld_json_bool(sld_json *j, const char *key, bool x)
{
    put_before(j, key);
    fputs(x ? "true" : "false", j->to);
}
