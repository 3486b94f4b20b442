/* sweep_settings.c: settings beside a sweep's folder, held against the points that would run, before
 * anything is moved or started: a trial that refuses them would burn its attempts. */
#include "sweep_settings.h"

#include <stdlib.h>
#include <string.h>

#include "sld/distill.h"
#include "sweep_plan.h"

/* Options that name what a trial reads. Its content is part of the ID. */
static const char *const inputs[] = {"data.path", "student.weights", "teacher.weights",
                                     "teacher.logits_files"};

typedef struct checker {
    sld_ctx             *ctx;
    const sld_grid      *grid;
    sld_experiment_data *data;
    const char *const   *words;
    size_t               n_words;
    sld_arena           *arena;
    sld_overlay         *overlay; /* of the words */
    sld_usage           *usage;
    sld_contents        *contents;
} checker;

static sld_status configure(const checker *k, const sld_point *p, bool given, sld_config **out)
{
    return sld_config_parse(k->ctx, p->id, p->experiment, strlen(p->experiment), k->words,
                            given ? k->n_words : 0, sld_method_defaults, out);
}

static bool is_named(const sld_config *config, size_t input)
{
    const sld_options *o        = sld_config_options(config);
    const char *const  values[] = {o->data.path, o->student.weights, o->teacher.weights,
                                   o->teacher.logits_files};

    return *values[input] != '\0';
}

/* A point without a teacher term reads no teacher's. */
static bool reads(const sld_config *given, const char *input)
{
    return sld_config_is_written(given, input) &&
           (strncmp(input, "teacher.", 8) != 0 ||
            sld_config_wants_teacher(sld_config_options(given)));
}

/* A path may say where an input of the spec has moved to, and not bring one in or take it away. */
static sld_status check_inputs(const checker *k, const sld_point *p, const sld_config *given)
{
    sld_config *own = NULL;
    bool        any = false;

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        any |= reads(given, inputs[i]);
    }
    sld_status st = any ? configure(k, p, false, &own) : SLD_OK;
    for (size_t i = 0; any && st == SLD_OK && i < sizeof inputs / sizeof *inputs; i++) {
        if (!reads(given, inputs[i])) {
            continue;
        }
        if (p->teacher_file && strcmp(inputs[i], "teacher.weights") == 0) {
            st = SLD_FAIL(k->ctx, SLD_ERR_CONFIG,
                          "command line: teacher.weights: expected none beside the folder, whose "
                          "sweep trains this teacher, got one; leave it out");
        } else if (is_named(own, i) != is_named(given, i)) {
            st = SLD_FAIL(k->ctx, SLD_ERR_CONFIG,
                          "command line: %s: expected the place of what the spec names, got %s; "
                          "that is another trial: give the spec with it",
                          inputs[i], is_named(own, i) ? "none" : "one where the spec names none");
        }
    }
    sld_config_destroy(own);
    return st;
}

/* What can be seen of the files without reading all of them. */
static sld_status check_files(const checker *k, const sld_config *given)
{
    const sld_options *o = sld_config_options(given);

    if (sld_config_is_written(given, "student.weights")) {
        SLD_TRY(sld_weights_check_path(k->ctx, given, "student.weights", o->student.weights));
    }
    if (reads(given, "teacher.weights") && *o->teacher.weights) {
        SLD_TRY(sld_weights_check_path(k->ctx, given, "teacher.weights", o->teacher.weights));
    }
    if (sld_config_is_written(given, "data.path")) {
        const sld_data_params params = sld_data_params_of(o);
        sld_data_sizes        sizes;
        return sld_data_sizes_of(k->ctx, &params, &sizes);
    }
    return SLD_OK;
}

static sld_status check_teacher(const checker *k, const sld_point *p, const sld_config *given)
{
    const sld_options *o     = sld_config_options(given);
    sld_config        *its   = NULL;
    const sld_point *teacher = p->teacher < 0 ? NULL : sld_grid_point(k->grid, (size_t)p->teacher);

    if (!sld_config_is_written(given, "teacher.network") || !sld_config_wants_teacher(o) ||
        !*o->teacher.weights) {
        return SLD_OK;
    }
    if (teacher) {
        SLD_TRY(configure(k, teacher, false, &its));
    }
    const sld_status st =
        sld_experiment_teacher(k->ctx, k->data,
                               &(sld_grid_teacher){.name      = teacher ? teacher->arm : "",
                                                   .described = its,
                                                   .weights   = teacher ? NULL : o->teacher.weights,
                                                   .student   = given});
    sld_config_destroy(its);
    return st;
}

/* The content of what is read belongs to the ID. */
static sld_status check_id(checker *k, const sld_point *p, const sld_config *given)
{
    const char *written = NULL;
    char        id[SLD_ID_LENGTH + 1];

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs && !written; i++) {
        written = reads(given, inputs[i]) ? inputs[i] : NULL;
    }
    if (!written) {
        return SLD_OK;
    }
    const bool wants = sld_config_wants_teacher(sld_config_options(given));
    SLD_TRY(sld_contents_id(k->ctx, k->contents, given, wants ? p->teacher_file : NULL, id));
    return strcmp(id, p->id) == 0
               ? SLD_OK
               : SLD_FAIL(k->ctx, SLD_ERR_CONFIG,
                          "command line: %s: expected the place of what the spec was read with, "
                          "got another content, which makes another trial, %s; give the spec with "
                          "it",
                          written, id);
}

static sld_status check_point(checker *k, const sld_point *p, sld_config *given)
{
    SLD_TRY(check_inputs(k, p, given));
    SLD_TRY(sld_experiment_check(k->ctx, k->data, given));
    SLD_TRY(check_files(k, given));
    SLD_TRY(check_teacher(k, p, given));
    return check_id(k, p, given);
}

/* The IDs are those of the folder. */
static sld_status take_contents(checker *k)
{
    const int version = sld_grid_id_version(sld_grid_dir(k->grid));

    return sld_contents_create(k->ctx, k->arena,
                               &(sld_contents_params){.source  = sld_grid_name(k->grid),
                                                      .version = version ? version : SLD_ID_VERSION,
                                                      .name    = sld_experiment_content,
                                                      .user    = k->data},
                               &k->contents);
}

/* Says which point it is. */
static sld_status named(sld_ctx *ctx, sld_status st, const sld_point *p)
{
    const sld_err err = ctx->err;

    if (st == SLD_OK) {
        return st;
    }
    sld_err_clear(ctx);
    return sld_fail_at(ctx, st == SLD_ERR_DATA || st == SLD_ERR_IO ? SLD_ERR_CONFIG : st, err.file,
                       err.line, err.func, "%.400s (in the point %.80s, %s)", err.msg, p->arm,
                       p->id);
}

static void count(const checker *k, const sld_point *p, const sld_config *given)
{
    sld_options options = *sld_config_options(given);

    if (p->shares_logits) { /* the sweep gives it a store */
        options.teacher.logits = "teacher-logits";
    }
    sld_usage_add(k->usage, &options);
}

/* runs: a point that is not to be started may be what it was made with. */
static sld_status look_at(checker *k, const sld_point *p, bool runs)
{
    sld_config *given = NULL;
    sld_status  st    = configure(k, p, true, &given);

    if (st == SLD_OK) {
        count(k, p, given);
        st = runs ? check_point(k, p, given) : SLD_OK;
    } else if (!runs && st == SLD_ERR_CONFIG) {
        sld_err_clear(k->ctx);
        return SLD_OK;
    }
    sld_config_destroy(given);
    return named(k->ctx, st, p);
}

/* retry: as given to --retry; NULL: it is not. */
static bool would_run(const sld_point *p, const sld_point_status *status, const char *retry)
{
    const sld_point_state state = status ? status->state : SLD_POINT_WAITING;

    return state == SLD_POINT_WAITING || state == SLD_POINT_RUNNING ||
           (retry && (state == SLD_POINT_FAILED || strncmp(p->id, retry, strlen(retry)) == 0));
}

static sld_status check(checker *k, const sld_point_status *status, const char *retry)
{
    SLD_TRY(sld_overlay_create(k->ctx, k->arena, &k->overlay));
    SLD_TRY(sld_usage_create(k->ctx, k->arena, &k->usage));
    for (size_t i = 0; i < k->n_words; i++) {
        SLD_TRY(sld_overlay_override(k->ctx, k->arena, k->words[i], k->overlay));
    }
    for (size_t i = 0; i < sld_grid_count(k->grid); i++) {
        const sld_point *p = sld_grid_point(k->grid, i);
        SLD_TRY(look_at(k, p, would_run(p, status ? &status[i] : NULL, retry)));
    }
    return sld_usage_check(k->ctx, k->usage, k->overlay, "some point of this sweep");
}

sld_status sld_sweep_check_settings(sld_ctx *ctx, const sld_grid *grid,
                                    const sld_grid_change *change, sld_experiment_data *data,
                                    const sld_sweep_settings *given)
{
    sld_point_status *status = NULL;
    checker           k      = {
                       .ctx = ctx, .grid = grid, .data = data, .words = given->words, .n_words = given->n};

    if (given->n == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_sweep_known(ctx, grid, change, &status));
    sld_status st = sld_arena_create(ctx, &k.arena);
    if (st == SLD_OK) {
        st = take_contents(&k);
    }
    if (st == SLD_OK) {
        st = check(&k, status, given->retry);
    }
    sld_arena_destroy(k.arena);
    free(status);
    return st;
}
