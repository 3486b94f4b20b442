/* names.c: brings the names of classes into UTF-8 from the encoding of the file. */
#include <stdio.h>
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

void sld_data_name_set(sld_ctx *ctx, const char *where, const char *text, char name[64])
{
    enum { SIZE = 64 };
    char        head[SIZE], fixed[2 * SIZE];
    const bool  utf8  = sld_text_is_utf8(text);
    const char *whole = utf8 ? text : fixed;

    if (!utf8) {
        snprintf(head, sizeof head, "%s", text);
        convert(head, fixed);
    }
    size_t n = strlen(whole);
    if (n >= SIZE) {
        n = SIZE - 1;
        while (n > 0 && ((unsigned char)whole[n] & 0xC0) == 0x80) {
            n--; /* never half a character */
        }
    }
    memcpy(name, whole, n);
    name[n] = '\0';
    if (whole[n] || strlen(text) >= SIZE) {
        sld_log(ctx, SLD_LOG_WARN, "%s: the attribute name is longer than %d bytes and cut: %s",
                where, SIZE - 1, name);
    }
}

sld_status sld_data_names_utf8(sld_ctx *ctx, const char *where, data_source *source)
{
    data_shape *shape = &source->shape;
    size_t      wrong = 0, bytes = 0;

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

static int by_text(const void *pa, const void *pb)
{
    return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

/* Returns where the n names end. */
static const char *warn_list(sld_ctx *ctx, const char *where, const char *what, const char *name,
                             size_t n)
{
    const char **sorted = malloc(n * sizeof *sorted), *twice = NULL;
    size_t       empty = 0, first = 0, equal = 0;

    for (size_t i = 0; i < n; i++, name += strlen(name) + 1) {
        first = *name == '\0' && empty == 0 ? i : first;
        empty += *name == '\0';
        if (sorted) {
            sorted[i] = name;
        }
    }
    if (empty > 0) {
        sld_log(ctx, SLD_LOG_WARN, "%s: %zu of %zu %s names are empty, the first is that of %zu",
                where, empty, n, what, first);
    }
    if (sorted) {
        qsort(sorted, n, sizeof *sorted, by_text);
    }
    for (size_t i = empty + 1; sorted && i < n; i++) { /* empty ones come first */
        if (strcmp(sorted[i], sorted[i - 1]) == 0) {
            twice = twice ? twice : sorted[i];
            equal++;
        }
    }
    if (equal > 0) {
        sld_log(ctx, SLD_LOG_WARN, "%s: %zu of %zu %s names repeat another, the first is %s", where,
                equal, n, what, twice);
    }
    free(sorted);
    return name;
}

void sld_data_names_warn(sld_ctx *ctx, const char *where, const data_source *source)
{
    const data_shape *shape = &source->shape;
    const char       *name  = source->names;

    if (shape->has_class_names) {
        name = warn_list(ctx, where, "class", name, shape->K);
    }
    if (shape->has_coarse_names) {
        warn_list(ctx, where, "superclass", name, shape->n_coarse);
    }
}
