/* checkpoint.c: all that a trial needs to go on, in one file, written and read; the two newest are kept.
 * The other files of a run folder follow from it. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

#define KEPT 2
#define SUMS (sizeof(sld_view_sums) / sizeof(double))

_Static_assert(sizeof(sld_view_sums) % sizeof(double) == 0,
               "sums are doubles only: stored as such");

/* ---- writing ---- */

static sld_status put_teacher_use(sld_ctx *ctx, const sld_teacher_use *use, sld_doc *doc)
{
    const int64_t tables[3]  = {use->read, use->filled, use->live};
    const double  seconds[3] = {use->read_s, use->fill_s, use->wait_s};

    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_tables", SLD_I64, 3, tables));
    if (*use->why) {
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "teacher_live_reason", use->why));
    }
    return sld_doc_attr(ctx, doc, "/", "teacher_seconds", SLD_F64, 3, seconds);
}

static sld_status get_teacher_use(sld_ctx *ctx, sld_teacher_use *use, sld_doc *doc)
{
    const char *why = "";
    int64_t     tables[3];
    double      seconds[3];

    if (sld_doc_has_attr(doc, "/", "teacher_live_reason")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "teacher_live_reason", &why));
    }
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "teacher_tables", SLD_I64, 3, tables));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "teacher_seconds", SLD_F64, 3, seconds));
    *use = (sld_teacher_use){.read   = tables[0],
                             .filled = tables[1],
                             .live   = tables[2],
                             .read_s = seconds[0],
                             .fill_s = seconds[1],
                             .wait_s = seconds[2]};
    sld_text_printable(why, use->why, sizeof use->why);
    return SLD_OK;
}

/* The parameter of the trained temperature and its momentum, where there is one. */
static sld_status put_parameter(sld_ctx *ctx, const sld_state *s, sld_doc *doc)
{
    return s->parameter
               ? sld_doc_attr(ctx, doc, "/", "temperature_parameter", SLD_F32, 2, s->parameter)
               : SLD_OK;
}

static sld_status get_parameter(sld_ctx *ctx, const sld_state *s, sld_doc *doc)
{
    return s->parameter
               ? sld_doc_get_attr(ctx, doc, "/", "temperature_parameter", SLD_F32, 2, s->parameter)
               : SLD_OK;
}

static sld_status put_position(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const sld_identity *own = &t->setup.identity;
    const sld_state    *s   = &t->state;

    SLD_TRY(sld_doc_put_format(ctx, doc, "sld-checkpoint"));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "id", own->id));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "identity", own->text));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "contents", own->contents));
    SLD_TRY(sld_trial_put_fingerprints(ctx, t, doc));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "started", s->started));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "epoch", SLD_I64, 0, &s->at.epoch));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "step", SLD_I64, 0, &s->at.step));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "best_epoch", SLD_I64, 0, &s->best_epoch));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "best_top1", SLD_F64, 0, &s->best_top1));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "open_steps", SLD_I64, 0, &s->open_steps));
    SLD_TRY(put_teacher_use(ctx, &s->teacher_use, doc));
    return sld_doc_attr(ctx, doc, "/", "open_seconds", SLD_F64, 0, &s->open_seconds);
}

double sld_trial_spent(const sld_trial *t)
{
    return t->state.spent_s + (sld_clock_s() - t->attempt.start_s);
}

static sld_status put_all(sld_ctx *ctx, const sld_trial *t, sld_arena *arena, sld_doc *doc)
{
    const sld_state *s = &t->state;
    sld_named       *named;
    size_t           n;
    const size_t     sums[2] = {SLD_VIEWS, SUMS};
    const double     spent_s = sld_trial_spent(t);

    SLD_TRY(sld_doc_attr(ctx, doc, "/", "run_seconds", SLD_F64, 0, &spent_s));
    SLD_TRY(put_position(ctx, t, doc));
    SLD_TRY(put_parameter(ctx, s, doc));
    SLD_TRY(sld_trial_put_weights(ctx, t, arena, doc, NULL));
    SLD_TRY(sld_model_named(ctx, arena, s->student, s->momentum, true, &named, &n));
    SLD_TRY(sld_tensors_put(ctx, doc, "/momentum", named, n));
    if (s->best_epoch > 0) {
        SLD_TRY(sld_model_named(ctx, arena, s->student, s->best, false, &named, &n));
        SLD_TRY(sld_tensors_put(ctx, doc, "/best", named, n));
    }
    SLD_TRY(sld_history_put(ctx, &s->history, doc, "/history"));
    SLD_TRY(sld_trial_save_label_p(ctx, t, doc));
    return sld_doc_put(ctx, doc, "/open_sums", SLD_F64, 2, sums, s->open);
}

/* Rank 0. */
static sld_status save(sld_ctx *ctx, const sld_trial *t)
{
    const sld_ckpt ckpt = {
        .epoch = t->state.at.epoch, .step = t->state.at.step, .attempt = t->io.attempt};
    char       path[PATH_MAX];
    sld_doc   *doc   = NULL;
    sld_arena *arena = NULL;

    SLD_TRY(sld_trial_check_claim(ctx, &t->io));
    sld_ckpt_path(t->io.dir, &ckpt, path);
    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_doc_create(ctx, &doc);
    if (st == SLD_OK) {
        st = put_all(ctx, t, arena, doc);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, path, true);
    }
    sld_doc_close(doc);
    sld_arena_destroy(arena);
    SLD_TRY(st);
    SLD_TRY(sld_trial_recheck(ctx, &t->io, path));
    return sld_ckpt_remove_old(ctx, t->io.dir, ckpt.attempt, KEPT);
}

sld_status sld_trial_save(sld_ctx *ctx, sld_trial *t)
{
    sld_status st = SLD_OK;

    sld_enter(ctx, SLD_PHASE_CHECKPOINT);
    if (sld_comm_rank(t->setup.comm) == 0) {
        st = save(ctx, t);
    }
    st            = sld_agree(ctx, t->setup.comm, st);
    t->io.saved_s = sld_clock_s();
    return st;
}

/* ---- reading ---- */

static sld_status check_origin(sld_ctx *ctx, sld_setup *s, sld_doc *doc)
{
    const char *text, *contents = NULL;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "identity", &text));
    if (sld_doc_has_attr(doc, "/", "contents")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "contents", &contents));
    }
    SLD_TRY(sld_trial_check_same(ctx, &s->identity, sld_doc_path(doc), text, contents));
    return sld_trial_check_fingerprint(ctx, s, doc);
}

static sld_status check_between(sld_ctx *ctx, sld_doc *doc, const char *name, int64_t found,
                                int64_t lowest, int64_t highest)
{
    return found >= lowest && found <= highest
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute %s: expected %lld to %lld, got %lld",
                          sld_doc_path(doc), name, (long long)lowest, (long long)highest,
                          (long long)found);
}

/* A program that rewrites a file drops its checksum: what would lead training astray is looked at. */
static sld_status check_position(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const sld_state *s      = &t->state;
    const int64_t    epochs = t->setup.opt->train.epochs, steps = sld_loader_steps(t->setup.loader);

    SLD_TRY(check_between(ctx, doc, "epoch", s->at.epoch, 1, epochs + 1));
    SLD_TRY(check_between(ctx, doc, "step", s->at.step, 0, s->at.epoch > epochs ? 0 : steps));
    SLD_TRY(check_between(ctx, doc, "open_steps", s->open_steps, 0, steps));
    return check_between(ctx, doc, "best_epoch", s->best_epoch, s->at.epoch > 1, s->at.epoch - 1);
}

/* tensors: (n) as read. */
static sld_status check_content(sld_ctx *ctx, const sld_trial *t, sld_doc *doc,
                                const sld_named *tensors, size_t n)
{
    const char *stored;
    char        content[65];

    if (!sld_doc_has_attr(doc, "/", "content_sha256")) { /* not in checkpoints of sld 0.1 */
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "content_sha256", &stored));
    sld_trial_content(t, tensors, n, content);
    return strcmp(stored, content) == 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: content_sha256: expected that of its weights, %.12s..., got "
                          "%.12s...: they were changed",
                          sld_doc_path(doc), content, stored);
}

static sld_status get_all(sld_ctx *ctx, sld_trial *t, sld_arena *arena, sld_doc *doc)
{
    sld_state  *s = &t->state;
    sld_named  *named;
    size_t      n;
    const char *started;

    SLD_TRY(check_origin(ctx, &t->setup, doc));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "started", &started));
    if (sld_doc_has_attr(doc, "/", "run_seconds")) { /* not in checkpoints of sld 0.1 */
        SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "run_seconds", SLD_F64, 1, &s->spent_s));
    }
    snprintf(s->started, sizeof s->started, "%s", started);
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "epoch", SLD_I64, 1, &s->at.epoch));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "step", SLD_I64, 1, &s->at.step));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "best_epoch", SLD_I64, 1, &s->best_epoch));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "best_top1", SLD_F64, 1, &s->best_top1));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "open_steps", SLD_I64, 1, &s->open_steps));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "open_seconds", SLD_F64, 1, &s->open_seconds));
    SLD_TRY(check_position(ctx, t, doc));
    SLD_TRY(get_teacher_use(ctx, &s->teacher_use, doc));
    SLD_TRY(get_parameter(ctx, s, doc));
    SLD_TRY(sld_doc_get(ctx, doc, "/open_sums", SLD_F64, SLD_VIEWS * SUMS, s->open));

    SLD_TRY(sld_model_named(ctx, arena, s->student, NULL, false, &named, &n));
    SLD_TRY(sld_tensors_get(ctx, doc, "/model", named, n));
    SLD_TRY(check_content(ctx, t, doc, named, n));
    SLD_TRY(sld_model_named(ctx, arena, s->student, s->momentum, true, &named, &n));
    SLD_TRY(sld_tensors_get(ctx, doc, "/momentum", named, n));
    if (s->best_epoch > 0) {
        SLD_TRY(sld_model_named(ctx, arena, s->student, s->best, false, &named, &n));
        SLD_TRY(sld_tensors_get(ctx, doc, "/best", named, n));
    }
    SLD_TRY(sld_history_read(ctx, &s->history, doc, "/history", (size_t)(s->at.epoch - 1)));
    sld_trial_blank_history(t);
    SLD_TRY(sld_trial_load_label_p(ctx, t, doc));
    SLD_TRY(sld_trial_note_fingerprint(ctx, t, doc));
    return sld_learner_refresh(ctx, t->setup.learner);
}

sld_status sld_trial_load(sld_ctx *ctx, sld_trial *t, const char *path)
{
    sld_doc   *doc   = NULL;
    sld_arena *arena = NULL;

    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_doc_open(ctx, path, &doc);
    if (st == SLD_OK) {
        st = get_all(ctx, t, arena, doc);
    }
    sld_doc_close(doc);
    sld_arena_destroy(arena);
    return st;
}
