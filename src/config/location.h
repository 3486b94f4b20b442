/* location.h: the location of a value, and errors that name it. */
#ifndef SLD_CONFIG_LOCATION_H
#define SLD_CONFIG_LOCATION_H

#include <stdarg.h>

#include "sld/base.h"

typedef struct sld_location {
    const char *source;       /* file name, "command line", "method sld"; owned by the config */
    size_t      line, column; /* from 1; 0: the source has no lines */
} sld_location;

enum { SLD_CLIP = 64 };

/* Copies a text for a message: without control characters, at most SLD_CLIP bytes with the 0. */
void sld_text_clip(const char *text, char out[SLD_CLIP]);

/* Fails with SLD_ERR_CONFIG "SOURCE:LINE:COLUMN: key: message". key NULL: without a key. */
sld_status sld_location_fail(sld_ctx *ctx, const sld_location *location, const char *key,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
sld_status sld_location_vfail(sld_ctx *ctx, const sld_location *location, const char *key,
                              const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

#endif
