/* utf8.c: checks that bytes are a text that YAML accepts. libyaml's own errors about this have no
 * line. */
#include "utf8.h"

#include "sld/base.h"

enum { TEXT_MAX = 1 << 20 }; /* bytes; an experiment is some hundred lines */

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
        const size_t length = sld_text_decode(s + i, n - i, &code);
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
