/* value.h: one option's value: from a YAML scalar, back to YAML, compared. */
#ifndef SLD_CONFIG_VALUE_H
#define SLD_CONFIG_VALUE_H

#include <stdio.h>

#include "location.h"
#include "options.h"

typedef union sld_value { /* the member that the option's type says */
    bool           b;
    int64_t        i64;
    double         f64;
    const char    *text;   /* text, path */
    int            choice; /* of the enum */
    sld_list       list;
    sld_when_value when;
} sld_value;

typedef struct sld_scalar { /* as it stands in the YAML */
    const char *text;
    size_t      n;
    bool        quoted;
    bool empty_is_text; /* nothing at all is the empty text: a shell eats the quotes of key="" */
    sld_location location;
} sld_scalar;

/* Local. Any type but list. Text is copied into the arena. */
sld_status sld_value_read(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                          const sld_scalar *scalar, sld_value *out);
/* Local. One more number of a list. */
sld_status sld_value_append(sld_ctx *ctx, const sld_option *option, const sld_scalar *scalar,
                            sld_list *list);

/* What the option takes, in words: "a whole number from 1 to 8". */
void sld_value_wanted(const sld_option *option, char *out, size_t n);

bool sld_value_equal(sld_option_type type, const void *a, const void *b);
void sld_value_write(FILE *out, const sld_option *option, const void *value);
void sld_value_write_when(FILE *out, const sld_when_value *when);

#endif
