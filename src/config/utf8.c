/* utf8.c: checks that bytes are a text that YAML accepts. libyaml's own errors about this have no
 * line. */
#include "utf8.h"

enum { TEXT_MAX = 1 << 20 }; /* bytes; an experiment is some hundred lines */

size_t sld_utf8_decode(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800,
                                      0x10000}; /* by length: longer forms are refused */
    size_t                length;

    if (n == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        length = 1;
        *code  = s[0];
    } else if ((s[0] & 0xE0) == 0xC0) {
        length = 2;
        *code  = s[0] & 0x1F;
    } else if ((s[0] & 0xF0) == 0xE0) {
        length = 3;
        *code  = s[0] & 0x0F;
    } else if ((s[0] & 0xF8) == 0xF0) {
        length = 4;
        *code  = s[0] & 0x07;
    } else {
        return 0;
    }
    if (length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (s[i] & 0x3F);
    }
    const bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < lowest[length] || surrogate || *code > 0x10FFFF ? 0 : length;
}

bool sld_utf8_plain(uint32_t code)
{
    return (code >= 0x20 && code <= 0x7E) ||
           (code >= 0xA0 && code <= 0xFFFD && code != 0x2028 && code != 0x2029 && code != 0xFEFF) ||
           code >= 0x10000;
}

static bool breaks_line(uint32_t code)
{
    return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

static sld_status refuse(sld_ctx *ctx, const sld_location *at, const char *key,
                         const unsigned char *text, size_t n, size_t i)
{
    if (i == 0 && n > 1 && (text[0] ^ text[1]) == (0xFF ^ 0xFE) && (text[0] | text[1]) == 0xFF) {
        return sld_location_fail(ctx, at, key, "expected text in UTF-8, got UTF-16");
    }
    if (text[i] == 0) {
        return sld_location_fail(ctx, at, key, "expected text in UTF-8, got a NUL byte");
    }
    return sld_location_fail(ctx, at, key, "expected text in UTF-8, got the byte 0x%02x", text[i]);
}

sld_status sld_utf8_check(sld_ctx *ctx, const sld_location *location, const char *key,
                          const void *text, size_t n)
{
    const unsigned char *s     = text;
    const bool           lines = location->line > 0;
    sld_location         at    = *location;

    if (n > TEXT_MAX) {
        return sld_location_fail(ctx, &at, key, "expected at most %d bytes, got %zu", TEXT_MAX, n);
    }
    for (size_t i = 0; i < n;) {
        uint32_t     code   = 0;
        const size_t length = sld_utf8_decode(s + i, n - i, &code);
        const bool   mark = i == 0 && code == 0xFEFF; /* a byte-order mark may stand at the start */

        if (length == 0 || !(sld_utf8_plain(code) || breaks_line(code) || code == '\t' || mark)) {
            return refuse(ctx, &at, key, s, n, i);
        }
        i += length;
        if (lines && breaks_line(code) && !(code == '\r' && i < n && s[i] == '\n')) {
            at.line++;
            at.column = 1;
        } else if (lines) {
            at.column += !mark;
        }
    }
    return SLD_OK;
}
