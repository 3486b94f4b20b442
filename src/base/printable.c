/* printable.c: makes text of unknown origin safe for a terminal, a log or a report. It must not
 * move the cursor, imitate a log line, or reverse the text beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/base.h"

size_t sld_text_decode(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: refuses overlong */
    const size_t          length   = n == 0                  ? 0
                                     : s[0] < 0x80           ? 1
                                     : (s[0] & 0xE0) == 0xC0 ? 2
                                     : (s[0] & 0xF0) == 0xE0 ? 3
                                     : (s[0] & 0xF8) == 0xF0 ? 4
                                                             : 0;

    if (length == 0 || length > n) {
        return 0;
    }
    *code = length == 1 ? s[0] : s[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (s[i] & 0x3Fu);
    }
    const bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < lowest[length] || surrogate || *code > 0x10FFFF ? 0 : length;
}

bool sld_text_is_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t             code;

    for (size_t n = strlen(text), length; n > 0; s += length, n -= length) {
        length = sld_text_decode(s, n, &code);
        if (length == 0) {
            return false;
        }
    }
    return true;
}

bool sld_text_locale_is_utf8(void)
{
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8");
        }
    }
    return false;
}

/* False for control characters (C0, delete, C1), line and paragraph separators, marks of direction,
 * characters without width, and code points that are no characters. */
static bool is_plain(uint32_t c)
{
    return (c >= 0x20 && c <= 0x7E) ||
           (c >= 0xA0 && c != 0xAD && c != 0x61C && c != 0x180E && !(c >= 0x200B && c <= 0x200F) &&
            !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F) && c != 0xFEFF &&
            !(c >= 0xFFF0 && c <= 0xFFFB) && c != 0xFFFE && c != 0xFFFF &&
            !(c >= 0xE0000 && c <= 0xE0FFF));
}

char *sld_text_printable(const char *text, char *out, size_t n)
{
    const unsigned char *s  = (const unsigned char *)text;
    size_t               at = 0;
    uint32_t             code;
    char                 piece[16];

    for (size_t left = strlen(text), length; left > 0; s += length, left -= length) {
        length = sld_text_decode(s, left, &code);
        if (length > 0 && is_plain(code)) {
            snprintf(piece, sizeof piece, "%.*s", (int)length, (const char *)s);
        } else if (length > 0 && code == '\n') {
            snprintf(piece, sizeof piece, "\\n");
        } else if (length > 0 && code >= 0x80) {
            snprintf(piece, sizeof piece, code > 0xFFFF ? "\\U%08x" : "\\u%04x", (unsigned)code);
        } else {
            snprintf(piece, sizeof piece, "\\x%02x", s[0]);
        }
        length = length > 0 ? length : 1;
        if (at + strlen(piece) >= n) {
            break;
        }
        memcpy(out + at, piece, strlen(piece));
        at += strlen(piece);
    }
    out[at] = '\0';
    return out;
}
