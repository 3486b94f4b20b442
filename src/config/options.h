/* options.h: the rows of options.def. */
#ifndef SLD_CONFIG_OPTIONS_H
#define SLD_CONFIG_OPTIONS_H

#include "sld/config.h"

typedef enum sld_option_type {
    SLD_TYPE_bool,
    SLD_TYPE_i64,
    SLD_TYPE_count, /* a whole number or auto, which is 0 */
    SLD_TYPE_f64,
    SLD_TYPE_text,
    SLD_TYPE_path,
    SLD_TYPE_list,
    SLD_TYPE_when,
    SLD_TYPE_choice /* any set of sld/config_choices.h */
} sld_option_type;

typedef enum sld_option_kind {
    SLD_KIND_result,
    SLD_KIND_run,
    SLD_KIND_word,
    SLD_KIND_launch
} sld_option_kind;

#define SLD_CONDITION(name, ...) SLD_IF_##name,
typedef enum sld_condition_id {
#include "conditions.def"
    SLD_CONDITION_COUNT
} sld_condition_id;

typedef struct sld_option {
    const char        *section, *name, *dotted; /* "train", "lr", "train.lr" */
    sld_option_type    type;
    const char *const *words;        /* of a choice, in the order of its enum, ended by NULL */
    size_t             offset, size; /* of the value in sld_options, bytes */
    const char        *initial, *limits, *unit, *help;
    sld_option_kind    kind;
    sld_condition_id   condition;
} sld_option;

enum { SLD_KEY_MAX = 64 }; /* bytes of a key with its 0 */

#define SLD_SECTION(name, ...)
#define SLD_OPTION(section, name, ...) SLD_OPTION_##section##_##name,
#define SLD_SECTION_END(name)
typedef enum sld_option_id {
#include "options.def"
    SLD_OPTION_COUNT
} sld_option_id;

#define SLD_SECTION(name, ...) SLD_SECTION_##name,
#define SLD_OPTION(section, name, ...)
#define SLD_SECTION_END(name)
typedef enum sld_section_id {
#include "options.def"
    SLD_SECTION_COUNT
} sld_section_id;

const sld_option *sld_option_at(size_t i);                  /* i < SLD_OPTION_COUNT */
const char       *sld_option_key(const sld_option *option); /* "seed", "train.lr" */
bool              sld_option_in_top(const sld_option *option);
size_t            sld_option_index(const char *key);  /* of a key that the table has */
int               sld_option_find(const char *key);   /* index, or -1 */
int               sld_section_find(const char *name); /* index, or -1; not "top" */

/* ---- conditions.c ---- */

bool        sld_condition_holds(sld_condition_id id, const sld_options *o);
const char *sld_condition_words(sld_condition_id id); /* what the option needs; "": nothing */
const char *
sld_condition_keys(sld_condition_id id); /* the keys that decide it, with spaces between */

/* The key or section that an unknown one probably means; NULL: none is near. */
const char *sld_option_nearest(const char *key);

#endif
