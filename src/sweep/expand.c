/* expand.c: the spec's parts to points, each a whole experiment with its id. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grid.h"
#include "spec.h"

enum { POINTS_MAX = 1000000, CONTENTS_MAX = 256 };

typedef struct content { /* what lies at a path; asked once */
    const char *path;
    char        sha[65];
} content;

typedef struct teacher_state {
    bool        known;
    const char *file; /* of weights that exist, absolute; NULL: it is trained */
    size_t      at;   /* else among the teachers' points */
} teacher_state;

typedef struct expander {
    sld_ctx                *ctx;
    sld_arena              *arena;
    const sld_sweep_params *params;
    const spec             *spec;
    sld_composer           *composer;
    sld_layer              *layer; /* of the point that is being made */
    teacher_state          *teachers;
    sld_point              *teacher_points, *points;
    size_t                  n_teacher_points, n_points;
    content                 contents[CONTENTS_MAX];
    size_t                  n_contents;
} expander;

static sld_status no_memory(const expander *x)
{
    return SLD_FAIL(x->ctx, SLD_ERR_NOMEM, "no memory for the points of %s", x->spec->source);
}

static sld_status absolute(const expander *x, const char *path, const char **out)
{
    char   full[PATH_MAX];
    size_t n;

    *out = path;
    if (*path == '/' || *path == '\0') {
        return SLD_OK;
    }
    if (!getcwd(full, sizeof full) || strlen(full) + strlen(path) + 2 > sizeof full) {
        return SLD_FAIL(x->ctx, SLD_ERR_CONFIG, "%.200s: no whole path: %s", path, strerror(errno));
    }
    n = strlen(full);
    snprintf(full + n, sizeof full - n, "%s%s", n > 1 ? "/" : "", path); /* "/" ends in one */
    *out = sld_arena_strdup(x->arena, full);
    return *out ? SLD_OK : no_memory(x);
}

/* ---- content, once for each path ---- */

static sld_status content_of(expander *x, const sld_config *config, const char *weights,
                             const char **sha)
{
    const char *path = weights ? weights : sld_config_options(config)->data.path;

    for (size_t i = 0; i < x->n_contents; i++) {
        if (strcmp(x->contents[i].path, path) == 0) {
            *sha = x->contents[i].sha;
            return SLD_OK;
        }
    }
    if (x->n_contents == CONTENTS_MAX) {
        return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                        "%s: more than %d data sets and weights files in one sweep",
                        x->spec->source, CONTENTS_MAX);
    }
    content *c = &x->contents[x->n_contents];
    c->path    = sld_arena_strdup(x->arena, path);
    if (!c->path) {
        return no_memory(x);
    }
    SLD_TRY(x->params->content(x->ctx, x->params->user, config, weights, c->sha));
    x->n_contents++;
    *sha = c->sha;
    return SLD_OK;
}

/* ---- a point ---- */

/* Paths of a file start at the folder in which sld was started: they are made whole, because the
 * trials start elsewhere. */
static sld_status fix_path(expander *x, const char *key, const char *path)
{
    const char *whole;

    if (*path == '/' || *path == '\0') {
        return SLD_OK;
    }
    SLD_TRY(absolute(x, path, &whole));
    return sld_layer_set_text(x->ctx, x->arena, key, whole, x->layer);
}

/* Canonical text of all that decides the result: as a trial's own identity, but for a teacher that
 * is yet to be trained. */
static sld_status make_id(expander *x, const sld_config *config, const sld_point *teacher,
                          const char **id)
{
    const sld_options *o   = sld_config_options(config);
    const char        *sha = "synthetic"; /* its options say all */
    sld_sha256         sum;
    char               hex[65], line[128];
    const char        *identity = sld_config_identity(config);

    sld_sha256_init(&sum);
    sld_sha256_add(&sum, identity, strlen(identity));
    if (strcmp(o->data.format, "synthetic") != 0) {
        SLD_TRY(content_of(x, config, NULL, &sha));
    }
    sld_sha256_add(&sum, line, (size_t)snprintf(line, sizeof line, "data: %s\n", sha));
    if (teacher) {
        const char *weights = strrchr(o->teacher.weights, '/');
        sld_sha256_add(&sum, line,
                       (size_t)snprintf(line, sizeof line, "teacher: point %s%s\n", teacher->id,
                                        weights ? weights : ""));
    } else if (sld_config_wants_teacher(o) && *o->teacher.weights) {
        SLD_TRY(content_of(x, config, o->teacher.weights, &sha));
        sld_sha256_add(&sum, line, (size_t)snprintf(line, sizeof line, "teacher: %s\n", sha));
    }
    if (sld_config_wants_teacher(o) && *o->teacher.logits_files) {
        SLD_TRY(content_of(x, config, o->teacher.logits_files, &sha));
        sld_sha256_add(&sum, line,
                       (size_t)snprintf(line, sizeof line, "teacher_logits: %s\n", sha));
    }
    if (*o->student.weights) {
        SLD_TRY(content_of(x, config, o->student.weights, &sha));
        sld_sha256_add(&sum, line, (size_t)snprintf(line, sizeof line, "student: %s\n", sha));
    }
    sld_sha256_hex(&sum, hex);
    hex[ID_LENGTH] = '\0';
    *id            = sld_arena_strdup(x->arena, hex);
    return *id ? SLD_OK : no_memory(x);
}

/* From x->layer. teacher: the point whose weights it names, or NULL. */
static sld_status finish(expander *x, const sld_point *teacher, sld_config *config, sld_point *out)
{
    const sld_options *o = sld_config_options(config);

    if (x->params->check) {
        SLD_TRY(x->params->check(x->ctx, x->params->user, config));
    }
    SLD_TRY(make_id(x, config, teacher, &out->id));
    out->seed = o->top.seed;
    SLD_TRY(fix_path(x, "data.path", o->data.path));
    SLD_TRY(fix_path(x, "student.weights", o->student.weights));
    SLD_TRY(fix_path(x, "teacher.logits", o->teacher.logits));
    SLD_TRY(fix_path(x, "teacher.logits_files", o->teacher.logits_files));
    if (!sld_config_wants_teacher(o)) {
        sld_layer_drop(x->layer, "teacher.weights");
    } else if (!teacher) {
        SLD_TRY(fix_path(x, "teacher.weights", o->teacher.weights));
    }
    return sld_layer_text(x->ctx, x->arena, x->layer, &out->experiment);
}

/* The message of a refused point, and which one it is. */
static sld_status refuse(expander *x, sld_status st, const char *arm)
{
    const sld_err err = x->ctx->err;

    if (st != SLD_ERR_CONFIG || x->spec->n_axes == 0) {
        return st;
    }
    sld_err_clear(x->ctx);
    return sld_fail_at(x->ctx, st, err.file, err.line, err.func, "%.400s (in the point %.80s)",
                       err.msg, arm);
}

static sld_status compose(expander *x, const sld_point *teacher, sld_point *out)
{
    sld_config *config = NULL;
    sld_status  st     = sld_composer_make(x->ctx, x->composer, x->spec->source, x->layer, &config);

    if (st == SLD_OK) {
        if (!sld_config_wants_teacher(sld_config_options(config))) {
            out->teacher = -1;
            teacher      = NULL;
        }
        st = finish(x, teacher, config, out);
    }
    sld_config_destroy(config);
    return st == SLD_OK ? st : refuse(x, st, out->arm);
}

/* ---- teachers ---- */

static sld_status train_teacher(expander *x, const spec_teacher *t, size_t at)
{
    static const char *const shared[] = {"data", "synthetic", "parallel", "run", NULL};
    sld_point               *p        = &x->teacher_points[at];
    sld_layer               *own;

    SLD_TRY(sld_layer_create(x->ctx, x->arena, &own));
    sld_layer_lay(own, x->spec->base.layer);
    sld_layer_lay(own, x->spec->override);
    sld_layer_keep(own, shared);
    SLD_TRY(sld_layer_set_text(x->ctx, x->arena, "method", "none", own));
    sld_layer_lay(own, t->layer);
    *p       = (sld_point){.arm = t->name, .is_teacher = true, .teacher = -1};
    x->layer = own;
    return compose(x, NULL, p);
}

static sld_status know_teacher(expander *x, size_t i)
{
    const spec_teacher *t     = &x->spec->teachers[i];
    teacher_state      *state = &x->teachers[i];
    const char         *path;

    if (state->known) {
        return SLD_OK;
    }
    state->known = true;
    if (*t->weights && access(t->weights, R_OK) == 0) {
        SLD_TRY(absolute(x, t->weights, &path));
        state->file = path;
        return SLD_OK;
    }
    if (!t->described) {
        return sld_node_fail(
            x->ctx, t->at, t->name, "%.200s: %s, and there are no options to train this teacher by",
            *t->weights ? t->weights : "weights", *t->weights ? strerror(errno) : "none given");
    }
    if (*t->weights) {
        sld_log(x->ctx, SLD_LOG_INFO, "teacher %s: %s is not there, so it is trained first",
                t->name, t->weights);
    }
    state->at = x->n_teacher_points++;
    return train_teacher(x, t, state->at);
}

static sld_status find_teacher(expander *x, const char *name, const sld_node *at, size_t *out)
{
    const char *names[64];
    size_t      n = 0;

    for (*out = 0; *out < x->spec->n_teachers; ++*out) {
        if (strcmp(x->spec->teachers[*out].name, name) == 0) {
            return SLD_OK;
        }
        if (n < 64) {
            names[n++] = x->spec->teachers[*out].name;
        }
    }
    const int nearest = sld_text_nearest(name, names, n);
    return sld_node_fail(x->ctx, at, "teacher", "%s is none of this sweep's teachers%s%s", name,
                         nearest >= 0 ? "; nearest: " : "", nearest >= 0 ? names[nearest] : "");
}

/* Sets teacher.weights in `into`. *out: the point that makes them; NULL: a file has them. */
static sld_status use_teacher(expander *x, const char *name, const sld_node *at, sld_layer *into,
                              sld_point *student, const sld_point **out)
{
    char   path[64];
    size_t i;

    *out = NULL;
    SLD_TRY(find_teacher(x, name, at, &i));
    SLD_TRY(know_teacher(x, i));
    if (x->teachers[i].file) {
        return sld_layer_set_text(x->ctx, x->arena, "teacher.weights", x->teachers[i].file, into);
    }
    *out             = &x->teacher_points[x->teachers[i].at];
    student->teacher = (int)x->teachers[i].at;
    snprintf(path, sizeof path, "trials/%s/%s", (*out)->id, x->spec->teachers[i].file);
    return sld_layer_set_text(x->ctx, x->arena, "teacher.weights", path, into);
}

/* ---- the grid ---- */

static bool excluded(const spec *s, const size_t *at, int64_t seed)
{
    for (size_t i = 0; i < s->n_excludes; i++) {
        const spec_exclude *e   = &s->excludes[i];
        bool                all = true, some = e->n_seeds == 0;
        for (size_t a = 0; a < s->n_axes && all; a++) {
            all = !e->hit[a] || e->hit[a][at[a]];
        }
        for (size_t k = 0; k < e->n_seeds && !some; k++) {
            some = e->seeds[k] == seed;
        }
        if (all && some) {
            return true;
        }
    }
    return false;
}

static sld_status name_point(expander *x, const size_t *at, sld_point *p)
{
    const spec  *s = x->spec;
    char         arm[AXES_MAX * LABEL_MAX + 1];
    size_t       n      = 0;
    void        *memory = NULL;
    const char **values;

    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_axes + 1) * sizeof *values, &memory));
    values = memory;
    snprintf(arm, sizeof arm, "%s", s->n_axes ? "" : s->name);
    for (size_t a = 0; a < s->n_axes; a++) {
        const spec_entry *entry = &s->axes[a].entries[at[a]];
        values[a]               = entry->label;
        n += (size_t)snprintf(arm + n, sizeof arm - n, "%s%s", a ? " " : "", entry->shown);
        n = n < sizeof arm ? n : sizeof arm - 1;
    }
    p->value = values;
    p->arm   = sld_arena_strdup(x->arena, arm);
    return p->arm ? SLD_OK : no_memory(x);
}

/* seed: -1 leaves the base's. */
static sld_status make_point(expander *x, const size_t *at, int64_t seed, sld_layer *layer,
                             sld_point *p)
{
    const spec      *s       = x->spec;
    const char      *name    = s->base.teacher;
    const sld_node  *named   = s->base.at;
    const sld_point *teacher = NULL;
    char             number[24];

    *p = (sld_point){.teacher = -1, .n_axes = s->n_axes};
    SLD_TRY(name_point(x, at, p));
    sld_layer_clear(layer);
    sld_layer_lay(layer, s->base.layer);
    for (size_t a = 0; a < s->n_axes; a++) {
        const spec_part *part = &s->axes[a].entries[at[a]].part;
        sld_layer_lay(layer, part->layer);
        if (part->teacher || sld_layer_sets(part->layer, "teacher.weights")) {
            name  = part->teacher;
            named = part->at;
        }
    }
    sld_layer_lay(layer, s->override);
    if (sld_layer_sets(s->override, "teacher.weights")) {
        name = NULL;
    }
    if (seed >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)seed);
        SLD_TRY(sld_layer_set(x->ctx, x->arena, "seeds", "seed", number, layer));
    }
    if (name && *name) {
        SLD_TRY(use_teacher(x, name, named, layer, p, &teacher));
    }
    x->layer = layer;
    return compose(x, teacher, p);
}

/* Steps the odometer, the last axis fastest; false past the end. */
static bool advance(const spec *s, size_t *at)
{
    for (size_t a = s->n_axes; a-- > 0;) {
        if (++at[a] < s->axes[a].n) {
            return true;
        }
        at[a] = 0;
    }
    return false;
}

static sld_status make_points(expander *x)
{
    const spec  *s            = x->spec;
    const size_t n_seeds      = s->seeds ? s->n_seeds : 1;
    size_t       at[AXES_MAX] = {0};
    sld_layer   *layer;

    SLD_TRY(sld_layer_create(x->ctx, x->arena, &layer));
    for (size_t k = 0; k < n_seeds; k++) {
        do {
            const int64_t seed = s->seeds ? s->seeds[k] : -1;
            if (!excluded(s, at, seed)) {
                SLD_TRY(make_point(x, at, seed, layer, &x->points[x->n_points]));
                x->n_points++;
            }
        } while (advance(s, at));
    }
    return x->n_points > 0
               ? SLD_OK
               : SLD_FAIL(x->ctx, SLD_ERR_CONFIG, "%s: exclude: leaves no point", s->source);
}

/* What an axis sets, the command line cannot: every point would become the same. */
static sld_status check_override(const expander *x)
{
    const spec *s = x->spec;

    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t i = 0; i < s->axes[a].n; i++) {
            const char *key = sld_layer_common(s->axes[a].entries[i].part.layer, s->override);
            if (key) {
                return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                                "command line: %s: the axis %s of the sweep sets it", key,
                                s->axes[a].name);
            }
        }
    }
    return SLD_OK;
}

static sld_status count_points(const expander *x, size_t *n)
{
    const spec *s = x->spec;

    *n = s->seeds ? s->n_seeds : 1;
    for (size_t a = 0; a < s->n_axes; a++) {
        *n *= s->axes[a].n;
        if (*n > POINTS_MAX) {
            return SLD_FAIL(x->ctx, SLD_ERR_CONFIG, "%s: axes: more than %d points", s->source,
                            POINTS_MAX);
        }
    }
    return SLD_OK;
}

/* Teachers, then the others: a teacher's index among the teachers is its index at all. */
static sld_status assemble(expander *x, sld_sweep *sweep)
{
    const spec  *s      = x->spec;
    void        *memory = NULL;
    const char **axis;

    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_axes + 1) * sizeof *axis, &memory));
    axis = memory;
    for (size_t a = 0; a < s->n_axes; a++) {
        axis[a] = s->axes[a].name;
    }
    sweep->n = x->n_teacher_points + x->n_points;
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, sweep->n * sizeof *sweep->points, &memory));
    sweep->points = memory;
    memcpy(sweep->points, x->teacher_points, x->n_teacher_points * sizeof *sweep->points);
    memcpy(sweep->points + x->n_teacher_points, x->points, x->n_points * sizeof *sweep->points);
    for (size_t i = x->n_teacher_points; i < sweep->n; i++) {
        sweep->points[i].axis = axis;
    }
    sweep->name     = s->name;
    sweep->dir      = ".";
    sweep->baseline = s->baseline;
    sweep->launch   = s->launch;
    sweep->n_axes   = s->n_axes;
    sweep->axis     = axis;
    return sld_grid_index(x->ctx, sweep);
}

static sld_status check_baseline(const expander *x, const sld_sweep *sweep)
{
    const char *arms[256];
    size_t      n = 0;

    for (size_t i = 0; *sweep->baseline && i < sweep->n; i++) {
        if (strcmp(sweep->points[i].arm, sweep->baseline) == 0) {
            return SLD_OK;
        }
        if (n < 256) {
            arms[n++] = sweep->points[i].arm;
        }
    }
    const int nearest = sld_text_nearest(sweep->baseline, arms, n);
    return *sweep->baseline
               ? SLD_FAIL(x->ctx, SLD_ERR_CONFIG, "%s: baseline: %s is no arm of this sweep%s%s",
                          x->spec->source, sweep->baseline, nearest >= 0 ? "; nearest: " : "",
                          nearest >= 0 ? arms[nearest] : "")
               : SLD_OK;
}

static sld_status expand(expander *x, spec *s, sld_sweep *sweep)
{
    void  *memory[3] = {NULL, NULL, NULL};
    size_t n;

    SLD_TRY(sld_spec_read(x->ctx, x->arena, x->params, s));
    SLD_TRY(check_override(x));
    SLD_TRY(count_points(x, &n));
    SLD_TRY(sld_composer_create(x->ctx, x->params->method, &x->composer));
    SLD_TRY(
        sld_arena_alloc(x->ctx, x->arena, (s->n_teachers + 1) * sizeof *x->teachers, &memory[0]));
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_teachers + 1) * sizeof *x->teacher_points,
                            &memory[1]));
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, n * sizeof *x->points, &memory[2]));
    x->teachers       = memory[0];
    x->teacher_points = memory[1];
    x->points         = memory[2];
    SLD_TRY(make_points(x));
    SLD_TRY(assemble(x, sweep));
    return check_baseline(x, sweep);
}

sld_status sld_sweep_expand(sld_ctx *ctx, const sld_sweep_params *params, sld_sweep **out)
{
    sld_arena *arena  = NULL;
    void      *memory = NULL;
    spec       s;
    expander   x = {.ctx = ctx, .params = params, .spec = &s};

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    x.arena       = arena;
    sld_status st = sld_arena_alloc(ctx, arena, sizeof **out, &memory);
    if (st == SLD_OK) {
        *out          = memory;
        (*out)->arena = arena;
        st            = expand(&x, &s, *out);
    }
    sld_composer_destroy(x.composer);
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        *out = NULL;
    }
    return st;
}
