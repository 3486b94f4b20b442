/* value.h: one option's value: read from a YAML scalar, written as YAML, compared. */
#ifndef SLD_CONFIG_VALUE_H
#define SLD_CONFIG_VALUE_H

#include <stdio.h>

#include "location.h"
#include "options.h"

typedef union sld_value { /* the option's type names the member */
    bool           b;
    int64_t        i64;
    double         f64;
    const char    *text;   /* text, path */
    int            choice; /* of the enum */
    sld_list       list;
    sld_when_value when;
} sld_value;

typedef struct sld_scalar { /* a scalar of the YAML text */
    const char *text;
    size_t      n;
    bool        quoted;
    bool
        empty_is_text; /* nothing means the empty text, because a shell removes the quotes of key="" */
    sld_location location;
} sld_scalar;

/* Local. Reads a value of any type but list. Copies text into the arena. */
sld_status sld_value_read(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                          const sld_scalar *scalar, sld_value *out);
/* Local. Appends a number to a list. */
sld_status sld_value_append(sld_ctx *ctx, const sld_option *option, const sld_scalar *scalar,
                            sld_list *list);

/* Writes what the option accepts: "a whole number from 1 to 8". */
void sld_value_wanted(const sld_option *option, char *out, size_t n);

bool sld_value_equal(sld_option_type type, const void *a, const void *b);
void sld_value_write(FILE *out, const sld_option *option, const void *value);
void sld_value_write_when(FILE *out, const sld_when_value *when);

#endif
