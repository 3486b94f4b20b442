/* sld/config.h: the one option table, YAML with line and column, overrides, the resolved experiment
 * and its identity. src/config/options.def is the table; everything here comes from it. */
#ifndef SLD_CONFIG_H
#define SLD_CONFIG_H

#include "sld/base.h"

#define SLD_LIST_MAX 32

typedef struct sld_list { /* a list of numbers */
    size_t n;
    double v[SLD_LIST_MAX];
} sld_list;

/* "when": 150 (an epoch), 0.625 (a fraction of the run, written with a point and below 1),
 * first_lr_drop, never. */
typedef enum {
    SLD_WHEN_EPOCH,
    SLD_WHEN_FRACTION,
    SLD_WHEN_FIRST_LR_DROP,
    SLD_WHEN_NEVER
} sld_when_word;
typedef struct sld_when_value {
    sld_when_word word;
    double        value;
} sld_when_value;

/* The struct: cfg->SECTION.NAME as options.def lists them; types bool, int64_t, double, const char
 * * (text, path, choice), sld_list, sld_when_value. Text is owned by the config. */
#include "sld/config_struct.h"

typedef struct sld_config sld_config;

typedef enum {
    SLD_FROM_DEFAULT,
    SLD_FROM_METHOD,
    SLD_FROM_PRESET,
    SLD_FROM_FILE,
    SLD_FROM_OVERRIDE
} sld_origin;

/* Named default sets (methods, presets): pairs {key, YAML text}, ended by {NULL, NULL}; NULL when
 * the name is unknown. */
typedef const char *const (*(*sld_defaults_find)(const char *name))[2];

/* Local, and the same on every rank when text and overrides are. path names the text in messages
 * ("experiment.yaml"). Every error is SLD_ERR_CONFIG "FILE:LINE:COLUMN: key: found, wanted", with
 * the nearest key for an unknown one. Order of strength: table < method < file < override. */
sld_status sld_config_parse(sld_ctx *ctx, const char *path, const void *text, size_t n,
                            const char *const *overrides, size_t n_overrides,
                            sld_defaults_find method, sld_config **out);
void       sld_config_destroy(sld_config *config); /* Local. Accepts NULL. */

const sld_options *sld_config_options(const sld_config *config);
sld_origin         sld_config_origin(const sld_config *config, const char *key);
/* Local. SLD_ERR_CONFIG with the place where key was set (or its origin) in front of the message:
 * for checks that need more than the table knows. */
sld_status sld_config_reject(sld_ctx *ctx, const sld_config *config, const char *key,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Local. The resolved document: every option with its value, as YAML that parses to the same; owned
 * by the config. */
const char *sld_config_text(const sld_config *config);
/* Local. Canonical "key: value" lines of the result options that differ from the table's defaults,
 * sorted by key: what the trial's ID hashes. Owned by the config. */
const char *sld_config_identity(const sld_config *config);
/* Local. The table as --help prints it, to stdout. */
void sld_config_print_help(void);

#endif
