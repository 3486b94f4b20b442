/* sld/config.h: the one option table, YAML with line and column, overrides, the resolved experiment
 * and its identity. src/config/options.def is the table; everything here comes from it. */
#ifndef SLD_CONFIG_H
#define SLD_CONFIG_H

#include <stdio.h>

#include "sld/base.h"

#define SLD_LIST_MAX 16 /* as many temperatures as an objective takes */

typedef struct sld_list { /* a list of numbers */
    size_t n;
    double v[SLD_LIST_MAX];
} sld_list;

/* "when": 150 (an epoch), 0.625 (a fraction of the run, below 1), first_lr_drop, never. */
typedef enum {
    SLD_WHEN_EPOCH,
    SLD_WHEN_FRACTION,
    SLD_WHEN_FIRST_LR_DROP,
    SLD_WHEN_NEVER
} sld_when_word;
typedef struct sld_when_value {
    sld_when_word word;
    double        value; /* of an epoch or a fraction; else 0 */
} sld_when_value;

/* The struct: options->SECTION.NAME as options.def lists them; types bool, int64_t, double, const
 * char * (text, path), sld_list, sld_when_value and the enums of sld/config_choices.h. Text is owned
 * by the config. */
#include "sld/config_struct.h"

/* ---- YAML as a tree ---- */

typedef enum { SLD_NODE_SCALAR, SLD_NODE_LIST, SLD_NODE_MAP } sld_node_kind;

/* A value and where it stands. Lives in the arena it was read into. */
typedef struct sld_node {
    sld_node_kind           kind;
    const char             *source;       /* as given: a file's name, "command line" */
    size_t                  line, column; /* from 1; 0: the source has none */
    const char             *text;         /* of a scalar, "" else */
    size_t                  length;       /* of text, bytes */
    bool                    quoted;
    size_t                  n;    /* entries of a list or mapping, in the document's order */
    const struct sld_node **key;  /* (n) scalars, in a mapping; keys may repeat */
    const struct sld_node **item; /* (n) */
} sld_node;

/* Local. One document; an empty text is an empty scalar. Aliases, tags, merge keys and more than 16
 * levels are SLD_ERR_CONFIG. source must outlive the nodes. */
sld_status sld_yaml_document(sld_ctx *ctx, sld_arena *arena, const char *source, const void *text,
                             size_t n, const sld_node **out);
/* Local. The value of key, without lines; an empty text is the empty scalar. */
sld_status sld_yaml_value(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *text, const sld_node **out);
/* The value of the first such key; NULL: none, or no mapping. */
const sld_node *sld_node_value(const sld_node *map, const char *key);
const char     *sld_node_words(const sld_node *node); /* what it is: "a list" */
/* Local. SLD_ERR_CONFIG "SOURCE:LINE:COLUMN: key: message"; key may be NULL. */
sld_status sld_node_fail(sld_ctx *ctx, const sld_node *node, const char *key, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

/* ---- an experiment ---- */

typedef struct sld_config sld_config;

/* Where a value comes from, the weakest first. */
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

/* Local, and the same on every rank when text and overrides are. text: one YAML document of n
 * bytes, a mapping of sections and options ("{}" sets none; an empty text is an error); path names
 * it in messages. overrides: "key=value", value is YAML. method: NULL when there are no methods.
 * Every error is SLD_ERR_CONFIG "FILE:LINE:COLUMN: key: found, wanted" (or "command line: key: ..."
 * and "method NAME: key: ..."), with the nearest key for an unknown one. The caller owns *out and
 * gives it to sld_config_destroy(); on failure *out is NULL. */
sld_status sld_config_parse(sld_ctx *ctx, const char *path, const void *text, size_t n,
                            const char *const *overrides, size_t n_overrides,
                            sld_defaults_find method, sld_config **out);
void       sld_config_destroy(sld_config *config); /* Local. Accepts NULL. */

/* Local. A setting of the user's that changes nothing in this experiment is refused at its location,
 * with what it needs (conditions.def). What only the command line has made idle, and what lies
 * beyond the run's last epoch, is told in the log. A resolved document, which sets most of the
 * table, is never refused. Not asked of documents that are stored with results. */
sld_status sld_config_check_settings(sld_ctx *ctx, const sld_config *config);

/* ---- presets: recipes of the literature, a row of src/config/preset.c for each ---- */

#define SLD_PRESET_PAIRS 32
size_t      sld_preset_count(void);
const char *sld_preset_name(size_t i); /* "cifar100/resnet56-resnet20" */
/* Local. What a preset sets under a method: key and YAML text. Returns how many; 0: no such preset.
 */
size_t sld_preset_pairs(const char *preset, const char *method,
                        const char *out[SLD_PRESET_PAIRS][2]);

/* ---- many experiments from few parts: what a grid is made of ---- */

/* What one place sets, option by option, each with where it stands. */
typedef struct sld_overlay sld_overlay;

/* Local. An empty one, in the arena. */
sld_status sld_overlay_create(sld_ctx *ctx, sld_arena *arena, sld_overlay **out);
void       sld_overlay_clear(sld_overlay *overlay); /* Local. */
/* Local. map: sections and options; SLD_ERR_CONFIG for all that sld_config_parse() refuses in a
 * document. Adds to what the overlay sets; an option that it sets already is an error. */
sld_status sld_overlay_read(sld_ctx *ctx, sld_arena *arena, const sld_node *map,
                            sld_overlay *overlay);
/* Local. "key=value" from the command line. */
sld_status sld_overlay_override(sld_ctx *ctx, sld_arena *arena, const char *pair,
                                sld_overlay *overlay);
/* Local. One option with its value as YAML; an earlier value gives way. */
sld_status sld_overlay_set(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                           const char *value, sld_overlay *overlay);
/* Local. The same for an option of type text or path, as it is. */
sld_status sld_overlay_set_text(sld_ctx *ctx, sld_arena *arena, const char *key, const char *text,
                                sld_overlay *overlay);
bool       sld_overlay_sets(const sld_overlay *overlay, const char *key); /* Local. */
bool       sld_overlay_is_empty(const sld_overlay *overlay);              /* Local. */
void       sld_overlay_drop(sld_overlay *overlay, const char *key); /* Local. Sets it no more. */
/* Local. Lays `over` over into: what it sets gives way. */
void sld_overlay_lay(sld_overlay *into, const sld_overlay *over);
/* Local. Keeps the options of these sections alone; sections end with NULL. */
void sld_overlay_keep(sld_overlay *overlay, const char *const *sections);
/* Local. The first key, by the table, that both set; NULL: none. */
const char *sld_overlay_common(const sld_overlay *a, const sld_overlay *b);
/* Local. What either sets, by the value of one of them: for questions of what is set at all. */
void sld_overlay_all(sld_overlay *into, const sld_overlay *more);
/* Local. Likewise one that they set to two values, or by two names; *key NULL: none. */
sld_status sld_overlay_clash(sld_ctx *ctx, sld_arena *arena, const sld_overlay *a,
                             const sld_overlay *b, const char **key);
/* Local. The value that key has as YAML, in the arena; *out NULL where the overlay does not set it.
 */
sld_status sld_overlay_value(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                             const char *key, const char **out);
/* Local. What it sets as a document that sld_config_parse() takes, in the arena. */
sld_status sld_overlay_text(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                            const char **out);
/* Local. Whether it changes what a trial computes. */
bool sld_config_is_result(const char *key);
bool sld_config_is_key(const char *key);      /* Local. Of an experiment: not launch.KEY. */
bool sld_config_is_section(const char *name); /* Local. The same. */

/* ---- launch: the options of a sweep itself, rows of the same table ---- */

sld_status sld_launch_default(sld_ctx *ctx, sld_arena *arena, sld_launch *out); /* Local. */
/* Local. The option launch.NAME. at: where an unknown name stands. Text lives in the arena. */
sld_status sld_launch_set(sld_ctx *ctx, sld_arena *arena, const sld_node *at, const char *name,
                          const sld_node *value, sld_launch *launch);
/* Local. Every option as a line "launch NAME VALUE" with tabs between, and one such line read back; a
 * name that is not known, of a later version, is passed over. */
void       sld_launch_write(FILE *out, const sld_launch *launch);
sld_status sld_launch_recorded(sld_ctx *ctx, sld_arena *arena, const char *path, const char *name,
                               const char *value, sld_launch *launch);
/* Local. A whole number as YAML has it, in low..high; no sign +, no leading zeros, no quotes. */
bool sld_node_whole(const sld_node *node, int64_t low, int64_t high, int64_t *out);
/* Which options matter in some point of a grid. */
typedef struct sld_usage sld_usage;
sld_status sld_usage_create(sld_ctx *ctx, sld_arena *arena, sld_usage **out); /* Local. */
void       sld_usage_add(sld_usage *usage, const sld_options *options); /* Local. One point more. */
bool sld_usage_has(const sld_usage *usage, const char *key); /* Local. True without a point. */
/* Local. A setting of overlay that matters in none of the points is refused as above. where: "any
 * point of this sweep". */
sld_status sld_usage_check(sld_ctx *ctx, const sld_usage *usage, const sld_overlay *overlay,
                           const char *where);

/* What configurations share: the table's values and those of the methods met so far. */
typedef struct sld_composer sld_composer;
sld_status sld_composer_create(sld_ctx *ctx, sld_defaults_find method, sld_composer **out);
void       sld_composer_destroy(sld_composer *composer); /* Local. Accepts NULL. */
/* Local. The configuration of an overlay, checked as sld_config_parse() checks, in some 40
 * microseconds; its sld_config_text() is "". Borrows composer and overlay's texts; path names it in
 * messages. */
sld_status sld_composer_make(sld_ctx *ctx, sld_composer *composer, const char *path,
                             const sld_overlay *overlay, sld_config **out);

/* ---- what a configuration says ---- */

/* Local. Borrowed until destroy. Resolved: seeds.* are never -1; teacher_swap says whether
 * correction is "swap". */
const sld_options *sld_config_options(const sld_config *config);
sld_origin         sld_config_origin(const sld_config *config, const char *key);
/* Local. SLD_ERR_CONFIG with the place where key was set (or its origin) in front of the message:
 * for checks that need more than the table knows. */
sld_status sld_config_reject(sld_ctx *ctx, const sld_config *config, const char *key,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Local. A text option by its proper name, where the file has another for the same thing: options
 * and identity are as if the file had this one. The resolved document stays as written. */
sld_status sld_config_call(sld_ctx *ctx, sld_config *config, const char *key, const char *name);

/* Local. Sets an option, as YAML, as if it stood beside another that the user has set, and resolves
 * all again: what the experiment left open and that other option decides. */
sld_status sld_config_settle(sld_ctx *ctx, sld_config *config, const char *beside, const char *key,
                             const char *value);

/* Local. The resolved document: every option with its value, as YAML that parses to the same; owned
 * by the config. Seeds left to follow `seed` stay -1 here, so that the document with another seed
 * is another run. */
const char *sld_config_text(const sld_config *config);
/* Local. Canonical "key: value" lines of the result options that differ from the table's defaults
 * and matter in this experiment, sorted by key: what the trial's ID hashes. Owned by the config. */
const char *sld_config_identity(const sld_config *config);

/* Local. The word of an option that takes one of a set: "cifar100" of data.format. */
const char *sld_config_word(const sld_options *options, const char *key);

/* Local. Whether a term of the objective asks the teacher. */
bool sld_config_wants_teacher(const sld_options *options);

/* Local. The epoch after which `when` holds, epochs numbered from 1: 0 = from the start; INT64_MAX
 * = never. A fraction f of E epochs is the epoch floor(f E + 1/2); first_lr_drop is the last epoch
 * at the full rate. */
int64_t sld_config_when(const sld_options *options, sld_when_value when);
/* Local. out: train.lr_stages as epochs, ascending; the rate drops after each. Returns how many. */
size_t sld_config_lr_stages(const sld_options *options, int64_t out[SLD_LIST_MAX]);
/* Local. In how many epochs of the run the student-swap term has a weight. */
int64_t sld_config_lss_active_epochs(const sld_options *options);

/* Local. The option or section that was probably meant by an unknown one, or NULL. */
const char *sld_config_nearest(const char *key);

/* Local. The keys in the table's order; NULL past the last. */
const char *sld_config_key(size_t i);
/* What a row of the table says, in words. */
typedef struct sld_option_info {
    const char        *key, *topic; /* "train.lr", "train" */
    const char        *type, *unit, *kind, *help;
    const char        *needs;     /* without this it changes nothing; "" where it always counts */
    const char *const *words;     /* of a choice, ended by NULL; else NULL */
    char               takes[96]; /* limits or words; "": none */
    bool               path, boolean;
} sld_option_info;
void        sld_config_versions(char *text, size_t n);       /* Local. "libyaml 0.2.5". */
bool        sld_config_info(size_t i, sld_option_info *out); /* Local. False past the last. */
const char *sld_config_topic(const char *topic); /* Local. What it is about; NULL: there is none. */
int64_t     sld_config_default_whole(const char *key); /* Local. Of an option of whole numbers. */
/* Local. Every option's value as YAML, in the table's order, in an experiment that sets the overrides
 * alone; not checked together. */
sld_status sld_config_defaults(sld_ctx *ctx, sld_arena *arena, sld_defaults_find method,
                               const char *const *overrides, size_t n_overrides, const char ***out);

#endif
