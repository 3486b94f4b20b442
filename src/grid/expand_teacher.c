/* expand_teacher.c: teachers by name: a file where there is one, else a point of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expander.h"

/* use: N takes epoch-N.h5. The teacher must have an option to keep this file, else its students
 * fail once it is trained. */
static sld_status check_use(const expander *x, const spec_teacher *t, const sld_config *config)
{
    long long epoch;

    if (sscanf(t->file, "epoch-%lld.h5", &epoch) != 1) {
        return SLD_OK;
    }
    const sld_list *kept   = &sld_config_options(config)->run.keep_epochs;
    const long long epochs = sld_config_options(config)->train.epochs;
    bool            found  = false;
    for (size_t i = 0; i < kept->n; i++) {
        found |= (long long)kept->v[i] == epoch;
    }
    if (found) {
        return SLD_OK;
    }
    return epoch < 1 || epoch > epochs
               ? sld_node_fail(x->ctx, t->use, "use",
                               "expected last, best or an epoch of 1 to %lld, "
                               "which the teacher %s is trained for, got %lld",
                               epochs, t->name, epoch)
               : sld_node_fail(x->ctx, t->use, "use",
                               "expected an epoch that the teacher keeps, got %lld of the teacher "
                               "%s; give it run: {keep_epochs: [%lld]}",
                               epoch, t->name, epoch);
}

/* The experiment by which the teacher is trained, or was. */
static sld_status describe(const expander *x, const spec_teacher *t, sld_overlay **own)
{
    static const char *const shared[] = {"data", "synthetic", "parallel", "run", NULL};

    SLD_TRY(sld_overlay_create(x->ctx, x->arena, own));
    sld_overlay_lay(*own, x->spec->base.overlay);
    sld_overlay_lay(*own, x->spec->override);
    sld_overlay_keep(*own, shared);
    SLD_TRY(sld_overlay_set(x->ctx, x->arena, "teachers", "method", "none", *own));
    sld_overlay_lay(*own, t->overlay);
    return SLD_OK;
}

static bool is_set(const sld_overlay *own, const char *key)
{
    return sld_overlay_sets(own, "preset") || sld_overlay_sets(own, key);
}

/* The side of the images that the teacher would see; 0: not known. */
static sld_status side_of(expander *x, const sld_overlay *own, size_t *side)
{
    sld_config *config = NULL;

    *side = 0;
    if (!x->params->side) {
        return SLD_OK;
    }
    SLD_TRY(sld_composer_make(x->ctx, x->composer, x->spec->source, own, &config));
    const sld_status st =
        x->params->check ? x->params->check(x->ctx, x->params->user, config) : SLD_OK;
    if (st == SLD_OK) {
        *side = x->params->side(x->ctx, x->params->user, config);
    }
    sld_config_destroy(config);
    return st;
}

/* A preset of the students says how they see the data. Where the teacher would see it otherwise, it
 * could not teach them. Where it would not, its ID stays what it was. */
static sld_status take_data(expander *x, const sld_config *student, sld_overlay *own)
{
    const sld_options *o = sld_config_options(student);
    char               number[24];
    size_t             side;

    if (sld_config_origin(student, "data.format") == SLD_FROM_PRESET &&
        !is_set(own, "data.format")) {
        SLD_TRY(sld_overlay_set(x->ctx, x->arena, "preset", "data.format",
                                sld_config_word(o, "data.format"), own));
    }
    if (sld_config_origin(student, "data.input_size") == SLD_FROM_PRESET &&
        !is_set(own, "data.input_size")) {
        SLD_TRY(side_of(x, own, &side));
        snprintf(number, sizeof number, "%lld", (long long)o->data.input_size);
        return side == (size_t)o->data.input_size
                   ? SLD_OK
                   : sld_overlay_set(x->ctx, x->arena, "preset", "data.input_size", number, own);
    }
    return SLD_OK;
}

/* into: the student's settings, without a teacher as yet. A student that is wrong says so itself. */
static sld_status take_preset(expander *x, const sld_overlay *into, sld_overlay *own)
{
    sld_config  *student = NULL;
    sld_overlay *named;

    if (!sld_overlay_sets(into, "preset")) {
        return SLD_OK;
    }
    SLD_TRY(sld_overlay_create(x->ctx, x->arena, &named));
    sld_overlay_lay(named, into);
    SLD_TRY(sld_overlay_set_text(x->ctx, x->arena, "teacher.weights", "-", named));
    sld_status st = sld_composer_make(x->ctx, x->composer, x->spec->source, named, &student);
    if (st == SLD_OK) {
        st = take_data(x, student, own);
    }
    sld_config_destroy(student);
    if (st == SLD_ERR_CONFIG) {
        sld_err_clear(x->ctx);
        return SLD_OK;
    }
    return st;
}

/* Of the point: its settings as it was made, which x->overlay still holds. */
static sld_status keep_config(expander *x, teacher_state *state)
{
    SLD_TRY(sld_composer_make(x->ctx, x->composer, x->spec->source, x->overlay, &state->config));
    return x->params->check ? x->params->check(x->ctx, x->params->user, state->config) : SLD_OK;
}

static sld_status train_teacher(expander *x, const spec_teacher *t, const sld_overlay *into,
                                teacher_state *state)
{
    sld_point   *p = &x->teacher_points[state->at];
    sld_overlay *own;
    char         where[112];

    SLD_TRY(describe(x, t, &own));
    SLD_TRY(take_preset(x, into, own));
    *p         = (sld_point){.arm = t->name, .is_teacher = true, .teacher = -1};
    x->overlay = own;
    SLD_TRY(sld_usage_create(x->ctx, x->arena, &x->counting[1]));
    x->counting[0] = x->used;
    x->n_counting  = 2;
    SLD_TRY(sld_expand_compose(x, NULL, p));
    SLD_TRY(keep_config(x, state));
    SLD_TRY(check_use(x, t, state->config));
    snprintf(where, sizeof where, "the teacher %.80s", t->name);
    return sld_usage_check(x->ctx, x->counting[1], t->overlay, where);
}

/* Weights that exist: what the teacher says of itself beside them must be true of them. Options by
 * which it could not be trained are not looked at: nobody trains it. */
static sld_status check_file(const expander *x, const spec_teacher *t, const char *file)
{
    sld_config  *config = NULL;
    sld_overlay *own;

    SLD_TRY(sld_expand_check_untrained(x, t));
    if (!t->described || !x->params->teacher) {
        return SLD_OK;
    }
    SLD_TRY(describe(x, t, &own));
    sld_status st = sld_composer_make(x->ctx, x->composer, x->spec->source, own, &config);
    if (st == SLD_ERR_CONFIG) {
        sld_err_clear(x->ctx);
        return SLD_OK;
    }
    if (st == SLD_OK) {
        st = x->params->teacher(
            x->ctx, x->params->user,
            &(sld_grid_teacher){.name = t->name, .described = config, .weights = file});
    }
    st = st == SLD_OK ? sld_expand_tell_described(x, t, config, file) : st;
    sld_config_destroy(config);
    if (st != SLD_ERR_CONFIG) {
        return st;
    }
    const sld_err err = x->ctx->err;
    sld_err_clear(x->ctx);
    return sld_node_fail(x->ctx, t->at, t->name, "weights: %.400s", err.msg);
}

static sld_status know_teacher(expander *x, size_t i, const sld_overlay *into)
{
    const spec_teacher *t     = &x->spec->teachers[i];
    teacher_state      *state = &x->teachers[i];
    const char         *path;
    char                why[SLD_PATH_WHY_BYTES];

    if (state->known) {
        return SLD_OK;
    }
    state->known = true;
    if (sld_path_is_odd(t->weights, why)) {
        return sld_node_fail(x->ctx, t->at, t->name, "weights: %s", why);
    }
    if (*t->weights && access(t->weights, R_OK) == 0) {
        SLD_TRY(sld_expand_absolute(x, t->weights, &path));
        state->file = path;
        return check_file(x, t, path);
    }
    if (!t->described) {
        return sld_node_fail(
            x->ctx, t->at, t->name,
            "expected weights, or options to train this teacher by, got neither: %.200s: %s",
            *t->weights ? t->weights : "weights", *t->weights ? strerror(errno) : "none given");
    }
    if (*t->weights) {
        sld_log(x->ctx, SLD_LOG_INFO,
                "teacher %s: %s does not exist; the sweep trains the teacher first", t->name,
                t->weights);
    }
    state->at = x->n_teacher_points++;
    return train_teacher(x, t, into, state);
}

static sld_status find_teacher(expander *x, const char *name, const sld_node *at, size_t *out)
{
    const char *names[64];
    char        choices[SLD_CHOICES_BYTES];
    size_t      n = 0;

    for (*out = 0; *out < x->spec->n_teachers; ++*out) {
        if (strcmp(x->spec->teachers[*out].name, name) == 0) {
            return SLD_OK;
        }
        if (n < 64) {
            names[n++] = x->spec->teachers[*out].name;
        }
    }
    return sld_node_fail(x->ctx, at, "teacher", "expected a teacher of this sweep, got %s%s", name,
                         n > 0 ? sld_text_choices(name, names, n, choices)
                               : "; describe it under teachers:");
}

sld_status sld_expand_teacher(expander *x, const char *name, const sld_node *at, sld_overlay *into,
                              sld_point *student, const sld_point **out)
{
    char   path[64];
    size_t i;

    *out = NULL;
    SLD_TRY(find_teacher(x, name, at, &i));
    SLD_TRY(know_teacher(x, i, into));
    if (x->teachers[i].file) {
        return sld_overlay_set_text(x->ctx, x->arena, "teacher.weights", x->teachers[i].file, into);
    }
    *out             = &x->teacher_points[x->teachers[i].at];
    student->teacher = (int)x->teachers[i].at;
    snprintf(path, sizeof path, "trials/%s/%s", (*out)->id, x->spec->teachers[i].file);
    return sld_overlay_set_text(x->ctx, x->arena, "teacher.weights", path, into);
}
