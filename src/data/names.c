/* names.c: brings the names of classes into UTF-8 from the encoding of the file. */
#include <stdlib.h>
#include <string.h>

#include "facts.h"

/* Converts Latin-1 to UTF-8, where a byte from 0x80 on becomes two. Returns the bytes of the text
 * with its zero. */
static size_t convert(const char *from, char *to)
{
    char *at = to;

    for (const unsigned char *s = (const unsigned char *)from; *s; s++) {
        if (*s < 0x80) {
            *at++ = (char)*s;
        } else {
            *at++ = (char)(0xC0 | *s >> 6);
            *at++ = (char)(0x80 | (*s & 0x3F));
        }
    }
    *at++ = '\0';
    return (size_t)(at - to);
}

static void fix_set_name(data_shape *shape)
{
    char fixed[2 * sizeof shape->name];

    if (!sld_text_is_utf8(shape->name)) {
        convert(shape->name, fixed);
        size_t n = strlen(fixed) < sizeof shape->name ? strlen(fixed) : sizeof shape->name - 1;
        while (n > 0 && ((unsigned char)fixed[n] & 0xC0) == 0x80) {
            n--; /* never half a character */
        }
        memcpy(shape->name, fixed, n);
        shape->name[n] = '\0';
    }
}

sld_status sld_data_names_utf8(sld_ctx *ctx, const char *where, data_source *source)
{
    data_shape *shape = &source->shape;
    size_t      wrong = 0, bytes = 0;

    fix_set_name(shape);
    if (!source->names) {
        return SLD_OK;
    }
    const char *end = source->names + shape->names_bytes;
    for (const char *name = source->names; name < end; name += strlen(name) + 1) {
        wrong += !sld_text_is_utf8(name);
    }
    if (wrong == 0) {
        return SLD_OK;
    }
    char *fixed = malloc(2 * shape->names_bytes + 1);
    if (!fixed) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for names", where);
    }
    for (const char *name = source->names; name < end; name += strlen(name) + 1) {
        if (sld_text_is_utf8(name)) {
            memcpy(fixed + bytes, name, strlen(name) + 1);
            bytes += strlen(name) + 1;
        } else {
            bytes += convert(name, fixed + bytes);
        }
    }
    free(source->names);
    source->names      = fixed;
    shape->names_bytes = bytes;
    sld_log(ctx, SLD_LOG_WARN, "%s: %zu name%s not UTF-8, read as Latin-1", where, wrong,
            wrong == 1 ? " is" : "s are");
    return SLD_OK;
}
