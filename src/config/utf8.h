/* utf8.h: the characters that YAML accepts. */
#ifndef SLD_CONFIG_UTF8_H
#define SLD_CONFIG_UTF8_H

#include "location.h"

/* A character that stands for itself in a YAML text: no control character, no line break, no
 * byte-order mark. */
bool sld_utf8_plain(uint32_t code);

/* Local. Refuses bytes that are no text (binary, NUL bytes, other encodings, too long), with the
 * location of the first byte that shows it. location: of the first byte; without lines the error
 * has none. */
sld_status sld_utf8_check(sld_ctx *ctx, const sld_location *location, const char *key,
                          const void *text, size_t n);

#endif
