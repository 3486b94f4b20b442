/* spec_parts.h: a sweep's YAML as read: parts that the grid is made of. Everything lives in one arena. */
#ifndef SLD_GRID_SPEC_PARTS_H
#define SLD_GRID_SPEC_PARTS_H

#include "sld/grid.h"

enum { AXES_MAX = 32, LABEL_MAX = 80 }; /* bytes of a label with its 0 */
enum { X_MAX = 2 };                     /* options on the axes of a figure */
/* What an hour of planning, and a machine's memory, is not spent on. */
enum { VALUES_MAX = 4096, EXCLUDES_MAX = 4096, NAMED_MAX = 1024 };

typedef struct spec_part { /* what one place adds to an experiment */
    sld_overlay    *overlay;
    const char     *teacher; /* by name; "" takes an earlier one away; NULL: says nothing */
    const sld_node *at;      /* where the teacher is named */
} spec_part;

typedef struct spec_entry { /* one value of an axis */
    const char *label;
    const char *shown; /* in the arm's name */
    spec_part   part;
} spec_entry;

typedef struct spec_axis {
    const char *name;
    spec_entry *entries;
    size_t      n;
    bool        bare; /* an option's values without labels */
} spec_axis;

typedef struct spec_exclude {
    const bool     *hit[AXES_MAX]; /* by entry; NULL: any */
    const int64_t  *seeds;         /* ascending */
    size_t          n_seeds;       /* 0: any */
    const sld_node *at;
} spec_exclude;

typedef struct spec_teacher {
    const char     *name, *weights; /* "": none given */
    const char     *file;           /* of the trained one: last.h5, best.h5, epoch-N.h5 */
    const sld_node *use;            /* where that is said; NULL: nowhere */
    sld_overlay    *overlay;        /* its own options */
    bool            described;      /* has options of its own, so that it can be trained */
    bool            weights_given;  /* on the command line: they take the place of a spec's use */
    const sld_node *asked;          /* an option of its training on the command line; NULL: none */
    const char     *asked_key;
    const sld_node *at;
} spec_teacher;

typedef struct spec {
    const char     *source; /* names the document */
    const char     *name, *baseline;
    const sld_node *baseline_at; /* where it is named; NULL: nowhere */
    spec_part       base;
    sld_overlay    *override; /* options of the command line */
    spec_axis       axes[AXES_MAX];
    size_t          n_axes;
    spec_exclude   *excludes;
    size_t          n_excludes;
    int64_t        *seeds; /* NULL: the base's */
    size_t          n_seeds;
    spec_teacher   *teachers;
    size_t          n_teachers;
    sld_launch      launch;
    const sld_node *claims, *checks; /* as written, form checked; NULL: none */
    const sld_node *x[X_MAX];        /* options on the axes of a figure, where they stand */
    const char     *x_key[X_MAX];
    size_t          n_x;
} spec;

typedef struct spec_reader {
    sld_ctx               *ctx;
    sld_arena             *arena;
    const sld_grid_params *params;
    spec                  *spec;
} spec_reader;

/* spec.c. */
sld_status sld_spec_read(sld_ctx *ctx, sld_arena *arena, const sld_grid_params *params, spec *out);

/* spec_top.c. The keys at the top: none that is unknown or stands twice. */
sld_status sld_spec_check_top(spec_reader *r, const sld_node *root);
/* "seeds", "teachers", and their like. key: also one inside them, as teachers.NAME.KEY. */
bool sld_spec_is_top_key(const char *key);

/* settings.c. No key of the command line's words "key=value" stands twice. */
sld_status sld_settings_once(sld_ctx *ctx, const char *const *words, size_t n);
/* The i-th key that a sweep sets for each trial by itself; NULL: there are no more. */
const char *sld_grid_own_key(size_t i);
/* What to do in place of setting it, to follow a message; "": nothing. */
const char *sld_grid_own_cure(const char *key);

/* spec_axes.c. */
sld_status sld_spec_axes(spec_reader *r, const sld_node *node);
sld_status sld_spec_excludes(spec_reader *r, const sld_node *node);

/* spec_report.c. After the axes. */
sld_status sld_spec_claims(spec_reader *r, const sld_node *node);
sld_status sld_spec_report(spec_reader *r, const sld_node *node);

/* spec_arms.c. The arms that baseline, claims and checks name are arms of the grid, and the two sides
 * of a claim are other trials. The grid's baseline gets the name that the arm has. */
sld_status sld_spec_check_arms(sld_ctx *ctx, const spec *s, sld_grid *grid);

/* spec_teachers.c. */
sld_status sld_spec_teachers(spec_reader *r, const sld_node *node);
/* rest: "NAME.KEY=value" of teachers.NAME.KEY=value; value: as read. */
sld_status sld_spec_teacher_override(spec_reader *r, const char *rest, const sld_node *value);

/* spec_value.c: single values of the document. */
sld_status sld_spec_text(spec_reader *r, const sld_node *node, const char *key, const char **out);
sld_status sld_spec_label(spec_reader *r, const sld_node *node, const char *key, const char **out);
sld_status sld_spec_whole(spec_reader *r, const sld_node *node, const char *key, int64_t low,
                          int64_t high, int64_t *out);
sld_status sld_spec_want(spec_reader *r, const sld_node *node, const char *key, sld_node_kind kind,
                         const char *wanted);
/* A map of options in which `teacher: NAME` may stand. */
sld_status sld_spec_part(spec_reader *r, const sld_node *map, const char *key, spec_part *out);
/* Refuses a key where *first, one of the same text in the same map, is not NULL; makes it *first. */
sld_status sld_spec_first(spec_reader *r, const sld_node *key, const sld_node **first);
/* A copy of map without entry i. */
sld_status sld_spec_without(spec_reader *r, const sld_node *map, size_t i, const sld_node **out);
/* SLD_ERR_CONFIG "unknown KEY; nearest: ...". */
sld_status sld_spec_unknown(spec_reader *r, const sld_node *at, const char *what, const char *word,
                            const char *const *known, size_t n);
/* Refuses more than so many entries. */
sld_status sld_spec_max(spec_reader *r, const sld_node *node, const char *key, size_t max);
/* The first text that stands twice: where, and where before; *again 0: none. */
sld_status sld_spec_repeated(spec_reader *r, const char *const *texts, size_t n, size_t *first,
                             size_t *again);
int        sld_spec_by_seed(const void *a, const void *b); /* of int64_t, for qsort */
/* Refuses a key that stands twice. */
sld_status sld_spec_once(spec_reader *r, const sld_node *map, const char *where);
void      *sld_spec_alloc(spec_reader *r, size_t bytes); /* NULL with the record set */

#endif
