/* expand_point.c: one point: its whole experiment, checked, and the id that says what it computes.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expander.h"

sld_status sld_expand_no_memory(const expander *x)
{
    return SLD_FAIL(x->ctx, SLD_ERR_NOMEM, "out of memory: the points of %s", x->spec->source);
}

sld_status sld_expand_absolute(const expander *x, const char *path, const char **out)
{
    char   full[PATH_MAX];
    size_t n;

    *out = path;
    if (*path == '/' || *path == '\0') {
        return SLD_OK;
    }
    if (!getcwd(full, sizeof full) || strlen(full) + strlen(path) + 2 > sizeof full) {
        return SLD_FAIL(x->ctx, SLD_ERR_CONFIG, "%.200s: cannot make an absolute path: %s", path,
                        strerror(errno));
    }
    n = strlen(full);
    snprintf(full + n, sizeof full - n, "%s%s", n > 1 ? "/" : "", path); /* "/" ends in one */
    *out = sld_arena_strdup(x->arena, full);
    return *out ? SLD_OK : sld_expand_no_memory(x);
}

/* Paths of a file start at the folder in which sld was started: they are made whole, because the
 * trials start elsewhere. */
static sld_status fix_path(expander *x, const char *key, const char *path)
{
    const char *whole;

    if (*path == '/' || *path == '\0') {
        return SLD_OK;
    }
    SLD_TRY(sld_expand_absolute(x, path, &whole));
    return sld_overlay_set_text(x->ctx, x->arena, key, whole, x->overlay);
}

/* The name of what it computes, as the trial itself will find it: a teacher that is yet to be
 * trained is named by its trial. */
static sld_status make_id(const expander *x, const sld_config *config, const sld_point *teacher,
                          const char **out)
{
    const char *made = teacher ? sld_config_options(config)->teacher.weights : NULL;
    char        id[SLD_ID_LENGTH + 1];

    SLD_TRY(sld_contents_id(x->ctx, x->contents, config, made, id));
    *out = sld_arena_strdup(x->arena, id);
    return *out ? SLD_OK : sld_expand_no_memory(x);
}

/* From x->overlay. teacher: the point whose weights it names, or NULL. */
static sld_status finish(expander *x, const sld_point *teacher, sld_config *config, sld_point *out)
{
    const sld_options *o = sld_config_options(config);

    if (x->params->check) {
        SLD_TRY(x->params->check(x->ctx, x->params->user, config));
    }
    if (sld_config_origin(config, "data.format") == SLD_FROM_FILE &&
        !sld_overlay_sets(x->overlay, "data.format")) { /* found by what lies at data.path */
        SLD_TRY(sld_overlay_set(x->ctx, x->arena, "data.path", "data.format",
                                sld_config_word(o, "data.format"), x->overlay));
    }
    SLD_TRY(make_id(x, config, teacher, &out->id));
    SLD_TRY(sld_expand_fit(x, teacher, config, out->arm));
    out->seed = o->top.seed;
    SLD_TRY(sld_point_take_needs(x->ctx, x->arena, config, out));
    SLD_TRY(fix_path(x, "data.path", o->data.path));
    SLD_TRY(fix_path(x, "student.weights", o->student.weights));
    SLD_TRY(fix_path(x, "teacher.logits", o->teacher.logits));
    SLD_TRY(fix_path(x, "teacher.logits_files", o->teacher.logits_files));
    if (!sld_config_wants_teacher(o)) {
        sld_overlay_drop(x->overlay, "teacher.weights");
    } else if (!teacher) {
        SLD_TRY(fix_path(x, "teacher.weights", o->teacher.weights));
    }
    return sld_overlay_text(x->ctx, x->arena, x->overlay, &out->experiment);
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

/* Which settings matter to the point. */
static void count_usage(expander *x, const sld_config *config, const sld_point *p)
{
    sld_options options = *sld_config_options(config);

    if (p->shares_logits) { /* the sweep gives it a store, attempt_settings.c */
        options.teacher.logits = "teacher-logits";
    }
    for (size_t i = 0; i < x->n_counting; i++) {
        sld_usage_add(x->counting[i], &options);
    }
}

/* Trials of an arm that differ by a seed from which nothing follows would count as replicates. */
static sld_status check_seeds(const expander *x, const sld_config *config, const sld_point *p)
{
    char words[SLD_PINNED_BYTES];

    if (p->is_teacher || !x->spec->seeds || x->n_points == 0 ||
        p->seed == x->points[0].seed || /* all points of the first seed come first */
        !sld_config_pins_seed(config, words)) {
        return SLD_OK;
    }
    for (size_t i = 0; i < x->n_points; i++) {
        if (strcmp(x->points[i].arm, p->arm) == 0) {
            return SLD_FAIL(
                x->ctx, SLD_ERR_CONFIG,
                "%s: seeds: expected trials that differ by their seed, got the seeds %lld "
                "and %lld beside %s, which say all that a seed would move: both would "
                "compute the same bits; leave seeds.* out, or give one seed",
                x->spec->source, (long long)x->points[i].seed, (long long)p->seed, words);
        }
    }
    return SLD_OK;
}

sld_status sld_expand_compose(expander *x, const sld_point *teacher, sld_point *out)
{
    sld_config *config = NULL;
    sld_status  st = sld_composer_make(x->ctx, x->composer, x->spec->source, x->overlay, &config);

    if (st == SLD_OK) {
        if (!sld_config_wants_teacher(sld_config_options(config))) {
            out->teacher = -1;
            teacher      = NULL;
        }
        st = finish(x, teacher, config, out);
    }
    if (st == SLD_OK) {
        st = check_seeds(x, config, out);
    }
    if (st == SLD_OK) {
        count_usage(x, config, out);
        sld_expand_count_unreached(x, config, out->arm);
        st = sld_expand_note_report(x, config, out);
    }
    sld_config_destroy(config);
    return st == SLD_OK ? st : refuse(x, st, out->arm);
}
