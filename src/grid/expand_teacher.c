/* expand_teacher.c: teachers by name: a file where there is one, else a point of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "expander.h"

/* use: N takes epoch-N.h5. The teacher must have an option to keep this file, else its students
 * fail once it is trained. */
static sld_status check_use(const expander *x, const spec_teacher *t, const sld_point *p)
{
    long long   epoch;
    sld_config *config = NULL;

    if (sscanf(t->file, "epoch-%lld.h5", &epoch) != 1) {
        return SLD_OK;
    }
    SLD_TRY(sld_config_parse(x->ctx, x->spec->source, p->experiment, strlen(p->experiment), NULL, 0,
                             x->params->method, &config));
    const sld_list *kept   = &sld_config_options(config)->run.keep_epochs;
    const long long epochs = sld_config_options(config)->train.epochs;
    bool            found  = false;
    for (size_t i = 0; i < kept->n; i++) {
        found |= (long long)kept->v[i] == epoch;
    }
    sld_config_destroy(config);
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

static sld_status train_teacher(expander *x, const spec_teacher *t, size_t at)
{
    sld_point   *p = &x->teacher_points[at];
    sld_overlay *own;
    char         where[112];

    SLD_TRY(describe(x, t, &own));
    *p         = (sld_point){.arm = t->name, .is_teacher = true, .teacher = -1};
    x->overlay = own;
    SLD_TRY(sld_usage_create(x->ctx, x->arena, &x->counting[1]));
    x->counting[0] = x->used;
    x->n_counting  = 2;
    SLD_TRY(sld_expand_compose(x, NULL, p));
    SLD_TRY(check_use(x, t, p));
    snprintf(where, sizeof where, "the teacher %.80s", t->name);
    return sld_usage_check(x->ctx, x->counting[1], t->overlay, where);
}

/* Weights that exist: what the teacher says of itself beside them must be true of them. Options by
 * which it could not be trained are not looked at: nobody trains it. */
static sld_status check_file(const expander *x, const spec_teacher *t, const char *file)
{
    sld_config  *config = NULL;
    sld_overlay *own;

    if (!t->described) {
        return !t->use ? SLD_OK
                       : sld_node_fail(x->ctx, t->use, "use",
                                       "expected options to train the teacher %s by, got weights "
                                       "alone, which are one file; leave use out",
                                       t->name);
    }
    if (!x->params->teacher) {
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
    sld_config_destroy(config);
    if (st != SLD_ERR_CONFIG) {
        return st;
    }
    const sld_err err = x->ctx->err;
    sld_err_clear(x->ctx);
    return sld_node_fail(x->ctx, t->at, t->name, "weights: %.400s", err.msg);
}

static sld_status know_teacher(expander *x, size_t i)
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
    return train_teacher(x, t, state->at);
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
    SLD_TRY(know_teacher(x, i));
    if (x->teachers[i].file) {
        return sld_overlay_set_text(x->ctx, x->arena, "teacher.weights", x->teachers[i].file, into);
    }
    *out             = &x->teacher_points[x->teachers[i].at];
    student->teacher = (int)x->teachers[i].at;
    snprintf(path, sizeof path, "trials/%s/%s", (*out)->id, x->spec->teachers[i].file);
    return sld_overlay_set_text(x->ctx, x->arena, "teacher.weights", path, into);
}
