/* expander.h: a spec on its way to points. */
#ifndef SLD_GRID_EXPANDER_H
#define SLD_GRID_EXPANDER_H

#include "grid.h"
#include "spec_parts.h"

enum { ASKED_MAX = 1024, ARM_MAX = AXES_MAX * (LABEL_MAX + 80) + 1 };

typedef struct teacher_state {
    bool        known;
    const char *file;   /* of weights that exist, absolute; NULL: it is trained */
    size_t      at;     /* else among the teachers' points */
    sld_config *config; /* of that point; owned */
} teacher_state;

typedef struct dataset {                                  /* all that tells it from another */
    const char                  *format, *path, *content; /* content NULL: embedded */
    struct sld_options_synthetic synthetic;
} dataset;

typedef struct taught {  /* a teacher, on whose data set its students are looked at */
    const char *teacher; /* its trial, or its file */
    dataset     data;
    const char *arm; /* of the student whose data set it is; NULL: its own */
    bool        reported;
} taught;

enum { COLUMNS_MAX = 24 };   /* kinds of columns that some trials lack, expand_report.c */
enum { UNREACHED_MAX = 64 }; /* more than there are kinds and keys of them */

typedef struct unreached { /* settings that some points never come to */
    const char *key;
    int         kind;
    size_t      n;   /* points */
    const char *arm; /* of the first */
    char        text[SLD_UNREACHED_BYTES];
} unreached;

typedef struct expander {
    sld_ctx               *ctx;
    sld_arena             *arena;
    const sld_grid_params *params;
    const spec            *spec;
    sld_composer          *composer;
    sld_overlay           *overlay; /* of the point that is being made */
    teacher_state         *teachers;
    sld_point             *teacher_points, *points;
    size_t                 n_teacher_points, n_points;
    bool                  *excludes; /* (spec->n_excludes) those that leave out some point */
    sld_contents          *contents;
    const char            *fits[ASKED_MAX]; /* what was asked of teachers and students */
    size_t                 n_fits;
    taught                 taught[ASKED_MAX];
    size_t                 n_taught;
    sld_usage             *used;                   /* options that matter in some point */
    sld_usage            **used_by[AXES_MAX];      /* in some point of an axis' entry */
    sld_usage             *counting[AXES_MAX + 1]; /* for the point that is being made */
    size_t                 n_counting;
    unreached              unreached[UNREACHED_MAX];
    size_t                 n_unreached;
    bool                   can[COLUMNS_MAX];              /* some student has the column */
    const char            *value[X_MAX];                  /* of spec->x, in the last student */
    bool                   varies[X_MAX];                 /* between students */
    const char            *separator;                     /* of the labels in an arm's name */
    bool                   may_clash[AXES_MAX][AXES_MAX]; /* axes that set one option */
} expander;

/* expand_arms.c. The axes' labels of a choice `at` as an arm's name. */
void sld_expand_arm(const spec *s, const size_t *at, const char *separator, char arm[ARM_MAX]);
/* Steps the odometer, the last axis fastest; false past the end. */
bool sld_expand_advance(const spec *s, size_t *at);
/* Before the first point: what keeps the arms' names apart, of n_choices without seeds; which axes
 * to compare. Of each point: no two of its labels set an option to two values. */
sld_status sld_expand_choose_separator(expander *x, size_t n_choices);
sld_status sld_expand_find_clashes(expander *x);
sld_status sld_expand_check_axes(const expander *x, const size_t *at);

/* expand_idle.c. Before the first point; for the next one; after the last. */
sld_status sld_expand_watch_usage(expander *x);
void       sld_expand_count_usage(expander *x, const size_t *at);
sld_status sld_expand_check_usage(const expander *x);

/* expand_same.c. After the last: gives points of one ID the outputs of all of them. */
sld_status sld_expand_unite(const expander *x, sld_point *points, size_t n);

/* expand_unreached.c. Of each point; after the last. arm: borrowed. */
void sld_expand_count_unreached(expander *x, const sld_config *config, const char *arm);
void sld_expand_tell_unreached(const expander *x);

/* expand_report.c. Of each point; after the last. */
sld_status sld_expand_note_report(expander *x, const sld_config *config, const sld_point *p);
sld_status sld_expand_check_report(const expander *x);

/* expand_point.c. From x->overlay, out->arm: the rest of a point. teacher: the point whose weights
 * the overlay names, or NULL. */
sld_status sld_expand_compose(expander *x, const sld_point *teacher, sld_point *out);
/* Paths of a spec start at the folder in which sld was started; trials start elsewhere. */
sld_status sld_expand_absolute(const expander *x, const char *path, const char **out);
sld_status sld_expand_no_memory(const expander *x);

/* expand_fit.c. Refuses a teacher that the student cannot use. teacher: a point that is yet to be
 * trained; NULL: the student names a file. arm: of the student, borrowed. */
sld_status sld_expand_fit(expander *x, const sld_point *teacher, const sld_config *student,
                          const char *arm);

/* expand_described.c. Of a teacher whose weights exist: refuses what is asked of its training; tells where
 * the weights, file, were made otherwise than it is described. */
sld_status sld_expand_check_untrained(const expander *x, const spec_teacher *t);
sld_status sld_expand_tell_described(const expander *x, const spec_teacher *t,
                                     const sld_config *described, const char *file);

/* expand_teacher.c. Sets teacher.weights in `into`. at: where it is named. *out: the point that
 * makes them; NULL: a file has them. */
sld_status sld_expand_teacher(expander *x, const char *name, const sld_node *at, sld_overlay *into,
                              sld_point *student, const sld_point **out);

#endif
