/* location.c: errors that name file, line, column and key. */
#include "location.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SHOWN = 160 }; /* bytes of a long path, from its end: the record has room for 512 */

void sld_text_clip(const char *text, char out[SLD_CLIP])
{
    size_t n = strlen(text);

    if (n >= SLD_CLIP) {
        n = SLD_CLIP - 4;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--; /* not inside a UTF-8 character */
        }
        memcpy(out + n, "...", 4);
    } else {
        out[n] = '\0';
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        out[i]                = c < 0x20 || c == 0x7F ? '?' : text[i];
    }
}

sld_status sld_location_vfail(sld_ctx *ctx, const sld_location *location, const char *key,
                              const char *format, va_list args)
{
    const size_t length = strlen(location->source);
    const bool   cut    = length > PATH_SHOWN;
    char         position[48], shown[SLD_CLIP] = "", message[512];

    position[0] = '\0';
    if (location->line > 0) {
        snprintf(position, sizeof position, ":%zu:%zu", location->line, location->column);
    }
    if (key) {
        sld_text_clip(key, shown);
    }
    vsnprintf(message, sizeof message, format, args);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s%s%s: %s%s%s", cut ? "..." : "",
                    cut ? location->source + length - PATH_SHOWN : location->source, position,
                    shown, key ? ": " : "", message);
}

sld_status sld_location_fail(sld_ctx *ctx, const sld_location *location, const char *key,
                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const sld_status st = sld_location_vfail(ctx, location, key, format, args);
    va_end(args);
    return st;
}
