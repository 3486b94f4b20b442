/* config_state.h: a configuration: the settings of each origin, and the options that result. */
#ifndef SLD_CONFIG_STATE_H
#define SLD_CONFIG_STATE_H

#include "value.h"

typedef struct sld_setting {
    bool         given;
    bool         implied; /* by another word for the same thing; the user did not write it */
    sld_location location;
    sld_value    value;
} sld_setting;

struct sld_overlay { /* the settings of one origin */
    sld_setting settings[SLD_OPTION_COUNT];
    sld_setting sections[SLD_SECTION_COUNT]; /* which sections are given as a mapping, and where */
};

enum { SLD_ORIGIN_COUNT = SLD_FROM_OVERRIDE + 1 };

struct sld_config {
    sld_arena    *arena;
    const char   *path;
    sld_composer *composer; /* owned if the config was parsed, else borrowed */
    sld_overlay  *overlays[SLD_ORIGIN_COUNT];
    sld_origin    origins[SLD_OPTION_COUNT]; /* of the resolved values */
    sld_options   defaults;                  /* the table's */
    sld_options   options;                   /* resolved */
    const char   *text, *identity;
};

/* ---- parse.c ---- */

/* Local. Adds the settings of a YAML tree to overlay. */
sld_status sld_parse_tree(sld_ctx *ctx, sld_arena *arena, const sld_node *root,
                          sld_overlay *overlay);
/* Local. Adds one setting to overlay. key: an option, or a section, whose value is a mapping;
 * value: YAML. */
sld_status sld_parse_pair(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *value, sld_overlay *overlay);
/* Local. The same from the command line. */
sld_status sld_parse_word(sld_ctx *ctx, sld_arena *arena, const char *key, const char *word,
                          sld_overlay *overlay);

/* Local. Reads the value of one option. It is an error if setting is given already. at: the
 * location of the key. */
sld_status sld_parse_value(sld_ctx *ctx, sld_arena *arena, const sld_option *option,
                           const sld_node *at, const sld_node *node, sld_setting *setting);

/* ---- resolve.c ---- */

/* Local. *out: the options without the settings of the command line. */
sld_status sld_resolve_file(sld_ctx *ctx, const sld_config *config, sld_options *out);

/* ---- resolved.c ---- */

/* The value that the option would have without the file. */
const void *sld_below_file(const sld_config *config, size_t i);

/* ---- check.c: what needs more than one key ---- */

sld_status sld_check_options(sld_ctx *ctx, const sld_config *config);

/* ---- the texts, each owned by the config's arena; NULL when memory ends ---- */

const char *sld_write_document(sld_arena *arena, const sld_options *options);
const char *sld_write_identity(sld_arena *arena, const sld_options *options,
                               const sld_options *defaults);

/* Text that grows while it is printed. */
typedef struct sld_writer {
    FILE  *out;
    char  *text;
    size_t n;
} sld_writer;
bool        sld_writer_open(sld_writer *w);
const char *sld_writer_close(sld_writer *w, sld_arena *arena);

/* Local. The value of an option in options. */
static inline const void *sld_option_value(const sld_options *options, const sld_option *option)
{
    return (const char *)options + option->offset;
}

#endif
