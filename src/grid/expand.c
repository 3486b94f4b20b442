/* expand.c: the spec's grid to points, each a whole experiment with its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expander.h"
#include "sld/rundir.h"

enum { POINTS_MAX = 100000 }; /* planned in seconds */

static bool excluded(const expander *x, const size_t *at, int64_t seed)
{
    const spec *s   = x->spec;
    bool        any = false;

    for (size_t i = 0; i < s->n_excludes; i++) {
        const spec_exclude *e   = &s->excludes[i];
        bool                all = true;
        for (size_t a = 0; a < s->n_axes && all; a++) {
            all = !e->hit[a] || e->hit[a][at[a]];
        }
        if (all && (e->n_seeds == 0 ||
                    bsearch(&seed, e->seeds, e->n_seeds, sizeof *e->seeds, sld_spec_by_seed))) {
            any = x->excludes[i] = true;
        }
    }
    return any;
}

static sld_status name_point(expander *x, const size_t *at, sld_point *p)
{
    const spec  *s = x->spec;
    char         arm[ARM_MAX];
    void        *memory = NULL;
    const char **values;

    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_axes + 1) * sizeof *values, &memory));
    values = memory;
    sld_expand_arm(s, at, x->separator, arm);
    for (size_t a = 0; a < s->n_axes; a++) {
        values[a] = s->axes[a].entries[at[a]].label;
    }
    p->value = values;
    p->arm   = sld_arena_strdup(x->arena, arm);
    return p->arm ? SLD_OK : sld_expand_no_memory(x);
}

/* seed: -1 leaves the base's. */
static sld_status make_point(expander *x, const size_t *at, int64_t seed, sld_overlay *overlay,
                             sld_point *p)
{
    const spec      *s       = x->spec;
    const char      *name    = s->base.teacher;
    const sld_node  *named   = s->base.at;
    const sld_point *teacher = NULL;
    char             number[24];

    *p = (sld_point){.teacher = -1, .n_axes = s->n_axes};
    SLD_TRY(name_point(x, at, p));
    SLD_TRY(sld_expand_check_axes(x, at));
    sld_overlay_clear(overlay);
    sld_overlay_lay(overlay, s->base.overlay);
    for (size_t a = 0; a < s->n_axes; a++) {
        const spec_part *part = &s->axes[a].entries[at[a]].part;
        sld_overlay_lay(overlay, part->overlay);
        if (part->teacher || sld_overlay_sets(part->overlay, "teacher.weights")) {
            name  = part->teacher;
            named = part->at;
        }
    }
    sld_overlay_lay(overlay, s->override);
    if (sld_overlay_sets(s->override, "teacher.weights")) {
        name = NULL;
    }
    if (seed >= 0) {
        snprintf(number, sizeof number, "%lld", (long long)seed);
        SLD_TRY(sld_overlay_set(x->ctx, x->arena, "seeds", "seed", number, overlay));
    }
    if (name && *name) {
        SLD_TRY(sld_expand_teacher(x, name, named, overlay, p, &teacher));
    }
    x->overlay = overlay;
    sld_expand_count_usage(x, at);
    return sld_expand_compose(x, teacher, p);
}

static sld_status make_points(expander *x)
{
    const spec  *s            = x->spec;
    const size_t n_seeds      = s->seeds ? s->n_seeds : 1;
    size_t       at[AXES_MAX] = {0};
    sld_overlay *overlay;

    SLD_TRY(sld_overlay_create(x->ctx, x->arena, &overlay));
    for (size_t k = 0; k < n_seeds; k++) {
        do {
            const int64_t seed = s->seeds ? s->seeds[k] : -1;
            if (!excluded(x, at, seed)) {
                SLD_TRY(make_point(x, at, seed, overlay, &x->points[x->n_points]));
                x->n_points++;
            }
        } while (sld_expand_advance(s, at));
    }
    return x->n_points > 0 ? SLD_OK
                           : SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                                      "%s: exclude: expected at least one point that is left, got "
                                      "none; exclude less",
                                      s->source);
}

static const char *own_key(const sld_overlay *overlay)
{
    const char *key;

    for (size_t i = 0; (key = sld_grid_own_key(i)); i++) {
        if (sld_overlay_sets(overlay, key)) {
            return key;
        }
    }
    return NULL;
}

/* In a base such a key is only reported, because a base may be the file of an experiment, which
 * names its folder. */
static sld_status check_own_keys(const expander *x)
{
    const spec *s     = x->spec;
    const char *key   = own_key(s->override);
    const char *where = "the command line";

    for (size_t a = 0; a < s->n_axes && !key; a++) {
        for (size_t i = 0; i < s->axes[a].n && !key; i++) {
            key   = own_key(s->axes[a].entries[i].part.overlay);
            where = s->axes[a].name;
        }
    }
    for (size_t i = 0; i < s->n_teachers && !key; i++) {
        key   = own_key(s->teachers[i].overlay);
        where = s->teachers[i].name;
    }
    if (key) {
        return SLD_FAIL(
            x->ctx, SLD_ERR_CONFIG,
            "%s: %s: expected in a single experiment, got it in %s; a sweep sets it for "
            "each trial: leave it out%s",
            s->source, key, where, sld_grid_own_cure(key));
    }
    key = own_key(s->base.overlay);
    if (key && !sld_overlay_is_resolved(s->base.overlay)) {
        sld_log(x->ctx, SLD_LOG_WARN,
                "%s: base: %s: changes nothing here: a sweep sets it for each trial%s", s->source,
                key, sld_grid_own_cure(key));
    }
    return SLD_OK;
}

/* The instruction set decides the bits and is no part of an ID: the trials of two arms that differ in it
 * would pass for one. */
static sld_status check_isa(const expander *x)
{
    static const char isa[] = "parallel.isa";
    const spec       *s     = x->spec;
    const char       *where = NULL;

    for (size_t a = 0; a < s->n_axes && !where; a++) {
        for (size_t i = 0; i < s->axes[a].n && !where; i++) {
            where =
                sld_overlay_sets(s->axes[a].entries[i].part.overlay, isa) ? s->axes[a].name : NULL;
        }
    }
    return !where ? SLD_OK
                  : SLD_FAIL(
                        x->ctx, SLD_ERR_CONFIG,
                        "%s: %s: expected one for all trials of a sweep, whose IDs do not tell it "
                        "apart, got it in the axis %s; give it in base or on the command line, "
                        "and compare two of them in two sweeps",
                        s->source, isa, where);
}

/* A seed beside seeds has no say. In a base, which may be the file of an experiment, it is only
 * reported. */
static sld_status check_seed(const expander *x)
{
    const spec *s = x->spec;
    const char *seed;

    if (s->seeds && sld_overlay_sets(s->override, "seed")) {
        SLD_TRY(sld_overlay_value(x->ctx, x->arena, s->override, "seed", &seed));
        return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                        "command line: seed: expected a sweep without seeds, got %zu in seeds, "
                        "beside which it changes nothing; leave it out, or give seeds=%s",
                        s->n_seeds, seed);
    }
    if (s->seeds && sld_overlay_sets(s->base.overlay, "seed") &&
        !sld_overlay_is_resolved(s->base.overlay)) {
        sld_log(x->ctx, SLD_LOG_WARN,
                "%s: base: seed: changes nothing here: seeds says the seeds of this sweep; leave "
                "it out",
                s->source);
    }
    return SLD_OK;
}

/* Teachers that nobody asks for, and exclusions that leave out nothing. The command line may be
 * what has made them idle. */
static sld_status check_parts(const expander *x)
{
    const spec *s = x->spec;

    for (size_t i = 0; i < s->n_teachers; i++) {
        if (!x->teachers[i].known) {
            sld_log(x->ctx, SLD_LOG_WARN,
                    "%s: teachers: %s: changes nothing here: no point of this sweep has this "
                    "teacher",
                    s->source, s->teachers[i].name);
        }
    }
    for (size_t i = 0; i < s->n_excludes; i++) {
        const char *what =
            "expected a choice that leaves out some point of this sweep, got one that "
            "leaves out none; correct it, or leave it out";
        if (!x->excludes[i] && x->params->n_overrides == 0) {
            return sld_node_fail(x->ctx, s->excludes[i].at, "exclude", "%s", what);
        }
        if (!x->excludes[i]) {
            sld_log(x->ctx, SLD_LOG_WARN, "%s: exclude: %s", s->source, what);
        }
    }
    return SLD_OK;
}

/* A base that is a resolved document leaves the words method and preset without effect. */
static sld_status check_methods(const expander *x)
{
    const spec *s = x->spec;

    SLD_TRY(sld_overlay_check_method(x->ctx, s->base.overlay, s->override));
    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t i = 0; i < s->axes[a].n; i++) {
            SLD_TRY(sld_overlay_check_method(x->ctx, s->base.overlay,
                                             s->axes[a].entries[i].part.overlay));
        }
    }
    return SLD_OK;
}

static sld_status refuse_override(const expander *x, const sld_overlay *set, const char *key,
                                  const char *axis)
{
    const bool  swap       = strcmp(key, "teacher_swap") == 0 && !sld_overlay_sets(set, key);
    const bool  correction = strcmp(key, "correction") == 0 && !sld_overlay_sets(set, key);
    const char *by         = swap ? " by correction" : correction ? " by teacher_swap" : "";

    return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                    "command line: %s: expected an option that no axis sets, got one that the axis "
                    "%s sets%s; leave it out",
                    key, axis, by);
}

/* What an axis sets, the command line cannot: every point would become the same. */
static sld_status check_override(const expander *x)
{
    const spec *s = x->spec;

    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t i = 0; i < s->axes[a].n; i++) {
            const spec_part *part = &s->axes[a].entries[i].part;
            const char      *key  = sld_overlay_common(part->overlay, s->override);
            if (part->teacher && sld_overlay_sets(s->override, "teacher.weights")) {
                key = "teacher.weights";
            }
            if (key) {
                return refuse_override(x, part->overlay, key, s->axes[a].name);
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
            return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                            "%s: axes: expected at most %d points, got more; make several sweeps "
                            "of it",
                            s->source, POINTS_MAX);
        }
    }
    return SLD_OK;
}

/* Teachers, then the others: a teacher's index among the teachers is its index at all. */
static sld_status build_grid(expander *x, sld_grid *grid)
{
    const spec  *s      = x->spec;
    void        *memory = NULL;
    const char **axis;

    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_axes + 1) * sizeof *axis, &memory));
    axis = memory;
    for (size_t a = 0; a < s->n_axes; a++) {
        axis[a] = s->axes[a].name;
    }
    grid->n = x->n_teacher_points + x->n_points;
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, grid->n * sizeof *grid->points, &memory));
    grid->points = memory;
    memcpy(grid->points, x->teacher_points, x->n_teacher_points * sizeof *grid->points);
    memcpy(grid->points + x->n_teacher_points, x->points, x->n_points * sizeof *grid->points);
    for (size_t i = x->n_teacher_points; i < grid->n; i++) {
        grid->points[i].axis = axis;
    }
    grid->name     = s->name;
    grid->dir      = ".";
    grid->baseline = s->baseline;
    grid->launch   = s->launch;
    grid->n_axes   = s->n_axes;
    grid->axis     = axis;
    SLD_TRY(sld_expand_unite(x, grid->points, grid->n));
    return sld_grid_index(x->ctx, grid);
}

static sld_status expand(expander *x, spec *s, sld_grid *grid)
{
    void  *memory[4] = {NULL, NULL, NULL, NULL};
    size_t n;

    SLD_TRY(sld_spec_read(x->ctx, x->arena, x->params, s));
    SLD_TRY(check_override(x));
    SLD_TRY(check_methods(x));
    SLD_TRY(check_own_keys(x));
    SLD_TRY(check_isa(x));
    SLD_TRY(check_seed(x));
    SLD_TRY(count_points(x, &n));
    SLD_TRY(sld_composer_create(x->ctx, x->params->method, &x->composer));
    SLD_TRY(sld_contents_create(x->ctx, x->arena,
                                &(sld_contents_params){.source  = s->source,
                                                       .version = grid->id_version,
                                                       .name    = x->params->content,
                                                       .user    = x->params->user},
                                &x->contents));
    SLD_TRY(
        sld_arena_alloc(x->ctx, x->arena, (s->n_teachers + 1) * sizeof *x->teachers, &memory[0]));
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, (s->n_teachers + 1) * sizeof *x->teacher_points,
                            &memory[1]));
    SLD_TRY(sld_arena_alloc(x->ctx, x->arena, n * sizeof *x->points, &memory[2]));
    SLD_TRY(
        sld_arena_alloc(x->ctx, x->arena, (s->n_excludes + 1) * sizeof *x->excludes, &memory[3]));
    x->teachers       = memory[0];
    x->teacher_points = memory[1];
    x->points         = memory[2];
    x->excludes       = memory[3];
    SLD_TRY(sld_expand_choose_separator(x, n / (s->seeds ? s->n_seeds : 1)));
    SLD_TRY(sld_expand_find_clashes(x));
    SLD_TRY(sld_expand_watch_usage(x));
    SLD_TRY(make_points(x));
    SLD_TRY(sld_expand_check_usage(x));
    SLD_TRY(check_parts(x));
    SLD_TRY(sld_expand_check_report(x));
    sld_expand_tell_unreached(x);
    SLD_TRY(build_grid(x, grid));
    return sld_spec_check_arms(x->ctx, s, grid);
}

sld_status sld_grid_expand(sld_ctx *ctx, const sld_grid_params *params, sld_grid **out)
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
        *out               = memory;
        (*out)->id_version = params->id_version ? params->id_version : SLD_ID_VERSION;
        (*out)->arena      = arena;
        st                 = expand(&x, &s, *out);
    }
    for (size_t i = 0; x.teachers && i < s.n_teachers; i++) {
        sld_config_destroy(x.teachers[i].config);
    }
    sld_composer_destroy(x.composer);
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        *out = NULL;
    }
    return st;
}
