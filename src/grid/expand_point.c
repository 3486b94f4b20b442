/* expand_point.c: one point: its whole experiment, checked, and the id that says what it computes.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expander.h"
#include "sld/rundir.h"

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

static int id_version(const expander *x)
{
    return x->params->id_version ? x->params->id_version : SLD_ID_VERSION;
}

/* Weights are held against the data set too. The same folder may hold two data sets. */
static void content_key(const sld_options *o, const char *weights, char *key, size_t n)
{
    if (weights) {
        snprintf(key, n, "weights\n%d\n%s\n%s", (int)o->data.format, o->data.path, weights);
    } else {
        snprintf(key, n, "data\n%d\n%s\n%lld %.17g", (int)o->data.format, o->data.path,
                 (long long)o->data.input_size, o->data.test_fraction);
    }
}

sld_status sld_expand_content(expander *x, const sld_config *config, const char *weights,
                              const char **name)
{
    char key[2 * PATH_MAX + 64];

    content_key(sld_config_options(config), weights, key, sizeof key);
    for (size_t i = 0; i < x->n_contents; i++) {
        if (strcmp(x->contents[i].key, key) == 0) {
            *name = x->contents[i].name;
            return SLD_OK;
        }
    }
    if (x->n_contents == CONTENTS_MAX) {
        return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                        "%s: expected at most %d data sets and weights files in one sweep, got "
                        "more; make several sweeps of it",
                        x->spec->source, CONTENTS_MAX);
    }
    content *c = &x->contents[x->n_contents];
    c->key     = sld_arena_strdup(x->arena, key);
    if (!c->key) {
        return sld_expand_no_memory(x);
    }
    SLD_TRY(x->params->content(x->ctx, x->params->user, config, weights, id_version(x), c->name));
    x->n_contents++;
    *name = c->name;
    return SLD_OK;
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

/* What the experiment reads, by content; teacher: the point that is yet to make its weights, or NULL. */
static sld_status find_inputs(expander *x, const sld_config *config, const sld_point *teacher,
                              char given[128], sld_inputs *in)
{
    const sld_options *o = sld_config_options(config);

    *in = (sld_inputs){.data = "synthetic"}; /* its options say all */
    if (o->data.format != SLD_FORMAT_SYNTHETIC) {
        SLD_TRY(sld_expand_content(x, config, NULL, &in->data));
    }
    if (teacher) {
        const char *weights = strrchr(o->teacher.weights, '/');
        snprintf(given, 128, "%s %s%.60s", id_version(x) == 1 ? "point" : "trial", teacher->id,
                 weights ? weights : "");
        in->teacher = given;
    } else if (sld_config_wants_teacher(o) && *o->teacher.weights) {
        SLD_TRY(sld_expand_content(x, config, o->teacher.weights, &in->teacher));
    }
    if (sld_config_wants_teacher(o) && *o->teacher.logits_files) {
        SLD_TRY(sld_expand_content(x, config, o->teacher.logits_files, &in->teacher_logits));
    }
    if (*o->student.weights) {
        SLD_TRY(sld_expand_content(x, config, o->student.weights, &in->student));
    }
    return SLD_OK;
}

/* The name of what it computes, as the trial itself will find it: a teacher that is yet to be
 * trained is named by its trial. */
static sld_status make_id(expander *x, const sld_config *config, const sld_point *teacher,
                          const char **out)
{
    sld_inputs  in;
    sld_arena  *arena = NULL;
    char        given[128], id[SLD_ID_LENGTH + 1] = "";
    const char *text = NULL;

    SLD_TRY(find_inputs(x, config, teacher, given, &in));
    SLD_TRY(sld_arena_create(x->ctx, &arena));
    const sld_status st = sld_identity_text(x->ctx, arena, sld_config_identity(config), &in, &text);
    if (st == SLD_OK) {
        sld_identity_id(text, id);
    }
    sld_arena_destroy(arena);
    SLD_TRY(st);
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
