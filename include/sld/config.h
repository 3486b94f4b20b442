/* sld/config.h: YAML with line and column, overlays of settings, the resolved experiment and its
 * identity. All options are rows of one table, src/config/options.def. */
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

/* struct sld_options: options->SECTION.NAME as options.def lists them. Types are bool, int64_t,
 * double, const char * (text, path), sld_list, sld_when_value and the enums of
 * sld/config_choices.h. The config owns the text. */
#include "sld/config_struct.h"

/* ---- YAML as a tree ---- */

typedef enum { SLD_NODE_SCALAR, SLD_NODE_LIST, SLD_NODE_MAP } sld_node_kind;

/* A value and its location. It lies in the arena into which it was read. */
typedef struct sld_node {
    sld_node_kind           kind;
    const char             *source;       /* as given: a file's name, "command line" */
    size_t                  line, column; /* from 1; 0: the source has no lines */
    const char             *text;         /* of a scalar; else "" */
    size_t                  length;       /* of text, bytes */
    bool                    quoted;
    size_t                  n;    /* entries of a list or mapping, in the document's order */
    const struct sld_node **key;  /* (n) scalars, in a mapping; keys may repeat */
    const struct sld_node **item; /* (n) */
} sld_node;

/* Local. Parses one document of n bytes; an empty text is an empty scalar. Borrows source for as
 * long as the nodes. SLD_ERR_CONFIG for what is no YAML, and for aliases, tags, merge keys and more
 * than 16 levels. */
sld_status sld_yaml_document(sld_ctx *ctx, sld_arena *arena, const char *source, const void *text,
                             size_t n, const sld_node **out);
/* Local. Parses the value of key, written as YAML; its nodes have no lines. */
sld_status sld_yaml_value(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *text, const sld_node **out);
/* Local. Reads the value of key from the command line. text: the value is text, and the word is taken as
 * it stands, unless quotes enclose the whole of it. Else it is YAML; SLD_ERR_CONFIG where a comment, an
 * anchor or a document mark stands beside the value. */
sld_status sld_yaml_word(sld_ctx *ctx, sld_arena *arena, const char *key, const char *word,
                         bool text, const sld_node **out);
/* Local. The value of the first such key; NULL: there is none, or map is no mapping. */
const sld_node *sld_node_value(const sld_node *map, const char *key);
const char     *sld_node_words(const sld_node *node); /* Local. What it is: "a list". A literal. */
/* Local. Fails with SLD_ERR_CONFIG "SOURCE:LINE:COLUMN: key: message". key NULL: without a key. */
sld_status sld_node_fail(sld_ctx *ctx, const sld_node *node, const char *key, const char *format,
                         ...) __attribute__((format(printf, 4, 5)));

/* ---- an experiment ---- */

typedef struct sld_config sld_config;

/* Who sets a value, the weakest first. */
typedef enum {
    SLD_FROM_DEFAULT,
    SLD_FROM_METHOD,
    SLD_FROM_PRESET,
    SLD_FROM_FILE,
    SLD_FROM_OVERRIDE
} sld_origin;

/* Finds a named set of defaults (a method, a preset): pairs {key, YAML text}, ended by {NULL,
 * NULL}. NULL: the name is unknown. */
typedef const char *const (*(*sld_defaults_find)(const char *name))[2];

/* Local. Parses and resolves an experiment; equal texts and overrides give the same on every rank.
 * text: one YAML document of n bytes, a mapping of sections and options ("{}" sets none, an empty
 * text is an error); path names it in messages. overrides: "key=value", as sld_overlay_override() takes.
 * method: NULL: there are no methods. Every error is SLD_ERR_CONFIG "FILE:LINE:COLUMN: key:
 * expected X, got Y" (or "command line: key: ...", "method NAME: key: ..."), with the nearest key
 * for an unknown one. The caller owns *out and gives it to sld_config_destroy(); on failure *out is
 * NULL. */
sld_status sld_config_parse(sld_ctx *ctx, const char *path, const void *text, size_t n,
                            const char *const *overrides, size_t n_overrides,
                            sld_defaults_find method, sld_config **out);
/* Local. Likewise for what the attribute config of an HDF5 file holds. Messages name both. */
sld_status sld_config_parse_stored(sld_ctx *ctx, const char *file, const char *text,
                                   const char *const *overrides, size_t n_overrides,
                                   sld_defaults_find method, sld_config **out);
void       sld_config_destroy(sld_config *config); /* Local. Accepts NULL. */

/* Local. Refuses a setting of the user that changes nothing in this experiment, with its location
 * and what it needs (conditions.def). Only warns in the log of a setting that the command line has
 * made idle, and of one that lies beyond the run's last epoch. Never refuses a resolved document,
 * which sets most of the table. Documents that are stored with results are not checked. */
sld_status sld_config_check_settings(sld_ctx *ctx, const sld_config *config);
/* Local. Hands over each setting that this run never comes to, or that makes no difference to it:
 * epochs behind the end, windows without an epoch, shards without a sample. kind and key together name
 * a finding; text says why. sld_config_check_settings() logs them. */
enum { SLD_UNREACHED_BYTES = 320 }; /* of a text with its 0 */
typedef void (*sld_unreached_report)(void *user, const char *key, int kind, const char *text);
void sld_config_each_unreached(const sld_config *config, sld_unreached_report report, void *user);

/* ---- presets: recipes of the literature, a row of src/config/preset.c for each ---- */

#define SLD_PRESET_PAIRS 32
size_t      sld_preset_count(void);    /* Local. */
const char *sld_preset_name(size_t i); /* Local. "cifar100/resnet56-resnet20". A literal. */
/* Local. Lists what a preset sets under a method: key and YAML text. Returns how many; 0: there is
 * no such preset. */
size_t sld_preset_pairs(const char *preset, const char *method,
                        const char *out[SLD_PRESET_PAIRS][2]);

/* ---- many experiments from few parts: what a grid is made of ---- */

/* The settings of one origin, each with its location. */
typedef struct sld_overlay sld_overlay;

/* Local. Makes an empty one, in the arena. */
sld_status sld_overlay_create(sld_ctx *ctx, sld_arena *arena, sld_overlay **out);
void       sld_overlay_clear(sld_overlay *overlay); /* Local. */
/* Local. Adds the settings of map, sections and options, to the overlay. SLD_ERR_CONFIG for an
 * option that the overlay sets already, and for all that sld_config_parse() refuses in a
 * document. */
sld_status sld_overlay_read(sld_ctx *ctx, sld_arena *arena, const sld_node *map,
                            sld_overlay *overlay);
/* Local. Adds "key=value" of the command line, whose value is read as sld_yaml_word() does. */
sld_status sld_overlay_override(sld_ctx *ctx, sld_arena *arena, const char *pair,
                                sld_overlay *overlay);
/* Local. Sets one option to a value in YAML, in place of an earlier value. */
sld_status sld_overlay_set(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                           const char *value, sld_overlay *overlay);
/* Local. The same for an option of the table whose type is text or path; its value is text, not YAML. */
sld_status sld_overlay_set_text(sld_ctx *ctx, sld_arena *arena, const char *key, const char *text,
                                sld_overlay *overlay);
/* Local. key: of the table, as in all that follows where nothing else is said. */
bool sld_overlay_sets(const sld_overlay *overlay, const char *key);
bool sld_overlay_is_empty(const sld_overlay *overlay);        /* Local. */
void sld_overlay_drop(sld_overlay *overlay, const char *key); /* Local. Unsets it. */
/* Local. Sets in `into` all that `over` sets, in place of earlier values. teacher_swap and
 * correction, for which it is short, replace each other. */
void sld_overlay_lay(sld_overlay *into, const sld_overlay *over);
/* Local. Unsets all options but those of these sections; NULL ends the list. */
void sld_overlay_keep(sld_overlay *overlay, const char *const *sections);
/* Local. The first key in the table's order that both set, or what b sets of teacher_swap and
 * correction where a sets the other; NULL: none. */
const char *sld_overlay_common(const sld_overlay *a, const sld_overlay *b);
/* Local. Sets in `into` all that `more` sets, and unsets nothing. It serves the question which
 * options are set at all. */
void sld_overlay_all(sld_overlay *into, const sld_overlay *more);
/* Local. Refuses another method or preset in `over` than in base, where base is a resolved document
 * (config.yaml, --show-config): it sets every option itself, and only the name would change. */
sld_status sld_overlay_check_method(sld_ctx *ctx, const sld_overlay *base, const sld_overlay *over);
/* Local. Whether sld wrote these settings as a resolved document (config.yaml, --show-config): they are
 * most of the table's. */
bool sld_overlay_is_resolved(const sld_overlay *overlay);
/* Local. *key: the first key that they set to different values, or by different names; NULL:
 * none. */
sld_status sld_overlay_clash(sld_ctx *ctx, sld_arena *arena, const sld_overlay *a,
                             const sld_overlay *b, const char **key);
/* Local. *out: the value of key as YAML, in the arena; NULL: the overlay does not set it. */
sld_status sld_overlay_value(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                             const char *key, const char **out);
/* Local. *out: its settings as a document that sld_config_parse() accepts, in the arena. */
sld_status sld_overlay_text(sld_ctx *ctx, sld_arena *arena, const sld_overlay *overlay,
                            const char **out);
/* Local. Whether the option may change what a trial computes. */
bool sld_config_is_result(const char *key);
bool sld_config_is_key(const char *key);      /* Local. Of an experiment, so not launch.KEY. */
bool sld_config_is_section(const char *name); /* Local. Likewise. */
bool sld_config_is_text(const char *key);     /* Local. Whether its value is text or a path. */

/* ---- launch: the options of a sweep itself, rows of the same table ---- */

sld_status sld_launch_default(sld_ctx *ctx, sld_arena *arena, sld_launch *out); /* Local. */
/* Local. Sets launch.NAME. at: the location of the name, for messages. Text lies in the arena. */
sld_status sld_launch_set(sld_ctx *ctx, sld_arena *arena, const sld_node *at, const char *name,
                          const sld_node *value, sld_launch *launch);
/* Local. Writes each option as a line "launch NAME VALUE" with tabs between, or reads one such line
 * back. An unknown name, of a later version, is ignored. */
void       sld_launch_write(FILE *out, const sld_launch *launch);
sld_status sld_launch_recorded(sld_ctx *ctx, sld_arena *arena, const char *path, const char *name,
                               const char *value, sld_launch *launch);
/* Local. Reads a whole number in low..high: without +, leading zeros and quotes. False: it is
 * none. */
bool sld_node_whole(const sld_node *node, int64_t low, int64_t high, int64_t *out);

/* The options that matter in at least one point of a grid. */
typedef struct sld_usage sld_usage;
sld_status sld_usage_create(sld_ctx *ctx, sld_arena *arena, sld_usage **out); /* Local. */
void       sld_usage_add(sld_usage *usage, const sld_options *options); /* Local. Adds a point. */
bool sld_usage_has(const sld_usage *usage, const char *key); /* Local. True if there is no point. */
/* Local. Refuses a setting of overlay that matters in no point, like sld_config_check_settings(). Where the
 * overlay is a resolved document, it warns instead, of settings that differ from the default. where, for
 * the message: "any point of this sweep". */
sld_status sld_usage_check(sld_ctx *ctx, const sld_usage *usage, const sld_overlay *overlay,
                           const char *where);

/* What many configurations share: the table's defaults, and those of the methods met so far. */
typedef struct sld_composer sld_composer;
sld_status sld_composer_create(sld_ctx *ctx, sld_defaults_find method, sld_composer **out);
void       sld_composer_destroy(sld_composer *composer); /* Local. Accepts NULL. */
/* Local. Makes the configuration of an overlay in some 40 microseconds, with the checks of
 * sld_config_parse(). Its sld_config_text() is "". Borrows composer and the overlay's texts; path
 * names it in messages. */
sld_status sld_composer_make(sld_ctx *ctx, sld_composer *composer, const char *path,
                             const sld_overlay *overlay, sld_config **out);

/* ---- questions to a configuration. key: of the table, where nothing else is said ---- */

/* Local. Borrowed until destroy. All is resolved: seeds.* are never -1, and teacher_swap says
 * whether correction is "swap". */
const sld_options *sld_config_options(const sld_config *config);
sld_origin         sld_config_origin(const sld_config *config, const char *key);
/* Local. Whether nothing follows from `seed`, because seeds.* and student.weights say all that it would
 * move. words: what does, "seeds.init, seeds.order and seeds.augment". */
enum { SLD_PINNED_BYTES = 80 };
bool sld_config_pins_seed(const sld_config *config, char words[SLD_PINNED_BYTES]);
/* Local. What this experiment lacks so that some value of the option would change something, in words;
 * "": nothing. */
const char *sld_config_lacks(const sld_config *config, const char *key);
/* Local. Whether the user wrote the option on the command line, by this very key. */
bool sld_config_is_written(const sld_config *config, const char *key);
/* Local. Whether the option changes no result, but does something while a trial is trained, and only
 * then: run.features, teacher.logits, not data.path. */
bool sld_config_asks_for_training(const char *key);
/* Local. keys: such options that the user set to other values than the stored document text has, as
 * "run.features, run.logits", no more than n bytes hold. An option that is not in text has its default
 * there. Returns how many keys names; 0 also where text is of a newer sld, which this one cannot read. */
size_t sld_config_unlike(const sld_config *config, const char *text, char *keys, size_t n);
/* Local. The other way round: outputs (run.logits, run.features, run.label_p, run.keep_epochs) that the
 * stored document text asks for otherwise than by default, and of which the user says nothing now. */
size_t sld_config_dropped(const sld_config *config, const char *text, char *keys, size_t n);
/* Local. Fails with SLD_ERR_CONFIG, with the location or origin of key in front of the message. It
 * serves checks that need more than the table knows. */
sld_status sld_config_reject(sld_ctx *ctx, const sld_config *config, const char *key,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Local. Refuses paths that only a shell or a browser understands (sld_path_is_odd), of settings that come
 * from that origin or a stronger one. */
sld_status sld_config_check_paths(sld_ctx *ctx, const sld_config *config, sld_origin from);

/* Local. Gives a text option its proper name if the file has another name for the same thing.
 * Options and identity are then as if the file had the proper name. The resolved document stays as
 * it is. */
sld_status sld_config_call(sld_ctx *ctx, sld_config *config, const char *key, const char *name);

/* Local. Sets an option that the user left open and that another option, beside, decides. It counts
 * as set where beside was set. value is YAML. All is resolved anew. */
sld_status sld_config_settle(sld_ctx *ctx, sld_config *config, const char *beside, const char *key,
                             const char *value);

/* Local. Makes the paths of what an experiment reads (data, weights, an outside teacher's logits) whole:
 * relative ones start at folder. A path that would become too long stays. All is resolved anew. */
sld_status sld_config_make_whole(sld_ctx *ctx, sld_config *config, const char *folder);

/* Local. The resolved document: every option with its value, as YAML that parses to the same. The
 * config owns it. Seeds that follow `seed` stay -1 here, so that a document with another seed is
 * another run. */
const char *sld_config_text(const sld_config *config);
/* Local. The text that a trial's ID hashes: "key: value" lines, sorted by key, of the result
 * options that differ from the table's defaults and matter in this experiment. The config owns
 * it. */
const char *sld_config_identity(const sld_config *config);

/* Local. *out: the value of an option as YAML, in the arena. */
sld_status sld_config_value(sld_ctx *ctx, sld_arena *arena, const sld_config *config,
                            const char *key, const char **out);
/* Local. The word of an option that takes one of a set: "cifar100" for data.format. */
const char *sld_config_word(const sld_options *options, const char *key);

/* Local. Whether a term of the objective uses the teacher, the labels, a view of the images. */
bool sld_config_wants_teacher(const sld_options *options);
bool sld_config_wants_ce(const sld_options *options);
bool sld_config_wants_weak_view(const sld_options *options);
bool sld_config_wants_strong_view(const sld_options *options);

/* Local. The epoch after which `when` holds, numbered from 1; 0: from the start; INT64_MAX: never.
 * A fraction f of E epochs is the epoch floor(f E + 1/2). first_lr_drop is the last epoch at the
 * full rate. */
int64_t sld_config_when(const sld_options *options, sld_when_value when);
/* Local. out: train.lr_stages as epochs, ascending. The rate drops after each. Returns how many. */
size_t sld_config_lr_stages(const sld_options *options, int64_t out[SLD_LIST_MAX]);
/* Local. The number of epochs in which the student-swap term has a weight. */
int64_t sld_config_lss_active_epochs(const sld_options *options);

/* Local. The option or section that an unknown key probably means; NULL: none is near. */
const char *sld_config_nearest(const char *key);

/* Local. The i-th key of the table; NULL: past the last. */
const char *sld_config_key(size_t i);
/* A row of the table, in words. */
typedef struct sld_option_info {
    const char        *key, *topic; /* "train.lr", "train" */
    const char        *type, *unit, *kind, *help;
    const char        *needs;     /* without this it changes nothing; "": it always counts */
    const char *const *words;     /* of a choice, ended by NULL; else NULL */
    char               takes[96]; /* limits or words; "": none */
    bool               path, boolean;
} sld_option_info;
void        sld_config_versions(char *text, size_t n);       /* Local. "libyaml 0.2.5". */
bool        sld_config_info(size_t i, sld_option_info *out); /* Local. False past the last. */
const char *sld_config_topic(const char *topic); /* Local. What it is about; NULL: no such topic. */
int64_t     sld_config_default_whole(const char *key); /* Local. For an option of whole numbers. */
/* Local. *out: every option's value as YAML, in the table's order, in the arena, for an experiment
 * that sets the overrides alone. Values are not checked against each other. */
sld_status sld_config_defaults(sld_ctx *ctx, sld_arena *arena, sld_defaults_find method,
                               const char *const *overrides, size_t n_overrides, const char ***out);

#endif
